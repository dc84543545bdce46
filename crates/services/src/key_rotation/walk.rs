//! One walk through everything that is sealed, a batch at a time.

use domain::Sealed;
use store::{SealedColumn, SealedCursor, SealedRow, sealed_columns};
use vault::{KeyId, Place};

use crate::context::Context;
use crate::error::Error;

/// Values of one transaction: a few milliseconds of the database's writer.
const SIZE: u32 = 500;

/// What one batch did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Batch {
    pub(super) resealed: u64,
    pub(super) forgotten: u64,
}

/// Where a walk stands.
pub(super) struct Walk {
    columns: Vec<&'static SealedColumn>,
    /// Behind which value of the last column of `columns` it goes on; `None` before its first.
    at: Option<SealedCursor>,
    unreadable: u64,
}

impl Walk {
    /// Before the first column.
    pub(super) fn new() -> Self {
        let mut columns: Vec<_> = sealed_columns().collect();
        columns.reverse();
        Self { columns, at: None, unreadable: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        self.columns.is_empty()
    }

    /// Values that did not open so far.
    pub(super) fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Takes the next batch.
    pub(super) async fn batch(&mut self, context: &Context, to: KeyId) -> Result<Batch, Error> {
        let Some(&column) = self.columns.last() else { return Ok(Batch::default()) };
        let Some(at) = self.at.take().or_else(|| column.start()) else {
            return self.forget(context, column, to).await;
        };
        let found = context.store.sealed_otherwise(column, to.as_bytes(), &at, SIZE).await?;
        let Some(last) = found.last() else {
            self.columns.pop();
            return Ok(Batch::default());
        };
        let next = last.cursor.clone();
        let (pairs, unreadable) = resealed(context, column, found);
        let swapped = match pairs.is_empty() {
            true => Ok(0),
            false => context.store.swap_sealed(column, pairs).await,
        };
        // A failed batch is taken again from where it began.
        self.at = Some(if swapped.is_ok() { next } else { at });
        let resealed = swapped? as u64;
        self.unreadable += unreadable;
        Ok(Batch { resealed, forgotten: 0 })
    }

    async fn forget(&mut self, context: &Context, column: &SealedColumn, to: KeyId) -> Result<Batch, Error> {
        let forgotten = context.store.forget_sealed(column, to.as_bytes(), SIZE).await?;
        if forgotten == 0 {
            self.columns.pop();
        }
        Ok(Batch { forgotten, resealed: 0 })
    }
}

/// The values with their new envelopes, and how many do not open.
fn resealed(
    context: &Context,
    column: &SealedColumn,
    found: Vec<SealedRow>,
) -> (Vec<(SealedRow, Sealed)>, u64) {
    let mut pairs = Vec::with_capacity(found.len());
    let mut unreadable = 0;
    for value in found {
        let place = Place::new(column.place.0, &value.place_row, column.place.1);
        match context.vault.reseal(&place, &value.sealed) {
            Ok(new) => pairs.push((value, new)),
            Err(error) => {
                tracing::error!(
                    %error, table = column.table, column = column.column, row = value.place_row,
                    "a sealed value cannot be sealed anew and stays as it is"
                );
                unreadable += 1;
            }
        }
    }
    (pairs, unreadable)
}
