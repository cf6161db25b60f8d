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

/// Sends a picture, and answers the status.
fn status(served: &Served, picture: &[u8]) -> String {
    let form = [
        b"--frontier\r\ncontent-disposition: form-data; name=\"file\"; filename=\"p\"\r\n\r\n",
        picture,
        b"\r\n--frontier--\r\n",
    ]
    .concat();
    let head = format!(
        "POST /predict_image HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: multipart/form-data; boundary=frontier\r\ncontent-length: {}\r\n\r\n",
        form.len()
    );
    let mut stream = served.connect();
    stream.write_all(&[head.as_bytes(), &form].concat()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split(' ').nth(1).expect("a status").to_owned()
}

/// Memory of the process at its most, in MiB.
fn peak_memory(served: &Served) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", served.process.id())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let peak: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    peak / 1024.0
}
