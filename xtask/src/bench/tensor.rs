//! The scenario `tensor`: bytes in and bytes out over the Open Inference Protocol, beside a handler that only returns them.

use std::path::Path;

use serde_json::json;
use xshell::Shell;

use super::{
    CONNECTIONS, Measured, Sides, end,
    scenario::Yardstick,
    turns::{self, Rounds, Side, Turns},
};
use crate::{
    served::{self, Served},
    wrk,
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
pub(super) fn measure(sh: &Shell, sides: &Sides<'_>, models: &Path, rounds: Rounds) -> anyhow::Result<Measured> {
    let (body, header_length) = body();
    let server = Served::start(served::serving(sides.command(sides.server), models))?;
    // What it answers to rows is not asked for.
    let echo = sides.start_ceiling(1 << 10, 1)?;
    let served = Side { url: format!("{}{PATH}", server.url()), process: server.id() };
    let yardstick = Side { url: format!("{}{ECHO_PATH}", echo.url()), process: echo.id() };
    let length = header_length.to_string();
    let headers = [("content-type", "application/octet-stream"), ("inference-header-content-length", &length)];
    let script = wrk::bytes_script(&headers, &body)?;
    let load = turns::load(script.path(), CONNECTIONS, sides.pinned);
    let turns = Turns::measure(NAME, [&served, &yardstick], rounds, load)?;
    end(sh, [server, echo])?;
    Ok(Measured {
        name: NAME,
        title: "64 x 1,000 numbers of 32 bits, a model that gives them back",
        against: Yardstick::Echo,
        target: TARGET,
        connections: CONNECTIONS,
        request_bytes: body.len(),
        answer_bytes: body.len(),
        turns,
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
