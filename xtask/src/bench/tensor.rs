//! The scenario `tensor`: bytes in and bytes out over the Open Inference Protocol, beside a handler that only returns them.

use std::path::Path;

use anyhow::ensure;
use serde_json::json;

use super::{Measured, Sides, WARM_UP_SECONDS, last, scenario::Yardstick};
use crate::{
    served::{self, Served},
    wrk::{self, Load},
};

/// For the command line.
pub(super) const NAME: &str = "tensor";

const ROWS: usize = 64;
const COLUMNS: usize = 1000;

/// Where both sides are asked.
const PATH: &str = "/v2/models/mirror/infer";
const ECHO_PATH: &str = "/echo";

/// Share of the bare handler's requests a second.
const TARGET: f64 = 0.7;

/// Both sides in turns, with the same bytes.
pub(super) fn measure(sides: &Sides<'_>, models: &Path, rounds: usize, seconds: u64) -> anyhow::Result<Measured> {
    let (body, header_length) = body();
    let server = Served::start(served::serving(sides.command(sides.server), models))?;
    // What it answers to rows is not asked for.
    let echo = sides.start_ceiling(1 << 10, 1)?;
    let urls = [format!("{}{PATH}", server.url()), format!("{}{ECHO_PATH}", echo.url())];
    let length = header_length.to_string();
    let headers = [("content-type", "application/octet-stream"), ("inference-header-content-length", &length)];
    let script = wrk::bytes_script(&headers, &body)?;
    let load = |url: &str, seconds| {
        Load { url, script: script.path(), connections: super::CONNECTIONS, seconds, pinned: sides.pinned }.run()
    };
    for url in &urls {
        load(url, WARM_UP_SECONDS)?;
    }
    let [mut served, mut yardstick] = [Vec::new(), Vec::new()];
    for round in 1..=rounds {
        served.push(load(&urls[0], seconds)?);
        yardstick.push(load(&urls[1], seconds)?);
        println!("{NAME} round {round} of {rounds}: {} against {}", last(&served)?, last(&yardstick)?);
    }
    ensure!(rounds > 0, "nothing was measured");
    Ok(Measured {
        title: "64 x 1,000 numbers of 32 bits, a model that gives them back",
        against: Yardstick::Echo,
        target: TARGET,
        request_bytes: body.len(),
        answer_bytes: body.len(),
        served,
        yardstick,
    })
}

/// A request in binary, and how many of its bytes are its header.
fn body() -> (Vec<u8>, usize) {
    let numbers = (0..ROWS * COLUMNS).map(|index| (index as f32).sin());
    let bytes: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
    let header = json!({
        "inputs": [{
            "name": "x", "datatype": "FP32", "shape": [ROWS, COLUMNS], "parameters": {"binary_data_size": bytes.len()}
        }],
        "outputs": [{"name": "y", "parameters": {"binary_data": true}}]
    })
    .to_string();
    ([header.as_bytes(), &bytes].concat(), header.len())
}
