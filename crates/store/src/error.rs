//! What can go wrong with the database, in words an operator can act on; no message carries a stored value.

/// Why a store function failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A unique constraint refused the row; the text names the constraint or its columns.
    #[error("already there ({0})")]
    Duplicate(String),
    /// What the function was told to change does not exist in this environment.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// No more of these may be added.
    #[error("there may be no more {0}")]
    LimitReached(&'static str),
    /// Another process holds the write lock for longer than the wait, or two writers met.
    #[error("the database is locked by another process; stop it or try again")]
    Locked,
    /// No room is left.
    #[error("the database is full: no space left on its disk or its size limit is reached")]
    Full,
    /// The file, its directory or the server accepts no writes.
    #[error(
        "the database is read-only; check the permissions of its file and directory, or the server's role"
    )]
    ReadOnly,
    /// A newer program wrote this database.
    #[error("the database has schema {found}, this program knows up to {known}; start the newer version")]
    NewerSchema {
        /// The version in the database.
        found: i64,
        /// The newest version that this program has.
        known: i64,
    },
    /// What is stored is not what was written.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// The database cannot be reached.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// A text held a NUL character, which PostgreSQL cannot store; refused on both databases alike.
    #[error("text with a NUL character cannot be stored")]
    NulCharacter,
    /// A cross-node message of more than 7 KB.
    #[error("the message is larger than 7 KB")]
    TooLarge,
    /// The address of the database is not one.
    #[error("not a database address: {0}")]
    BadUrl(String),
    /// Anything else; a defect of ours until shown otherwise.
    #[error("database error: {0}")]
    Other(String),
}

impl StoreError {
    /// True when the same call may succeed later without anybody acting.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Locked | Self::Unavailable(_))
    }

    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }
}
