//! Which operator of ONNX is computed by which file of this crate.

use tract_onnx::Onnx;

use crate::{ignored, ops, tracts};

/// Registers the operators of this crate with `onnx`, in place of tract's own of the same names.
///
/// tract looks operators up by name alone, whatever their domain.
///
/// ```
/// let mut onnx = tract_onnx::onnx();
/// ferrocast_onnx_ml::register(&mut onnx);
/// assert!(onnx.op_register.0.contains_key("TreeEnsembleRegressor"));
/// ```
pub fn register(onnx: &mut Onnx) {
    let register = &mut onnx.op_register;
    // First, as some of these have operators of this crate after all.
    for operator in ignored::operators() {
        if register.0.contains_key(operator) {
            register.insert(operator, tracts::build);
        }
    }

    register.insert("ArrayFeatureExtractor", ops::array_feature_extractor::build);
    register.insert("Binarizer", ops::binarizer::build);
    register.insert("CategoryMapper", ops::category_mapper::build);
    register.insert("FeatureVectorizer", ops::feature_vectorizer::build);
    register.insert("Imputer", ops::imputer::build);
    register.insert("LabelEncoder", ops::label_encoder::build);
    register.insert("LinearClassifier", ops::linear_classifier::build);
    register.insert("LinearRegressor", ops::linear_regressor::build);
    register.insert("Normalizer", ops::normalizer::build);
    register.insert("OneHotEncoder", ops::one_hot_encoder::build);
    register.insert("Scaler", ops::scaler::build);
    register.insert("SVMClassifier", ops::svm_classifier::build);
    register.insert("SVMRegressor", ops::svm_regressor::build);
    register.insert("TreeEnsemble", ops::tree_ensemble::build);
    register.insert("TreeEnsembleClassifier", ops::tree_ensemble_classifier::build);
    register.insert("TreeEnsembleRegressor", ops::tree_ensemble_regressor::build);
    register.insert("ZipMap", ops::zip_map::build);

    // Of the main domain: for strings, doubles and casts to `int64`, and where tract answers otherwise than ONNX.
    register.insert("Acosh", ops::acosh::build);
    register.insert("ArgMax", ops::arg_extreme::build);
    register.insert("ArgMin", ops::arg_extreme::build);
    register.insert("BitShift", ops::bit_shift::build);
    register.insert("Cast", ops::cast::build);
    register.insert("Celu", ops::celu::build);
    register.insert("Clip", ops::clip::build);
    register.insert("Compress", ops::compress::build);
    register.insert("ConstantOfShape", ops::constant_of_shape::build);
    register.insert("Div", ops::div::build);
    register.insert("Elu", ops::elu::build);
    register.insert("Equal", ops::equal::build);
    register.insert("Erf", ops::erf::build);
    register.insert("Flatten", ops::flatten::build);
    register.insert("GRU", ops::recurrence::build);
    register.insert("Gather", ops::indexing::build);
    register.insert("GatherElements", ops::indexing::build);
    register.insert("GatherND", ops::gather_nd::build);
    register.insert("Gelu", ops::gelu::build);
    register.insert("Gemm", ops::gemm::build);
    register.insert("HardSigmoid", ops::hard_sigmoid::build);
    register.insert("HardSwish", ops::hard_swish::build);
    register.insert("Hardmax", ops::along_axes::build);
    register.insert("If", ops::if_else::build);
    register.insert("IsInf", ops::is_inf::build);
    register.insert("IsNaN", ops::is_nan::build);
    register.insert("LSTM", ops::recurrence::build);
    register.insert("LeakyRelu", ops::leaky_relu::build);
    register.insert("LogSoftmax", ops::log_softmax::build);
    register.insert("MatMul", ops::mat_mul::build);
    register.insert("Max", ops::max_min::build);
    register.insert("Min", ops::max_min::build);
    register.insert("Mod", ops::remainder::build);
    register.insert("OneHot", ops::one_hot::build);
    register.insert("Pad", ops::pad::build);
    register.insert("Pow", ops::pow::build);
    register.insert("RNN", ops::recurrence::build);
    register.insert("ReduceL1", ops::along_axes::build);
    register.insert("ReduceL2", ops::along_axes::build);
    register.insert("ReduceLogSum", ops::along_axes::build);
    register.insert("ReduceLogSumExp", ops::reduce_log_sum_exp::build);
    register.insert("ReduceMax", ops::reduce_extreme::build);
    register.insert("ReduceMean", ops::along_axes::build);
    register.insert("ReduceMin", ops::reduce_extreme::build);
    register.insert("ReduceProd", ops::along_axes::build);
    register.insert("ReduceSum", ops::along_axes::build);
    register.insert("ReduceSumSquare", ops::along_axes::build);
    register.insert("RegexFullMatch", ops::regex_full_match::build);
    register.insert("Relu", ops::relu::build);
    register.insert("Round", ops::round::build);
    register.insert("ScatterElements", ops::indexing::build);
    register.insert("ScatterND", ops::indexing::build);
    register.insert("Selu", ops::selu::build);
    register.insert("Sigmoid", ops::sigmoid::build);
    register.insert("Softplus", ops::softplus::build);
    register.insert("SpaceToDepth", ops::space_to_depth::build);
    register.insert("Squeeze", ops::along_axes::build);
    register.insert("StringConcat", ops::string_concat::build);
    register.insert("StringNormalizer", ops::string_normalizer::build);
    register.insert("StringSplit", ops::string_split::build);
    register.insert("Sub", ops::sub::build);
    register.insert("Swish", ops::swish::build);
    register.insert("Tanh", ops::tanh::build);
    register.insert("TfIdfVectorizer", ops::tfidf_vectorizer::build);
    register.insert("Tile", ops::tile::build);
    register.insert("TopK", ops::top_k::build);
    register.insert("Unique", ops::unique::build);
    register.insert("Where", ops::where_strings::build);

    // Of the domain com.microsoft, which exporters of scikit-learn use.
    register.insert("CDist", ops::c_dist::build);
    register.insert("Solve", ops::solve::build);
    register.insert("Tokenizer", ops::tokenizer::build);
}
