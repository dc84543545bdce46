//! A check of the house: what is wrong, who must act and how.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Scope;
use domain::provider::Auth;
use domain::template::Template;
use egress::{Body, EgressError, FetchPolicy, PolicyClass};
use futures_util::stream::{self, StreamExt as _};
use http::{Method, Request, header};
use url::Url;

use crate::context::{Context, SandboxCloud};
use crate::credentials::account::OpenIntegration;

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

/// A clock that is further off than this breaks assertions, signatures and token lives.
const MOST_SKEW_MS: i64 = 60_000;
/// How long a host has to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Hosts asked at a time.
const AT_A_TIME: usize = 8;

/// Looks at everything; never fails, a check that cannot be made is a finding.
pub async fn examine(context: &Context) -> Vec<Finding> {
    let mut findings = vec![public_url(context), callback_url(context)];
    findings.push(database(context).await);
    findings.push(keys(context));
    let (integrations, broken) = integrations(context).await;
    findings.extend(broken);
    findings.extend(hosts(context, &integrations).await);
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

/// Integrations that open, and findings about those that do not.
async fn integrations(context: &Context) -> (Vec<OpenIntegration>, Vec<Finding>) {
    const CHECK: &str = "integration";
    let (mut open, mut findings) = (Vec::new(), Vec::new());
    let environments = context.store.environments().await.unwrap_or_default();
    for environment in environments {
        let scope = Scope { environment: environment.id };
        for integration in context.store.integrations(scope).await.unwrap_or_default() {
            let key = integration.key.to_string();
            match OpenIntegration::open(context, scope, integration).await {
                Ok(one) => open.push(one),
                Err(error) => {
                    let found = format!("{}/{key}: {error}", environment.name);
                    let remedy =
                        "Change the integration's provider or cloud, or add the provider's definition.";
                    findings.push(Finding::new(CHECK, Level::Warning, found, remedy));
                }
            }
        }
    }
    (open, findings)
}

/// Asks every host that the integrations need, once, and compares its clock with ours.
async fn hosts(context: &Context, integrations: &[OpenIntegration]) -> Vec<Finding> {
    let mut origins: BTreeMap<String, String> = BTreeMap::new();
    for open in integrations {
        for origin in origins_of(context, open) {
            origins.entry(origin).or_insert_with(|| open.integration.key.to_string());
        }
    }
    let asked = stream::iter(origins).map(|(origin, key)| async move { ask(context, &origin, &key).await });
    let answers: Vec<(Finding, Option<i64>)> = asked.buffered(AT_A_TIME).collect().await;
    let skew = answers.iter().filter_map(|(_, skew)| *skew).min_by_key(|skew| skew.abs());
    let mut findings: Vec<Finding> = answers.into_iter().map(|(finding, _)| finding).collect();
    findings.extend(skew.map(clock));
    findings
}

/// Origins of the token endpoint and of the API, as far as they are the same for every connection.
fn origins_of(context: &Context, open: &OpenIntegration) -> Vec<String> {
    let nothing = serde_json::Map::new();
    let party = open.party(context, open.client.clone(), &nothing);
    let provider = &open.entry.provider;
    let token_url: Option<&Template> = match &provider.auth {
        Auth::OAuth2(scheme) => Some(&scheme.token_url),
        Auth::OAuth2Cc(scheme) => Some(&scheme.token_url),
        _ => None,
    };
    let base = provider.proxy.as_ref().map(|proxy| &proxy.base_url);
    let urls = token_url.into_iter().chain(base).filter_map(|template| party.url(template, "host").ok());
    urls.map(|url| url.origin().ascii_serialization()).collect()
}

async fn ask(context: &Context, origin: &str, key: &str) -> (Finding, Option<i64>) {
    const CHECK: &str = "host";
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::HEAD;
    match egress::absolute(origin, "/") {
        Ok(uri) => *request.uri_mut() = uri,
        Err(error) => {
            let remedy = "Correct the provider's definition.";
            return (Finding::new(CHECK, Level::Failure, error.to_string(), remedy), None);
        }
    }
    let policy = FetchPolicy { class: PolicyClass::Public, max_bytes: 1 << 20, total: PATIENCE };
    match context.egress.fetch_bytes(request, &policy).await {
        Ok(answer) => {
            let date = answer.headers().get(header::DATE).and_then(|value| value.to_str().ok());
            let theirs = date.and_then(|text| httpdate::parse_http_date(text).ok());
            let theirs_ms = theirs
                .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok())
                .and_then(|since| i64::try_from(since.as_millis()).ok());
            let finding = Finding::ok(CHECK, format!("{origin} answers (integration {key})"));
            (finding, theirs_ms.map(|theirs_ms| context.now_ms() - theirs_ms))
        }
        Err(error) => (unreachable(origin, key, &error), None),
    }
}

fn unreachable(origin: &str, key: &str, error: &EgressError) -> Finding {
    let remedy = match error {
        EgressError::Refused { .. } => {
            "The address is not public. If it is meant to be reached, start the server with --exempt host:port."
        }
        _ => "Open the way out to it, or set --https-proxy; see docs/self-hosting.md.",
    };
    let found = format!("{origin} (integration {key}): {error}");
    Finding::new("host", Level::Failure, found, remedy)
}

fn clock(skew_ms: i64) -> Finding {
    const CHECK: &str = "clock";
    // The Date header tells whole seconds.
    if skew_ms.abs() <= MOST_SKEW_MS {
        return Finding::ok(CHECK, "agrees with the providers'");
    }
    let found = format!("is {} s off the providers'", skew_ms / 1000);
    Finding::new(CHECK, Level::Failure, found, "Let NTP set this machine's clock; token calls will fail.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_judged_by_the_minute() {
        assert_eq!(clock(-1_500).level, Level::Ok);
        let off = clock(-3_600_000);
        assert_eq!((off.level, off.text.as_str()), (Level::Failure, "is -3600 s off the providers'"));
        assert!(off.remedy.is_some());
    }

    #[test]
    fn this_machine_has_many_names() {
        for text in ["http://localhost:3003", "http://a.localhost", "http://127.0.0.1", "http://[::1]:1"] {
            assert!(is_this_machine(&Url::parse(text).unwrap()), "{text}");
        }
        assert!(!is_this_machine(&Url::parse("https://sheetbend.example").unwrap()));
    }
}
