//! The npm and Python environments of `tests/clients`: outside clients at pinned versions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::debian;

/// The only registry a lock file may name: anything else is the address of somebody's machine.
const PUBLIC_REGISTRY: &str = "https://registry.npmjs.org/";
/// oidc-provider 9 needs it.
const NODE_MAJOR: u32 = 20;

/// Where the outside clients and the scripts that drive them live.
pub fn folder(root: &Path) -> PathBuf {
    root.join("tests/clients")
}

/// Node, with the packages of `package-lock.json` installed.
///
/// # Errors
/// Node is missing or old, the lock file names another registry, or npm failed.
pub fn node(root: &Path) -> Result<PathBuf> {
    let folder = folder(root);
    let lock = read(&folder.join("package-lock.json"))?;
    check_lock(&lock)?;
    let node =
        debian::on_path("node").with_context(|| format!("Node {NODE_MAJOR} or newer is not installed"))?;
    let version = output(Command::new(&node).arg("--version"))?;
    ensure!(
        major(&version) >= NODE_MAJOR,
        "Node {NODE_MAJOR} or newer is needed, this is {}",
        version.trim()
    );
    unless_current(&folder.join("node_modules/.installed-lock"), &lock, || {
        let npm = debian::on_path("npm").context("npm is not installed")?;
        let quiet = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];
        output(Command::new(npm).args(quiet).current_dir(&folder)).map(drop)
    })?;
    Ok(node)
}

/// The Python of a virtual environment with the packages of `requirements.txt`.
///
/// # Errors
/// Python is missing, or pip failed.
pub fn python(root: &Path) -> Result<PathBuf> {
    let requirements = folder(root).join("requirements.txt");
    let environment = root.join(".tools/py");
    let python = environment.join("bin/python");
    let text = read(&requirements)?;
    unless_current(&environment.join(".installed-requirements"), &text, || {
        make_environment(&environment)?;
        let mut pip = Command::new(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--disable-pip-version-check",
            "--requirement",
        ]);
        output(pip.arg(&requirements))?;
        output(Command::new(&python).args(["-m", "pip", "check"])).map(drop)
    })?;
    Ok(python)
}

fn make_environment(folder: &Path) -> Result<()> {
    let base = debian::on_path("python3").context("python3 is not installed")?;
    let make = || output(Command::new(&base).args(["-m", "venv", "--clear"]).arg(folder));
    // Debian keeps venv in a package of its own.
    make().or_else(|_| debian::install("python3-venv").and_then(|()| make())).map(drop)
}

/// Runs `install` unless `stamp` already holds `wanted`, which it does afterwards.
fn unless_current(stamp: &Path, wanted: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
    if fs::read_to_string(stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(stamp, wanted).with_context(|| stamp.display().to_string())
}

/// Refuses a lock file that was written with the address of another registry in it.
fn check_lock(lock: &str) -> Result<()> {
    let lock: serde_json::Value = serde_json::from_str(lock).context("package-lock.json")?;
    let packages = lock["packages"].as_object().context("package-lock.json has no packages")?;
    for (name, package) in packages {
        let resolved = package["resolved"].as_str().unwrap_or(PUBLIC_REGISTRY);
        ensure!(
            resolved.starts_with(PUBLIC_REGISTRY),
            "package-lock.json: {name} is resolved at {resolved}; write the lock with \
             `npm install --omit-lockfile-registry-resolved`"
        );
    }
    Ok(())
}

fn major(version: &str) -> u32 {
    version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// What a command printed; its last words if it failed.
fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| program.clone())?;
    // pip tells conflicts on stdout.
    let (said, told) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    let lines: Vec<&str> = told.lines().chain(said.lines()).collect();
    let last = lines[lines.len().saturating_sub(5)..].join(" / ");
    ensure!(output.status.success(), "{program} failed: {last}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_may_name_only_the_public_registry() {
        let lock = |resolved: &str| format!(r#"{{"packages":{{"":{{}},"node_modules/a":{{{resolved}}}}}}}"#);
        assert!(check_lock(&lock("")).is_ok());
        assert!(check_lock(&lock(r#""resolved":"https://registry.npmjs.org/a/-/a-1.tgz""#)).is_ok());
        let error =
            check_lock(&lock(r#""resolved":"http://registry.internal/a-1.tgz""#)).unwrap_err().to_string();
        assert!(error.contains("node_modules/a"), "{error}");
    }

    #[test]
    fn an_install_runs_once_a_lock() {
        let stamp = std::env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        let mut runs = 0;
        for wanted in ["one", "one", "two"] {
            unless_current(&stamp, wanted, || {
                runs += 1;
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(runs, 2);
        assert!(unless_current(&stamp, "three", || anyhow::bail!("no network")).is_err());
        assert_eq!(fs::read_to_string(&stamp).unwrap(), "two");
        fs::remove_file(&stamp).unwrap();
    }

    #[test]
    fn versions_of_node_are_read() {
        assert_eq!(major("v20.20.2\n"), 20);
        assert_eq!(major("nonsense"), 0);
    }
}
