//! The files of `providers/`, compiled in. A test holds this list against the folder.

/// `providers/clouds.yaml`.
pub(crate) const CLOUDS: &str = include_str!("../../../providers/clouds.yaml");

macro_rules! provider_files {
    ($($name:literal),* $(,)?) => {
        &[$((
            concat!("providers/", $name, ".yaml"),
            include_str!(concat!("../../../providers/", $name, ".yaml")),
        )),*]
    };
}

/// Every definition's file name and text.
pub(crate) const PROVIDERS: &[(&str, &str)] = provider_files![
    "microsoft",
    "microsoft-admin",
    "microsoft-excel",
    "microsoft-excel-oauth2-cc",
    "microsoft-oauth2-cc",
    "microsoft-oauth2-cc-cert",
    "microsoft-people",
    "microsoft-planner",
    "microsoft-power-bi",
    "microsoft-powerpoint",
    "microsoft-teams",
    "microsoft-tenant-specific",
    "microsoft-word",
    "one-drive",
    "one-drive-personal",
    "outlook",
    "sharepoint-online",
    "sharepoint-online-oauth2-cc",
    "sharepoint-online-v1",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_compiled_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../providers");
        let mut on_disk: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| format!("providers/{}", file.unwrap().file_name().to_string_lossy()))
            .filter(|name| name.ends_with(".yaml") && name != "providers/clouds.yaml")
            .collect();
        on_disk.sort();
        let mut listed: Vec<&str> = PROVIDERS.iter().map(|(name, _)| *name).collect();
        listed.sort_unstable();
        assert_eq!(listed, on_disk);
    }
}
