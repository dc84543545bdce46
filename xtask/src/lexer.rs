//! A small Rust lexer: identifiers, punctuation and string literals with their lines. Comments vanish.
//!
//! It exists so that `arrows` and `sizes` need no parser crate: building `syn` with its full grammar and span
//! locations would cost every newcomer more than these lines.

/// What a token is; everything the checks do not look at is `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Word,
    Punct,
    Text,
    Other,
}

/// One token; `text` of a string literal is what stands between its quotes, escapes unresolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    pub line: usize,
}

impl Token<'_> {
    /// Whether this is the word or the punctuation `text`, and not a string that happens to read so.
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Punct) && self.text == text
    }
}

/// Splits one source file into tokens.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { source, at: 0, line: 1 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next_token() {
        tokens.push(token);
    }
    tokens
}

/// Drops the items that stand under `#[cfg(test)]`.
pub fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        match test_attribute_end(&tokens[at..]) {
            Some(length) => at = item_end(tokens, at + length),
            None => {
                kept.push(tokens[at]);
                at += 1;
            }
        }
    }
    kept
}

/// The index just past the bracket that closes the one at `open`.
pub fn closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        if token.kind != Kind::Punct {
            continue;
        }
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// Length of a `#[cfg(… test …)]` attribute at the front of `tokens`, if one stands there.
fn test_attribute_end(tokens: &[Token<'_>]) -> Option<usize> {
    let [hash, open, cfg, ..] = tokens else { return None };
    if !(hash.is("#") && open.is("[") && cfg.is("cfg")) {
        return None;
    }
    let end = closing(tokens, 1);
    let inner = &tokens[3..end];
    (inner.iter().any(|token| token.is("test")) && !inner.iter().any(|token| token.is("not"))).then_some(end)
}

/// The index just past the item that starts at `start`: its `;` or its closing brace.
fn item_end(tokens: &[Token<'_>], start: usize) -> usize {
    let mut at = start;
    while at < tokens.len() {
        let token = &tokens[at];
        if token.is(";") {
            return at + 1;
        }
        if token.is("{") {
            return closing(tokens, at);
        }
        at = if token.is("(") || token.is("[") { closing(tokens, at) } else { at + 1 };
    }
    at
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Lexer<'a> {
    fn next_token(&mut self) -> Option<Token<'a>> {
        self.skip_blank();
        let line = self.line;
        let rest = self.rest();
        let first = rest.chars().next()?;
        let (kind, text, length) = if let Some((text, length)) = string_literal(rest) {
            (Kind::Text, text, length)
        } else if rest.starts_with("b'") {
            let length = 1 + quote_length(&rest[1..]);
            (Kind::Other, &rest[..length], length)
        } else if is_word_start(first) {
            let start = if rest.starts_with("r#") { 2 } else { 0 };
            let length = start + word_length(&rest[start..]);
            (Kind::Word, &rest[start..length], length)
        } else if first == '\'' {
            let length = quote_length(rest);
            (Kind::Other, &rest[..length], length)
        } else if first.is_ascii_digit() {
            let length = number_length(rest);
            (Kind::Other, &rest[..length], length)
        } else {
            let length = ["::", "=>", "==", "!="].iter().find(|two| rest.starts_with(**two)).map_or(1, |_| 2);
            (Kind::Punct, &rest[..length], length)
        };
        self.advance(length);
        Some(Token { kind, text, line })
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn advance(&mut self, bytes: usize) {
        let passed = &self.source.as_bytes()[self.at..self.at + bytes];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.at += bytes;
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                block_comment_length(rest)
            } else {
                rest.len() - rest.trim_start().len()
            };
            if length == 0 {
                return;
            }
            self.advance(length);
        }
    }
}

fn is_word_start(first: char) -> bool {
    first == '_' || first.is_alphabetic()
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(text.len())
}

/// Block comments nest (Rust Reference, "Comments").
fn block_comment_length(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Contents and whole length of the string literal at the front of `text`, prefixes b, c, r, br, cr included.
fn string_literal(text: &str) -> Option<(&str, usize)> {
    let prefix = word_length(text);
    if !["", "b", "c", "r", "br", "cr"].contains(&&text[..prefix]) {
        return None;
    }
    let raw = text[..prefix].ends_with('r');
    let hashes = if raw { text[prefix..].bytes().take_while(|byte| *byte == b'#').count() } else { 0 };
    let start = prefix + hashes + 1;
    if text.as_bytes().get(start - 1) != Some(&b'"') {
        return None;
    }
    if raw {
        let end = format!("\"{}", "#".repeat(hashes));
        let length = text[start..].find(&end).unwrap_or(text.len() - start);
        return Some((&text[start..start + length], (start + length + end.len()).min(text.len())));
    }
    let mut escaped = false;
    for (index, c) in text[start..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((&text[start..start + index], start + index + 1)),
            _ => {}
        }
    }
    Some((&text[start..], text.len()))
}

/// Length of a character literal or of a lifetime, which both start with a quote.
fn quote_length(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => {
            let after_escaped = chars.next().map_or(text.len(), |(index, c)| index + c.len_utf8());
            text[after_escaped..].find('\'').map_or(text.len(), |index| after_escaped + index + 1)
        }
        Some((index, c)) if text[index + c.len_utf8()..].starts_with('\'') => index + c.len_utf8() + 1,
        Some((index, _)) => index + word_length(&text[index..]),
        None => text.len(),
    }
}

/// Length of a number; a dot belongs to it only before a digit, so that `0..9` and `1.max(2)` stay apart.
fn number_length(text: &str) -> usize {
    let length = word_length(text);
    match text[length..].strip_prefix('.') {
        Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => {
            length + 1 + word_length(fraction)
        }
        _ => length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        tokens(source).into_iter().filter(|t| t.kind == Kind::Word).map(|t| t.text).collect()
    }

    #[test]
    fn comments_and_strings_hide_their_words() {
        let source = "a /* b /* c */ d */ e // f\n\"g h\" r#\"i \" j\"# b'k' 'l' '\\'' 'm: br\"n\" o";
        assert_eq!(words(source), ["a", "e", "o"]);
    }

    #[test]
    fn strings_keep_their_text_and_line() {
        let found = tokens("x\n\"one \\\" two\"\nr##\"three\"# four\"## y");
        assert_eq!(found[1], Token { kind: Kind::Text, text: "one \\\" two", line: 2 });
        assert_eq!(found[2], Token { kind: Kind::Text, text: "three\"# four", line: 3 });
        assert!(found[3].is("y"));
    }

    #[test]
    fn lifetimes_chars_and_numbers_end_where_they_should() {
        let source =
            "fn f<'a>(x: &'a str) -> char { if x.len() == 0..9 { '{' } else { '\\u{1F600}' } } 1.5e3.max(2)";
        let braces = tokens(source).into_iter().filter(|t| t.is("{") || t.is("}")).count();
        assert_eq!(braces, 6);
        assert!(words(source).ends_with(&["max"]));
    }

    #[test]
    fn raw_identifiers_lose_their_prefix() {
        assert_eq!(words("r#match r#\"s\"# r"), ["match", "r"]);
    }

    #[test]
    fn test_items_are_dropped() {
        let source = "use a; #[cfg(test)] #[path(x)] mod tests { fn b() { c() } } #[cfg(not(test))] fn d() {} \
                      #[cfg(all(test, unix))] use e; fn f() {}";
        let all = tokens(source);
        let kept = without_tests(&all);
        let kept: Vec<_> = kept.iter().filter(|t| t.kind == Kind::Word).map(|t| t.text).collect();
        assert_eq!(kept, ["use", "a", "cfg", "not", "test", "fn", "d", "fn", "f"]);
    }
}
