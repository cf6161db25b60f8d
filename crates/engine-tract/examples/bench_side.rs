//! This engine's side of `cargo xtask bench-engine`: one session on one thread, as a pipeline runs it.
//!
//! Reads commands from its standard input, and answers `done`:
//!
//! ```text
//! ready                   nothing
//! load <model.onnx>       from the file to a session that is ready
//! rows <model.json>       reads the rows that the runs take
//! run <rows> <times>      runs batches of so many rows, different ones in turn
//! ```
//!
//! `models/train/bench/onnxruntime_side.py` is the other side.
#![allow(clippy::print_stdout, reason = "a program that speaks on its standard output")]

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::stdin;

use ferrocast_engine::{
    Element, EngineLoader, EngineSession, LoadOptions, ModelBytes, ModelSource, Tensor, TensorError,
};
use ferrocast_engine_tract::TractLoader;
use serde_json::Value;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let mut side = Side::default();
    for line in stdin().lines() {
        let line = line?;
        match *line.split_whitespace().collect::<Vec<_>>() {
            ["ready"] => {}
            ["load", path] => side.load(path)?,
            ["rows", path] => side.read_rows(path)?,
            ["run", rows, times] => side.run(rows.parse()?, times.parse()?)?,
            _ => return Err(format!("unknown command: {line}").into()),
        }
        println!("done");
    }
    Ok(())
}

#[derive(Default)]
struct Side {
    loader: TractLoader,
    session: Option<Box<dyn EngineSession>>,
    inputs: Vec<Input>,
    /// By their number of rows.
    batches: HashMap<usize, Vec<Vec<Tensor>>>,
}

/// All rows of one input.
struct Input {
    /// Of a row.
    shape: Vec<usize>,
    values: Values,
}

enum Values {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
    Strings(Vec<String>),
}

impl Side {
    fn load(&mut self, path: &str) -> Outcome {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let bytes = ModelBytes::read(file, length)?;
        let source = ModelSource { name: path, bytes: &bytes };
        self.session = Some(self.loader.load(source, &LoadOptions::default())?.session()?);
        Ok(())
    }

    fn read_rows(&mut self, path: &str) -> Outcome {
        let inputs: Vec<Value> = serde_json::from_slice(&fs::read(path)?)?;
        self.inputs = inputs.iter().map(input).collect::<Outcome<_>>()?;
        Ok(())
    }

    fn run(&mut self, rows: usize, times: usize) -> Outcome {
        let session = self.session.as_mut().ok_or("nothing is loaded")?;
        if !self.batches.contains_key(&rows) {
            self.batches.insert(rows, batches(&self.inputs, rows)?);
        }
        let batches = self.batches.get(&rows).map(Vec::as_slice).unwrap_or_default();
        for batch in batches.iter().cycle().take(times) {
            black_box(session.run(batch)?);
        }
        Ok(())
    }
}

fn input(input: &Value) -> Outcome<Input> {
    let width: usize = input["width"].as_u64().ok_or("an input has no width")?.try_into()?;
    let shape =
        input["shape"].as_array().map(|shape| shape.iter().filter_map(Value::as_u64).map(|length| length as usize));
    let shape = shape.map_or_else(|| vec![width], Iterator::collect);
    let values = input["values"].as_array().ok_or("an input has no values")?;
    let values = match input["dtype"].as_str() {
        Some("float32") => Values::Floats(values.iter().filter_map(Value::as_f64).map(|value| value as f32).collect()),
        Some("int64") => Values::Integers(values.iter().filter_map(Value::as_i64).collect()),
        Some("string") => Values::Strings(values.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        other => return Err(format!("an input has the element type {other:?}").into()),
    };
    Ok(Input { shape, values })
}

/// All rows, in batches of `rows`.
fn batches(inputs: &[Input], rows: usize) -> Result<Vec<Vec<Tensor>>, TensorError> {
    let mut batches: Vec<Vec<Tensor>> = Vec::new();
    for Input { shape, values } in inputs {
        let tensors = match values {
            Values::Floats(values) => cut(values, rows, shape),
            Values::Integers(values) => cut(values, rows, shape),
            Values::Strings(values) => cut(values, rows, shape),
        }?;
        batches.resize_with(tensors.len(), Vec::new);
        batches.iter_mut().zip(tensors).for_each(|(batch, tensor)| batch.push(tensor));
    }
    Ok(batches)
}

fn cut<T: Element + Clone>(values: &[T], rows: usize, shape: &[usize]) -> Result<Vec<Tensor>, TensorError> {
    let shape: Vec<usize> = std::iter::once(rows).chain(shape.iter().copied()).collect();
    let length = shape.iter().product::<usize>().max(1);
    values.chunks_exact(length).map(|part| Tensor::from_vec(&shape, part.to_vec())).collect()
}
