//! The workspace as the checks see it: its crates and their Rust files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use walkdir::WalkDir;

/// The repository and the crates in it, by name.
pub struct Workspace {
    pub root: PathBuf,
    pub crates: Vec<Crate>,
}

/// One crate: where it is, which of ours it depends on, and its Rust files.
pub struct Crate {
    pub name: String,
    pub manifest: PathBuf,
    pub normal: Vec<String>,
    pub dev: Vec<String>,
    pub files: Vec<SourceFile>,
}

/// One Rust file, read into memory.
pub struct SourceFile {
    pub path: PathBuf,
    /// Path below the crate's folder, as `src/pool/sqlite.rs`.
    pub inside: String,
    pub text: String,
}

impl SourceFile {
    /// Whether the file is product code: below `src/` and not a test module of its own.
    pub fn is_product(&self) -> bool {
        let mut parts = self.inside.split('/');
        parts.next() == Some("src") && !parts.any(|part| part == "tests" || part == "tests.rs")
    }

    /// The first module below `src/` this file belongs to: `pool` for `src/pool.rs` and for `src/pool/x.rs`.
    pub fn top_module(&self) -> &str {
        let below = self.inside.strip_prefix("src/").unwrap_or(&self.inside);
        let first = below.split('/').next().unwrap_or(below);
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

impl Workspace {
    /// Reads the workspace that the current folder is in.
    pub fn load() -> Result<Workspace> {
        let metadata = metadata()?;
        let packages = metadata["packages"].as_array().context("cargo metadata lists packages")?;
        let names: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
        let mut crates =
            packages.iter().map(|package| read_crate(package, &names)).collect::<Result<Vec<_>>>()?;
        crates.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Workspace { root: root_of(&metadata)?, crates })
    }

    /// A path as a person at the repository's root would type it.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

/// The repository's root.
pub fn root() -> Result<PathBuf> {
    root_of(&metadata()?)
}

/// Where cargo puts what it builds.
pub fn target() -> Result<PathBuf> {
    Ok(metadata()?["target_directory"].as_str().context("cargo metadata names its target")?.into())
}

fn root_of(metadata: &Value) -> Result<PathBuf> {
    Ok(metadata["workspace_root"].as_str().context("cargo metadata names the root")?.into())
}

/// What `cargo metadata` prints (its manual page gives the format).
fn metadata() -> Result<Value> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    serde_json::from_slice(&output.stdout).context("cargo metadata")
}

fn read_crate(package: &Value, ours: &[&str]) -> Result<Crate> {
    let name = package["name"].as_str().context("a package has a name")?.to_owned();
    let manifest = PathBuf::from(package["manifest_path"].as_str().context("a package has a manifest")?);
    let dependencies = package["dependencies"].as_array().context("a package has dependencies")?;
    let of_ours = |for_tests: bool| {
        let mut names: Vec<String> = dependencies
            .iter()
            .filter(|dependency| (dependency["kind"] == "dev") == for_tests)
            .filter_map(|dependency| dependency["name"].as_str())
            .filter(|name| ours.contains(name))
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    };
    Ok(Crate {
        normal: of_ours(false),
        dev: of_ours(true),
        files: read_files(manifest.parent().context("a manifest has a folder")?)?,
        name,
        manifest,
    })
}

fn read_files(folder: &Path) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for part in ["src", "tests", "benches", "examples"] {
        let start = folder.join(part);
        if !start.exists() {
            continue;
        }
        for entry in WalkDir::new(start).sort_by_file_name() {
            let path = entry?.into_path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
                let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                files.push(SourceFile { path, inside, text });
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(inside: &str) -> SourceFile {
        SourceFile { path: PathBuf::from(inside), inside: inside.into(), text: String::new() }
    }

    #[test]
    fn modules_and_product_code_are_told_apart() {
        assert_eq!(file("src/pool.rs").top_module(), "pool");
        assert_eq!(file("src/pool/sqlite.rs").top_module(), "pool");
        assert!(file("src/pool/sqlite.rs").is_product());
        assert!(!file("src/pool/tests.rs").is_product());
        assert!(!file("tests/pool.rs").is_product());
    }
}
