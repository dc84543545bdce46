//! Counts the places where a provider's name decides something. Providers are data: only `quirks.rs` may branch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::arrows::Violation;
use crate::lexer::{self, Kind, Token};
use crate::rules::{PROVIDER_BLIND, QUIRKS_FILE};
use crate::sources::Workspace;

/// Prints the count of quirks and the names that stand elsewhere; a branch elsewhere is a violation.
pub fn print(workspace: &Workspace, violations: &mut Vec<Violation>) -> Result<()> {
    let providers = provider_names(&workspace.root.join("providers"))?;
    let mut quirks = 0;
    let mut elsewhere = BTreeMap::<String, Vec<String>>::new();
    for krate in workspace.crates.iter().filter(|krate| PROVIDER_BLIND.contains(&krate.name.as_str())) {
        for file in krate.files.iter().filter(|file| file.is_product()) {
            for (name, line, role) in names_in(&file.text, &providers) {
                let place = format!("{}:{line}", workspace.shown(&file.path));
                if file.inside.ends_with(QUIRKS_FILE) {
                    quirks += 1;
                } else if role == Role::Branch {
                    let what = format!("branches on the provider \"{name}\" outside {QUIRKS_FILE}");
                    violations.push(Violation { place, what });
                } else {
                    elsewhere
                        .entry(workspace.shown(&file.path))
                        .or_default()
                        .push(format!("{line} \"{name}\""));
                }
            }
        }
    }
    println!("providers: {}, quirks: {quirks}, names that decide nothing stand in:", providers.len());
    for (file, lines) in &elsewhere {
        let first = lines.first().map_or("", String::as_str);
        println!("  {file}: {} (first: line {first})", lines.len());
    }
    println!();
    Ok(())
}

/// The file names of `providers/*.yaml`; `clouds.yaml` describes hosts, not a provider.
fn provider_names(folder: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    if !folder.exists() {
        return Ok(names);
    }
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if path.extension().is_some_and(|extension| extension == "yaml") && stem != "clouds" {
            names.insert(stem.to_owned());
        }
    }
    Ok(names)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Branch,
    Mention,
}

fn names_in(source: &str, providers: &BTreeSet<String>) -> Vec<(String, usize, Role)> {
    let all = lexer::tokens(source);
    let tokens = lexer::without_tests(&all);
    let literals = tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Text);
    literals
        .filter(|(_, token)| providers.contains(token.text))
        .map(|(index, token)| (token.text.to_owned(), token.line, role(&tokens, index)))
        .collect()
}

/// Whether the literal at `index` is a pattern or one side of a comparison.
fn role(tokens: &[Token<'_>], index: usize) -> Role {
    let (mut first, mut last) = (index, index);
    while wrapped(tokens, first, last) {
        first -= 2;
        last += 1;
    }
    let before = |back: usize| first.checked_sub(back).map(|at| &tokens[at]);
    let after = tokens.get(last + 1);
    let is =
        |token: Option<&Token<'_>>, any: &[&str]| token.is_some_and(|t| any.iter().any(|text| t.is(text)));
    let compared = is(before(1), &["==", "!=", "let"]) || is(after, &["==", "!=", "=>", "|", "if"]);
    let asked = is(before(1), &["("])
        && is(before(2), &["eq", "ne", "contains", "starts_with", "ends_with", "strip_prefix"]);
    if compared || asked || in_matches_macro(tokens, first) { Role::Branch } else { Role::Mention }
}

/// Whether `Some(…)` or `Ok(…)` closes around the tokens from `first` to `last`.
fn wrapped(tokens: &[Token<'_>], first: usize, last: usize) -> bool {
    first >= 2
        && tokens[first - 1].is("(")
        && (tokens[first - 2].is("Some") || tokens[first - 2].is("Ok"))
        && tokens.get(last + 1).is_some_and(|token| token.is(")"))
}

/// Whether the bracket open around `index` is that of `matches!(`.
fn in_matches_macro(tokens: &[Token<'_>], index: usize) -> bool {
    let mut depth = 0usize;
    for at in (0..index).rev() {
        if tokens[at].is(")") {
            depth += 1;
        } else if tokens[at].is("(") && depth > 0 {
            depth -= 1;
        } else if tokens[at].is("(") {
            return at >= 2 && tokens[at - 1].is("!") && tokens[at - 2].is("matches");
        } else if tokens[at].is(";") || tokens[at].is("{") {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(source: &str) -> Vec<Role> {
        let providers = BTreeSet::from(["one-drive".to_owned(), "outlook".to_owned()]);
        names_in(source, &providers).into_iter().map(|(_, _, role)| role).collect()
    }

    #[test]
    fn branches_are_told_from_mentions() {
        let branches = [
            "match p { \"one-drive\" => 1, _ => 2 }",
            "match p { Some(\"outlook\") => 1, _ => 2 }",
            "match p { \"outlook\" if x => 1, _ => 2 }",
            "if p == \"outlook\" {}",
            "if Some(\"outlook\") != p {}",
            "if p.starts_with(\"outlook\") {}",
            "if let Some(\"outlook\") = p {}",
            "matches!(p.name(), \"outlook\")",
        ];
        for source in branches {
            assert_eq!(roles(source), [Role::Branch], "{source}");
        }
        assert_eq!(roles("match p { \"outlook\" | \"one-drive\" => 1 }"), [Role::Branch, Role::Branch]);
        assert_eq!(roles("matches!(p, \"one-drive\" | \"outlook\")"), [Role::Branch, Role::Branch]);
        for source in [
            "load(\"outlook\")",
            "#[schema(example = \"outlook\")] struct A;",
            "x.unwrap_or_else(|| \"outlook\")",
        ] {
            assert_eq!(roles(source), [Role::Mention], "{source}");
        }
    }

    #[test]
    fn tests_comments_and_other_words_do_not_count() {
        assert!(roles("// \"outlook\"\n#[cfg(test)] mod tests { fn f() { x == \"outlook\"; } }").is_empty());
        assert!(roles("x == \"outlook-express\"").is_empty());
    }
}
