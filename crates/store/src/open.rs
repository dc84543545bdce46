//! Opening a database: its address, its limits, its schema.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::StoreError;
use crate::events::Events;
use crate::pool::{Pool, PoolOptions, Target};
use crate::{Store, migrate};

/// The address of a database. The password never shows.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file; made when absent, in a directory that exists.
    Sqlite(PathBuf),
    /// A `postgres://` address with libpq's parameters.
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = StoreError;

    /// Reads `postgres://…`, `postgresql://…`, `sqlite:PATH`, `sqlite://PATH` or a path.
    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = match text.split_once(':') {
            Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
            Some((scheme, rest)) if rest.starts_with("//") => {
                return Err(StoreError::BadUrl(format!(
                    "{scheme}: is neither sqlite: nor postgres: nor the path of a file"
                )));
            }
            _ => text,
        };
        if path.is_empty() {
            return Err(StoreError::BadUrl("it names no file".to_owned()));
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let host = url.rsplit_once('@').map_or("…", |(_, host)| host);
                write!(f, "postgres://…@{}", host.split('?').next().unwrap_or_default())
            }
        }
    }
}

/// How to open a [`Store`].
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Where the database is.
    pub url: DatabaseUrl,
    /// How long to wait for a lock or a free connection, milliseconds.
    pub wait_ms: u32,
    /// At most this many connections to PostgreSQL, besides one that listens.
    pub max_connections: u32,
    /// SQLite refuses to grow past this many bytes ([`StoreError::Full`]).
    pub max_bytes: Option<u64>,
}

impl StoreOptions {
    /// The usual limits: 5 s, 16 connections, no size limit.
    pub fn new(url: DatabaseUrl) -> Self {
        Self { url, wait_ms: 5_000, max_connections: 16, max_bytes: None }
    }
}

impl Store {
    /// Opens the database, makes it when absent and brings its schema up to date.
    ///
    /// An SQLite file that already has a schema is first copied to `<file>.before-NNNN`.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`], [`StoreError::ReadOnly`], [`StoreError::Locked`], [`StoreError::Unavailable`],
    /// [`StoreError::Corrupt`], [`StoreError::BadUrl`].
    pub async fn open(options: StoreOptions) -> Result<Self, StoreError> {
        let target = match options.url {
            DatabaseUrl::Sqlite(path) => Target::Sqlite(path),
            DatabaseUrl::Postgres(url) => Target::Postgres(url),
        };
        let _until_migrated = target.opening().await?;
        let options = PoolOptions {
            target,
            wait_ms: options.wait_ms,
            max_connections: options.max_connections,
            max_bytes: options.max_bytes,
        };
        // The standard library's hash keys are random in each process and instance; it only tells nodes apart.
        let node = format!("{:016x}", RandomState::new().build_hasher().finish());
        let pool = Pool::open(options, Events::new(), node.into()).await?;
        migrate::run(&pool, pool.dialect().migrations()).await?;
        Ok(Self { pool })
    }
}
