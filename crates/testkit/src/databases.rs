//! Fresh databases: empty, of their own, gone when dropped.

use store::{DatabaseUrl, Store, StoreError, StoreOptions};

use crate::postgres::{TestDatabase, TestPostgres};

/// An empty database that nobody else uses.
#[derive(Debug)]
pub struct FreshDatabase {
    url: DatabaseUrl,
    kept: Kept,
}

#[derive(Debug)]
#[expect(dead_code, reason = "held only until it is dropped")]
enum Kept {
    Folder(tempfile::TempDir),
    // Dropped in this order: the database, then the server if it is our own.
    Database(TestDatabase, TestPostgres),
}

impl FreshDatabase {
    /// A file in a temporary folder.
    ///
    /// # Errors
    /// The temporary folder cannot be made.
    pub fn sqlite() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = DatabaseUrl::Sqlite(folder.path().join("sheetbend.db"));
        Ok(Self { url, kept: Kept::Folder(folder) })
    }

    /// A database on the run's shared PostgreSQL server, or else on one of its own.
    ///
    /// # Errors
    /// As [`TestPostgres::start`] and [`TestPostgres::create_database`].
    pub fn postgres() -> anyhow::Result<Self> {
        let server = TestPostgres::start()?;
        let database = server.create_database()?;
        Ok(Self { url: DatabaseUrl::Postgres(database.url()), kept: Kept::Database(database, server) })
    }

    /// The server it is on, for a test that interferes with it.
    pub fn server(&self) -> Option<&TestPostgres> {
        match &self.kept {
            Kept::Folder(_) => None,
            Kept::Database(_, server) => Some(server),
        }
    }

    /// Its address.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Opens it; a second store on it is what another node would see.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open(&self) -> Result<Store, StoreError> {
        Store::open(StoreOptions::new(self.url.clone())).await
    }
}
