//! Every operator with every attribute broken in every way: each is an error or an answer, soon and without a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, NodeProto};
use tract_onnx::prelude::Tensor;

use crate::distances::distance;
use crate::harness::{Node, Value, floats, ints, strings, tensor};
use crate::text::{normalizer, pool, tokenizer};
use crate::trees::{STUMP, classifier, ensemble, regressor};

/// A node that runs for each operator, with its inputs.
fn good_nodes() -> Vec<(Node, Vec<Tensor>)> {
    let row = || vec![floats(&[[1.0, -2.0]])];
    let one = |op| Node::new(op, 1);
    let votes = [(0, 1, 0, 1.0), (0, 2, 1, 2.0)];
    vec![
        (one("ArrayFeatureExtractor"), vec![floats(&[[1.0, -2.0]]), ints(&[1])]),
        (distance("minkowski").with("p", Value::Int(3)), vec![floats(&[[1.0, -2.0]]), floats(&[[3.0, 4.0]])]),
        (normalizer("UPPER").with("stopwords", Value::Strs(&["a", "the"])), vec![strings(&["The", "b"])]),
        (pool().with("weights", Value::Floats(&[1.0, 2.0, 3.0, 4.0, 5.0])), vec![tensor(&[1, 3], vec![5i64, 6, 5])]),
        (tokenizer("separators", Value::Strs(&[" ", "[.]"])).with("mark", Value::Int(1)), vec![strings(&["a b.c"])]),
        (one("main:RegexFullMatch").with("pattern", Value::Str("[a-z]+")), vec![strings(&["a b.c"])]),
        (
            Node::new("main:StringSplit", 2).with("delimiter", Value::Str(" ")).with("maxsplit", Value::Int(1)),
            vec![strings(&["a b c"])],
        ),
        (tokenizer("tokenexp", Value::Str("[a-z]+")), vec![strings(&["a b.c"])]),
        (one("Binarizer").with("threshold", Value::Float(0.5)), row()),
        (
            one("CategoryMapper")
                .with("cats_strings", Value::Strs(&["a", "b"]))
                .with("cats_int64s", Value::Ints(&[4, 5]))
                .with("default_int64", Value::Int(7))
                .with("default_string", Value::Str("none")),
            vec![strings(&["b", "z"])],
        ),
        (one("FeatureVectorizer").with("inputdimensions", Value::Ints(&[2])), row()),
        (
            one("Imputer")
                .with("imputed_value_floats", Value::Floats(&[1.0, 2.0]))
                .with("replaced_value_float", Value::Float(1.0)),
            row(),
        ),
        (
            one("Imputer")
                .with("imputed_value_int64s", Value::Ints(&[1, 2]))
                .with("replaced_value_int64", Value::Int(1)),
            vec![tensor(&[1, 2], vec![1i32, 2])],
        ),
        (
            one("LabelEncoder").with("classes_strings", Value::Strs(&["a", "b"])).with("default_int64", Value::Int(7)),
            vec![strings(&["b", "z"])],
        ),
        (
            one("LabelEncoder")
                .with("keys_floats", Value::Floats(&[0.5, 1.5]))
                .with("values_strings", Value::Strs(&["a", "b"]))
                .with("default_string", Value::Str("none")),
            vec![floats(&[[0.5]])],
        ),
        (
            one("LabelEncoder")
                .with("keys_tensor", Value::Doubles(&[0.5, 1.5]))
                .with("values_tensor", Value::StringTensor(&["a", "b"]))
                .with("default_tensor", Value::StringTensor(&["none"])),
            vec![tensor(&[1], vec![0.5f64])],
        ),
        (
            Node::new("LinearClassifier", 2)
                .with("coefficients", Value::Floats(&[0.5, 0.25, -0.5, -0.25]))
                .with("intercepts", Value::Floats(&[0.1, 0.2]))
                .with("classlabels_ints", Value::Ints(&[10, 20]))
                .with("post_transform", Value::Str("SOFTMAX")),
            row(),
        ),
        (
            one("LinearRegressor")
                .with("coefficients", Value::Floats(&[0.5, 0.25, -0.5, -0.25]))
                .with("intercepts", Value::Floats(&[0.1, 0.2]))
                .with("targets", Value::Int(2))
                .with("post_transform", Value::Str("LOGISTIC")),
            row(),
        ),
        (one("Normalizer").with("norm", Value::Str("L2")), row()),
        (one("OneHotEncoder").with("cats_int64s", Value::Ints(&[1, 2])).with("zeros", Value::Int(1)), row()),
        (
            one("OneHotEncoder").with("cats_strings", Value::Strs(&["a", "b"])).with("zeros", Value::Int(0)),
            vec![strings(&["b"])],
        ),
        (one("Scaler").with("offset", Value::Floats(&[1.0, 2.0])).with("scale", Value::Floats(&[0.5, 0.25])), row()),
        (
            Node::new("SVMClassifier", 2)
                .with("kernel_type", Value::Str("POLY"))
                .with("kernel_params", Value::Floats(&[0.5, 1.0, 2.0]))
                .with("vectors_per_class", Value::Ints(&[1, 1, 1]))
                .with("support_vectors", Value::Floats(&[1.0, 0.0, 0.0, 1.0, 1.0, 1.0]))
                .with("coefficients", Value::Floats(&[1.0, -1.0, -2.0, 2.0, 3.0, -1.0]))
                .with("rho", Value::Floats(&[0.5, 1.0, -1.0]))
                .with("prob_a", Value::Floats(&[-1.0, -2.0, -3.0]))
                .with("prob_b", Value::Floats(&[0.5, 0.0, 1.0]))
                .with("classlabels_strings", Value::Strs(&["a", "b", "c"]))
                .with("post_transform", Value::Str("NONE")),
            row(),
        ),
        (
            one("SVMRegressor")
                .with("kernel_type", Value::Str("RBF"))
                .with("kernel_params", Value::Floats(&[0.5, 1.0, 2.0]))
                .with("n_supports", Value::Int(2))
                .with("one_class", Value::Int(0))
                .with("support_vectors", Value::Floats(&[1.0, 0.0, 1.0, 2.0]))
                .with("coefficients", Value::Floats(&[2.0, -1.0]))
                .with("rho", Value::Floats(&[0.25]))
                .with("post_transform", Value::Str("NONE")),
            row(),
        ),
        (ensemble(), row()),
        (classifier(2, &STUMP, &votes), row()),
        (regressor(&STUMP, &[(0, 1, 0, 1.0), (0, 2, 0, 2.0)]), row()),
        (one("ZipMap").with("classlabels_strings", Value::Strs(&["a", "b"])), row()),
    ]
}

const INTS: [i64; 8] = [i64::MIN, -1, 0, 2, 1 << 16, 1 << 31, 1 << 40, i64::MAX];
const FLOATS: [f32; 6] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 0.0, -1e30];
const TYPES: [AttributeType; 7] = [
    AttributeType::Float,
    AttributeType::Int,
    AttributeType::String,
    AttributeType::Tensor,
    AttributeType::Floats,
    AttributeType::Ints,
    AttributeType::Strings,
];

/// A list cut to its first half, without its last element, repeated twice, and with one element more.
fn lengths<T: Clone>(list: &[T]) -> Vec<Vec<T>> {
    let Some(last) = list.last() else { return vec![] };
    let repeated = [list, list].concat();
    let longer = [list, std::slice::from_ref(last)].concat();
    vec![list[..list.len() / 2].to_vec(), list[..list.len() - 1].to_vec(), repeated, longer]
}

/// The list with each of `values` in the place of its first, and of all its elements.
fn replaced<T: Clone>(list: &[T], values: &[T]) -> Vec<Vec<T>> {
    if list.is_empty() {
        return vec![];
    }
    let first = |value: &T| [std::slice::from_ref(value), &list[1..]].concat();
    values.iter().flat_map(|value| [first(value), vec![value.clone(); list.len()]]).collect()
}

/// All that `attribute` may be broken to.
fn mutants(attribute: &AttributeProto) -> Vec<AttributeProto> {
    let same = || attribute.clone();
    let texts = [vec![], b"?".to_vec(), vec![0xff, 0xfe], vec![b'a'; 1 << 16]];
    let mut mutants = vec![];
    mutants.extend(TYPES.map(|kind| AttributeProto { r#type: kind as i32, ..same() }));
    mutants.extend([-1, 0, 99].map(|kind| AttributeProto { r#type: kind, ..same() }));
    mutants.extend(INTS.map(|i| AttributeProto { i, ..same() }));
    mutants.extend(FLOATS.map(|f| AttributeProto { f, ..same() }));
    mutants.extend(texts.clone().map(|s| AttributeProto { s, ..same() }));
    let lists = lengths(&attribute.ints).into_iter().chain(replaced(&attribute.ints, &INTS));
    mutants.extend(lists.map(|ints| AttributeProto { ints, ..same() }));
    let lists = lengths(&attribute.floats).into_iter().chain(replaced(&attribute.floats, &FLOATS));
    mutants.extend(lists.map(|floats| AttributeProto { floats, ..same() }));
    let lists = lengths(&attribute.strings).into_iter().chain(replaced(&attribute.strings, &texts));
    mutants.extend(lists.map(|strings| AttributeProto { strings, ..same() }));
    if let Some(good) = &attribute.t {
        let with = |change: fn(&mut tract_onnx::pb::TensorProto)| {
            let mut tensor = good.clone();
            change(&mut tensor);
            AttributeProto { t: Some(tensor), ..same() }
        };
        mutants.push(AttributeProto { t: None, ..same() });
        mutants.push(with(|tensor| tensor.dims = vec![i64::MAX, 2]));
        mutants.push(with(|tensor| tensor.dims = vec![-1]));
        mutants.push(with(|tensor| tensor.dims = vec![1 << 40]));
        mutants.push(with(|tensor| tensor.dims.clear()));
        mutants.push(with(|tensor| tensor.raw_data = vec![1, 2, 3]));
        mutants.push(with(|tensor| tensor.string_data = vec![vec![0xff]]));
        mutants.push(with(|tensor| tensor.data_location = Some(1)));
        mutants.extend((-1..27).map(|data_type| {
            let mut mutant = with(|_| {});
            mutant.t.iter_mut().for_each(|tensor| tensor.data_type = data_type);
            mutant
        }));
    }
    mutants
}

/// Fails if the node panics or takes long; whether it ran.
#[track_caller]
fn runs(proto: NodeProto, inputs: &[Tensor]) -> bool {
    let started = Instant::now();
    let node = Node { proto, ..Node::default() };
    let result = catch_unwind(AssertUnwindSafe(|| node.run(inputs)));
    // Milliseconds are usual; a machine that is busy with other things stretches them.
    assert!(started.elapsed() < Duration::from_secs(30), "slow: {:?}", node.proto);
    match result {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            let text = format!("{error:#}");
            assert!(text.contains("tested") && text.contains(&node.proto.op_type), "{text}");
            false
        }
        Err(_) => panic!("a panic: {:?}", node.proto),
    }
}

#[test]
fn every_attribute_broken_in_every_way() {
    let (mut answers, mut errors) = (0, 0);
    for (node, inputs) in good_nodes() {
        assert!(runs(node.proto.clone(), &inputs), "{:?}", node.proto);
        for position in 0..node.proto.attribute.len() {
            let mut broken = vec![node.proto.clone()];
            broken[0].attribute.remove(position);
            for mutant in mutants(&node.proto.attribute[position]) {
                let mut proto = node.proto.clone();
                proto.attribute[position] = mutant;
                broken.push(proto);
            }
            for proto in broken {
                *if runs(proto, &inputs) { &mut answers } else { &mut errors } += 1;
            }
        }
    }
    assert!(answers > 500 && errors > 500, "{answers} answers, {errors} errors");
}

#[test]
fn attributes_given_twice() {
    for (node, inputs) in good_nodes() {
        for attribute in &node.proto.attribute {
            let mut proto = node.proto.clone();
            proto.attribute.push(attribute.clone());
            Node { proto, ..Node::default() }.check_error(&inputs, &format!("has two attributes {}", attribute.name));
        }
    }
}
