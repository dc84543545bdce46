//! The paths a source file names: every leaf of its `use` trees and every `a::b::c` in its code.

use std::collections::HashMap;

use crate::lexer::{Kind, Token};

/// One path and the line it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    pub segments: Vec<&'a str>,
    pub line: usize,
}

impl Named<'_> {
    /// Whether this path lies at or under `pattern` (`hyper_util::client`); a glob above it counts as under it.
    pub fn is_under(&self, pattern: &str) -> bool {
        let mut own = self.segments.iter();
        for wanted in pattern.split("::") {
            match own.next() {
                Some(&"*") => return true,
                Some(segment) if *segment == wanted => {}
                _ => return false,
            }
        }
        true
    }
}

/// Every path in `tokens`; a first segment renamed by `use … as name` is given back its full path.
pub fn named<'a>(tokens: &[Token<'a>]) -> Vec<Named<'a>> {
    let mut reader = Reader { tokens, at: 0, found: Vec::new(), renamed: HashMap::new() };
    while reader.at < tokens.len() {
        reader.step();
    }
    let Reader { found, renamed, .. } = reader;
    found.into_iter().map(|path| resolve(path, &renamed)).collect()
}

fn resolve<'a>(mut path: Named<'a>, renamed: &HashMap<&'a str, Vec<&'a str>>) -> Named<'a> {
    if let Some(full) = path.segments.first().and_then(|first| renamed.get(first)) {
        path.segments.splice(0..1, full.iter().copied());
    }
    path
}

struct Reader<'a, 't> {
    tokens: &'t [Token<'a>],
    at: usize,
    found: Vec<Named<'a>>,
    renamed: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Reader<'a, '_> {
    fn step(&mut self) {
        if self.peek_is("use") && !self.tokens.get(self.at + 1).is_some_and(|next| next.is("<")) {
            self.at += 1;
            self.tree(&[]);
        } else if self.peek_is("extern") && self.tokens.get(self.at + 1).is_some_and(|next| next.is("crate"))
        {
            self.at += 2;
            self.tree(&[]);
        } else if self.word().is_some() && !self.follows_value() {
            self.chain();
        } else {
            self.at += 1;
        }
    }

    fn peek_is(&self, text: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.is(text))
    }

    fn word(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied().filter(|token| token.kind == Kind::Word)
    }

    /// A word after a dot is a field or a method; one after `>::` belongs to a type.
    fn follows_value(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).and_then(|index| self.tokens.get(index));
        before(1).is_some_and(|token| token.is("."))
            || before(1).is_some_and(|token| token.is("::")) && before(2).is_some_and(|token| token.is(">"))
    }

    fn chain(&mut self) {
        let mut segments = Vec::new();
        let line = self.tokens[self.at].line;
        while let Some(word) = self.word() {
            segments.push(word.text);
            self.at += 1;
            if !self.peek_is("::") {
                break;
            }
            self.at += 1;
        }
        if segments.len() > 1 {
            self.found.push(Named { segments, line });
        }
    }

    /// One branch of a `use` tree, up to its `,`, `}` or `;`.
    fn tree(&mut self, prefix: &[&'a str]) {
        let mut path = prefix.to_vec();
        let mut line = self.tokens.get(self.at).map_or(0, |token| token.line);
        while let Some(token) = self.tokens.get(self.at).copied() {
            line = token.line;
            self.at += 1;
            match token.text {
                "::" => {}
                "{" => return self.group(&path),
                "as" => {
                    if let Some(name) = self.word() {
                        self.renamed.insert(name.text, path.clone());
                    }
                }
                "self" if !path.is_empty() => {}
                "*" => path.push("*"),
                _ if token.kind == Kind::Word && !self.tokens[self.at - 2].is("as") => path.push(token.text),
                _ if token.kind == Kind::Word => {}
                _ => {
                    self.at -= 1;
                    break;
                }
            }
        }
        if !path.is_empty() {
            self.found.push(Named { segments: path, line });
        }
    }

    fn group(&mut self, prefix: &[&'a str]) {
        while self.at < self.tokens.len() && !self.peek_is("}") {
            if self.peek_is(",") {
                self.at += 1;
            } else {
                let before = self.at;
                self.tree(prefix);
                // A token no `use` tree can hold: give up on the group rather than loop.
                if self.at == before {
                    return;
                }
            }
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::tokens;

    fn of(source: &str) -> Vec<String> {
        named(&tokens(source)).into_iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn use_trees_are_spread_out() {
        let source = "use a::{b, c::{self, d as e}, f::*}; pub(crate) use g;";
        assert_eq!(of(source), ["a::b", "a::c", "a::c::d", "a::f::*", "g"]);
    }

    #[test]
    fn code_paths_are_found_and_fields_are_not() {
        let source = "fn f() { x.rusqlite; y::z::<T>::w(); ::clap::Parser; let rusqlite = 1; h!(i::j) }";
        assert_eq!(of(source), ["y::z", "clap::Parser", "i::j"]);
    }

    #[test]
    fn renamed_crates_are_seen_through() {
        let source = "use aws_lc_rs as lc; fn f() { lc::aead::seal() }";
        assert_eq!(of(source), ["aws_lc_rs", "aws_lc_rs::aead::seal"]);
    }

    #[test]
    fn precise_capturing_is_no_import() {
        assert_eq!(of("fn f() -> impl Trait + use<'a, T> { a::b() }"), ["a::b"]);
    }

    #[test]
    fn patterns_match_whole_segments() {
        let path = |source| named(&tokens(source)).remove(0);
        assert!(path("use hyper_util::client::legacy::Client;").is_under("hyper_util::client"));
        assert!(path("use hyper_util::*;").is_under("hyper_util::client"));
        assert!(!path("use hyper_util::client_x;").is_under("hyper_util::client"));
        assert!(!path("use hyper_util;").is_under("hyper_util::client"));
        assert!(!path("use crate::rusqlite;").is_under("rusqlite"));
    }
}
