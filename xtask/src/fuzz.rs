//! The fuzz targets of `fuzz/` for a bounded time, on the stable compiler.
//!
//! libFuzzer needs coverage counters, which LLVM puts in by itself; only AddressSanitizer needs a nightly compiler, and
//! no crate of ours but `runtime` has unsafe code that it could watch. So nothing is installed for this.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::sources;

/// The targets with the longest input of each, bytes.
const TARGETS: [(&str, u32); 3] =
    [("provider_reader", 16_384), ("template_parser", 4_096), ("callback_query", 8_192)];
/// The target that needs `services`, and with it most of the build.
const WITH_SERVICES: &str = "callback_query";
/// What LLVM counts, as cargo-fuzz asks for it.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";
/// An input that takes longer than this many seconds is a finding.
const SLOW: u32 = 5;
/// A process that grows past this many megabytes is a finding.
const LARGE: u32 = 2_048;

/// What to run, and how long each.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    targets: Vec<String>,
    seconds: u32,
}

impl Options {
    /// Reads `[TARGET…] [--seconds N]`.
    ///
    /// # Errors
    /// An unknown target, or no number.
    pub fn read(arguments: &[&str]) -> Result<Self> {
        let mut options = Self { targets: Vec::new(), seconds: 60 };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if *argument == "--seconds" {
                options.seconds = rest.next().context("--seconds needs a number")?.parse()?;
            } else if TARGETS.iter().any(|(name, _)| name == argument) {
                options.targets.push((*argument).to_owned());
            } else {
                bail!(
                    "no target {argument:?}; there are provider_reader, template_parser and callback_query"
                );
            }
        }
        Ok(options)
    }

    fn wants(&self, target: &str) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|name| name == target)
    }
}

/// Builds the targets, gives each its seeds and runs it.
///
/// # Errors
/// It does not build, or an input was found that breaks something; its file is named.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let home = sources::target()?.join("fuzz");
    let host = host()?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // With --target the flags reach neither build scripts nor procedural macros.
    let mut build = Command::new(cargo);
    build.current_dir(root.join("fuzz"));
    build.args(["build", "--quiet", "--locked", "--target", &host, "--target-dir"]).arg(&home);
    if options.wants(WITH_SERVICES) {
        build.args(["--features", "callback"]);
    }
    ensure!(build.env("RUSTFLAGS", COVERAGE).status()?.success(), "the fuzz targets do not build");
    let mut findings = Vec::new();
    for (target, longest) in TARGETS.into_iter().filter(|(target, _)| options.wants(target)) {
        let corpus = home.join("corpus").join(target);
        let artifacts = home.join("artifacts").join(target);
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&artifacts)?;
        let seeds = seed(root, target, &corpus)?;
        println!("{target}: {seeds} seeds, {} s", options.seconds);
        let ended = Command::new(home.join(&host).join("debug").join(target))
            .arg(&corpus)
            .arg(format!("-max_total_time={}", options.seconds))
            .arg(format!("-max_len={longest}"))
            .arg(format!("-timeout={SLOW}"))
            .arg(format!("-rss_limit_mb={LARGE}"))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .args(["-print_final_stats=1", "-verbosity=0"])
            .status()?;
        if !ended.success() {
            findings.push(format!("{target}: see {}", artifacts.display()));
        }
    }
    ensure!(findings.is_empty(), "inputs that break something:\n{}", findings.join("\n"));
    Ok(())
}

/// This machine's target triple, as rustc names it.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc -vV")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names its host")?.to_owned())
}

/// Writes a target's seeds into its corpus: its own, and what grows of the definitions; their number.
fn seed(root: &Path, target: &str, corpus: &Path) -> Result<usize> {
    let own = fs::read_dir(root.join("fuzz/seeds").join(target))?.collect::<Result<Vec<_>, _>>()?;
    for seed in &own {
        fs::copy(seed.path(), corpus.join(seed.file_name()))?;
    }
    let grown = match target {
        "provider_reader" => definitions(root)?,
        "template_parser" => definitions(root)?.iter().flat_map(|text| templates(text)).collect(),
        _ => Vec::new(),
    };
    for (number, seed) in grown.iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number:04}")), seed)?;
    }
    Ok(own.len() + grown.len())
}

/// Every shipped definition and, where it is at hand, every entry of the field's file.
fn definitions(root: &Path) -> Result<Vec<String>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(root.join("providers"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    paths.sort();
    let mut found = paths.iter().map(fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    let field = env::var_os("SHEETBEND_SHARED").map(|dir| Path::new(&dir).join("contract/providers.yaml"));
    if let Some(text) = field.and_then(|path| fs::read_to_string(path).ok()) {
        found.extend(entries(&text));
    }
    Ok(found)
}

/// The top-level entries of a YAML file, each as a file of its own.
fn entries(text: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for line in text.lines() {
        let begins = line.starts_with(|first: char| first.is_alphanumeric());
        match entries.last_mut() {
            Some(entry) if !begins => {
                entry.push_str(line);
                entry.push('\n');
            }
            _ if begins => entries.push(format!("{line}\n")),
            _ => {}
        }
    }
    entries
}

/// What stands behind the colon of every line with a placeholder.
fn templates(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.contains("${"));
    lines.map(|line| line.split_once(": ").map_or(line, |(_, value)| value).trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let read = Options::read(&["template_parser", "--seconds", "5"]).unwrap();
        assert_eq!(read, Options { targets: vec!["template_parser".to_owned()], seconds: 5 });
        assert!(read.wants("template_parser") && !read.wants("callback_query"));
        assert!(Options::read(&[]).unwrap().wants("callback_query"));
        assert!(Options::read(&["reader"]).is_err());
        assert!(Options::read(&["--seconds", "x"]).is_err());
    }

    #[test]
    fn seeds_are_cut_from_a_file_of_many_definitions() {
        let text = "# head\na-b:\n    base_url: https://${connectionConfig.host}/x\n\nc:\n    alias: a-b\n";
        let found = entries(text);
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("a-b:\n") && found[1] == "c:\n    alias: a-b\n");
        assert_eq!(templates(text), ["https://${connectionConfig.host}/x"]);
    }
}
