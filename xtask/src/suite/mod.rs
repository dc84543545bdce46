//! `cargo xtask test`: everything the tests need, then every test.

mod budget;
mod clients;
mod debian;
// The same source as `testkit::postgres`: depending on testkit would build the product to test it.
#[path = "../../../crates/testkit/src/postgres.rs"]
#[expect(dead_code, reason = "xtask only starts the server; the tests use the rest")]
mod postgres;
mod runner;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use budget::Budget;

/// How `xtask test` was called.
pub struct Options {
    /// Turn skips into failures.
    pub ci: bool,
    /// Arguments for the test runner.
    pub runner: Vec<String>,
}

/// Minutes each step may take on two cores from a cold target directory.
const INSTALL_MINUTES: u32 = 4;
const BUILD_MINUTES: u32 = 22;
const TEST_MINUTES: u32 = 12;

/// What only some tests need. A test that needs one stands behind `#[ignore = "needs …"]` and has the mark in its
/// path (module or function name), so that it can be left out where the thing is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Postgres,
    Node,
    Browser,
    Python,
}

impl Need {
    /// The part of a test's path that says it needs this.
    pub fn mark(self) -> &'static str {
        match self {
            Need::Postgres => "needs_postgres",
            Need::Node => "needs_node",
            Need::Browser => "needs_browser",
            Need::Python => "needs_python",
        }
    }
}

/// What was found or installed: variables for the tests, and what is missing with the reason.
#[derive(Default)]
pub struct Found {
    pub variables: Vec<(&'static str, OsString)>,
    pub missing: Vec<(Need, String)>,
}

impl Found {
    fn record(&mut self, need: Need, variable: &'static str, outcome: Result<PathBuf>) {
        match outcome {
            Ok(path) => {
                println!("{}: {}", need.mark(), path.display());
                self.variables.push((variable, path.into()));
            }
            Err(error) => {
                println!("skipped: tests marked {} because {error:#}", need.mark());
                self.missing.push((need, format!("{error:#}")));
            }
        }
    }
}

/// Installs, builds and runs; prints the time of each step against its budget, also after a failure.
///
/// # Errors
/// A step failed, or something was skipped under `ci`.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let mut budget = Budget::default();
    let outcome = run_steps(root, options, &mut budget);
    budget.print();
    outcome
}

fn run_steps(root: &Path, options: &Options, budget: &mut Budget) -> Result<()> {
    let mut found = budget.step("installs", INSTALL_MINUTES, || Ok(find_everything(root)))?;
    let missing: Vec<_> = found.missing.iter().map(|(need, why)| format!("{}: {why}", need.mark())).collect();
    ensure!(!options.ci || missing.is_empty(), "a skip is a failure here:\n  {}", missing.join("\n  "));
    let selection = runner::Selection::parse(&options.runner);
    budget.step("build", BUILD_MINUTES, || runner::build(root, &selection))?;
    let server = start_postgres(&mut found, options)?;
    budget.step("tests", TEST_MINUTES, || runner::run(root, &found, &selection))?;
    drop(server);
    for (need, why) in &found.missing {
        println!("skipped: tests marked {} because {why}", need.mark());
    }
    Ok(())
}

fn find_everything(root: &Path) -> Found {
    let mut found = Found::default();
    found.record(Need::Postgres, postgres::BIN_VARIABLE, debian::postgres());
    found.record(Need::Node, "SHEETBEND_TEST_NODE", clients::node(root));
    found.record(Need::Browser, "SHEETBEND_TEST_CHROMIUM", debian::chromium());
    found.record(Need::Python, "SHEETBEND_TEST_PYTHON", clients::python(root));
    found.variables.push(("SHEETBEND_TEST_NODE_DIR", clients::folder(root).into()));
    let shared = root.join("../shared");
    if env::var_os("SHEETBEND_SHARED").is_none() && shared.join("reference").is_dir() {
        found.variables.push(("SHEETBEND_SHARED", shared.into()));
    }
    // A browser test drives Chromium through playwright-core, so it needs Node as well.
    let why_missing = |need| found.missing.iter().find(|(one, _)| *one == need).map(|(_, why)| why.clone());
    if let (Some(why), None) = (why_missing(Need::Node), why_missing(Need::Browser)) {
        found.missing.push((Need::Browser, why));
    }
    found
}

/// One server for the whole run: a cluster of its own for each test process would cost a second each.
fn start_postgres(found: &mut Found, options: &Options) -> Result<Option<postgres::TestPostgres>> {
    if found.missing.iter().any(|(need, _)| *need == Need::Postgres) {
        return Ok(None);
    }
    match postgres::TestPostgres::start() {
        Ok(server) => {
            found.variables.push((postgres::URL_VARIABLE, server.base_url().into()));
            Ok(Some(server))
        }
        Err(error) if options.ci => Err(error),
        Err(error) => {
            found.missing.push((Need::Postgres, format!("{error:#}")));
            Ok(None)
        }
    }
}
