//! A check of the house: what is wrong, who must act and how.

mod hosts;
mod secrets;

use url::Url;

use crate::context::{Context, SandboxCloud};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, for example `public-url`.
    pub check: &'static str,
    /// How it is.
    pub level: Level,
    /// What was found.
    pub text: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, but not for long or not for all.
    Warning,
    /// Does not work.
    Failure,
}

impl Level {
    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

impl Finding {
    fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, text: text.into(), remedy: None }
    }

    fn new(check: &'static str, level: Level, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, level, text: text.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks at everything; never fails, a check that cannot be made is a finding.
pub async fn examine(context: &Context) -> Vec<Finding> {
    let mut findings = vec![public_url(context), callback_url(context)];
    findings.push(database(context).await);
    findings.push(keys(context));
    findings.extend(secrets::endings(context).await);
    findings.extend(secrets::signing(context).await);
    findings.extend(hosts::examine(context).await);
    findings
}

fn public_url(context: &Context) -> Finding {
    const CHECK: &str = "public-url";
    let text = &context.settings.public_url;
    let Ok(url) = Url::parse(text) else {
        return Finding::new(CHECK, Level::Failure, format!("{text} is no URL"), "Set --public-url.");
    };
    if url.scheme() == "https" {
        return Finding::ok(CHECK, text.clone());
    }
    let remedy = "Set --public-url to the https address at which browsers reach this server.";
    if is_this_machine(&url) {
        let level = match context.settings.sandbox {
            SandboxCloud::Present => return Finding::ok(CHECK, format!("{text} (development)")),
            SandboxCloud::Absent => Level::Warning,
        };
        return Finding::new(CHECK, level, format!("{text} is reachable from this machine only"), remedy);
    }
    let found =
        format!("{text} is not https; providers refuse such redirect URIs and secrets travel in clear");
    Finding::new(CHECK, Level::Failure, found, remedy)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn callback_url(context: &Context) -> Finding {
    const CHECK: &str = "callback-url";
    let (callback, own) = (&context.settings.callback_url, &context.settings.public_url);
    if callback.starts_with(own.as_str()) && callback.ends_with("/oauth/callback") {
        return Finding::ok(CHECK, format!("{callback}; register exactly this with every provider"));
    }
    let found = format!("{callback} is not {own}/oauth/callback");
    let remedy = "See that it leads here with its query unchanged, and that it is what the providers know.";
    Finding::new(CHECK, Level::Warning, found, remedy)
}

async fn database(context: &Context) -> Finding {
    const CHECK: &str = "database";
    let dialect = context.store.dialect();
    match context.store.ping().await {
        Ok(()) => Finding::ok(CHECK, format!("{dialect:?} answers")),
        Err(error) => {
            let remedy =
                "See that the database runs, that its disk is not full and that its address is right.";
            Finding::new(CHECK, Level::Failure, error.to_string(), remedy)
        }
    }
}

fn keys(context: &Context) -> Finding {
    const CHECK: &str = "encryption-keys";
    let known: Vec<String> = context.vault.known_keys().iter().map(ToString::to_string).collect();
    let sealing = known.first().cloned().unwrap_or_default();
    match known.len() {
        1 => Finding::ok(CHECK, format!("{sealing} seals; keep a copy of it apart from the database's")),
        more => Finding::ok(CHECK, format!("{sealing} seals, {more} keys open; see `sheetbend keys status`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_many_names() {
        for text in ["http://localhost:3003", "http://a.localhost", "http://127.0.0.1", "http://[::1]:1"] {
            assert!(is_this_machine(&Url::parse(text).unwrap()), "{text}");
        }
        assert!(!is_this_machine(&Url::parse("https://sheetbend.example").unwrap()));
    }
}
