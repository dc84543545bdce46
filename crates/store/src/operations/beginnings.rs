//! A search's last word, which may be the beginning of one: somebody is still typing.

use super::list::Terms;
use crate::Store;
use crate::dialect::{Dialect, LastWord};
use crate::error::StoreError;
use crate::value::params;

/// A shorter last word is not taken for the beginning of others: there would be too many.
const SHORTEST_BEGINNING: usize = 2;
/// Words with one beginning that are looked for one by one; past it the beginning itself is.
const MOST_WORDS: u32 = 256;

impl Store {
    /// A last word that no operation has whole is taken for a beginning, whatever the page and the other conditions.
    pub(super) async fn last_word(&self, terms: &Terms) -> Result<LastWord, StoreError> {
        let dialect = self.dialect();
        let last = terms.last().filter(|word| word.chars().count() >= SHORTEST_BEGINNING);
        let Some(last) = last else { return Ok(LastWord::Whole) };
        if self.any_hit(terms.search(dialect)).await? {
            return Ok(LastWord::Whole);
        }
        // SQLite's index keeps other letters without their accents.
        let by_word = dialect.text_beginnings().filter(|_| last.is_ascii());
        let Some(sql) = by_word else { return Ok(LastWord::Beginning) };
        let rows = self.pool.scan(sql.to_owned(), params![last, MOST_WORDS + 1]).await?;
        let words = rows.into_iter().map(|mut row| row.take()).collect::<Result<Vec<String>, _>>()?;
        Ok(match words.len() {
            0 => LastWord::Whole,
            few if few <= MOST_WORDS as usize => LastWord::OneOf(words),
            _ => LastWord::Beginning,
        })
    }
}

/// The statement that differs by database.
pub(crate) fn every_shape(dialect: Dialect) -> Vec<String> {
    dialect.text_beginnings().map(str::to_owned).into_iter().collect()
}
