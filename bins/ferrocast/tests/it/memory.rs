//! What the process takes of the machine's memory.

use std::fs;
use std::io::{Read, Write};

use ferrocast_testkit::{
    exif_orientation, jpeg_marker, jpeg_of_size, lossless_frame, lossless_stream, lossy_frame, png, small_model,
    webp_head, webp_of,
};

use crate::program::{folder, samples};
use crate::served::Served;

/// The worst that is accepted: the most pixels, of the most bits, that the limits let through.
fn worst_pictures() -> Vec<(&'static str, Vec<u8>)> {
    let rocket = fs::read(samples().join("../docs/images/rocket.jpg")).expect("the photograph");
    let progressive = {
        let mut file = jpeg_of_size(rocket.clone(), 3_600, 3_600);
        let frame = jpeg_marker(&file, 0xc0);
        file[frame + 1] = 0xc2;
        file
    };
    let transparent = {
        let alpha = [&[1], lossless_stream(1).as_slice()].concat();
        webp_of(&[(b"VP8X", &webp_head(3_400, 3_400, 16)), (b"ALPH", &alpha), (b"VP8 ", &lossy_frame(3_400, 3_400))])
    };
    vec![
        ("PNG with 64 bits a pixel", png(4096, 4096, 16, 6, &[])),
        ("PNG of 64 bits to be turned", png(4096, 4096, 16, 6, &[(b"eXIf", &exif_orientation(6))])),
        ("PNG of grey", png(4096, 4096, 8, 0, &[])),
        ("JPEG", jpeg_of_size(rocket.clone(), 4096, 4096)),
        ("progressive JPEG", progressive),
        ("WebP", webp_of(&[(b"VP8 ", &lossy_frame(4096, 4096))])),
        ("transparent WebP", transparent),
        ("lossless WebP", webp_of(&[(b"VP8L", &lossless_frame(4096, 4096, 1))])),
        ("lossless WebP of many tables", webp_of(&[(b"VP8L", &lossless_frame(64, 64, 6_000))])),
    ]
}

/// P13 of the reliability promises: at most 160 MiB for each picture that is decoded at a time. Each has a process of its
/// own, so that nothing is counted which was kept of another.
#[test]
fn the_worst_picture_takes_no_more_than_its_slot() {
    let models = folder();
    fs::create_dir_all(models.path().join("pets/1")).expect("a folder");
    fs::write(models.path().join("pets/1/model.onnx"), small_model("conv")).expect("a file");
    let manifest = "task = \"image-classification\"\n[image]\nsize = { width = 8, height = 8 }\n";
    fs::write(models.path().join("pets/1/model.toml"), manifest).expect("a file");
    for (what, picture) in worst_pictures() {
        let served = Served::start(|command| {
            command.arg("--models").arg(models.path()).env("LIMITS__IMAGE_DECODES", "1");
        });
        assert_eq!(status(&served, &png(16, 16, 8, 2, &[])), "200");
        let before = peak_memory(&served);
        let statuses: Vec<String> = std::thread::scope(|scope| {
            let requests: Vec<_> = (0..3).map(|_| scope.spawn(|| status(&served, &picture))).collect();
            requests.into_iter().map(|request| request.join().expect("an answer")).collect()
        });
        let expected = if what == "progressive JPEG" { "422" } else { "200" };
        assert!(statuses.iter().all(|status| status == expected), "{what}: {statuses:?}");
        let growth = peak_memory(&served) - before;
        assert!(growth <= 160.0, "{what}: {growth:.0} MiB");
    }
}

/// Chunks of one byte: of each the HTTP library keeps 32 bytes more while those that have arrived together are read. A connection is
/// read in portions, so that few come together however many there are; and those count as the body does.
#[test]
fn a_flood_of_chunks_takes_no_more_than_its_connections() {
    const CHUNKS: usize = 200_000;
    let models = folder();
    fs::create_dir_all(models.path().join("rows/1")).expect("a folder");
    fs::write(models.path().join("rows/1/model.onnx"), small_model("mlp")).expect("a file");
    let features = ["a", "b", "c", "d"].map(|name| format!("[[feature]]\nname = \"{name}\"\ntype = \"float\"\n"));
    let manifest = format!("task = \"classification\"\n{}", features.concat());
    fs::write(models.path().join("rows/1/model.toml"), manifest).expect("a file");
    let row = r#"{"a": 1, "b": 1, "c": 1, "d": 1}"#;
    let flood = format!("{}{:x}\r\n{row}\r\n0\r\n\r\n", "1\r\n \r\n".repeat(CHUNKS), row.len());
    let small =
        [("LIMITS__TENSOR_BYTES", "1048576"), ("LIMITS__IMAGE_BYTES", "65536"), ("LIMITS__IMAGE_BATCH_BYTES", "65536")];
    for (setting, connections, expected, most) in [
        (("LIMITS__JSON_BYTES", "1048576"), 16, ["200", "200"], 32.0),
        (("LIMITS__JSON_BYTES", "1024"), 16, ["413", "413"], 16.0),
        (("LIMITS__IN_FLIGHT_BYTES", "8388608"), 64, ["200", "429"], 48.0),
    ] {
        let served = Served::start(|command| {
            command.arg("--models").arg(models.path()).envs(small).env(setting.0, setting.1);
        });
        while ask(&served, "GET /readyz", "content-length: 0", b"") != "200" {}
        assert_eq!(ask(&served, "POST /predict", "content-length: 32", row.as_bytes()), "200");
        let before = peak_memory(&served);
        let statuses: Vec<String> = std::thread::scope(|scope| {
            let send = || ask(&served, "POST /predict", "transfer-encoding: chunked", flood.as_bytes());
            let requests: Vec<_> = (0..connections).map(|_| scope.spawn(send)).collect();
            requests.into_iter().map(|request| request.join().expect("an answer")).collect()
        });
        assert!(statuses.iter().all(|status| expected.contains(&status.as_str())), "{setting:?}: {statuses:?}");
        let growth = peak_memory(&served) - before;
        assert!(growth <= most, "{setting:?}: {growth:.1} MiB");
    }
}

/// Sends a picture, and answers the status.
fn status(served: &Served, picture: &[u8]) -> String {
    let form = [
        b"--frontier\r\ncontent-disposition: form-data; name=\"file\"; filename=\"p\"\r\n\r\n",
        picture,
        b"\r\n--frontier--\r\n",
    ]
    .concat();
    let kind = format!("content-type: multipart/form-data; boundary=frontier\r\ncontent-length: {}", form.len());
    ask(served, "POST /predict_image", &kind, &form)
}

/// Sends a request, and answers the status.
fn ask(served: &Served, what: &str, head: &str, body: &[u8]) -> String {
    let head = format!("{what} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{head}\r\n\r\n");
    let mut stream = served.connect();
    // A server that has had enough answers before it has read all.
    stream.write_all(&[head.as_bytes(), body].concat()).ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    let answer = String::from_utf8_lossy(&answer);
    answer.split(' ').nth(1).unwrap_or_else(|| panic!("{what}: no status in {answer:?}")).to_owned()
}

/// Memory of the process at its most, in MiB.
fn peak_memory(served: &Served) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", served.process.id())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let peak: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    peak / 1024.0
}
