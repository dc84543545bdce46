//! Drive delta: what changed since a token was given.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Files;
use super::model::Item;

/// Tokens older than this are refused with `resyncRequired`. SharePoint keeps its change log for 60 days.
const TOKEN_LIFE_MS: i64 = 60 * 24 * 3600 * 1000;

/// Where a delta query begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeltaStart {
    /// Everything there is.
    All,
    /// Nothing but a link for later (`token=latest`).
    Latest,
    /// What a link of ours carried, or a time in RFC 3339.
    Token(String),
}

/// One answer to a delta query.
pub(crate) struct ChangePage {
    pub items: Vec<Item>,
    /// Goes into the next link when `more`, else into the delta link.
    pub token: String,
    pub more: bool,
}

/// What a token says: which epoch, after which change, when it was given, and where the enumeration began.
struct Token {
    epoch: u32,
    after: u64,
    given_ms: i64,
    /// Deletions up to this change are of no interest: the reader never saw those items.
    began: u64,
}

impl Token {
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}.{}.{}", self.epoch, self.after, self.given_ms, self.began))
    }

    fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let mut parts = text.split('.');
        let token = Self {
            epoch: parts.next()?.parse().ok()?,
            after: parts.next()?.parse().ok()?,
            given_ms: parts.next()?.parse().ok()?,
            began: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(token)
    }
}

impl Files {
    /// Changes of a drive, oldest first, at most `limit`. `None`: the token is unknown or too old; start again.
    pub fn changes(
        &self,
        drive_id: &str,
        start: &DeltaStart,
        limit: usize,
        now_ms: i64,
    ) -> Option<ChangePage> {
        let inner = self.lock();
        let tree = &inner.tree;
        let (after, began) = match start {
            DeltaStart::All => (0, tree.change),
            DeltaStart::Latest => (tree.change, tree.change),
            DeltaStart::Token(text) => match Token::decode(text) {
                Some(token) => {
                    let age = now_ms - token.given_ms;
                    if token.epoch != tree.delta_epoch || age > TOKEN_LIFE_MS || token.after > tree.change {
                        return None;
                    }
                    (token.after, token.began)
                }
                None => {
                    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
                    let at_ms = (moment.unix_timestamp_nanos() / 1_000_000) as i64;
                    let before = |item: &&Item| item.modified_ms <= at_ms;
                    let after = tree.items.values().filter(before).map(|item| item.change).max().unwrap_or(0);
                    (after, after)
                }
            },
        };
        let mut changed: Vec<&Item> = tree
            .items
            .values()
            .filter(|item| item.drive_id == drive_id && item.change > after)
            .filter(|item| item.recycled_ms.is_none() || item.change > began)
            .collect();
        changed.sort_by_key(|item| item.change);
        let more = changed.len() > limit;
        changed.truncate(limit);
        let (after, began) = match changed.last() {
            Some(last) if more => (last.change, began),
            _ => (tree.change, 0),
        };
        let token = Token { epoch: tree.delta_epoch, after, given_ms: now_ms, began }.encode();
        Some(ChangePage { items: changed.into_iter().cloned().collect(), token, more })
    }

    /// Makes every delta token given so far unknown, so that readers meet 410.
    pub fn expire_delta_tokens(&self) {
        self.lock().tree.delta_epoch += 1;
    }
}
