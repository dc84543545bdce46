//! The files under `web/`, read at compile time, looked up by path.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;

/// Compile-time contents of `web/`.
#[derive(RustEmbed)]
#[folder = "../../web/"]
struct Sources;

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
    fn new(path: &str, file: rust_embed::EmbeddedFile) -> Option<Self> {
        let content_type = content_type(path)?;
        let mut digest = String::new();
        for byte in &file.metadata.sha256_hash()[..16] {
            // Writing to a String cannot fail.
            let _ = write!(digest, "{byte:02x}");
        }
        let gzip = compress(&file.data).filter(|packed| packed.len() < file.data.len());
        Some(Self { body: file.data, gzip, content_type, etag: format!("\"{digest}\"") })
    }

    /// Value of a strong `ETag` for [`Asset::gzip`]: two encodings are two representations (RFC 9110 §8.8.3.3).
    pub fn gzip_etag(&self) -> String {
        format!("{}-gzip\"", self.etag.trim_end_matches('"'))
    }
}

/// All files, compressed once when made: a few milliseconds.
#[derive(Debug)]
pub struct Assets {
    by_path: HashMap<Cow<'static, str>, Asset>,
}

impl Assets {
    /// Reads and compresses every embedded file.
    pub fn new() -> Self {
        let by_path = Sources::iter()
            .filter_map(|path| {
                let asset = Asset::new(&path, Sources::get(&path)?)?;
                Some((path, asset))
            })
            .collect();
        Self { by_path }
    }

    /// The file at a path under `web/` without a leading slash, for example `connect/main.js`; a path that ends in
    /// `/` means its `index.html`.
    pub fn get(&self, path: &str) -> Option<&Asset> {
        if path.ends_with('/') {
            return self.by_path.get(format!("{path}index.html").as_str());
        }
        self.by_path.get(path)
    }

    /// Every path that [`Assets::get`] knows.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.by_path.keys().map(AsRef::as_ref)
    }
}

impl Default for Assets {
    fn default() -> Self {
        Self::new()
    }
}

fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// `None` for what is never served: templates, and kinds of files that a browser never asks for.
fn content_type(path: &str) -> Option<&'static str> {
    if path.starts_with("pages/") && path.ends_with(".html") {
        return None;
    }
    match path.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    /// Bytes on the wire for a first view, compressed.
    const CONNECT_BUDGET: usize = 25 * 1024;

    #[test]
    fn every_address_in_the_sources_is_embedded() {
        let assets = Assets::new();
        let mut seen = 0;
        for path in assets.paths().filter(|path| path.starts_with("connect/")) {
            let asset = assets.get(path).unwrap();
            let text = std::str::from_utf8(&asset.body).unwrap();
            for address in text.split('"').filter(|part| names_a_file(part)) {
                let address = format!("connect/{}", address.trim_start_matches("./"));
                assert!(assets.get(&address).is_some(), "{path} names {address}");
                seen += 1;
            }
        }
        assert!(seen >= 20, "only {seen} addresses found: does the test still read the sources?");
    }

    /// `main.js` and `./api.js`, as in `src`, `href` and `from`.
    fn names_a_file(text: &str) -> bool {
        [".js", ".css", ".svg"].iter().any(|kind| text.ends_with(kind))
            && !text.contains(|c: char| c.is_whitespace() || c == '>')
    }

    #[test]
    fn nothing_inline_stands_in_the_page() {
        let assets = Assets::new();
        let page = std::str::from_utf8(&assets.get("connect/").unwrap().body).unwrap().to_lowercase();
        assert!(page.contains("<script type=\"module\" src=\"main.js\"></script>"));
        assert_eq!(page.matches("<script").count(), page.matches("<script type=\"module\" src=").count());
        assert!(!page.contains("<style") && !page.contains("style=") && !page.contains(" on"));
        assert!(page.contains("name=\"referrer\" content=\"no-referrer\""));
    }

    #[test]
    fn scripts_build_elements_and_never_parse_html() {
        let assets = Assets::new();
        for path in assets.paths().filter(|path| path.ends_with(".js")) {
            let text = std::str::from_utf8(&assets.get(path).unwrap().body).unwrap();
            let bad =
                ["innerHTML =", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"];
            assert!(bad.iter().all(|word| !text.contains(word)), "{path}");
        }
    }

    #[test]
    fn the_connect_page_is_small_on_the_wire() {
        let assets = Assets::new();
        let size = |path: &str| assets.get(path).and_then(|asset| asset.gzip.as_ref()).map_or(0, Vec::len);
        let total: usize = assets.paths().filter(|path| path.starts_with("connect/")).map(size).sum();
        assert!(total > 5_000 && total < CONNECT_BUDGET, "{total} bytes");
    }

    #[test]
    fn compressed_and_plain_are_the_same_text_under_two_tags() {
        let assets = Assets::new();
        let asset = assets.get("connect/main.js").unwrap();
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(asset.gzip.as_deref().unwrap()).read_to_end(&mut text).unwrap();
        assert_eq!(text, asset.body.as_ref());
        assert_eq!(asset.content_type, "text/javascript; charset=utf-8");
        assert_eq!(asset.etag.len(), 34);
        assert!(asset.gzip_etag().ends_with("-gzip\"") && asset.gzip_etag() != asset.etag);
        assert_ne!(asset.etag, assets.get("connect/api.js").unwrap().etag);
    }

    #[test]
    fn other_paths_are_nothing() {
        let assets = Assets::new();
        for path in
            ["", "/", "connect", "/connect/", "connect/../pages/result.js", "pages/result.html", "connect/x"]
        {
            assert!(assets.get(path).is_none(), "{path}");
        }
        assert!(assets.get("pages/result.js").is_some() && assets.get("pages/result.css").is_some());
    }
}
