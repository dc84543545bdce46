//! A throw-away PostgreSQL server for tests.
//!
//! `cargo xtask test` includes this same file, starts one server for the whole run and passes its address in
//! `SHEETBEND_TEST_PG_URL`; a test started without it gets a server of its own. Only std and anyhow may be
//! used here.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, id};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// Where a running server is, as `postgres://postgres@127.0.0.1:PORT`, without a database.
pub const URL_VARIABLE: &str = "SHEETBEND_TEST_PG_URL";
/// The folder that holds `initdb`, `postgres` and `psql`, where it is not on the PATH.
pub const BIN_VARIABLE: &str = "SHEETBEND_TEST_PG_BIN";

/// A PostgreSQL server: one of our own, stopped and deleted on drop, or the one the whole run shares.
#[derive(Debug)]
pub struct TestPostgres {
    base: String,
    own: Option<OwnServer>,
}

/// A database of its own, dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    base: String,
    name: String,
}

impl TestPostgres {
    /// Uses the run's shared server, or starts one on a free loopback port.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or did not come up within 20 s (its log is in the error).
    pub fn start() -> Result<TestPostgres> {
        match env::var(URL_VARIABLE) {
            Ok(base) if !base.is_empty() => Ok(TestPostgres { base, own: None }),
            _ => TestPostgres::start_own(),
        }
    }

    /// Starts a server even where a shared one is at hand, for a test that stops or breaks it.
    ///
    /// # Errors
    /// As [`TestPostgres::start`].
    pub fn start_own() -> Result<TestPostgres> {
        let mut last = None;
        // Another process may take the port between our look and the server's bind.
        for _ in 0..3 {
            match OwnServer::start() {
                Ok(own) => {
                    let base = format!("postgres://postgres@127.0.0.1:{}", own.port);
                    return Ok(TestPostgres { base, own: Some(own) });
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("at least one attempt was made")?)
    }

    /// The server's address without a database, as [`URL_VARIABLE`] holds it.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// The URL of a database on this server.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.base)
    }

    /// Creates an empty database with a name that no other test has.
    ///
    /// # Errors
    /// The server refused, for instance because it is gone.
    pub fn create_database(&self) -> Result<TestDatabase> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("t_{}_{}", id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // A shared server may remember the database of an earlier process with this process id.
        self.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        self.execute(&format!("CREATE DATABASE {name}"))?;
        Ok(TestDatabase { base: self.base.clone(), name })
    }

    /// Runs one statement as the superuser in the database `postgres`.
    ///
    /// # Errors
    /// The statement failed; the server's message is in the error.
    pub fn execute(&self, statement: &str) -> Result<()> {
        execute(&self.base, statement)
    }

    /// The process id of our own server, none for a shared one.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.own.as_ref().map(|own| own.process.id())
    }
}

impl TestDatabase {
    /// The URL to connect with.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.base, self.name)
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // The server may be gone already, and the database with it.
        let _ = execute(&self.base, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn execute(base: &str, statement: &str) -> Result<()> {
    execute_on(&format!("{base}/postgres"), statement)
}

/// Runs one statement on the database of a URL.
///
/// # Errors
/// The statement failed.
pub fn execute_on(url: &str, statement: &str) -> Result<()> {
    let output = Command::new(program("psql")?)
        .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", statement])
        .arg(url)
        .env("PGOPTIONS", "-c client_min_messages=warning")
        .stdin(Stdio::null())
        .output()
        .context("psql")?;
    ensure!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

#[derive(Debug)]
struct OwnServer {
    process: Child,
    port: u16,
    // Removed after `process` was stopped.
    folder: Folder,
}

impl OwnServer {
    fn start() -> Result<OwnServer> {
        let folder = Folder::create()?;
        let account = Account::unprivileged(&folder.0)?;
        account.own(&folder.0)?;
        let data = folder.0.join("data");
        let mut initdb = account.command(&program("initdb")?, &folder.0);
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        let output = initdb.arg("--pgdata").arg(&data).output().context("initdb")?;
        ensure!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr).trim());
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = account.command(&program("postgres")?, &folder.0);
        command.arg("-D").arg(&data).arg("-p").arg(port.to_string()).arg("-k").arg(&folder.0);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        // The server stays in our process group: Ctrl-C and a runner's time-out reach it too.
        // A file, since nobody would read a pipe and a full one stops the server.
        let log = folder.0.join("log");
        let process =
            command.stdout(Stdio::null()).stderr(fs::File::create(&log)?).spawn().context("postgres")?;
        let mut server = OwnServer { process, port, folder };
        server.wait_until_ready(&data.join("postmaster.pid"), &log)?;
        Ok(server)
    }

    /// Waits until the eighth line of `postmaster.pid` says `ready`, which is what `pg_ctl --wait` does.
    fn wait_until_ready(&mut self, pid_file: &Path, log: &Path) -> Result<()> {
        for _ in 0..1000 {
            if let Some(status) = self.process.try_wait()? {
                bail!("postgres ended with {status}: {}", fs::read_to_string(log)?.trim());
            }
            let state = fs::read_to_string(pid_file).unwrap_or_default();
            if state.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            sleep(Duration::from_millis(20));
        }
        bail!("postgres was not ready after 20 s")
    }
}

/// A new folder in the temporary directory, removed on drop.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn create() -> Result<Folder> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let name = format!("sheetbend-pg-{}-{}", id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = env::temp_dir().join(name);
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Folder(path)),
                // Left by a process with the same id that was killed.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| path.display().to_string()),
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Durability off and noise down: the data lives as long as one run.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "shared_buffers=32MB",
    "log_min_messages=fatal",
    "log_min_error_statement=panic",
];

impl Drop for OwnServer {
    fn drop(&mut self) {
        // Immediate mode: the server removes its shared memory, the data needs no care.
        let stopped = program("pg_ctl").and_then(|pg_ctl| {
            let account = Account::unprivileged(&self.folder.0)?;
            let mut command = account.command(&pg_ctl, &self.folder.0);
            command
                .args(["stop", "--mode=immediate", "--silent", "--pgdata"])
                .arg(self.folder.0.join("data"));
            Ok(command.output()?.status.success())
        });
        if !matches!(stopped, Ok(true)) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// The account the server runs as: PostgreSQL refuses root, so root steps down to `postgres` or `nobody`.
struct Account {
    ids: Option<(u32, u32)>,
}

impl Account {
    /// Learns who we are from the owner of a folder that we just made.
    fn unprivileged(folder: &Path) -> Result<Account> {
        use std::os::unix::fs::MetadataExt;
        let made_by_root = fs::metadata("/proc/self").or_else(|_| fs::metadata(folder))?.uid() == 0;
        if !made_by_root {
            return Ok(Account { ids: None });
        }
        let accounts = fs::read_to_string("/etc/passwd").context("/etc/passwd")?;
        let ids = ["postgres", "nobody"].iter().find_map(|name| account_ids(&accounts, name));
        Ok(Account { ids: Some(ids.context("no account postgres or nobody to run PostgreSQL as")?) })
    }

    fn own(&self, folder: &Path) -> Result<()> {
        if let Some((user, group)) = self.ids {
            chown(folder, Some(user), Some(group)).with_context(|| folder.display().to_string())?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        Ok(())
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null());
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
        command
    }
}

/// User and group id of an account in the text of `/etc/passwd` (passwd(5): name:password:uid:gid:…).
fn account_ids(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The folder with PostgreSQL's programs, none where the server is not installed.
#[must_use]
pub fn bin_folder() -> Option<PathBuf> {
    let named = env::var_os(BIN_VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let mut candidates = named.into_iter().chain(path_folders()).chain(debian_folders());
    candidates.find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

fn path_folders() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

/// Debian keeps the server's programs off the PATH, one folder a version; the newest comes first.
fn debian_folders() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|entry| entry.path()).collect();
    let version = |folder: &PathBuf| {
        folder
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    folders.sort_by(|a, b| version(b).total_cmp(&version(a)));
    folders.into_iter().map(|folder| folder.join("bin")).collect()
}

/// A program of PostgreSQL's: beside the server, or anywhere on the PATH.
fn program(name: &str) -> Result<PathBuf> {
    let mut programs = bin_folder()
        .into_iter()
        .chain(path_folders())
        .chain(debian_folders())
        .map(|folder| folder.join(name));
    programs
        .find(|program| program.is_file())
        .with_context(|| format!("PostgreSQL's {name} is not installed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_from_passwd() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533:n:/:/bin/false\nbad:x:a:b\n";
        assert_eq!(account_ids(accounts, "nobody"), Some((65534, 65533)));
        assert_eq!(account_ids(accounts, "postgres"), None);
        assert_eq!(account_ids(accounts, "bad"), None);
    }

    #[test]
    #[ignore = "needs PostgreSQL"]
    fn needs_postgres_databases_come_and_go() {
        let server = TestPostgres::start_own().unwrap();
        let one = server.create_database().unwrap();
        let two = server.create_database().unwrap();
        assert_ne!(one.name(), two.name());
        execute(server.base_url(), &format!("ALTER DATABASE {} SET work_mem = '8MB'", one.name())).unwrap();
        let name = one.name().to_owned();
        drop(one);
        let error = server.execute(&format!("ALTER DATABASE {name} RESET work_mem")).unwrap_err().to_string();
        assert!(error.contains("does not exist"), "{error}");
    }

    #[test]
    #[ignore = "needs PostgreSQL"]
    fn needs_postgres_nothing_is_left_behind() {
        let server = TestPostgres::start_own().unwrap();
        let folder = server.own.as_ref().unwrap().folder.0.clone();
        let process = server.process_id().unwrap();
        assert!(folder.join("data/postmaster.pid").exists());
        drop(server);
        assert!(!folder.exists());
        assert!(!Path::new(&format!("/proc/{process}")).exists());
    }
}
