//! The few places where the two databases speak differently; everything else is one text.

/// Which database is behind the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, one file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// The order of a page of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// By time, falling.
    Newest,
    /// By time, rising.
    Oldest,
}

impl Order {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Newest => "DESC",
            Self::Oldest => "ASC",
        }
    }
}

/// By which index a page of a search is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As the database thinks best; where keys have a narrow range, by their order.
    Planned,
    /// By the words: all that match are found, then put in order.
    ByWords,
}

/// How the last word of a search is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LastWord {
    /// As a whole word.
    Whole,
    /// Also as the beginning of one.
    Beginning,
    /// As the beginning of these, all that there are.
    OneOf(Vec<String>),
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

    /// `key` and `seq` (on SQLite `key` again) of what matches a query of [`Self::text_query`] in `$1` and has a key
    /// from `$2` on and below `$3`: the first in order, at most `$4`.
    pub(crate) fn text_hits(self, order: Order, way: Way) -> String {
        let (columns, condition, key) = match self {
            Self::Sqlite => ("rowid, rowid", "operations_text MATCH $1", "rowid"),
            Self::Postgres => ("key, seq", "words @@ CAST(CAST($1 AS TEXT) AS TSQUERY)", "key"),
        };
        // No index has the order of this, so PostgreSQL does not walk all keys in the hope of an early end.
        let sorted = match (self, way) {
            (Self::Postgres, Way::ByWords) => "key + 0",
            _ => key,
        };
        let order = order.sql();
        format!(
            "SELECT {columns} FROM operations_text WHERE {condition} AND {key} >= $2 AND {key} < $3 \
             ORDER BY {sorted} {order} LIMIT $4"
        )
    }

    /// The key that `$3` others from `$1` on and below `$2` come before, where a search must say by which index it is
    /// to go.
    ///
    /// PostgreSQL takes a word that it knows nothing of for one of many rows, and walks a million of them for it.
    pub(crate) fn text_stretch(self, order: Order) -> Option<String> {
        let order = order.sql();
        let sql = format!(
            "SELECT key FROM operations_text WHERE key >= $1 AND key < $2 ORDER BY key {order} LIMIT 1 OFFSET $3"
        );
        (self == Self::Postgres).then_some(sql)
    }

    /// A row if anything matches a query of [`Self::text_query`] in `$1`.
    pub(crate) fn text_any(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT 1 FROM operations_text WHERE operations_text MATCH $1 LIMIT 1",
            // The inner query is planned as if all its rows were wanted.
            Self::Postgres => {
                "WITH found AS MATERIALIZED (SELECT 1 FROM operations_text \
                 WHERE words @@ CAST(CAST($1 AS TEXT) AS TSQUERY)) SELECT 1 FROM found LIMIT 1"
            }
        }
    }

    /// The operations `o` of the hits in a JSON array parameter, second columns of [`Self::text_hits`], that are of
    /// the environment `$1`: what follows FROM.
    ///
    /// SQLite's contentless index keeps nothing but the key, which holds the beginning of the id and of `seq`.
    pub(crate) fn text_rows(self, parameter: &str) -> String {
        match self {
            Self::Sqlite => format!(
                "json_each({parameter}) hit CROSS JOIN operations o ON o.environment_id = $1 \
                 AND o.id >= printf('%013d', hit.value >> 21) AND o.id < printf('%013d', (hit.value >> 21) + 1) \
                 AND (o.seq & 2097151) = (hit.value & 2097151)"
            ),
            Self::Postgres => format!(
                "jsonb_array_elements_text(CAST({parameter} AS JSONB)) hit JOIN operations o \
                 ON o.seq = CAST(hit AS BIGINT) AND o.environment_id = $1"
            ),
        }
    }

    /// The words of the text index that begin with `$1`, at most `$2`, where they are better looked for one by one.
    ///
    /// SQLite reads every row of every such word before it answers (FTS5 merges them), but leaps from word to word in
    /// 40 µs. No word holds the control character that stands for "past this one".
    pub(crate) fn text_beginnings(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => Some(
                "WITH RECURSIVE word (term) AS ( \
                 SELECT (SELECT term FROM operations_words WHERE term >= $1 AND term < $1 || char(1114111) LIMIT 1) \
                 UNION ALL SELECT (SELECT term FROM operations_words WHERE term >= w.term || char(1) \
                 AND term < $1 || char(1114111) LIMIT 1) FROM word w WHERE w.term IS NOT NULL LIMIT $2) \
                 SELECT term FROM word WHERE term IS NOT NULL",
            ),
            Self::Postgres => None,
        }
    }

    /// A query for rows that hold a word of each group; the last group is meant as `last` says.
    ///
    /// Words are letters, digits and private-use characters, so nothing in them can be an operator.
    pub(crate) fn text_query(self, groups: &[Vec<String>], last: &LastWord) -> String {
        let quote = |word: &String| match self {
            Self::Sqlite => format!("\"{word}\""),
            Self::Postgres => format!("'{word}'"),
        };
        let (and, or, prefix) = match self {
            Self::Sqlite => (" AND ", " OR ", " *"),
            Self::Postgres => (" & ", " | ", ":*"),
        };
        let group = |words: &Vec<String>| match words.as_slice() {
            [one] => quote(one),
            many => format!("({})", many.iter().map(quote).collect::<Vec<_>>().join(or)),
        };
        let mut all: Vec<String> = groups.iter().map(group).collect();
        if let (LastWord::OneOf(words), Some(replaced)) = (last, all.last_mut()) {
            *replaced = group(words);
        }
        let query = all.join(and);
        if *last == LastWord::Beginning { query + prefix } else { query }
    }

    /// An operation's words as [`Self::text_insert`] takes them.
    pub(crate) fn text_words<'w>(self, words: impl Iterator<Item = &'w str>) -> String {
        let (before, after) = match self {
            Self::Sqlite => ("", " "),
            Self::Postgres => ("'", "' "),
        };
        words.fold(String::with_capacity(512), |mut all, word| {
            all.push_str(before);
            all.push_str(word);
            all.push_str(after);
            all
        })
    }

    /// Indexes the words `$3` of the operation with the key `$1` and the `seq` `$2`, in place of what was there.
    pub(crate) fn text_insert(self) -> &'static str {
        match self {
            Self::Sqlite => "INSERT OR REPLACE INTO operations_text (rowid, words) VALUES ($1, $3)",
            Self::Postgres => {
                "INSERT INTO operations_text (key, seq, words) \
                 VALUES ($1, $2, CAST(CAST($3 AS TEXT) AS TSVECTOR)) \
                 ON CONFLICT (key) DO UPDATE SET words = excluded.words"
            }
        }
    }

    /// Forgets the words of the operation with the key `$1`.
    pub(crate) fn text_delete(self) -> &'static str {
        match self {
            Self::Sqlite => "DELETE FROM operations_text WHERE rowid = $1",
            Self::Postgres => "DELETE FROM operations_text WHERE key = $1",
        }
    }

    /// The size of the database, bytes.
    pub(crate) fn database_bytes(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            Self::Postgres => "SELECT pg_database_size(current_database())",
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
                (10, "log_search", include_str!("../../../migrations/sqlite/0010_log_search.sql")),
                (
                    11,
                    "connection_search",
                    include_str!("../../../migrations/sqlite/0011_connection_search.sql"),
                ),
                (12, "guesses", include_str!("../../../migrations/sqlite/0012_guesses.sql")),
                (13, "log_words", include_str!("../../../migrations/sqlite/0013_log_words.sql")),
                (
                    14,
                    "awaited_installations",
                    include_str!("../../../migrations/sqlite/0014_awaited_installations.sql"),
                ),
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
                (10, "log_search", include_str!("../../../migrations/postgres/0010_log_search.sql")),
                (
                    11,
                    "connection_search",
                    include_str!("../../../migrations/postgres/0011_connection_search.sql"),
                ),
                (12, "guesses", include_str!("../../../migrations/postgres/0012_guesses.sql")),
                (13, "log_words", include_str!("../../../migrations/postgres/0013_log_words.sql")),
                (
                    14,
                    "awaited_installations",
                    include_str!("../../../migrations/postgres/0014_awaited_installations.sql"),
                ),
            ],
        }
    }
}
