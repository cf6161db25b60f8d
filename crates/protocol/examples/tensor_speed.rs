//! How fast a tensor in JSON is read: `cargo run --release -p ferrocast-protocol --example tensor_speed`.
#![allow(clippy::print_stdout, reason = "a command line tool speaks on its terminal")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use ferrocast_engine::{Dim, Dtype, Signature, TensorSpec};
use ferrocast_protocol::oip::decode_infer;

const ROWS: usize = 64;
const COLUMNS: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let spec = TensorSpec::new("x", Dtype::F32, vec![Dim::Batch, Dim::Fixed(COLUMNS)]);
    let signature = Signature::new(vec![spec], vec![]);
    let value = |number: usize| (number as f32 * 0.731).sin();
    let single: Vec<String> = (0..ROWS * COLUMNS).map(|number| value(number).to_string()).collect();
    let double: Vec<String> = (0..ROWS * COLUMNS).map(|number| f64::from(value(number)).to_string()).collect();
    for (name, numbers) in [("shortest digits", single), ("as Python's tolist writes them", double)] {
        let data = numbers.join(",");
        let body =
            format!(r#"{{"inputs":[{{"name":"x","datatype":"FP32","shape":[{ROWS},{COLUMNS}],"data":[{data}]}}]}}"#);
        let mut best = f64::MAX;
        for _ in 0..200 {
            let start = Instant::now();
            let request = decode_infer(black_box(body.as_bytes()), None, "m", &signature)?;
            black_box(request);
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name}: {} bytes, {:.0} µs, {:.0} MB/s", body.len(), best * 1e6, body.len() as f64 / best / 1e6);
    }
    Ok(())
}
