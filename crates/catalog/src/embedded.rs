//! The files of `providers/`, compiled in.

use std::borrow::Cow;

use rust_embed::RustEmbed;

/// The file of clouds.
pub(crate) const CLOUDS: &str = "providers/clouds.yaml";

/// Compile-time contents of `providers/`.
#[derive(RustEmbed)]
#[folder = "../../providers/"]
struct Files;

/// Every definition's name and file, from the file's name: nothing is read.
pub(crate) fn definitions() -> impl Iterator<Item = (String, String)> {
    Files::iter().filter_map(|file| {
        let name = file.strip_suffix(".yaml")?;
        let path = format!("providers/{file}");
        (path != CLOUDS).then(|| (name.to_owned(), path))
    })
}

/// A file's text.
pub(crate) fn text(path: &str) -> Option<Cow<'static, str>> {
    match Files::get(path.strip_prefix("providers/")?)?.data {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_compiled_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../providers");
        let mut on_disk: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|file| {
                Some(file.unwrap().file_name().to_string_lossy().strip_suffix(".yaml")?.to_owned())
            })
            .filter(|name| name != "clouds")
            .collect();
        on_disk.sort();
        let mut listed: Vec<String> = definitions().map(|(name, _)| name).collect();
        listed.sort_unstable();
        assert_eq!(listed, on_disk, "a new file is seen when this crate is compiled: touch src/embedded.rs");
    }
}
