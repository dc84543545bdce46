//! Programs from the system: found where they are, or installed from Debian where that is allowed.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::postgres;

/// The folder of PostgreSQL's server programs.
///
/// # Errors
/// It is not there and cannot be installed.
pub fn postgres() -> Result<PathBuf> {
    if postgres::bin_folder().is_none() {
        install("postgresql")?;
    }
    postgres::bin_folder()
        .context("initdb and postgres are nowhere, even with the package postgresql installed")
}

/// A Chromium that playwright-core can drive.
///
/// # Errors
/// It is not there and cannot be installed.
pub fn chromium() -> Result<PathBuf> {
    if let Some(named) = env::var_os("SHEETBEND_TEST_CHROMIUM") {
        return Ok(named.into());
    }
    let found = || ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path);
    if found().is_none() {
        install("chromium")?;
    }
    found().context("no chromium on the PATH, even with the package chromium installed")
}

/// A program's path.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// Installs one Debian package.
///
/// # Errors
/// There is no apt-get here, we are not root, or apt-get failed.
pub fn install(package: &str) -> Result<()> {
    let Some(apt) = on_path("apt-get") else {
        bail!("{package} is not installed, and without apt-get it cannot be");
    };
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    ensure!(root, "{package} is not installed, and only root may: apt-get install {package}");
    println!("installing the Debian package {package}");
    // Fails on a machine whose lists are older than the archive, so the lists are fetched first.
    apt_get(&apt, &["update"])?;
    apt_get(&apt, &["install", "--yes", "--no-install-recommends", package])
}

fn apt_get(apt: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new(apt)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // invoke-rc.d(8) starts no service in run level 1: the tests start their own server.
        .env("RUNLEVEL", "1")
        .output()
        .context("apt-get")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or("");
    ensure!(output.status.success(), "apt-get {} failed: {last}", arguments.join(" "));
    Ok(())
}
