//! Every place where something sealed is stored, and what a change of the encryption key does to it.
//!
//! Invariant: a sealed column that is not in [`sealed_columns`] is lost with the old key. The conformance suite holds
//! the list against the migrations.

use domain::Sealed;

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{Row, Value};

/// The 8 bytes of an envelope that name its key (`domain::Sealed`: version, key id, nonce, ciphertext).
pub type SealingKey = [u8; 8];

/// A column of sealed values.
#[derive(Debug)]
pub struct SealedColumn {
    /// Its table.
    pub table: &'static str,
    /// Its name.
    pub column: &'static str,
    /// Table and column of the place that its values are sealed to; the row is told with each value.
    pub place: (&'static str, &'static str),
    count: &'static str,
    change: Change,
}

/// What a change of the encryption key does.
#[derive(Debug)]
enum Change {
    /// Each value is sealed anew.
    Reseal { scan: &'static str, swap: &'static str, first: First },
    /// Values are forgotten: whoever needs one makes it again.
    Forget { delete: &'static str },
}

/// What lies before every key of a table.
#[derive(Debug)]
enum First {
    Number,
    Text,
}

/// Where a walk through a column stands.
#[derive(Debug, Clone)]
pub struct SealedCursor(Value);

/// One sealed value.
#[derive(Debug, Clone)]
pub struct SealedRow {
    /// Its row; a walk goes on behind it.
    pub cursor: SealedCursor,
    /// The row of the place that it is sealed to.
    pub place_row: String,
    /// As stored.
    pub sealed: Sealed,
}

/// How many values of a column one key seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCount {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The key.
    pub key: SealingKey,
    /// The number.
    pub count: u64,
}

macro_rules! columns {
    ($($name:ident: $table:literal $column:literal by $key:literal $first:ident,
        place $place:literal $row:literal $place_column:literal;)*) => {
        $(mod $name {
            pub(super) const COUNT: &str = concat!(
                "SELECT substr(", $column, ", 2, 8), COUNT(*) FROM ", $table, " WHERE ", $column,
                " IS NOT NULL GROUP BY substr(", $column, ", 2, 8)");
            pub(super) const SCAN: &str = concat!(
                "SELECT ", $key, ", ", $row, ", ", $column, " FROM ", $table, " WHERE ", $key, " > $1 AND ",
                $column, " IS NOT NULL AND substr(", $column, ", 2, 8) <> $2 ORDER BY ", $key, " LIMIT $3");
            pub(super) const SWAP: &str = concat!(
                "UPDATE ", $table, " SET ", $column, " = $3 WHERE ", $key, " = $1 AND ", $column,
                " = $2 RETURNING 1");
        })*
        const RESEALED: &[SealedColumn] = &[$(SealedColumn {
            table: $table,
            column: $column,
            place: ($place, $place_column),
            count: $name::COUNT,
            change: Change::Reseal { scan: $name::SCAN, swap: $name::SWAP, first: First::$first },
        }),*];
        const RESEALED_STATEMENTS: &[&str] = &[$($name::COUNT, $name::SCAN, $name::SWAP),*];
    };
}

// Neither a credential's version nor its fence changes: what is inside is the same, and a refresh under way stays
// valid.
columns! {
    credentials: "connection_credentials" "sealed" by "connection_row" Number,
        place "connections" "seal_id" "credentials";
    client_secrets: "integrations" "client_secret" by "id" Text,
        place "integrations" "id" "client_secret";
    states: "oauth_states" "payload" by "state_hash" Text,
        place "oauth_states" "state_hash" "payload";
    links: "admin_links" "payload" by "hash" Text,
        place "admin_links" "hash" "payload";
    certificates: "pending_certificates" "payload" by "id" Text,
        place "pending_certificates" "id" "payload";
    signing_keys: "signing_keys" "sealed" by "environment_id" Number,
        place "signing_keys" "key_id" "sealed";
    former_signing_keys: "signing_keys" "previous_sealed" by "environment_id" Number,
        place "signing_keys" "previous_id" "sealed";
    environment_values: "environment_values" "sealed" by "id" Text,
        place "environment_values" "id" "sealed";
    one_time_secrets: "users" "totp" by "id" Text,
        place "users" "id" "totp";
}

statements! {
    COUNT_TOKENS = "SELECT substr(sealed, 2, 8), COUNT(*) FROM resource_tokens GROUP BY substr(sealed, 2, 8)";
    FORGET_TOKENS = "DELETE FROM resource_tokens WHERE (connection_row, resource) IN \
                     (SELECT connection_row, resource FROM resource_tokens WHERE substr(sealed, 2, 8) <> $1 LIMIT $2)";
}

/// Tokens for further resources live for an hour and are minted again; their place names an origin that the row does
/// not hold.
const FORGOTTEN: &[SealedColumn] = &[SealedColumn {
    table: "resource_tokens",
    column: "sealed",
    place: ("resource_tokens", "sealed"),
    count: COUNT_TOKENS,
    change: Change::Forget { delete: FORGET_TOKENS },
}];

/// Every statement of the columns above.
pub(crate) fn column_statements() -> impl Iterator<Item = &'static str> {
    RESEALED_STATEMENTS.iter().copied()
}

/// Every column of sealed values, in the order of a walk.
pub fn sealed_columns() -> impl Iterator<Item = &'static SealedColumn> {
    RESEALED.iter().chain(FORGOTTEN)
}

impl SealedColumn {
    /// Where a walk begins; `None` for a column whose values are forgotten instead.
    pub fn start(&self) -> Option<SealedCursor> {
        match &self.change {
            Change::Reseal { first: First::Number, .. } => Some(SealedCursor(Value::Int(i64::MIN))),
            Change::Reseal { first: First::Text, .. } => Some(SealedCursor(Value::Text(String::new()))),
            Change::Forget { .. } => None,
        }
    }
}

impl Store {
    /// How many values each key seals, by column; columns without a value are absent.
    pub async fn count_sealed(&self) -> Result<Vec<SealedCount>, StoreError> {
        let mut counts = Vec::new();
        for column in sealed_columns() {
            for mut row in self.pool.scan(column.count.to_owned(), Vec::new()).await? {
                let key = key_of(&row.take()?);
                let count = u64::try_from(row.take::<i64>()?).unwrap_or_default();
                counts.push(SealedCount { table: column.table, column: column.column, key, count });
            }
        }
        Ok(counts)
    }

    /// The next values of a column, from behind `after` on, that another key than `key` seals.
    pub async fn sealed_otherwise(
        &self,
        column: &SealedColumn,
        key: &SealingKey,
        after: &SealedCursor,
        limit: u32,
    ) -> Result<Vec<SealedRow>, StoreError> {
        let Change::Reseal { scan, .. } = &column.change else { return Ok(Vec::new()) };
        let parameters = vec![after.0.clone(), Value::Bytes(key.to_vec()), Value::Int(i64::from(limit))];
        let read = |mut row: Row| {
            let cursor = SealedCursor(row.take_value());
            Ok(SealedRow { cursor, place_row: row.take()?, sealed: row.take()? })
        };
        self.pool.scan((*scan).to_owned(), parameters).await?.into_iter().map(read).collect()
    }

    /// Puts new envelopes in place of old ones in one transaction; those that somebody wrote meanwhile stay.
    ///
    /// No cache hears of it: what is inside is the same, and the old envelope opens as long as its key is known.
    pub async fn swap_sealed(
        &self,
        column: &SealedColumn,
        pairs: Vec<(SealedRow, Sealed)>,
    ) -> Result<usize, StoreError> {
        let Change::Reseal { swap, .. } = &column.change else { return Ok(0) };
        let swap = *swap;
        let list = |(old, new): (SealedRow, Sealed)| vec![old.cursor.0, (&old.sealed).into(), (&new).into()];
        let lists: Vec<Vec<Value>> = pairs.into_iter().map(list).collect();
        let write = self.pool.write(move |tx| Box::pin(async move { tx.each(swap, &lists).await }));
        Ok(write.await?.into_iter().flatten().count())
    }

    /// Forgets values of a column that another key than `key` seals, at most `limit`; their number. Zero for a column
    /// whose values are sealed anew.
    pub async fn forget_sealed(
        &self,
        column: &SealedColumn,
        key: &SealingKey,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let Change::Forget { delete } = &column.change else { return Ok(0) };
        self.pool.execute(delete, vec![Value::Bytes(key.to_vec()), Value::Int(i64::from(limit))]).await
    }
}

/// An envelope that is cut short names no key.
fn key_of(bytes: &Sealed) -> SealingKey {
    let mut key = SealingKey::default();
    let bytes = bytes.as_bytes();
    let length = bytes.len().min(key.len());
    key[..length].copy_from_slice(&bytes[..length]);
    key
}
