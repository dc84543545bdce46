//! Next links rewritten while they stream, so that a client that follows them comes back to us (DESIGN §7).
//!
//! A client that gets `https://graph.microsoft.com/…` as the next page calls the provider directly, some with our API
//! key. Only the keys below are touched, and only when their value lies on the origin just called; upload, download
//! and monitor URLs never are.

use bytes::{Bytes, BytesMut};

/// JSON keys whose value is a link to the next page.
const KEYS: [&[u8]; 4] = [b"@odata.nextLink", b"@odata.deltaLink", b"odata.nextLink", b"__next"];
const LONGEST_KEY: usize = 16;

/// What is replaced by what at the beginning of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRule {
    /// The base just called, without a trailing slash; the origin alone when it was not the connection's own.
    pub from: String,
    /// Our address for it, without a trailing slash.
    pub to: String,
    /// The length of the origin that `from` begins with.
    pub origin: usize,
    /// Our address for what lies on that origin and not under `from`.
    pub to_origin: String,
}

fn is_boundary(byte: u8) -> bool {
    matches!(byte, b'/' | b'?' | b'#')
}

impl LinkRule {
    /// Rewrites a link that starts with `from`, or with its origin, at a boundary.
    pub fn apply(&self, link: &str) -> Option<String> {
        let under = |prefix: &str| {
            link.strip_prefix(prefix).filter(|rest| rest.bytes().next().is_none_or(is_boundary))
        };
        if let Some(rest) = under(&self.from) {
            return Some(format!("{}{rest}", self.to));
        }
        under(&self.from[..self.origin]).map(|rest| format!("{}{rest}", self.to_origin))
    }

    /// Rewrites each target of a `Link` header (RFC 8288).
    pub fn apply_to_link_header(&self, value: &str) -> Option<String> {
        let mut out = String::with_capacity(value.len());
        let mut rest = value;
        let mut changed = false;
        while let Some(start) = rest.find('<') {
            let (before, after) = rest.split_at(start + 1);
            out.push_str(before);
            let end = after.find('>')?;
            match self.apply(&after[..end]) {
                Some(link) => {
                    out.push_str(&link);
                    changed = true;
                }
                None => out.push_str(&after[..end]),
            }
            rest = &after[end..];
        }
        out.push_str(rest);
        changed.then_some(out)
    }
}

/// Rewrites a JSON document chunk by chunk; holds back at most the beginning of one link.
#[derive(Debug)]
pub struct LinkRewriter {
    rule: LinkRule,
    state: State,
    /// The last string, if it is short enough to be one of the keys.
    key: Vec<u8>,
    /// The undecided beginning of a link, as received.
    held: Vec<u8>,
    /// The same with `\/` read as `/`.
    plain: Vec<u8>,
    /// Where the origin ends in `held`, once all of it is there.
    origin_end: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between strings.
    Outside,
    /// Between a key of ours and its value.
    BeforeValue,
    /// In a string; the flag says that the last byte was a backslash.
    Inside { escaped: Escaped },
    /// At the beginning of a link, deciding.
    Deciding { escaped: Escaped },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escaped {
    No,
    Yes,
}

impl LinkRewriter {
    /// Begins a document.
    pub fn new(rule: LinkRule) -> Self {
        Self {
            rule,
            state: State::Outside,
            key: Vec::new(),
            held: Vec::new(),
            plain: Vec::new(),
            origin_end: None,
        }
    }

    /// Takes the next chunk and gives what can go on.
    pub fn push(&mut self, chunk: &Bytes) -> Bytes {
        let mut out = BytesMut::with_capacity(chunk.len() + 64);
        for &byte in chunk.iter() {
            self.step(byte, &mut out);
        }
        out.freeze()
    }

    /// Ends the document: what was held back goes out as received.
    pub fn finish(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.held))
    }

    fn step(&mut self, byte: u8, out: &mut BytesMut) {
        match self.state {
            State::Outside => self.outside(byte, out),
            State::BeforeValue => self.before_value(byte, out),
            State::Inside { escaped } => self.inside(byte, escaped, out),
            State::Deciding { escaped } => self.deciding(byte, escaped, out),
        }
    }

    fn outside(&mut self, byte: u8, out: &mut BytesMut) {
        out.extend_from_slice(&[byte]);
        match byte {
            b'"' => {
                self.key.clear();
                self.state = State::Inside { escaped: Escaped::No };
            }
            b':' if KEYS.contains(&self.key.as_slice()) => self.state = State::BeforeValue,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => self.key.clear(),
        }
    }

    fn before_value(&mut self, byte: u8, out: &mut BytesMut) {
        out.extend_from_slice(&[byte]);
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'"' => {
                self.held.clear();
                self.plain.clear();
                self.origin_end = None;
                self.state = State::Deciding { escaped: Escaped::No };
            }
            _ => {
                self.key.clear();
                self.state = State::Outside;
            }
        }
    }

    fn inside(&mut self, byte: u8, escaped: Escaped, out: &mut BytesMut) {
        out.extend_from_slice(&[byte]);
        self.state = match (byte, escaped) {
            (_, Escaped::Yes) => State::Inside { escaped: Escaped::No },
            (b'\\', Escaped::No) => State::Inside { escaped: Escaped::Yes },
            (b'"', Escaped::No) => State::Outside,
            _ => State::Inside { escaped: Escaped::No },
        };
        // One byte more than the longest key marks a string as none of them.
        if byte != b'"' && self.key.len() <= LONGEST_KEY {
            self.key.push(byte);
        }
    }

    fn deciding(&mut self, byte: u8, escaped: Escaped, out: &mut BytesMut) {
        let from = self.rule.from.as_bytes();
        if byte == b'\\' && escaped == Escaped::No {
            self.held.push(byte);
            self.state = State::Deciding { escaped: Escaped::Yes };
            return;
        }
        if self.plain.len() == from.len() {
            if is_boundary(byte) || byte == b'"' {
                out.extend_from_slice(self.rule.to.as_bytes());
                if escaped == Escaped::Yes {
                    out.extend_from_slice(b"\\");
                }
                self.held.clear();
            }
            return self.leave(byte, escaped, out);
        }
        if from[self.plain.len()] != byte || (escaped == Escaped::Yes && byte != b'/') {
            return self.leave(byte, escaped, out);
        }
        self.held.push(byte);
        self.plain.push(byte);
        if self.plain.len() == self.rule.origin {
            self.origin_end = Some(self.held.len());
        }
        self.state = State::Deciding { escaped: Escaped::No };
    }

    /// When the link is not under the base but on its origin, at a boundary, the origin is replaced alone.
    fn replace_origin(&mut self, byte: u8, out: &mut BytesMut) {
        let Some(end) = self.origin_end.filter(|_| !self.held.is_empty()) else { return };
        let next = self.plain.get(self.rule.origin).copied().unwrap_or(byte);
        if is_boundary(next) || next == b'"' {
            out.extend_from_slice(self.rule.to_origin.as_bytes());
            self.held.drain(..end);
        }
    }

    /// The decision is made: lets out what was held and goes on inside the string.
    fn leave(&mut self, byte: u8, escaped: Escaped, out: &mut BytesMut) {
        self.replace_origin(byte, out);
        out.extend_from_slice(&self.held);
        self.held.clear();
        // A value must not be taken for a key.
        self.key.clear();
        self.key.resize(LONGEST_KEY + 1, b'.');
        self.inside(byte, escaped, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> LinkRule {
        LinkRule {
            from: "https://graph.microsoft.com".into(),
            to: "http://localhost:3003/proxy".into(),
            origin: 27,
            to_origin: "http://localhost:3003/proxy/https://graph.microsoft.com".into(),
        }
    }

    fn rewrite(document: &str, chunk: usize) -> String {
        rewrite_by(rule(), document, chunk)
    }

    fn rewrite_by(rule: LinkRule, document: &str, chunk: usize) -> String {
        let mut rewriter = LinkRewriter::new(rule);
        let mut out = Vec::new();
        for piece in document.as_bytes().chunks(chunk) {
            out.extend_from_slice(&rewriter.push(&Bytes::copy_from_slice(piece)));
        }
        out.extend_from_slice(&rewriter.finish());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn next_links_of_the_called_origin_come_back_to_us_however_the_document_is_cut() {
        let document = r#"{"@odata.nextLink": "https:\/\/graph.microsoft.com\/v1.0/me?$skiptoken=a","value":[{"__next":"https://graph.microsoft.com?x"}]}"#;
        let expected = r#"{"@odata.nextLink": "http://localhost:3003/proxy\/v1.0/me?$skiptoken=a","value":[{"__next":"http://localhost:3003/proxy?x"}]}"#;
        for chunk in 1..=document.len() {
            assert_eq!(rewrite(document, chunk), expected);
        }
    }

    #[test]
    fn links_beside_a_base_with_a_path_keep_their_origin() {
        let rule = LinkRule {
            from: "https://h.example/v2".into(),
            to: "http://o/proxy".into(),
            origin: "https://h.example".len(),
            to_origin: "http://o/proxy/https://h.example".into(),
        };
        for (link, expected) in [
            ("https://h.example/v2/a?b", "http://o/proxy/a?b"),
            ("https://h.example/v2", "http://o/proxy"),
            ("https://h.example/v2?c=1", "http://o/proxy?c=1"),
            ("https://h.example/v20/a", "http://o/proxy/https://h.example/v20/a"),
            ("https://h.example/v1/a", "http://o/proxy/https://h.example/v1/a"),
            ("https://h.example/v", "http://o/proxy/https://h.example/v"),
            ("https://h.example", "http://o/proxy/https://h.example"),
            ("https://h.example?c=1", "http://o/proxy/https://h.example?c=1"),
            ("https://h.example.evil/v2", "https://h.example.evil/v2"),
            ("https://h.exampl", "https://h.exampl"),
        ] {
            let given = format!(r#"{{"@odata.nextLink":"{link}","x":1}}"#);
            let wanted = format!(r#"{{"@odata.nextLink":"{expected}","x":1}}"#);
            for chunk in 1..=given.len() {
                assert_eq!(rewrite_by(rule.clone(), &given, chunk), wanted);
            }
            assert_eq!(rule.apply(link).unwrap_or_else(|| link.to_owned()), expected);
        }
        let slashed = r#"{"__next":"https:\/\/h.example\/v1\/a"}"#;
        assert_eq!(rewrite_by(rule, slashed, 2), r#"{"__next":"http://o/proxy/https://h.example\/v1\/a"}"#);
    }

    #[test]
    fn everything_else_passes_byte_for_byte() {
        for document in [
            r#"{"@microsoft.graph.downloadUrl":"https://graph.microsoft.com/x","@odata.nextLink":null}"#,
            r#"{"@odata.nextLink":"https://graph.microsoft.com.evil.example/"}"#,
            r#"{"a":"@odata.nextLink","b":"https://graph.microsoft.com/x"}"#,
            r#"{"x\"@odata.nextLink":"https://graph.microsoft.com/x"}"#,
            r#"["@odata.nextLink","https://graph.microsoft.com/x"]"#,
            r#"{"@odata.nextLink":"https://graph.micro"#,
            r#"{"@odata.nextLink":"https://other.example/x","n":{"k":1e5}}"#,
        ] {
            for chunk in [1, 3, 7, 1000] {
                assert_eq!(rewrite(document, chunk), document);
            }
        }
    }

    #[test]
    fn link_headers_are_rewritten_target_by_target() {
        let header =
            r#"<https://graph.microsoft.com/a?page=2>; rel="next", <https://x.example/>; rel="first""#;
        assert_eq!(
            rule().apply_to_link_header(header).unwrap(),
            r#"<http://localhost:3003/proxy/a?page=2>; rel="next", <https://x.example/>; rel="first""#
        );
        assert!(rule().apply_to_link_header("<https://x.example/>").is_none());
    }
}
