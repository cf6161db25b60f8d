//! What to change so that a model that does not open does.

use ferrocast_engine::LoadError;

use crate::OpenError;

/// One sentence that tells a user what to change, usually a flag of the exporter; `None` where the error says it.
pub fn advice(error: &OpenError) -> Option<String> {
    match error {
        OpenError::Load(LoadError::Unsupported { ops }) => Some(unsupported(ops)),
        OpenError::Load(LoadError::Malformed(cause)) if cause.to_string().contains("no ONNX file") => Some(
            "export the model to ONNX: skl2onnx.to_onnx(model, X[:1]) for scikit-learn, onnxmltools for XGBoost and \
             LightGBM, torch.onnx.export(model, args, \"model.onnx\", dynamo=True) for PyTorch"
                .to_owned(),
        ),
        OpenError::Load(LoadError::Panicked(_)) => {
            Some("the file is damaged or contradicts itself; check it with onnx.checker.check_model(model)".to_owned())
        }
        OpenError::Infer(_) => {
            Some("`ferrocast inspect` shows the inputs; declare the fields in a model.toml beside the file".to_owned())
        }
        OpenError::NotFound { .. } => {
            Some("a model is a folder such as models/penguins/1 with a model.onnx".to_owned())
        }
        _ => None,
    }
}

fn unsupported(ops: &[String]) -> String {
    let is = |name: &str| ops.iter().any(|op| op.contains(name));
    if is("Sequence") || is("Optional") {
        "export without sequence and optional types: only tensors are served".to_owned()
    } else if is("direction=\"reverse\"") {
        "export the recurrent layer as bidirectional, or reverse its input before it".to_owned()
    } else if is("ATen") || is("aten") {
        "export with operator_export_type=OperatorExportTypes.ONNX, so that no PyTorch operators are left".to_owned()
    } else {
        "export with another opset (target_opset=17 in skl2onnx, opset_version=17 in torch.onnx.export), or without the \
         layers that use these operators"
            .to_owned()
    }
}
