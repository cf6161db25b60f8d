//! What to change so that a model that does not open does.

use ferrocast_engine::LoadError;

use crate::{InferError, OpenError};

/// One sentence that tells a user what to change, usually a flag of the exporter; `None` where the error says it.
pub fn advice(error: &OpenError) -> Option<String> {
    let advice = match error {
        OpenError::Load(LoadError::Unsupported { ops }) => unsupported(ops),
        OpenError::Load(LoadError::Malformed(cause)) => malformed(&cause.to_string())?,
        OpenError::Load(LoadError::Panicked(panic)) => panicked(panic),
        OpenError::Infer(InferError::FreeAxis { .. }) => {
            "if its size is always the same, declare the fields in a model.toml beside the file: they fix the axis"
        }
        OpenError::Example(_) if error.chain().contains("does not support F64") => {
            "export with columns in single precision, such as X.astype(\"float32\")"
        }
        OpenError::NotFound { .. } => "a model is a folder such as models/penguins/1 with a model.onnx",
        _ => return None,
    };
    Some(advice.to_owned())
}

/// The error in one line, with what to change where that helps: what a server says of a model that it does not load.
pub fn told(error: &OpenError) -> String {
    let chain = error.chain();
    match advice(error) {
        Some(advice) => format!("{chain}. To mend it: {advice}"),
        None => chain,
    }
}

fn malformed(cause: &str) -> Option<&'static str> {
    if cause.contains("no ONNX file") {
        Some(
            "copy the file again if it may have been cut short; a model in another format has to be exported: \
             skl2onnx.to_onnx(model, X[:1]) for scikit-learn, onnxmltools for XGBoost and LightGBM, \
             torch.onnx.export(model, args, \"model.onnx\", dynamo=True) for PyTorch",
        )
    } else if cause.contains("unify Sym(") {
        Some(
            "export with no free axis but the first of each input (dynamic_axes={\"x\": {0: \"batch\"}} in \
             torch.onnx.export, [None, 4] in skl2onnx)",
        )
    } else {
        None
    }
}

/// The backend asks for the size of a free axis by panicking, in recurrent layers for one.
fn panicked(panic: &str) -> &'static str {
    if panic.contains("UndeterminedSymbol") {
        "export with a fixed batch of one row (without dynamic_axes or dynamic_shapes); requests may have any number of \
         rows all the same"
    } else {
        "the file is damaged or contradicts itself; check it with onnx.checker.check_model(model)"
    }
}

fn unsupported(ops: &[String]) -> &'static str {
    let has = |part: &str| ops.iter().any(|op| op.contains(part));
    let is = |name: &str| ops.iter().any(|op| op == name);
    if has("Sequence") || has("Optional") {
        "export without sequence and optional types: only tensors are served"
    } else if has(" with ") {
        "export the layer without this setting, or as the plain operators that it is made of"
    } else if is("Loop") {
        "unroll the loop before the export, as torch.onnx.export(..., dynamo=True) does where it can"
    } else if has("ATen") || has("aten") {
        "export with operator_export_type=OperatorExportTypes.ONNX, so that no PyTorch operators are left"
    } else if ops.iter().any(|op| is_foreign(op)) {
        "operators of other domains are no part of ONNX; export the layer as standard operators, and a model that ONNX \
         Runtime has optimised from its original"
    } else if has("DictVectorizer") || has("CastMap") {
        "export the model without the step that takes maps, and send what that step would make of them: only tensors \
         are served"
    } else {
        "export with another opset (target_opset=17 in skl2onnx, opset_version=17 in torch.onnx.export), or without the \
         layers that use these operators"
    }
}

fn is_foreign(operator: &str) -> bool {
    operator.split_once(':').is_some_and(|(domain, _)| domain != "ai.onnx.ml")
}

#[cfg(test)]
mod tests {
    use ferrocast_engine::{EngineError, LoadError};

    use super::advice;
    use crate::{InferError, OpenError};

    fn check(error: impl Into<OpenError>, expected: &str) {
        let found = advice(&error.into());
        assert!(found.as_deref().is_some_and(|text| text.contains(expected)), "{found:?}");
    }

    #[test]
    fn operators_are_told_apart() {
        let cases = [
            ("Det", "target_opset"),
            ("SequenceConstruct", "sequence"),
            ("Loop", "unroll"),
            ("ai.onnx.ml:DictVectorizer", "only tensors"),
            ("com.microsoft:FusedMatMul", "ONNX Runtime"),
            ("LSTM with clip=0.5", "without this setting"),
        ];
        for (operator, expected) in cases {
            check(LoadError::Unsupported { ops: vec![operator.to_owned()] }, expected);
        }
    }

    #[test]
    fn causes_are_told_apart() {
        check(LoadError::Malformed("this is no ONNX file".into()), "cut short");
        check(LoadError::Malformed("Impossible to unify Sym(feat) with Val(4).".into()), "no free axis but the first");
        check(LoadError::Panicked("UndeterminedSymbol(\"batch\")".to_owned()), "a fixed batch of one row");
        check(LoadError::Panicked("index out of bounds".to_owned()), "onnx.checker");
        let (input, spec) = ("x".to_owned(), "FP32 [batch, n]".to_owned());
        check(InferError::FreeAxis { input, spec, axis: "n".to_owned() }, "model.toml");
    }

    #[test]
    fn double_precision_is_named() {
        let cause = EngineError::Backend("Sigmoid does not support F64".into());
        check(OpenError::Example(cause.into()), "float32");
    }

    #[test]
    fn an_error_that_says_it_all_has_no_advice() {
        let (input, spec) = ("x".to_owned(), "FP32 [8, 4]".to_owned());
        assert_eq!(advice(&InferError::NoRows { input, spec }.into()), None);
    }
}
