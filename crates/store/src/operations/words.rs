//! The words of the log's texts: what the index holds and what a search asks for, cut the same way for both databases.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use memchr::memchr2;

use domain::operation::{Operation, OperationFilter, OperationState};

/// No more text than this of one operation is indexed, bytes.
const MAX_TEXT: usize = 8 << 10;
/// Longer words are cut, characters: nobody types them, and PostgreSQL refuses lexemes of 2 KiB.
const MAX_WORD: usize = 64;
/// Begins a word that stands for a column. It is a private-use character, which no text's word contains and which
/// both databases keep as it is.
const MARK: char = '\u{e000}';

/// What nearly every proxied call has in its detail: words that tell nothing and would cost each row. Sorted.
const STOCK: [&str; 48] = [
    "accept",
    "agent",
    "alive",
    "application",
    "attempts",
    "bearer",
    "br",
    "byte",
    "bytes",
    "cache",
    "charset",
    "chunked",
    "close",
    "code",
    "connection",
    "content",
    "control",
    "deflate",
    "encoding",
    "first",
    "first_byte_us",
    "gmt",
    "gzip",
    "headers",
    "host",
    "html",
    "identity",
    "json",
    "keep",
    "language",
    "length",
    "metadata",
    "method",
    "minimal",
    "odata",
    "plain",
    "private",
    "redacted",
    "request",
    "response",
    "text",
    "transfer",
    "type",
    "url",
    "us",
    "user",
    "utf",
    "vary",
];
/// Members of a detail whose values are said elsewhere or differ from row to row without a meaning.
const SKIPPED_VALUES: [&str; 11] = [
    "url",
    "target",
    "method",
    "date",
    "content-length",
    "age",
    "expires",
    "last-modified",
    "strict-transport-security",
    "alt-svc",
    "host",
];

/// The words of one operation, each once.
#[derive(Debug, Default)]
pub(crate) struct Words {
    seen: HashSet<String, RandomState>,
    bytes: usize,
}

impl Words {
    /// Adds the words of a text.
    pub(crate) fn add(&mut self, text: &str) {
        each_word(text, |word| self.push(word));
    }

    /// Adds the words of the texts of a JSON document, but for what is in every one.
    pub(crate) fn add_json(&mut self, document: &str) {
        each_text(document, |text| {
            each_word(text, |word| {
                let noise = word.len() < 2 || STOCK.binary_search(&word).is_ok();
                if !noise {
                    self.push(word);
                }
            });
        });
    }

    /// Adds a word that stands for a column's value.
    pub(crate) fn add_field(&mut self, word: String) {
        self.push(&word);
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.seen.iter().map(String::as_str)
    }

    fn push(&mut self, word: &str) {
        if self.bytes + word.len() < MAX_TEXT && !self.seen.contains(word) {
            self.bytes += word.len() + 1;
            self.seen.insert(word.to_owned());
        }
    }
}

/// The environment as a word: one index serves all.
pub(crate) fn environment_word(id: i64) -> String {
    format!("{MARK}e{id}")
}

/// A state as a word. Successes, nearly all, have none.
pub(crate) fn state_word(state: &str) -> Option<String> {
    (state != OperationState::Success.as_str()).then(|| format!("{MARK}o{state}"))
}

/// A type, or `type:action`, as a word. Proxied calls, which have one action, have one word for both.
pub(crate) fn kind_word(kind: &str) -> String {
    let kind = if kind.starts_with("proxy:") { "proxy" } else { kind };
    let plain = |c: char| if c.is_alphanumeric() { c } else { MARK };
    format!("{MARK}k{}", kind.to_lowercase().chars().map(plain).collect::<String>())
}

/// An HTTP status other than 200, as a word.
pub(crate) fn status_word(status: i64) -> Option<String> {
    (status != 200).then(|| format!("{MARK}s{status}"))
}

/// A class of statuses, as a word: 4 for 400 to 499. The successful have none.
pub(crate) fn class_word(class: i64) -> Option<String> {
    (class != 2).then(|| format!("{MARK}c{class}"))
}

/// The words of a search, in order.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    each_word(text, |word| all.push(word.to_owned()));
    all
}

/// Calls `found` with each word in lower case: runs of letters and digits; a UUID, or the beginning of one past its
/// first dash, is one word without dashes, so that a provider's request id is found by one look.
fn each_word(text: &str, mut found: impl FnMut(&str)) {
    let mut word = String::new();
    for run in text.split(|c: char| !c.is_alphanumeric() && c != '-') {
        let mut tell = |piece: &str| {
            lower(piece, &mut word);
            if !word.is_empty() {
                found(&word);
            }
        };
        if is_uuid_beginning(run) {
            tell(run);
        } else {
            run.split('-').for_each(tell);
        }
    }
}

/// Sets `word` to the piece in lower case, without dashes and no longer than a word may be.
fn lower(piece: &str, word: &mut String) {
    word.clear();
    if piece.is_ascii() {
        // Nearly every text of a log; only a UUID, which is short, has dashes.
        piece.split('-').for_each(|part| word.push_str(part));
        word.truncate(MAX_WORD);
        word.make_ascii_lowercase();
    } else {
        word.extend(piece.chars().filter(|c| *c != '-').flat_map(char::to_lowercase).take(MAX_WORD));
    }
}

fn is_uuid_beginning(run: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    (10..=36).contains(&run.len()) && run.bytes().enumerate().all(fits)
}

/// Calls `found` with each text of a JSON document: member names and values, but for values of [`SKIPPED_VALUES`].
///
/// A scan of its quotes is all it takes, a tenth of the cost of reading it into a tree.
fn each_text(document: &str, mut found: impl FnMut(&str)) {
    let mut rest = document;
    let mut skip = Skip::No;
    while let Some(open) = rest.find('"') {
        let inside = &rest[open + 1..];
        let Some(close) = closing_quote(inside) else { return };
        let (raw, after) = (&inside[..close], &inside[close + 1..]);
        let is_name = after.trim_start().starts_with(':');
        match (is_name, skip) {
            (true, _) => {
                skip = if SKIPPED_VALUES.contains(&raw) { Skip::Yes } else { Skip::No };
                if skip == Skip::No {
                    found(raw);
                }
            }
            (false, Skip::Yes) => skip = Skip::No,
            (false, Skip::No) if raw.contains('\\') => {
                if let Ok(text) = serde_json::from_str::<String>(&rest[open..open + close + 2]) {
                    found(&text);
                }
            }
            (false, Skip::No) => found(raw),
        }
        rest = after;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skip {
    No,
    Yes,
}

fn closing_quote(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let mut at = 0;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        match bytes[at] {
            b'"' => return Some(at),
            _ => at += 2,
        }
    }
}

/// All words of an operation without its messages.
pub(crate) fn of_operation(one: &Operation) -> Words {
    let mut all = Words::default();
    all.add(&one.summary);
    for text in [&one.error, &one.integration, &one.connection, &one.provider].into_iter().flatten() {
        all.add(text);
    }
    if let Some(detail) = &one.detail {
        all.add_json(detail.get());
    }
    all
}

/// Whether a filter lets an operation through, as far as the operation itself tells: the list's own conditions, for
/// whoever follows the log.
pub fn passes(filter: &OperationFilter, one: &Operation) -> bool {
    let is = |wanted: &Option<String>, have: &Option<String>| wanted.is_none() || wanted == have;
    let kind = || format!("{}:{}", one.kind, one.action);
    is(&filter.integration, &one.integration)
        && is(&filter.connection, &one.connection)
        && (filter.kinds.is_empty()
            || filter.kinds.iter().any(|wanted| *wanted == one.kind || *wanted == kind()))
        && (filter.states.is_empty() || filter.states.contains(&one.state))
        && (filter.statuses.is_empty()
            || one.status.is_some_and(|status| filter.statuses.iter().any(|wanted| wanted.holds(status))))
        && filter.from_ms.is_none_or(|from| one.created_at_ms >= from)
        && filter.to_ms.is_none_or(|to| one.created_at_ms < to)
        && filter.text.as_deref().is_none_or(|text| has_words(text, one))
}

fn has_words(text: &str, one: &Operation) -> bool {
    let wanted = words(text);
    let have = of_operation(one);
    let Some((last, others)) = wanted.split_last() else { return false };
    others.iter().all(|word| have.seen.contains(word))
        && (have.seen.contains(last) || have.iter().any(|word| word.starts_with(last.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_one_word_and_their_beginnings_too() {
        assert_eq!(
            words("GET /sites/8AB3c1d2-0123-4567-89ab-0123456789ab/x-y"),
            ["get", "sites", "8ab3c1d20123456789ab0123456789ab", "x", "y"]
        );
        assert_eq!(words("8ab3c1d2-01"), ["8ab3c1d201"]);
        assert_eq!(words("8ab3c1d2"), ["8ab3c1d2"]);
        assert_eq!(words("2026-11-22 item-77 --"), ["2026", "11", "22", "item", "77"]);
        assert_eq!(words(&"x".repeat(100)), ["x".repeat(64)]);
    }

    #[test]
    fn stock_words_are_sorted_and_words_of_any_script_are_lowered_alike() {
        assert!(STOCK.is_sorted());
        assert_eq!(words("ÜBER-Straße İstanbul"), ["über", "straße", "i\u{307}stanbul"]);
        assert_eq!(words(&"Ä".repeat(100)), ["ä".repeat(64)]);
    }

    #[test]
    fn a_document_gives_its_informative_texts() {
        let mut all = Words::default();
        let detail = serde_json::json!({
            "request": {"method": "GET", "url": "https://example.com/secretpath", "headers": {"prefer": "respond-async"}},
            "response": {"code": 429, "bytes": 123_456, "headers": {
                "date": "Sun, 22 Nov 2026", "request-id": "8ab3c1d2-0123-4567-89ab-0123456789ab",
                "x-note": "a \"quoted\\ wörd\"\nnext"}},
        });
        all.add_json(&detail.to_string());
        let mut found: Vec<_> = all.iter().collect();
        found.sort_unstable();
        let expected = [
            "8ab3c1d20123456789ab0123456789ab",
            "async",
            "id",
            "next",
            "note",
            "prefer",
            "quoted",
            "respond",
            "wörd",
        ];
        assert_eq!(found, expected);
        for broken in ["\"", "{\"a", "{\"a\\", "\\\"", ""] {
            all.add_json(broken);
        }
    }
}
