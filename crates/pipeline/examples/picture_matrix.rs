//! Compares preprocessing with Pillow's: `cargo xtask ci --only images`.
//!
//! ```text
//! picture_matrix <folder> [<model folder>]
//! ```
//!
//! The folder is one that `models/train/image_matrix.py` made. What is lossless must be equal to the bit. JPEG and lossy WebP
//! may differ by what conforming decoders may: each rounds its inverse transform, its colours and what lies between the
//! samples of halved colours in a way of its own. Of pictures that the model has an opinion on, its first class must be that
//! of ONNX Runtime on Pillow's tensor.
#![allow(clippy::print_stdout, reason = "a command line tool speaks on its terminal")]

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use ferrocast_engine::{Dim, Dtype, Signature, TensorSpec};
use ferrocast_engine_tract::TractLoader;
use ferrocast_pipeline::{Loaders, Pipeline};
use ferrocast_preprocess::{ImageEncoder, ImageLimits};
use ferrocast_schema::{ImageSection, Manifest, Prediction};
use serde_json::Value;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The first two classes must be this far apart for their order to count.
const CLEAR_MARGIN: f64 = 0.01;

/// By how many of 255 steps a channel may differ: anywhere, and on average over a picture.
const LOSSLESS: Bounds = Bounds { most: 0.0, mean: 0.0 };
const LOSSY: Bounds = Bounds { most: 16.0, mean: 0.6 };

#[derive(Clone, Copy)]
struct Bounds {
    most: f64,
    mean: f64,
}

/// The pictures of one format.
#[derive(Default)]
struct Tally {
    pictures: usize,
    identical: usize,
    /// The largest difference of all, and the picture with it.
    most: (f64, String),
    /// The largest average, and the picture with it.
    mean: (f64, String),
    sum_of_means: f64,
    opinions: usize,
    clear: usize,
    agreed: usize,
    failures: Vec<String>,
}

fn main() -> Outcome {
    let mut arguments = env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let folder = Path::new(&folder);
    let model =
        arguments.next().map(|path| Pipeline::open(path, &Loaders::new().with(TractLoader::new()))).transpose()?;
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(folder.join("cases.json"))?)?;
    let mut formats: BTreeMap<String, Tally> = BTreeMap::new();
    for case in &cases {
        let tally = formats.entry(text(case, "format")?.to_owned()).or_default();
        if let Err(error) = compare(case, folder, model.as_ref(), tally) {
            tally.failures.push(format!("{}: {error}", text(case, "name")?));
        }
    }
    print(&formats);
    let failures: usize = formats.values().map(|tally| tally.failures.len()).sum();
    if failures == 0 { Ok(()) } else { Err(format!("{failures} of {} pictures differ too much", cases.len()).into()) }
}

fn compare(case: &Value, folder: &Path, model: Option<&Pipeline>, tally: &mut Tally) -> Outcome {
    let name = text(case, "name")?;
    let bytes = fs::read(folder.join(text(case, "file")?))?;
    let manifest = format!("task = \"image-classification\"\n[image]\n{}", text(case, "image")?);
    let section = Manifest::from_toml(&manifest)?.image.ok_or("no [image]")?;
    let axes = [Dim::Batch, Dim::Dynamic("a".into()), Dim::Dynamic("b".into()), Dim::Dynamic("c".into())];
    let input = TensorSpec::new("image", Dtype::F32, axes.to_vec());
    let encoder = ImageEncoder::compile(&section, &Signature::new(vec![input], vec![]))?;
    let tensor = encoder.encode(&bytes, &ImageLimits::default())?;
    let ours = tensor.as_slice::<f32>().ok_or("no floats")?;
    let theirs: Vec<f32> = fs::read(folder.join(text(case, "tensor")?))?
        .chunks_exact(4)
        .filter_map(|bytes| Some(f32::from_le_bytes(bytes.try_into().ok()?)))
        .collect();
    if ours.len() != theirs.len() {
        return Err(format!("{} values instead of {}", ours.len(), theirs.len()).into());
    }
    tally.pictures += 1;
    tally.identical += usize::from(ours == theirs);
    let steps = steps(&section, ours, &theirs);
    let most = steps.iter().copied().fold(0.0, f64::max);
    let mean = steps.iter().sum::<f64>() / steps.len() as f64;
    tally.sum_of_means += mean;
    if most >= tally.most.0 {
        tally.most = (most, name.to_owned());
    }
    if mean >= tally.mean.0 {
        tally.mean = (mean, name.to_owned());
    }
    let bounds = if matches!(text(case, "format")?, "png" | "webp-lossless") { LOSSLESS } else { LOSSY };
    if most > bounds.most || mean > bounds.mean {
        return Err(format!("differs by up to {most:.2} of 255, by {mean:.3} on average").into());
    }
    match (model, case.get("top1").and_then(Value::as_u64), case.get("margin").and_then(Value::as_f64)) {
        (Some(model), Some(top), Some(margin)) => opinion(model, &bytes, top, margin, tally),
        _ => Ok(()),
    }
}

/// The difference of each value, as steps of the 255 of a pixel.
fn steps(section: &ImageSection, ours: &[f32], theirs: &[f32]) -> Vec<f64> {
    let [a, b, c] = section.normalize.std.map(|std| std / section.scale);
    let plane = ours.len() / 3;
    let is_planar = section.layout.as_str() == "NCHW";
    let differences = ours.iter().zip(theirs).map(|(a, b)| f64::from((a - b).abs()));
    let channel = |index: usize| if is_planar { index / plane } else { index % 3 };
    differences
        .enumerate()
        .map(|(index, difference)| {
            difference
                * match channel(index) {
                    0 => a,
                    1 => b,
                    _ => c,
                }
        })
        .collect()
}

fn opinion(model: &Pipeline, bytes: &[u8], top: u64, margin: f64, tally: &mut Tally) -> Outcome {
    let prediction = model.predict_image(bytes, &ImageLimits::default())?;
    let Some(Prediction::Class { index, .. }) = prediction.first() else { return Err("no class".into()) };
    tally.opinions += 1;
    tally.agreed += usize::from(*index as u64 == top);
    if margin > CLEAR_MARGIN {
        tally.clear += 1;
        if *index as u64 != top {
            return Err(format!("is of class {index}, of {top} to ONNX Runtime").into());
        }
    }
    Ok(())
}

fn print(formats: &BTreeMap<String, Tally>) {
    println!(
        "{:14} {:>8} {:>9} {:>5} {:>8} {:>7} {:>11}   the worst",
        "format", "pictures", "identical", "most", "mean", "worst", "first class"
    );
    for (format, tally) in formats {
        println!(
            "{format:14} {:>8} {:>9} {:>5.1} {:>8.4} {:>7.4} {:>4} of {:>4}   {} ({})",
            tally.pictures,
            tally.identical,
            tally.most.0,
            tally.sum_of_means / tally.pictures.max(1) as f64,
            tally.mean.0,
            tally.agreed,
            tally.opinions,
            tally.most.1,
            tally.mean.1,
        );
        println!("{:14} clear opinions: {}", "", tally.clear);
        tally.failures.iter().for_each(|failure| println!("    {failure}"));
    }
}

fn text<'v>(case: &'v Value, key: &str) -> Outcome<&'v str> {
    Ok(case.get(key).and_then(Value::as_str).ok_or_else(|| format!("no {key}"))?)
}
