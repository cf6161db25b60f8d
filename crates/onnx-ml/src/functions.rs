//! Model-local functions: a model may define operators of its own as graphs of others, which tract does not know of.
//!
//! Each call is replaced by the function's nodes, as ONNX defines it (`docs/IR.md`, "Functions"): inputs and outputs take
//! the names that the caller gives them, all other names get a prefix of their own, and attributes that refer to the
//! function's take the caller's values. A body may call further functions, though never itself.

mod budget;
mod call;

use std::collections::HashMap;
use std::mem;

use tract_onnx::pb::{AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto};
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use budget::Budget;
use call::Call;

/// How deeply calls may nest. Exporters stay below ten.
const MAX_DEPTH: usize = 32;

/// Replaces every call of one of the model's own functions by the nodes of that function.
///
/// ```
/// use tract_onnx::pb::{FunctionProto, GraphProto, ModelProto, NodeProto};
///
/// let node = |op_type: &str, input: &str, output: &str| NodeProto {
///     op_type: op_type.into(), input: vec![input.into()], output: vec![output.into()], ..Default::default()
/// };
/// let function = FunctionProto {
///     name: Some("AbsLog".into()), input: vec!["x".into()], output: vec!["y".into()],
///     node: vec![node("Abs", "x", "positive"), node("Log", "positive", "y")], ..Default::default()
/// };
/// let graph = GraphProto { node: vec![node("AbsLog", "in", "out")], ..Default::default() };
/// let mut model = ModelProto { graph: Some(graph), functions: vec![function], ..Default::default() };
/// ferrocast_onnx_ml::inline_functions(&mut model)?;
/// let operators: Vec<_> = model.graph.unwrap_or_default().node.into_iter().map(|node| node.op_type).collect();
/// assert_eq!(operators, ["Abs", "Log"]);
/// # Ok::<(), tract_onnx::prelude::TractError>(())
/// ```
///
/// # Errors
/// For a function that calls itself, is defined twice, is called with more inputs or outputs than it has, leaves an output
/// undefined, or needs an attribute that the caller does not give; and for calls that nest or grow beyond all use.
pub fn inline_functions(model: &mut ModelProto) -> TractResult<()> {
    let functions = mem::take(&mut model.functions);
    if functions.is_empty() {
        return Ok(());
    }
    let mut by_name = HashMap::with_capacity(functions.len());
    for function in &functions {
        if by_name.insert(key(function.domain(), function.name()), function).is_some() {
            bail!("function {}: defined twice", qualified(function));
        }
    }
    let mut inliner = Inliner { functions: by_name, callers: Vec::new(), calls: 0, budget: Budget::new() };
    model.graph.iter_mut().try_for_each(|graph| inliner.graph(graph))
}

/// Domain and name. The main domain has two names.
fn key<'n>(domain: &'n str, name: &'n str) -> (&'n str, &'n str) {
    (if domain == "ai.onnx" { "" } else { domain }, name)
}

fn qualified(function: &FunctionProto) -> String {
    match function.domain() {
        "" => function.name().to_owned(),
        domain => format!("{domain}:{}", function.name()),
    }
}

struct Inliner<'m> {
    functions: HashMap<(&'m str, &'m str), &'m FunctionProto>,
    /// The functions whose bodies are being inlined, outermost first.
    callers: Vec<&'m FunctionProto>,
    /// How many calls there were so far, which tells their names apart.
    calls: usize,
    /// What they may still add.
    budget: Budget,
}

impl Inliner<'_> {
    fn graph(&mut self, graph: &mut GraphProto) -> TractResult<()> {
        graph.node = self.nodes(mem::take(&mut graph.node))?;
        Ok(())
    }

    fn nodes(&mut self, nodes: Vec<NodeProto>) -> TractResult<Vec<NodeProto>> {
        let mut inlined = Vec::with_capacity(nodes.len());
        for mut node in nodes {
            match self.functions.get(&key(&node.domain, &node.op_type)) {
                Some(&function) => {
                    let body = self.body(function, &node)?;
                    self.callers.push(function);
                    inlined.extend(self.nodes(body)?);
                    self.callers.pop();
                }
                None => {
                    graphs(&mut node.attribute).try_for_each(|graph| self.graph(graph))?;
                    inlined.push(node);
                }
            }
        }
        Ok(inlined)
    }

    /// The nodes that one call becomes.
    fn body(&mut self, function: &FunctionProto, node: &NodeProto) -> TractResult<Vec<NodeProto>> {
        let name = qualified(function);
        if self.callers.iter().any(|caller| std::ptr::eq(*caller, function)) {
            bail!("function {name}: calls itself");
        }
        if self.callers.len() >= MAX_DEPTH {
            bail!("function {name}: called at depth {MAX_DEPTH}, which is beyond what is supported");
        }
        self.calls += 1;
        Call::new(function, node, self.calls)?.body(&mut self.budget)
    }
}

/// The graphs among attributes: the branches of `If`, the bodies of `Loop` and `Scan`.
fn graphs(attributes: &mut [AttributeProto]) -> impl Iterator<Item = &mut GraphProto> {
    attributes.iter_mut().flat_map(|attribute| attribute.g.iter_mut().chain(&mut attribute.graphs))
}
