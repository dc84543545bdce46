//! The rules of the house as data: who may depend on whom, and who may name which outside crate.
//!
//! A new line here is a new arrow and needs an ADR in `docs/adr/`.

/// What one crate may depend on, as drawn in `ARCHITECTURE.md`.
pub struct Arrows {
    pub from: &'static str,
    pub to: &'static [&'static str],
}

const fn arrows(from: &'static str, to: &'static [&'static str]) -> Arrows {
    Arrows { from, to }
}

/// Every crate of the workspace, foundations first. A crate that is not listed is a violation.
pub const ARROWS: &[Arrows] = &[
    arrows("domain", &[]),
    arrows("catalog", &["domain"]),
    arrows("vault", &["domain"]),
    arrows("store", &["domain"]),
    arrows("egress", &["domain"]),
    arrows("typescript", &["domain"]),
    arrows("sandbox", &["domain"]),
    arrows("scheduler", &["domain", "store"]),
    arrows("runtime", &["domain", "typescript"]),
    arrows("web", &["typescript"]),
    arrows("services", &["domain", "catalog", "vault", "store", "egress", "scheduler", "runtime"]),
    arrows("server", &["domain", "catalog", "services", "web"]),
    // The composition root builds everything.
    arrows(
        "sheetbend",
        &[
            "domain",
            "catalog",
            "vault",
            "store",
            "egress",
            "scheduler",
            "runtime",
            "services",
            "server",
            "sandbox",
            "web",
        ],
    ),
    arrows("testkit", &["domain", "store"]),
    arrows("bench", &["domain", "store"]),
    arrows("xtask", &[]),
];

/// What any crate's tests may use besides its own arrows.
pub const TEST_ARROWS: &[&str] = &["testkit", "sandbox"];

/// An outside crate (or a part of one) that only some of our product sources may name.
pub struct OnlyUser {
    pub what: &'static str,
    /// Rust paths; anything at or under one of them counts.
    pub paths: &'static [&'static str],
    pub places: &'static [Place],
}

/// A crate, or some top-level modules of it, that may name the thing.
pub struct Place {
    pub krate: &'static str,
    /// Empty: the whole crate.
    pub modules: &'static [&'static str],
    pub standing: Standing,
}

/// Whether a place is the thing's home, or is put up with and reported each time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Home,
    Tolerated,
}

const fn home(krate: &'static str) -> Place {
    Place { krate, modules: &[], standing: Standing::Home }
}

const fn within(krate: &'static str, modules: &'static [&'static str]) -> Place {
    Place { krate, modules, standing: Standing::Home }
}

const fn tolerated(krate: &'static str) -> Place {
    Place { krate, modules: &[], standing: Standing::Tolerated }
}

/// The only modules of `store` that name two databases.
const TWO_DATABASES: &[&str] = &["pool", "dialect"];

/// The "only user of" column. `testkit` and `bench` are development tools and stand where they are listed.
pub const ONLY_USERS: &[OnlyUser] = &[
    OnlyUser { what: "YAML reader", paths: &["serde_saphyr"], places: &[home("catalog")] },
    OnlyUser { what: "AEAD", paths: &["aws_lc_rs::aead"], places: &[home("vault")] },
    OnlyUser { what: "SQLite", paths: &["rusqlite"], places: &[within("store", TWO_DATABASES)] },
    OnlyUser {
        what: "PostgreSQL",
        paths: &["tokio_postgres", "deadpool_postgres", "tokio_postgres_rustls"],
        places: &[within("store", TWO_DATABASES)],
    },
    OnlyUser {
        what: "hyper client",
        paths: &["hyper::client", "hyper_util::client", "hyper_rustls", "reqwest"],
        places: &[home("egress"), home("testkit"), home("bench")],
    },
    OnlyUser {
        what: "TLS",
        paths: &["rustls", "tokio_rustls", "rustls_native_certs"],
        places: &[home("egress"), home("store"), within("server", &["tls"]), tolerated("sheetbend")],
    },
    OnlyUser {
        what: "HTTP server",
        paths: &["axum"],
        places: &[home("server"), home("sandbox"), home("testkit"), home("bench")],
    },
    OnlyUser {
        what: "command line",
        paths: &["clap"],
        places: &[home("sheetbend"), home("xtask"), home("bench")],
    },
    OnlyUser {
        what: "spreadsheets",
        paths: &["umya_spreadsheet", "ironcalc", "ironcalc_base", "calamine"],
        places: &[home("sandbox")],
    },
    OnlyUser { what: "TypeScript compiler", paths: &["oxc"], places: &[home("typescript")] },
    OnlyUser { what: "JavaScript engine", paths: &["rquickjs"], places: &[home("runtime")] },
    OnlyUser {
        what: "embedded files",
        paths: &["rust_embed"],
        places: &[home("web"), within("catalog", &["embedded"])],
    },
];

/// The crates in which a provider's name is a smell, and the one file where it may decide anything.
pub const PROVIDER_BLIND: &[&str] = &["domain", "catalog", "store", "egress", "services", "server"];
/// See [`PROVIDER_BLIND`].
pub const QUIRKS_FILE: &str = "schemes/quirks.rs";

/// The place of `krate`'s `module` in a rule, if it has one.
pub fn place<'r>(rule: &'r OnlyUser, krate: &str, module: &str) -> Option<&'r Place> {
    rule.places
        .iter()
        .find(|place| place.krate == krate && (place.modules.is_empty() || place.modules.contains(&module)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_point_down_only() {
        for (index, row) in ARROWS.iter().enumerate() {
            for target in row.to {
                let below = ARROWS[..index].iter().any(|other| other.from == *target);
                assert!(below, "{} -> {target} points up or nowhere", row.from);
            }
        }
    }

    #[test]
    fn databases_have_two_homes() {
        let sqlite = ONLY_USERS.iter().find(|rule| rule.what == "SQLite").unwrap();
        assert!(place(sqlite, "store", "pool").is_some());
        assert!(place(sqlite, "store", "dialect").is_some());
        assert!(place(sqlite, "store", "connections").is_none());
        assert!(place(sqlite, "services", "pool").is_none());
    }
}
