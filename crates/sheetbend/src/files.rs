//! Private files and the lock of a data directory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
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

/// Copies a file to one that only its owner can read (0600); one that is there already is replaced.
pub fn copy_private(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut target = private().create(true).truncate(true).open(to)?;
    io::copy(&mut source, &mut target)?;
    target.sync_all()
}

fn finish(mut file: File, contents: &[u8]) -> io::Result<()> {
    file.write_all(contents)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// One process a data directory; released when the process ends, however it ends.
pub struct DataDirLock {
    file: File,
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
            .read(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| LockError::File { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(LockError::Taken(data_dir.to_owned())),
            Err(std::fs::TryLockError::Error(source)) => Err(LockError::File { path, source }),
        }
    }

    /// A name that this directory keeps and no copy of it has: the lock file holds the name beside its own inode
    /// number, and a file that was copied has another.
    ///
    /// # Errors
    /// The lock file cannot be read or written.
    pub fn name(&self, fresh: impl FnOnce() -> String) -> io::Result<String> {
        let mut file = &self.file;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let Some(inode) = inode(file)? else { return Ok(fresh()) };
        if let Some((name, of)) = text.trim().split_once(' ')
            && of == inode
        {
            return Ok(name.to_owned());
        }
        let name = fresh();
        file.set_len(0)?;
        file.seek(io::SeekFrom::Start(0))?;
        writeln!(file, "{name} {inode}")?;
        file.sync_all()?;
        Ok(name)
    }
}

#[cfg(unix)]
fn inode(file: &File) -> io::Result<Option<String>> {
    use std::os::unix::fs::MetadataExt as _;
    let meta = file.metadata()?;
    Ok(Some(format!("{}:{}", meta.dev(), meta.ino())))
}

/// Without a number that tells files apart a name lasts for one start only.
#[cfg(not(unix))]
fn inode(_: &File) -> io::Result<Option<String>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_keeps_its_name_and_a_copy_gets_another() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let name =
            |dir: &Path, fresh: &str| DataDirLock::take(dir).unwrap().name(|| fresh.to_owned()).unwrap();
        assert_eq!(name(here.path(), "first"), "first");
        assert_eq!(name(here.path(), "second"), "first");
        std::fs::copy(here.path().join("lock"), there.path().join("lock")).unwrap();
        assert_eq!(name(there.path(), "third"), "third");
    }
}
