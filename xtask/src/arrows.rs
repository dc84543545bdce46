//! `cargo xtask arrows`: the workspace against `rules.rs`.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use crate::lexer;
use crate::paths;
use crate::quirks;
use crate::rules::{self, ARROWS, ONLY_USERS, Standing, TEST_ARROWS};
use crate::sources::{Crate, Workspace};

/// Something that stands where it may not, as `file:line: what`.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    pub place: String,
    pub what: String,
}

/// Prints the table and fails if anything breaks a rule.
pub fn check(workspace: &Workspace) -> Result<()> {
    let mut violations = Vec::new();
    print_arrows(workspace, &mut violations);
    print_only_users(workspace, &mut violations);
    quirks::print(workspace, &mut violations)?;
    for violation in &violations {
        eprintln!("{}: {}", violation.place, violation.what);
    }
    ensure!(violations.is_empty(), "{} violation(s) of the arrows", violations.len());
    println!("arrows: every rule holds");
    Ok(())
}

fn print_arrows(workspace: &Workspace, violations: &mut Vec<Violation>) {
    println!("{:<12} {:<60} tests also use", "crate", "uses");
    for krate in &workspace.crates {
        println!("{:<12} {:<60} {}", krate.name, krate.normal.join(" "), krate.dev.join(" "));
        violations.extend(wrong_arrows(krate).into_iter().map(|(target, what)| Violation {
            place: format!(
                "{}:{}",
                workspace.shown(&krate.manifest),
                manifest_line(&krate.manifest, &target)
            ),
            what,
        }));
    }
    println!();
}

/// Each undrawn arrow of a crate: its target and what is wrong with it.
fn wrong_arrows(krate: &Crate) -> Vec<(String, String)> {
    let Some(drawn) = ARROWS.iter().find(|row| row.from == krate.name) else {
        return vec![(krate.name.clone(), format!("crate {} is not drawn", krate.name))];
    };
    let allowed = |target: &str| drawn.to.contains(&target);
    let for_tests = |target: &str| allowed(target) || TEST_ARROWS.contains(&target);
    let normal = krate.normal.iter().filter(|target| !allowed(target)).map(|t| (t, "is not drawn"));
    let dev =
        krate.dev.iter().filter(|target| !for_tests(target)).map(|t| (t, "is not drawn, even for tests"));
    normal.chain(dev).map(|(to, why)| (to.clone(), format!("arrow {} -> {to} {why}", krate.name))).collect()
}

/// The line of a manifest that names a dependency, or 1.
fn manifest_line(manifest: &Path, dependency: &str) -> usize {
    let text = fs::read_to_string(manifest).unwrap_or_default();
    let names_it = |line: &str| {
        line.trim_start().strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    };
    text.lines().position(names_it).map_or(1, |index| index + 1)
}

/// A use of an outside crate by one of ours.
struct Use {
    place: String,
    path: String,
    verdict: Verdict,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    Tolerated,
    Wrong,
}

fn print_only_users(workspace: &Workspace, violations: &mut Vec<Violation>) {
    println!("{:<22} {:<10} used by", "outside crate", "uses");
    for rule in ONLY_USERS {
        let mut total = 0;
        let mut users = Vec::new();
        for krate in &workspace.crates {
            let uses = uses_of(workspace, krate, rule);
            if uses.is_empty() {
                continue;
            }
            total += uses.len();
            let tolerated = uses.iter().any(|one| one.verdict == Verdict::Tolerated);
            users.push(if tolerated { format!("{} (tolerated)", krate.name) } else { krate.name.clone() });
            let wrong = uses.into_iter().filter(|one| one.verdict == Verdict::Wrong);
            violations.extend(wrong.map(|one| Violation {
                place: one.place,
                what: format!("{} may not name {} ({})", krate.name, one.path, rule.what),
            }));
        }
        println!("{:<22} {total:<10} {}", rule.what, users.join(", "));
    }
    println!();
}

fn uses_of(workspace: &Workspace, krate: &Crate, rule: &rules::OnlyUser) -> Vec<Use> {
    let mut uses = Vec::new();
    for file in krate.files.iter().filter(|file| file.is_product()) {
        let tokens = lexer::tokens(&file.text);
        let verdict = match rules::place(rule, &krate.name, file.top_module()).map(|place| place.standing) {
            Some(Standing::Home) => Verdict::Fine,
            Some(Standing::Tolerated) => Verdict::Tolerated,
            None => Verdict::Wrong,
        };
        let named = paths::named(&lexer::without_tests(&tokens));
        let hits = named.into_iter().filter(|path| rule.paths.iter().any(|pattern| path.is_under(pattern)));
        uses.extend(hits.map(|path| Use {
            place: format!("{}:{}", workspace.shown(&file.path), path.line),
            path: path.segments.join("::"),
            verdict,
        }));
    }
    uses
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::sources::SourceFile;

    fn krate(name: &str, normal: &[&str], dev: &[&str], files: &[(&str, &str)]) -> Crate {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let files = files
            .iter()
            .map(|(inside, text)| SourceFile {
                path: PathBuf::from(format!("crates/{name}/{inside}")),
                inside: (*inside).into(),
                text: (*text).into(),
            })
            .collect();
        Crate { name: name.into(), manifest: PathBuf::new(), normal: owned(normal), dev: owned(dev), files }
    }

    fn wrong_places(krate: Crate) -> Vec<String> {
        let workspace = Workspace { root: PathBuf::new(), crates: vec![krate] };
        let mut violations = Vec::new();
        print_only_users(&workspace, &mut violations);
        violations.into_iter().map(|violation| violation.place).collect()
    }

    #[test]
    fn undrawn_arrows_are_found() {
        let targets = |krate: &Crate| wrong_arrows(krate).into_iter().map(|(to, _)| to).collect::<Vec<_>>();
        assert!(targets(&krate("vault", &["domain"], &["testkit", "sandbox"], &[])).is_empty());
        assert_eq!(targets(&krate("vault", &["store"], &[], &[])), ["store"]);
        assert_eq!(targets(&krate("sandbox", &["domain"], &["services"], &[])), ["services"]);
        assert_eq!(targets(&krate("server", &["sandbox"], &[], &[])), ["sandbox"]);
        assert_eq!(targets(&krate("newcomer", &[], &[], &[])), ["newcomer"]);
    }

    #[test]
    fn outside_crates_are_found_outside_their_home() {
        let store = krate(
            "store",
            &[],
            &[],
            &[
                ("src/pool/sqlite.rs", "use rusqlite::Connection;"),
                ("src/dialect.rs", "use tokio_postgres::Row;"),
                (
                    "src/connections.rs",
                    "// rusqlite::x\nuse {crate::a, rusqlite::Row};\nfn f(r: &rusqlite::Row) {}",
                ),
                ("tests/conformance.rs", "use rusqlite::Connection;"),
            ],
        );
        assert_eq!(
            wrong_places(store),
            ["crates/store/src/connections.rs:2", "crates/store/src/connections.rs:3"]
        );
    }

    #[test]
    fn tls_stands_in_one_module_of_the_server_and_is_tolerated_at_the_root() {
        let text = "use tokio_rustls::TlsAcceptor;";
        let server = krate("server", &[], &[], &[("src/tls.rs", text), ("src/router.rs", text)]);
        assert_eq!(wrong_places(server), ["crates/server/src/router.rs:1"]);
        assert!(wrong_places(krate("sheetbend", &[], &[], &[("src/app.rs", text)])).is_empty());
    }
}
