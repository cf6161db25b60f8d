//! One call of a function, and the nodes that it becomes.

use std::collections::HashMap;
use std::mem;

use tract_onnx::pb::{AttributeProto, FunctionProto, GraphProto, NodeProto};
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::budget::Budget;
use super::{graphs, qualified};

/// One call of a function.
pub(super) struct Call<'m> {
    function: &'m FunctionProto,
    node: &'m NodeProto,
    /// The caller's names of the function's inputs and outputs. An input or output that is left out has none.
    names: HashMap<&'m str, &'m str>,
    /// Before all other names of the body.
    prefix: String,
}

impl<'m> Call<'m> {
    /// The call by `node`, the `number`th of its model.
    ///
    /// # Errors
    /// When it has more inputs or outputs than the function.
    pub(super) fn new(function: &'m FunctionProto, node: &'m NodeProto, number: usize) -> TractResult<Call<'m>> {
        let prefix = format!("{}#{number}/", function.name());
        let mut call = Call { function, node, names: HashMap::new(), prefix };
        call.bind("inputs", &function.input, &node.input)?;
        call.bind("outputs", &function.output, &node.output)?;
        // An output that nobody wants is still computed, under a name of its own.
        call.names.retain(|name, given| !given.is_empty() || function.input.iter().any(|input| input == name));
        Ok(call)
    }

    fn bind(&mut self, what: &str, formal: &'m [String], given: &'m [String]) -> TractResult<()> {
        if given.len() > formal.len() {
            bail!("function {}: called with {} {what}, has {}", qualified(self.function), given.len(), formal.len());
        }
        let given = given.iter().map(String::as_str).chain(std::iter::repeat(""));
        self.names.extend(formal.iter().map(String::as_str).zip(given));
        Ok(())
    }

    /// The function's nodes, as they stand in the caller's graph.
    ///
    /// # Errors
    /// When an output or an attribute is missing, or the model has grown beyond its budget.
    pub(super) fn body(&self, budget: &mut Budget) -> TractResult<Vec<NodeProto>> {
        for output in &self.function.output {
            if !self.function.node.iter().any(|node| node.output.contains(output)) {
                bail!("function {}: nothing makes its output `{output}`", qualified(self.function));
            }
        }
        budget.spend_on_nodes(&self.function.node)?;
        let mut nodes = self.function.node.clone();
        nodes.iter_mut().try_for_each(|node| self.rename_node(node, budget))?;
        Ok(nodes)
    }

    fn rename_node(&self, node: &mut NodeProto, budget: &mut Budget) -> TractResult<()> {
        budget.spend(self.prefix.len() * (1 + node.input.len() + node.output.len()))?;
        node.input.iter_mut().chain(&mut node.output).for_each(|name| self.rename(name));
        if !node.name.is_empty() {
            node.name.insert_str(0, &self.prefix);
        }
        let mut attributes = Vec::with_capacity(node.attribute.len());
        for mut attribute in mem::take(&mut node.attribute) {
            if attribute.ref_attr_name.is_empty() {
                graphs(std::slice::from_mut(&mut attribute)).try_for_each(|graph| self.rename_graph(graph, budget))?;
                attributes.push(attribute);
            } else {
                let given = self.given(&attribute)?;
                budget.spend_on_attributes(given.as_slice())?;
                attributes.extend(given);
            }
        }
        node.attribute = attributes;
        Ok(())
    }

    /// What the caller gives for an attribute that refers to one of the function's; `None` if it leaves it out.
    fn given(&self, reference: &AttributeProto) -> TractResult<Option<AttributeProto>> {
        let name = &reference.ref_attr_name;
        match self.node.attribute.iter().find(|given| given.name == *name) {
            Some(given) => Ok(Some(AttributeProto { name: reference.name.clone(), ..given.clone() })),
            None if self.function.attribute.contains(name) => Ok(None),
            // It has a default value, in a field that tract's protobuf does not have.
            None => bail!("function {}: called without the attribute {name}", qualified(self.function)),
        }
    }

    fn rename_graph(&self, graph: &mut GraphProto, budget: &mut Budget) -> TractResult<()> {
        let values = graph.input.iter_mut().chain(&mut graph.output).chain(&mut graph.value_info);
        values.for_each(|value| self.rename(&mut value.name));
        graph.initializer.iter_mut().for_each(|tensor| self.rename(&mut tensor.name));
        graph.node.iter_mut().try_for_each(|node| self.rename_node(node, budget))
    }

    fn rename(&self, name: &mut String) {
        match self.names.get(name.as_str()) {
            Some(&given) => given.clone_into(name),
            None if name.is_empty() => {}
            None => name.insert_str(0, &self.prefix),
        }
    }
}
