//! Builds and runs the tests with cargo-nextest where it is installed, else with `cargo test`.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Found, Need, debian};

/// Compiles every test, runs none.
///
/// # Errors
/// Something does not compile.
pub fn build(root: &Path) -> Result<()> {
    let mut command = cargo(root);
    match nextest() {
        true => command.args(["nextest", "run", "--workspace", "--no-run"]),
        false => command.args(["test", "--workspace", "--no-run"]),
    };
    succeed(command)
}

/// Runs every test, ignored ones included, but for those whose needs are missing.
///
/// # Errors
/// A test failed.
pub fn run(root: &Path, found: &Found, arguments: &[String]) -> Result<()> {
    let missing: Vec<Need> = found.missing.iter().map(|(need, _)| *need).collect();
    let mut command = cargo(root);
    match nextest() {
        true => command.args(nextest_arguments(&missing, arguments)),
        false => command.args(cargo_test_arguments(&missing, arguments)),
    };
    command.envs(found.variables.iter().map(|(name, value)| (name, value)));
    succeed(command)
}

fn nextest_arguments(missing: &[Need], arguments: &[String]) -> Vec<String> {
    let fixed = ["nextest", "run", "--workspace", "--run-ignored", "all"];
    let mut all: Vec<String> = fixed.map(String::from).to_vec();
    if !missing.is_empty() {
        let left_out: Vec<_> = missing.iter().map(|need| format!("not test({})", need.mark())).collect();
        all.extend(["-E".to_owned(), left_out.join(" and ")]);
    }
    all.extend(arguments.iter().cloned());
    all
}

fn cargo_test_arguments(missing: &[Need], arguments: &[String]) -> Vec<String> {
    let mut all: Vec<String> =
        ["test", "--workspace", "--no-fail-fast", "--", "--include-ignored"].map(String::from).to_vec();
    all.extend(missing.iter().flat_map(|need| ["--skip".to_owned(), need.mark().to_owned()]));
    all.extend(arguments.iter().cloned());
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

    #[test]
    fn missing_needs_become_filters_of_both_runners() {
        let filter = ["connect".to_owned()];
        let nextest = nextest_arguments(&[Need::Node, Need::Browser], &filter).join(" ");
        assert!(
            nextest.ends_with("-E not test(needs_node) and not test(needs_browser) connect"),
            "{nextest}"
        );
        let cargo = cargo_test_arguments(&[Need::Postgres], &filter).join(" ");
        assert!(cargo.ends_with("-- --include-ignored --skip needs_postgres connect"), "{cargo}");
        assert!(!nextest_arguments(&[], &filter).join(" ").contains("-E"));
    }
}
