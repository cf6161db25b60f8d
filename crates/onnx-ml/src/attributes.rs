//! Attributes of a node, read with errors that name operator and attribute.
//!
//! An empty list and an absent one are the same, as exporters write both for "not used". An attribute that is there
//! twice is an error, whatever the two say.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{NodeProto, TensorProto, tensor_proto};
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

/// The attributes of one node.
#[derive(Clone, Copy)]
pub(crate) struct Attributes<'a> {
    node: &'a NodeProto,
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(node: &'a NodeProto) -> Attributes<'a> {
        Attributes { node }
    }

    /// The operator's name: the first word of every error.
    pub(crate) fn operator(self) -> &'a str {
        &self.node.op_type
    }

    /// The node, to read the attribute `name` from.
    ///
    /// # Errors
    /// When it has two of that name.
    fn of(self, name: &str) -> TractResult<&'a NodeProto> {
        if self.node.attribute.iter().filter(|attribute| attribute.name == name).nth(1).is_some() {
            bail!("{}: has two attributes {name}", self.operator());
        }
        Ok(self.node)
    }

    pub(crate) fn ints(self, name: &str) -> TractResult<&'a [i64]> {
        Ok(self.of(name)?.get_attr_opt_slice::<i64>(name)?.unwrap_or_default())
    }

    pub(crate) fn floats(self, name: &str) -> TractResult<&'a [f32]> {
        Ok(self.of(name)?.get_attr_opt_slice::<f32>(name)?.unwrap_or_default())
    }

    /// A list of strings as its raw bytes.
    pub(crate) fn bytes(self, name: &str) -> TractResult<&'a [Vec<u8>]> {
        Ok(self.of(name)?.get_attr_opt_slice::<Vec<u8>>(name)?.unwrap_or_default())
    }

    pub(crate) fn strings(self, name: &str) -> TractResult<Vec<String>> {
        self.bytes(name)?.iter().map(|bytes| Ok(self.text(name, bytes)?.to_owned())).collect()
    }

    pub(crate) fn int(self, name: &str) -> TractResult<Option<i64>> {
        self.of(name)?.get_attr_opt(name)
    }

    pub(crate) fn float(self, name: &str) -> TractResult<Option<f32>> {
        self.of(name)?.get_attr_opt(name)
    }

    pub(crate) fn string(self, name: &str) -> TractResult<Option<&'a str>> {
        self.string_bytes(name)?.map(|bytes| self.text(name, bytes)).transpose()
    }

    /// Whether `name` is there, with this type.
    pub(crate) fn is(self, name: &str, kind: AttributeType) -> bool {
        self.node.attribute.iter().any(|attribute| attribute.name == name && attribute.r#type == kind as i32)
    }

    /// A string as its raw bytes.
    pub(crate) fn string_bytes(self, name: &str) -> TractResult<Option<&'a [u8]>> {
        self.of(name)?.get_attr_opt(name)
    }

    fn text<'b>(self, name: &str, bytes: &'b [u8]) -> TractResult<&'b str> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(_) => bail!("{}: {name} holds text that is not UTF-8", self.operator()),
        }
    }

    /// A tensor whose element type is one of `allowed`.
    ///
    /// # Errors
    /// For another element type: tract does not survive them all.
    pub(crate) fn tensor(self, name: &str, allowed: &[tensor_proto::DataType]) -> TractResult<Option<&'a TensorProto>> {
        let tensor: Option<&TensorProto> = self.of(name)?.get_attr_opt(name)?;
        if let Some(tensor) = tensor
            && !allowed.iter().any(|&data_type| tensor.data_type == data_type as i32)
        {
            bail!(
                "{}: {name} has element type {} of TensorProto.DataType, expected one of {allowed:?}",
                self.operator(),
                tensor.data_type
            );
        }
        Ok(tensor)
    }

    /// Fails unless two lists that belong together have the same length.
    ///
    /// # Errors
    /// Names both with their lengths.
    pub(crate) fn expect_same_length(self, left: (&str, usize), right: (&str, usize)) -> TractResult<()> {
        if left.1 == right.1 {
            return Ok(());
        }
        bail!("{}: {} has {} values, {} {}", self.operator(), left.0, left.1, right.0, right.1)
    }
}
