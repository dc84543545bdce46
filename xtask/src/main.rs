//! The project's own checks: `cargo xtask arrows | sizes | test | fuzz`.
//!
//! Few dependencies on purpose: this is built first, on every machine, before anything can be checked.

mod arrows;
mod fuzz;
mod lexer;
mod paths;
mod quirks;
mod rules;
mod sizes;
mod sources;
mod suite;

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
Usage: cargo xtask <task>

  arrows                        compare crate dependencies and uses of outside crates with the rules
  sizes                         print the size table; fail past 600 lines a file or 100 a function
  test [--ci] [-- <filter>...]  install what only tests need, then run every test; what stands after
                                -- goes to the test runner; --ci (or CI=true) turns skips into failures
  fuzz [target...] [--seconds N]
                                run the fuzz targets (all, 60 s each) on the shipped definitions and what grows of them";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["arrows"] => arrows::check(&sources::Workspace::load()?),
        ["sizes"] => sizes::check(&sources::Workspace::load()?),
        ["test", rest @ ..] => {
            let options =
                test_options(rest, env::var("CI").is_ok_and(|value| value == "true" || value == "1"))?;
            suite::run(&sources::root()?, &options)
        }
        ["fuzz", rest @ ..] => fuzz::run(&sources::root()?, &fuzz::Options::read(rest)?),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("unknown task {other:?}\n{USAGE}"),
    }
}

fn test_options(arguments: &[&str], on_ci: bool) -> Result<suite::Options> {
    let split = arguments.iter().position(|argument| *argument == "--").unwrap_or(arguments.len());
    let (ours, runner) = arguments.split_at(split);
    let ci = match ours {
        [] => on_ci,
        ["--ci"] => true,
        other => bail!("xtask test does not know {other:?}; filters stand after --"),
    };
    Ok(suite::Options { ci, runner: runner.iter().skip(1).map(ToString::to_string).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_test_are_read() {
        let options = test_options(&["--ci", "--", "-p", "store"], false).unwrap();
        assert!(options.ci);
        assert_eq!(options.runner, ["-p", "store"]);
        assert!(test_options(&[], true).unwrap().ci);
        assert!(!test_options(&[], false).unwrap().ci);
        assert!(test_options(&["store"], false).is_err());
    }

    #[test]
    fn unknown_tasks_are_refused() {
        assert!(run(&["arows"]).unwrap_err().to_string().contains("Usage"));
        assert!(run(&["sizes", "now"]).is_err());
    }
}
