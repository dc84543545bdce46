//! One file as it is served: plain, compressed, tagged.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;

use aws_lc_rs::digest;
use flate2::Compression;
use flate2::write::GzEncoder;

/// One file to serve.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The file's bytes.
    pub body: Cow<'static, [u8]>,
    /// The same bytes for a client that accepts `gzip`; `None` where it saves nothing.
    pub gzip: Option<Vec<u8>>,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// Value of a strong `ETag`, quotes included, from the content's SHA-256. The compressed form needs its own:
    /// [`Asset::gzip_etag`].
    pub etag: String,
}

impl Asset {
    /// Compresses and tags; `None` for a kind of file that a browser never asks for.
    pub(crate) fn new(path: &str, body: Cow<'static, [u8]>) -> Option<Self> {
        let content_type = content_type(path)?;
        let gzip = compress(&body).filter(|packed| packed.len() < body.len());
        let etag = format!("\"{}\"", hash(&body, 16));
        Some(Self { body, gzip, content_type, etag })
    }

    /// Value of a strong `ETag` for [`Asset::gzip`]: two encodings are two representations (RFC 9110 §8.8.3.3).
    pub fn gzip_etag(&self) -> String {
        format!("{}-gzip\"", self.etag.trim_end_matches('"'))
    }
}

/// The first bytes of a SHA-256, hex.
pub(crate) fn hash(bytes: &[u8], length: usize) -> String {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut text = String::with_capacity(length * 2);
    for byte in &digest.as_ref()[..length] {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

fn content_type(path: &str) -> Option<&'static str> {
    match path.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        _ => None,
    }
}
