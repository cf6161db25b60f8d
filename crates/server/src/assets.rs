//! The files of the documentation pages, inside the binary.
//!
//! Scripts and styles are held gzipped and sent as they are to whoever accepts that, which every browser does.

use std::io::Read;

use flate2::read::GzDecoder;

/// One file as it is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asset {
    /// Its `Content-Type`.
    pub(crate) media_type: &'static str,
    content: Content,
}

#[derive(Debug, Clone, Copy)]
enum Content {
    Plain(&'static [u8]),
    Gzip(&'static [u8]),
}

macro_rules! gzipped {
    ($media_type:expr, $name:literal) => {
        Asset {
            media_type: $media_type,
            content: Content::Gzip(include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz"))),
        }
    };
}

macro_rules! plain {
    ($media_type:expr, $path:literal) => {
        Asset { media_type: $media_type, content: Content::Plain(include_bytes!(concat!("../assets/", $path))) }
    };
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// The page `/docs`.
pub(crate) const DOCS: Asset = plain!(HTML, "swagger-ui/index.html");
/// The page `/redoc`.
pub(crate) const REDOC: Asset = plain!(HTML, "redoc/index.html");

/// What the two pages load, by path.
pub(crate) const FILES: &[(&str, Asset)] = &[
    (
        "/docs/favicon-32x32.png",
        Asset {
            media_type: "image/png",
            content: Content::Plain(include_bytes!(concat!(env!("OUT_DIR"), "/favicon-32x32.png"))),
        },
    ),
    ("/docs/start.js", plain!(SCRIPT, "swagger-ui/start.js")),
    ("/docs/swagger-ui-bundle.js", gzipped!(SCRIPT, "swagger-ui-bundle.js")),
    ("/docs/swagger-ui.css", gzipped!(STYLE, "swagger-ui.css")),
    ("/redoc/redoc.standalone.js", gzipped!(SCRIPT, "redoc.standalone.js")),
    ("/redoc/start.js", plain!(SCRIPT, "redoc/start.js")),
];

impl Asset {
    /// The content as it is held, if it is gzipped.
    pub(crate) fn gzipped(&self) -> Option<&'static [u8]> {
        match self.content {
            Content::Plain(_) => None,
            Content::Gzip(bytes) => Some(bytes),
        }
    }

    /// The content itself, unpacked if it has to be.
    ///
    /// # Errors
    /// If the binary's own data is damaged.
    pub(crate) fn plain(&self) -> std::io::Result<std::borrow::Cow<'static, [u8]>> {
        match self.content {
            Content::Plain(bytes) => Ok(bytes.into()),
            Content::Gzip(bytes) => {
                let mut content = Vec::new();
                GzDecoder::new(bytes).read_to_end(&mut content)?;
                Ok(content.into())
            }
        }
    }
}
