//! Builds and runs the tests with cargo-nextest where it is installed, else with `cargo test`.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Found, Need, debian};

/// What to test: the packages named with `-p`, else all, and what else the runner is told.
#[derive(Debug)]
pub struct Selection {
    packages: Vec<String>,
    filters: Vec<String>,
}

impl Selection {
    /// Takes `-p NAME` (or `--package NAME`) out of a runner's arguments.
    pub fn parse(arguments: &[String]) -> Selection {
        let (mut packages, mut filters) = (Vec::new(), Vec::new());
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match (argument.as_str(), rest.as_slice().first()) {
                ("-p" | "--package", Some(name)) => {
                    packages.extend(["--package".to_owned(), name.clone()]);
                    rest.next();
                }
                _ => filters.push(argument.clone()),
            }
        }
        if packages.is_empty() {
            packages.push("--workspace".to_owned());
        }
        Selection { packages, filters }
    }
}

/// Compiles every test, runs none.
///
/// # Errors
/// Something does not compile.
pub fn build(root: &Path, selection: &Selection) -> Result<()> {
    let mut command = cargo(root);
    match nextest() {
        true => command.args(["nextest", "run", "--no-run"]),
        false => command.args(["test", "--no-run"]),
    };
    command.args(&selection.packages);
    succeed(command)
}

/// Runs every test, ignored ones included, but for those whose needs are missing.
///
/// # Errors
/// A test failed.
pub fn run(root: &Path, found: &Found, selection: &Selection) -> Result<()> {
    let missing: Vec<Need> = found.missing.iter().map(|(need, _)| *need).collect();
    let mut command = cargo(root);
    match nextest() {
        true => command.args(nextest_arguments(&missing, selection)),
        false => command.args(cargo_test_arguments(&missing, selection)),
    };
    command.envs(found.variables.iter().map(|(name, value)| (name, value)));
    succeed(command)
}

fn nextest_arguments(missing: &[Need], selection: &Selection) -> Vec<String> {
    let mut all: Vec<String> = ["nextest", "run", "--run-ignored", "all"].map(String::from).to_vec();
    all.extend(selection.packages.iter().cloned());
    if !missing.is_empty() {
        let left_out: Vec<_> = missing.iter().map(|need| format!("not test({})", need.mark())).collect();
        all.extend(["-E".to_owned(), left_out.join(" and ")]);
    }
    all.extend(selection.filters.iter().cloned());
    all
}

fn cargo_test_arguments(missing: &[Need], selection: &Selection) -> Vec<String> {
    let mut all: Vec<String> = ["test", "--no-fail-fast"].map(String::from).to_vec();
    all.extend(selection.packages.iter().cloned());
    all.extend(["--", "--include-ignored"].map(String::from));
    all.extend(missing.iter().flat_map(|need| ["--skip".to_owned(), need.mark().to_owned()]));
    all.extend(selection.filters.iter().cloned());
    all
}

fn nextest() -> bool {
    debian::on_path("cargo-nextest").is_some()
}

fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

fn succeed(mut command: Command) -> Result<()> {
    let status = command.status().context("cargo")?;
    let words =
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
    ensure!(status.success(), "cargo {words} failed ({status})");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(words: &str) -> Selection {
        Selection::parse(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn missing_needs_become_filters_of_both_runners() {
        let nextest = nextest_arguments(&[Need::Node, Need::Browser], &selection("connect")).join(" ");
        assert_eq!(
            nextest,
            "nextest run --run-ignored all --workspace -E not test(needs_node) and not test(needs_browser) connect"
        );
        let cargo = cargo_test_arguments(&[Need::Postgres], &selection("connect")).join(" ");
        assert_eq!(
            cargo,
            "test --no-fail-fast --workspace -- --include-ignored --skip needs_postgres connect"
        );
        assert!(!nextest_arguments(&[], &selection("connect")).join(" ").contains("-E"));
    }

    #[test]
    fn packages_are_chosen_before_the_filters() {
        let chosen = selection("-p store pool --package vault --nocapture");
        assert_eq!(chosen.packages.join(" "), "--package store --package vault");
        assert_eq!(chosen.filters.join(" "), "pool --nocapture");
        assert_eq!(selection("-p").filters, ["-p"]);
    }
}
