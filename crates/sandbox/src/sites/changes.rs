//! The change log of a list, read by delta queries.

use serde::{Deserialize, Serialize};

use super::model::{Item, List};

/// One remembered change of a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Change {
    pub seq: u64,
    pub item_id: u32,
    pub guid: String,
    pub kind: ChangeKind,
    pub at_ms: i64,
}

/// What happened to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChangeKind {
    Added,
    Updated,
    Deleted,
}

/// What changed since a token.
pub(crate) struct DeltaPage {
    /// Items as they are now, in order of their last change.
    pub present: Vec<Item>,
    /// Id and GUID of items that are gone.
    pub deleted: Vec<(u32, String)>,
    /// Continues after this page.
    pub token: u64,
}

impl List {
    pub(super) fn note(&mut self, item: &Item, kind: ChangeKind, at_ms: i64) {
        let seq = self.next_change;
        self.next_change += 1;
        self.modified_ms = self.modified_ms.max(at_ms);
        self.changes.push(Change { seq, item_id: item.id, guid: item.guid.clone(), kind, at_ms });
    }

    /// The token of now: nothing has happened since.
    pub fn next_change(&self) -> u64 {
        self.next_change
    }

    /// The token when the log still reaches back to it.
    pub fn check_token(&self, token: u64) -> Option<u64> {
        (self.oldest_token..=self.next_change).contains(&token).then_some(token)
    }

    /// Changes from `token` on, each item once; `None` when the token is from the future or too old.
    pub fn changes_since(&self, token: u64) -> Option<DeltaPage> {
        self.check_token(token)?;
        let newer: Vec<&Change> = self.changes.iter().filter(|change| change.seq >= token).collect();
        let last_of = |change: &&&Change| {
            let later = newer.iter().any(|other| other.item_id == change.item_id && other.seq > change.seq);
            !later
        };
        let mut page = DeltaPage { present: Vec::new(), deleted: Vec::new(), token: self.next_change };
        for change in newer.iter().filter(last_of) {
            match self.item(change.item_id) {
                Some(item) => page.present.push(item.into_owned()),
                None => page.deleted.push((change.item_id, change.guid.clone())),
            }
        }
        Some(page)
    }

    pub(super) fn forget_changes(&mut self) {
        // One more than the newest, so that even a token taken a moment ago is refused.
        self.next_change += 1;
        self.oldest_token = self.next_change;
        self.changes.clear();
    }
}
