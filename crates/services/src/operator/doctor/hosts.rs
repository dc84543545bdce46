//! Whether the providers can be reached, and what their clocks say.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Scope;
use domain::provider::Auth;
use domain::template::Template;
use egress::{Body, EgressError, FetchPolicy, PolicyClass};
use futures_util::stream::{self, StreamExt as _};
use http::{Method, Request, header};

use super::{Finding, Level};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;

/// A clock that is further off than this breaks assertions, signatures and token lives.
const MOST_SKEW_MS: i64 = 60_000;
/// How long a host has to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Hosts asked at a time.
const AT_A_TIME: usize = 8;

/// Asks every host that the integrations need; integrations that do not open are findings too.
pub(super) async fn examine(context: &Context) -> Vec<Finding> {
    let (integrations, mut findings) = integrations(context).await;
    findings.extend(hosts(context, &integrations).await);
    findings
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
}
