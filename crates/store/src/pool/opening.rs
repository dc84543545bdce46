//! One process at a time opens an SQLite file.

use std::fs::File;
use std::path::Path;

/// Held while a file is made and its schema brought up to date; given back when dropped.
///
/// SQLite's own locks do not cover this: two connections that both find an empty file each take the other's journal
/// for a crash's remnant and delete it, and the loser fails with `SQLITE_IOERR_DELETE_NOENT`, or makes a table that
/// is there. Two migrations would also write one copy of the file.
///
/// The lock is on the directory, because a second descriptor of the database itself would, when it is closed, drop
/// every lock that SQLite holds on it in this process (sqlite.org/howtocorrupt.html §2.2).
#[derive(Debug)]
pub(crate) struct Opening {
    #[expect(dead_code, reason = "closing it gives the lock back")]
    directory: File,
}

impl Opening {
    /// Waits for its turn.
    ///
    /// `None` when the directory cannot be opened or locked; opening the database then says what is wrong.
    pub(super) fn wait(path: &Path) -> Option<Self> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = File::open(parent.unwrap_or(Path::new("."))).ok()?;
        directory.lock().ok()?;
        Some(Self { directory })
    }
}
