//! `cargo xtask sizes`: how long files and functions are. A long one is a sign: split by meaning.

use anyhow::{Result, ensure};

use crate::lexer::{self, Kind, Token};
use crate::sources::Workspace;

/// Hard limits, in lines; past them the check fails.
const FILE_LIMIT: usize = 600;
const FUNCTION_LIMIT: usize = 100;
/// Aims, in lines; past them a hint is printed.
const FILE_MEDIAN_AIM: usize = 120;
const FILE_P95_AIM: usize = 400;
const FUNCTION_P95_AIM: usize = 50;

/// One measured file or function: its lines and where it is.
struct Measured {
    lines: usize,
    place: String,
}

/// Prints the table and fails past the hard limits. Tests count like any other code.
pub fn check(workspace: &Workspace) -> Result<()> {
    let (mut all_files, mut all_functions) = (Vec::new(), Vec::new());
    println!(
        "{:<12} {:>5} {:>6} {:>5} {:>5}   {:>5} {:>6} {:>5} {:>5}",
        "crate", "files", "median", "p95", "max", "fns", "median", "p95", "max"
    );
    for krate in &workspace.crates {
        let (mut files, mut functions) = (Vec::new(), Vec::new());
        for file in &krate.files {
            let place = workspace.shown(&file.path);
            functions.extend(functions_in(&file.text).into_iter().map(|found| Measured {
                lines: found.lines,
                place: format!("{place}:{} fn {}", found.line, found.name),
            }));
            files.push(Measured { lines: file.text.lines().count(), place });
        }
        print_row(&krate.name, &files, &functions);
        all_files.append(&mut files);
        all_functions.append(&mut functions);
    }
    print_row("all", &all_files, &all_functions);
    print_hints(&all_files, &all_functions);
    let too_long = over(&all_files, FILE_LIMIT).chain(over(&all_functions, FUNCTION_LIMIT));
    let too_long: Vec<_> = too_long.map(|one| format!("{} has {} lines", one.place, one.lines)).collect();
    ensure!(
        too_long.is_empty(),
        "past {FILE_LIMIT} lines a file or {FUNCTION_LIMIT} a function:\n  {}",
        too_long.join("\n  ")
    );
    Ok(())
}

fn over(measured: &[Measured], limit: usize) -> impl Iterator<Item = &Measured> {
    measured.iter().filter(move |one| one.lines > limit)
}

fn print_row(name: &str, files: &[Measured], functions: &[Measured]) {
    let [file_median, file_p95, file_max] = summary(files);
    let [median, p95, max] = summary(functions);
    let (file_count, count) = (files.len(), functions.len());
    println!(
        "{name:<12} {file_count:>5} {file_median:>6} {file_p95:>5} {file_max:>5}   {count:>5} {median:>6} {p95:>5} {max:>5}"
    );
}

fn print_hints(files: &[Measured], functions: &[Measured]) {
    let [median, p95, _] = summary(files);
    let [_, function_p95, _] = summary(functions);
    println!();
    for (what, value, aim) in [
        ("median file", median, FILE_MEDIAN_AIM),
        ("p95 file", p95, FILE_P95_AIM),
        ("p95 function", function_p95, FUNCTION_P95_AIM),
    ] {
        if value > aim {
            println!("hint: {what} has {value} lines, the aim is {aim}");
        }
    }
    for one in over(files, FILE_P95_AIM).chain(over(functions, FUNCTION_P95_AIM)) {
        println!("hint: {} has {} lines", one.place, one.lines);
    }
}

/// Median, 95th percentile (nearest rank) and maximum.
fn summary(measured: &[Measured]) -> [usize; 3] {
    let mut lines: Vec<usize> = measured.iter().map(|one| one.lines).collect();
    lines.sort_unstable();
    let rank = |percent: usize| (lines.len() * percent).div_ceil(100).saturating_sub(1);
    [50, 95, 100].map(|percent| lines.get(rank(percent)).copied().unwrap_or(0))
}

#[derive(Debug, PartialEq, Eq)]
struct Function<'a> {
    name: &'a str,
    line: usize,
    lines: usize,
}

/// Every function with a body, from its `fn` to its closing brace; attributes and doc comments do not count.
fn functions_in(source: &str) -> Vec<Function<'_>> {
    let tokens = lexer::tokens(source);
    let mut found = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        if !pair[0].is("fn") || pair[1].kind != Kind::Word {
            continue;
        }
        if let Some(end) = body_end(&tokens, index + 2) {
            let line = pair[0].line;
            found.push(Function { name: pair[1].text, line, lines: tokens[end - 1].line - line + 1 });
        }
    }
    found
}

/// The index past the body's closing brace; none for a function that only has a signature.
fn body_end(tokens: &[Token<'_>], mut at: usize) -> Option<usize> {
    loop {
        let token = tokens.get(at)?;
        if token.is("{") {
            return Some(lexer::closing(tokens, at));
        }
        if token.is(";") {
            return None;
        }
        at = if token.is("(") || token.is("[") { lexer::closing(tokens, at) } else { at + 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_measured_from_fn_to_brace() {
        let source = "/// doc }\n#[test]\npub async fn a<T>(x: [u8; 2])\nwhere\n    T: Fn() -> u8,\n{\n    let s = \"}\";\n    // }\n}\n\
                      trait B { fn c(&self); fn d() {} }\ntype E = fn(u8) -> u8;\nfn f() {\n    fn g() {\n    }\n}\n";
        let found: Vec<_> = functions_in(source).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(found, [("a", 3, 7), ("d", 10, 1), ("f", 12, 4), ("g", 13, 2)]);
    }

    #[test]
    fn summaries_use_the_nearest_rank() {
        let measured: Vec<_> = (1..=20).map(|lines| Measured { lines, place: String::new() }).collect();
        assert_eq!(summary(&measured), [10, 19, 20]);
        assert_eq!(summary(&measured[..1]), [1, 1, 1]);
        assert_eq!(summary(&[]), [0, 0, 0]);
    }

    #[test]
    fn the_hard_limits_fail() {
        let long = "\n".repeat(FILE_LIMIT + 1);
        let body = format!("fn f() {{{}}}", "\n".repeat(FUNCTION_LIMIT));
        for (text, expected) in [(long, "has 601 lines"), (body, "fn f has 101 lines")] {
            let error = check(&workspace_with(text)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(check(&workspace_with("fn f() {}\n".into())).is_ok());
    }

    fn workspace_with(text: String) -> Workspace {
        use crate::sources::{Crate, SourceFile};
        let file = SourceFile { path: "a.rs".into(), inside: "src/a.rs".into(), text };
        let krate = Crate {
            name: "a".into(),
            manifest: "Cargo.toml".into(),
            normal: vec![],
            dev: vec![],
            files: vec![file],
        };
        Workspace { root: "".into(), crates: vec![krate] }
    }
}
