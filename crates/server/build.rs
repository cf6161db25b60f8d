//! Gzips the scripts and styles of the documentation pages into `OUT_DIR`, so the binary holds each of them once and
//! small. Swagger UI is taken out of the archive that a crate ships; Redoc lies in `assets/`.

use std::error::Error;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// What of Swagger UI's distribution the page loads.
const SWAGGER_UI_FILES: &[&str] = &["swagger-ui.css", "swagger-ui-bundle.js"];
const FAVICON: &str = "favicon-32x32.png";
const REDOC: &str = "assets/redoc/redoc.standalone.js";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={REDOC}");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for name in SWAGGER_UI_FILES {
        gzip(&out, name, &member(&mut archive, name)?)?;
    }
    // A picture does not shrink.
    fs::write(out.join(FAVICON), member(&mut archive, FAVICON)?)?;
    gzip(&out, "redoc.standalone.js", &fs::read(REDOC)?)?;
    Ok(())
}

/// The archive's `dist/<name>`, whatever version is in the name of its top folder.
fn member(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let wanted = format!("/dist/{name}");
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        if file.name()?.ends_with(&wanted) {
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            return Ok(content);
        }
    }
    Err(format!("the archive of Swagger UI holds no {wanted}").into())
}

fn gzip(out: &Path, name: &str, content: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // A source map that is not shipped would be asked for by every open developer console.
    let text = std::str::from_utf8(content).ok().and_then(|text| text.rsplit_once("//# sourceMappingURL="));
    encoder.write_all(text.map_or(content, |(before, _)| before.as_bytes()))?;
    fs::write(out.join(format!("{name}.gz")), encoder.finish()?)?;
    Ok(())
}
