//! The few places where the two databases speak differently; everything else is one text.

/// Which database is behind the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, one file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// A subquery of the texts in a JSON array parameter.
    pub(crate) fn json_texts(self, parameter: &str) -> String {
        match self {
            Self::Sqlite => format!("SELECT value FROM json_each({parameter})"),
            Self::Postgres => {
                format!("SELECT value FROM jsonb_array_elements_text(CAST({parameter} AS JSONB))")
            }
        }
    }

    /// A table `pair (key, value)` of a JSON object parameter whose values are texts.
    pub(crate) fn json_pairs(self, parameter: &str) -> String {
        match self {
            Self::Sqlite => format!("json_each({parameter}) pair"),
            Self::Postgres => format!("jsonb_each_text(CAST({parameter} AS JSONB)) pair"),
        }
    }

    /// A subquery of the `operations.seq` whose words match a query made by [`Self::text_query`].
    pub(crate) fn text_matches(self, parameter: &str) -> String {
        match self {
            Self::Sqlite => {
                format!("SELECT rowid FROM operations_text WHERE operations_text MATCH {parameter}")
            }
            Self::Postgres => {
                format!("SELECT seq FROM operations_text WHERE words @@ to_tsquery('simple', {parameter})")
            }
        }
    }

    /// A query for rows that hold all words; the last may be the beginning of a word.
    ///
    /// `words` are letters and digits only, so nothing in them can be an operator.
    pub(crate) fn text_query(self, words: &[String]) -> String {
        let quote = |word: &String| match self {
            Self::Sqlite => format!("\"{word}\""),
            Self::Postgres => format!("'{word}'"),
        };
        let (and, prefix) = match self {
            Self::Sqlite => (" AND ", " *"),
            Self::Postgres => (" & ", ":*"),
        };
        words.iter().map(quote).collect::<Vec<_>>().join(and) + prefix
    }

    /// Indexes `$2`, words with spaces between, under the operation `$1`, in place of what was there.
    pub(crate) fn text_insert(self) -> &'static str {
        match self {
            Self::Sqlite => "INSERT OR REPLACE INTO operations_text (rowid, words) VALUES ($1, $2)",
            Self::Postgres => {
                "INSERT INTO operations_text (seq, words) VALUES ($1, to_tsvector('simple', $2)) \
                 ON CONFLICT (seq) DO UPDATE SET words = excluded.words"
            }
        }
    }

    /// Forgets the words of the operation `$1`.
    pub(crate) fn text_delete(self) -> &'static str {
        match self {
            Self::Sqlite => "DELETE FROM operations_text WHERE rowid = $1",
            Self::Postgres => "DELETE FROM operations_text WHERE seq = $1",
        }
    }

    /// Lets several nodes take different rows of a queue at the same time; SQLite has one writer anyway.
    pub(crate) fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Tells channel `$1` the payload `$2` at commit; SQLite has nobody to tell.
    pub(crate) fn notify(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT pg_notify($1, $2)"),
        }
    }

    /// The lives of the processes that hold their lock (`lives.rs`); SQLite has one process.
    pub(crate) fn living(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            // PostgreSQL's manual, "pg_locks": the halves of a bigint key stand in classid and objid, objsubid is 1.
            Self::Postgres => Some(
                "SELECT (CAST(classid AS BIGINT) << 32) | CAST(objid AS BIGINT) FROM pg_locks \
                 WHERE locktype = 'advisory' AND objsubid = 1 AND granted \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            ),
        }
    }

    /// Number, name and text of every migration, in order.
    pub(crate) fn migrations(self) -> &'static [(i64, &'static str, &'static str)] {
        match self {
            Self::Sqlite => &[
                (1, "first", include_str!("../../../migrations/sqlite/0001_first.sql")),
                (2, "signing_keys", include_str!("../../../migrations/sqlite/0002_signing_keys.sql")),
                (3, "tasks", include_str!("../../../migrations/sqlite/0003_tasks.sql")),
                (
                    4,
                    "credential_checks",
                    include_str!("../../../migrations/sqlite/0004_credential_checks.sql"),
                ),
                (5, "environments", include_str!("../../../migrations/sqlite/0005_environments.sql")),
                (6, "node_keys", include_str!("../../../migrations/sqlite/0006_node_keys.sql")),
                (7, "delivery_lists", include_str!("../../../migrations/sqlite/0007_delivery_lists.sql")),
                (8, "lives", include_str!("../../../migrations/sqlite/0008_lives.sql")),
                (9, "people", include_str!("../../../migrations/sqlite/0009_people.sql")),
            ],
            Self::Postgres => &[
                (1, "first", include_str!("../../../migrations/postgres/0001_first.sql")),
                (2, "signing_keys", include_str!("../../../migrations/postgres/0002_signing_keys.sql")),
                (3, "tasks", include_str!("../../../migrations/postgres/0003_tasks.sql")),
                (
                    4,
                    "credential_checks",
                    include_str!("../../../migrations/postgres/0004_credential_checks.sql"),
                ),
                (5, "environments", include_str!("../../../migrations/postgres/0005_environments.sql")),
                (6, "node_keys", include_str!("../../../migrations/postgres/0006_node_keys.sql")),
                (7, "delivery_lists", include_str!("../../../migrations/postgres/0007_delivery_lists.sql")),
                (8, "lives", include_str!("../../../migrations/postgres/0008_lives.sql")),
                (9, "people", include_str!("../../../migrations/postgres/0009_people.sql")),
            ],
        }
    }
}
