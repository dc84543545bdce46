//! The files under `web/` by path: read at compile time in release builds; in debug builds from the folder that the
//! program was compiled in, so that an edit needs no build.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Sources by their path under `web/`, for example `connect/main.tsx`.
pub(crate) type Sources = BTreeMap<String, Cow<'static, [u8]>>;

pub(crate) use place::{one, read};

#[cfg(not(debug_assertions))]
mod place {
    use std::borrow::Cow;

    use rust_embed::RustEmbed;

    use super::Sources;

    #[derive(RustEmbed)]
    #[folder = "../../web/"]
    struct Embedded;

    /// One file.
    pub(crate) fn one(path: &str) -> Option<Cow<'static, [u8]>> {
        Some(Embedded::get(path)?.data)
    }

    /// What the program was built with.
    pub(crate) fn read() -> Sources {
        let file = |path: &str| Some(Embedded::get(path)?.data);
        Embedded::iter().filter_map(|path| file(&path).map(|data| (path.into_owned(), data))).collect()
    }
}

// Not rust-embed's own debug mode: its feature that turns that off is on for `catalog`, and so for all.
#[cfg(debug_assertions)]
mod place {
    use std::borrow::Cow;
    use std::fs;
    use std::path::Path;

    use super::Sources;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web");

    /// One file.
    pub(crate) fn one(path: &str) -> Option<Cow<'static, [u8]>> {
        fs::read(Path::new(FOLDER).join(path)).ok().map(Cow::from)
    }

    /// What the folder holds now.
    pub(crate) fn read() -> Sources {
        let mut sources = Sources::new();
        add(Path::new(FOLDER), "", &mut sources);
        sources
    }

    fn add(folder: &Path, prefix: &str, sources: &mut Sources) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if path.is_dir() {
                add(&path, &format!("{name}/"), sources);
            } else if let Ok(bytes) = fs::read(&path) {
                sources.insert(name, bytes.into());
            }
        }
    }
}
