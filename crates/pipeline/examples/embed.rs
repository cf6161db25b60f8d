//! A model in a Rust program of your own: five lines to a labelled prediction.
//!
//! ```sh
//! cargo run --release -p ferrocast-pipeline --example embed
//! ```

use ferrocast_engine_tract::TractLoader;
use ferrocast_pipeline::{Loaders, Pipeline};

#[allow(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pipeline = Pipeline::open("models/penguins/1", &Loaders::new().with(TractLoader::new()))?;
    let penguin = [("bill_length_mm", 50.0.into()), ("bill_depth_mm", 15.2.into()), ("island", "Biscoe".into())];
    let rows = pipeline.schema().rows([penguin.into_iter().chain([("flipper_length_mm", 218.into())])])?;
    for prediction in pipeline.predict(&rows)? {
        println!("{prediction}"); // Gentoo
    }
    Ok(())
}
