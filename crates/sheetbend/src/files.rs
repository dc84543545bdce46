//! Private files and the lock of a data directory.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Makes a directory that only its owner can enter; an existing one stays as it is.
pub fn make_private_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Writes a file that only its owner can read (0600); an existing file is not replaced.
pub fn write_private(path: &Path, contents: &[u8]) -> io::Result<()> {
    finish(private().create_new(true).open(path)?, contents)
}

/// Writes a file that only its owner can read (0600) in place of an older one, whole or not at all.
pub fn replace_private(path: &Path, contents: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    finish(private().create(true).truncate(true).open(&beside)?, contents)?;
    std::fs::rename(&beside, path)
}

fn finish(mut file: File, contents: &[u8]) -> io::Result<()> {
    file.write_all(contents)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// One process a data directory; released when the process ends, however it ends.
pub struct DataDirLock {
    _file: File,
}

/// Another process works in the data directory.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It is running.
    #[error("another sheetbend works in {0}; stop it, or choose another --data-dir")]
    Taken(PathBuf),
    /// The lock file cannot be made.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DataDirLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// Another process has it.
    pub fn take(data_dir: &Path) -> Result<Self, LockError> {
        let path = data_dir.join("lock");
        let file = private()
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| LockError::File { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(LockError::Taken(data_dir.to_owned())),
            Err(std::fs::TryLockError::Error(source)) => Err(LockError::File { path, source }),
        }
    }
}
