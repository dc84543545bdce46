//! Matches of the text index, in the order of their keys.
//!
//! SQLite reads a frequent word's matches in order and stops. PostgreSQL can walk the keys and look at the words of each,
//! or find all matches and sort them; for it the first stretch tells which is better.

use super::list::Keys;
use super::text::SEQ_BITS;
use crate::Store;
use crate::dialect::{Dialect, Order, Way};
use crate::error::StoreError;
use crate::value::params;

/// Keys that are walked first: a few milliseconds.
const STRETCH: i64 = 5_000;
/// Walked at a time, at most.
const LONGEST_STRETCH: i64 = 200_000;
/// What is in at least one of so many rows is walked on for.
const FREQUENT: i64 = 10;

/// A match of the index: its key, and what [`Dialect::text_rows`] finds the row by.
pub(super) type Hit = (i64, i64);

impl Store {
    /// The first matches of a query among `keys`, at most `limit`.
    pub(super) async fn hits(
        &self,
        query: &str,
        keys: Keys,
        order: Order,
        limit: u32,
    ) -> Result<Vec<Hit>, StoreError> {
        let Some(stretch) = self.dialect().text_stretch(order) else {
            return self.found(query, keys, (order, Way::Planned), limit).await;
        };
        let (mut hits, mut keys, mut size) = (Vec::new(), keys, STRETCH);
        loop {
            let left = limit - hits.len() as u32;
            let end = self.pool.scan(stretch.clone(), params![keys.from, keys.to, size]).await?;
            let Some(mut end) = end.into_iter().next() else {
                hits.extend(self.found(query, keys, (order, Way::Planned), left).await?);
                return Ok(hits);
            };
            let (near, far) = order.parted(keys, end.take()?);
            let found = self.found(query, near, (order, Way::Planned), left).await?;
            let count = found.len() as i64;
            hits.extend(found);
            if hits.len() >= limit as usize {
                return Ok(hits);
            }
            let left = limit - hits.len() as u32;
            if count * FREQUENT < size {
                hits.extend(self.found(query, far, (order, Way::ByWords), left).await?);
                return Ok(hits);
            }
            (keys, size) = (far, (size * i64::from(left) / count).clamp(STRETCH, LONGEST_STRETCH));
        }
    }

    async fn found(
        &self,
        query: &str,
        keys: Keys,
        (order, way): (Order, Way),
        limit: u32,
    ) -> Result<Vec<Hit>, StoreError> {
        let sql = self.dialect().text_hits(order, way);
        let rows = self.pool.search(sql, params![query, keys.from, keys.to, limit]).await?;
        rows.into_iter().map(|mut row| Ok((row.take()?, row.take()?))).collect()
    }

    /// Whether anything matches a query.
    pub(super) async fn any_hit(&self, query: String) -> Result<bool, StoreError> {
        let sql = self.dialect().text_any().to_owned();
        Ok(!self.pool.search(sql, params![query]).await?.is_empty())
    }
}

impl Order {
    /// The keys of the last hit's moment that come after it.
    pub(super) fn rest_of_moment(self, keys: Keys, last: i64) -> Keys {
        match self {
            Self::Newest => Keys { from: keys.from.max(last >> SEQ_BITS << SEQ_BITS), to: last },
            Self::Oldest => Keys { from: last + 1, to: keys.to.min(((last >> SEQ_BITS) + 1) << SEQ_BITS) },
        }
    }

    pub(super) fn past_moment(self, keys: Keys, last: i64) -> Keys {
        match self {
            Self::Newest => Keys { to: last >> SEQ_BITS << SEQ_BITS, ..keys },
            Self::Oldest => Keys { from: ((last >> SEQ_BITS) + 1) << SEQ_BITS, ..keys },
        }
    }

    /// The keys on this side of `end`, and those beyond.
    fn parted(self, keys: Keys, end: i64) -> (Keys, Keys) {
        let (low, high) = (Keys { to: end, ..keys }, Keys { from: end, ..keys });
        match self {
            Self::Newest => (high, low),
            Self::Oldest => (low, high),
        }
    }
}

/// The statements that differ by database.
pub(crate) fn every_shape(dialect: Dialect) -> Vec<String> {
    let orders = [Order::Newest, Order::Oldest];
    let ways = orders
        .into_iter()
        .flat_map(|order| [Way::Planned, Way::ByWords].map(|way| dialect.text_hits(order, way)));
    let stretches = orders.into_iter().filter_map(|order| dialect.text_stretch(order));
    ways.chain(stretches).chain([dialect.text_any().to_owned()]).collect()
}
