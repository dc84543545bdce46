//! Requests that a definition makes itself to the API of a connection: what is learnt of an account when it is connected,
//! what the vendor is told before a connection goes (contract §4.6 "hook scripts", as data).

use std::time::Duration;

use domain::connection::Connection;
use domain::provider::{AccountRequest, BodyFormat, InstallationProof, Lookup, Need, Several};
use domain::template::{Template, Values};
use egress::Body;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request};
use percent_encoding::utf8_percent_encode;
use serde_json::{Map, Value, json};
use url::Url;

use super::config;
use crate::context::Context;
use crate::credentials::account::Account;
use crate::credentials::schemes::COMPONENT;
use crate::error::Error;
use crate::operations::redact;
use crate::proxy::each_attempt::EachAttempt;
use crate::proxy::plan::ProxyPlan;
use crate::proxy::values::Subject;

/// All requests around one connection together.
const WHOLE: Duration = Duration::from_secs(20);

/// Learns what the definition wants to know of a new account and the connection config does not say yet.
///
/// What a person or the customer's backend said stays; learnt values are held to the rules of what a person types. The
/// operation's messages tell of each request.
///
/// # Errors
/// In words: what the connection cannot work without and could not be learnt.
pub(super) async fn learn(context: &Context, account: &mut Account, log_id: &str) -> Result<(), String> {
    let entry = account.integration.entry.clone();
    let all = async {
        for lookup in &entry.provider.post_connection {
            let new =
                |config: &Map<String, Value>| lookup.config.iter().any(|(key, _)| !config.contains_key(key));
            if !new(&account.connection.config) {
                continue;
            }
            let outcome = learn_one(context, account, lookup).await;
            let scope = account.integration.scope;
            match outcome {
                Ok((story, found)) => {
                    let keys: Vec<&String> = found.keys().collect();
                    let detail = json!({"learnt": keys});
                    context.log.say(scope, log_id, "info", story, Some(detail));
                    account.connection.config.extend(found);
                }
                Err(why) => {
                    let names: Vec<&str> = lookup.config.iter().map(|(key, _)| key.as_str()).collect();
                    let told = format!("{} of the account could not be learnt: {why}", names.join(", "));
                    context.log.say(scope, log_id, "warn", told.clone(), None);
                    if lookup.need == Need::Required {
                        return Err(told);
                    }
                }
            }
        }
        Ok(())
    };
    let required = entry.provider.post_connection.iter().any(|lookup| lookup.need == Need::Required);
    match tokio::time::timeout(WHOLE, all).await {
        Ok(outcome) => outcome,
        Err(_) if required => Err("the provider did not say in time what the connection needs".to_owned()),
        Err(_) => Ok(()),
    }
}

async fn learn_one(
    context: &Context,
    account: &Account,
    lookup: &Lookup,
) -> Result<(String, Map<String, Value>), String> {
    let subject = Subject::of(account);
    let (story, body) = ask(context, &subject, &lookup.request).await?;
    let answer: Value = serde_json::from_slice(&body).map_err(|_| format!("{story}, but not with JSON"))?;
    let item =
        pick(lookup, &answer, &subject.values(context)).map_err(|why| format!("{story}, but {why}"))?;
    let mut found = Map::new();
    for (key, path) in &lookup.config {
        match dig(item, path).and_then(text) {
            Some(text) => drop(found.insert(key.clone(), Value::String(text))),
            None => return Err(format!("{story}, but has nothing at `{path}`")),
        }
    }
    found.retain(|key, _| !account.connection.config.contains_key(key));
    let mut whole = account.connection.config.clone();
    whole.extend(found.clone());
    config::checked(&account.integration, whole)
        .map_err(|error| format!("{story}, but {}", in_words(error)))?;
    Ok((story, found))
}

/// What an installation's item must say, its texts filled.
///
/// # Errors
/// In words: which value is missing; one that is missing would prove nothing.
pub(super) fn wanted(
    proof: &InstallationProof,
    values: &dyn Values,
) -> Result<Vec<(String, String)>, String> {
    let filled = |(path, template): &(String, Template)| match template.resolve(values) {
        Ok(text) => Ok((path.clone(), text)),
        Err(missing) => Err(format!("`{}` is missing", missing.path)),
    };
    proof.matching.iter().map(filled).collect()
}

/// Whether the vendor's list of installations has one that says all that it must.
///
/// # Errors
/// In words: why not.
pub(super) async fn confirm(
    context: &Context,
    subject: &Subject<'_>,
    proof: &InstallationProof,
    wanted: Vec<(String, String)>,
) -> Result<String, String> {
    let (story, body) = ask(context, subject, &proof.request).await?;
    let answer: Value = serde_json::from_slice(&body).map_err(|_| format!("{story}, but not with JSON"))?;
    let items = match &proof.items_at {
        None => std::slice::from_ref(&answer),
        Some(at) => dig(&answer, at).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default(),
    };
    let fits = |item: &Value| {
        wanted.iter().all(|(path, wanted)| dig(item, path).and_then(text).is_some_and(|text| text == *wanted))
    };
    if items.iter().any(fits) { Ok(story) } else { Err(format!("{story}, without this installation")) }
}

/// The item that is meant.
fn pick<'a>(lookup: &Lookup, answer: &'a Value, values: &dyn Values) -> Result<&'a Value, String> {
    let Some(at) = &lookup.items_at else { return Ok(answer) };
    let items = dig(answer, at).and_then(Value::as_array).ok_or_else(|| format!("has no list at `{at}`"))?;
    let fits = |item: &&Value| {
        lookup.matching.iter().all(|(path, template)| match template.resolve(values) {
            Ok(wanted) => {
                dig(item, path).and_then(text).is_some_and(|text| text.eq_ignore_ascii_case(&wanted))
            }
            Err(_) => true,
        })
    };
    let mut fitting = items.iter().filter(fits);
    match (fitting.next(), fitting.next(), lookup.several) {
        (Some(item), None, _) | (Some(item), Some(_), Several::First) => Ok(item),
        (Some(_), Some(_), Several::None) => {
            Err("with several, and nobody said which; name it in the connection config".to_owned())
        }
        (None, ..) => Err("with none that fits".to_owned()),
    }
}

/// A value at a dotted path, a number being a place in a list; the empty path is the value itself.
pub(crate) fn dig<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').filter(|part| !part.is_empty()).try_fold(value, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })
}

/// A text, number or flag as a text; the connection config's values stand in URLs and headers.
pub(crate) fn text(value: &Value) -> Option<String> {
    const LONGEST: usize = 1024;
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= LONGEST).then_some(text)
}

pub(super) fn in_words(error: Error) -> String {
    match error {
        Error::Invalid(issues) => {
            issues.into_iter().map(|issue| issue.message).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

/// Tells the vendor that a connection goes; whatever comes of it, the connection does go.
pub(super) async fn say_farewell(context: &Context, account: &Account) {
    let entry = account.integration.entry.clone();
    let Connection { id, integration, .. } = &account.connection;
    let all = async {
        let subject = Subject::of(account);
        for request in &entry.provider.pre_connection_deletion {
            match ask(context, &subject, request).await {
                Ok((story, _)) => tracing::info!(%integration, connection = %id, "{story}"),
                Err(why) => tracing::warn!(%integration, connection = %id, "before a deletion: {why}"),
            }
        }
    };
    if tokio::time::timeout(WHOLE, all).await.is_err() {
        tracing::warn!(%integration, connection = %id, "the provider did not answer before a deletion");
    }
}

/// One request with the connection's credentials: what happened, without secrets, and the body of a 2xx answer. No
/// redirect is followed.
async fn ask(
    context: &Context,
    subject: &Subject<'_>,
    definition: &AccountRequest,
) -> Result<(String, bytes::Bytes), String> {
    let values = subject.values(context);
    let literal = absolute_origin(&definition.url);
    let mut plan = match &literal {
        Some(origin) => ProxyPlan::at(context, subject, origin)?,
        None => ProxyPlan::of(context, subject)?,
    };
    plan.hide(&definition.url, &values);
    let url = url(&plan, definition, &values)?;
    let shown = plan.masked(redact::url(url.as_str()));
    let method = Method::from_bytes(definition.method.as_bytes()).map_err(|error| error.to_string())?;
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method.clone();
    *request.uri_mut() = url.as_str().parse().map_err(|_| "the URL cannot be sent".to_owned())?;
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    put_headers(&definition.headers, &values, &mut request);
    put_body(definition, &values, &mut request)?;
    plan.dress(&mut request);
    if let Some(each) = plan.each_attempt.as_deref() {
        let failed = |error: Error| error.to_string();
        let (payload, _) = each.payload(&mut request, None, &context.held).await.map_err(failed)?;
        each.apply(context, subject, &mut request, &payload, url.path()).map_err(failed)?;
    }
    match context.egress.fetch_bytes(request, &context.settings.token).await {
        Ok(response) if response.status().is_success() => {
            let story = format!("{method} {shown} answered {}", response.status().as_u16());
            Ok((story, response.into_body()))
        }
        Ok(response) => Err(format!("{method} {shown} answered {}", response.status().as_u16())),
        Err(failure) => Err(format!("{method} {shown} gave no answer: {failure}")),
    }
}

/// The origin of a URL that a definition writes out; `None` for a path on the base.
fn absolute_origin(url: &Template) -> Option<String> {
    let (host, _) = url.source().strip_prefix("https://")?.split_once('/')?;
    Some(format!("https://{host}"))
}

/// The URL, values encoded so that each stays one component.
fn url(plan: &ProxyPlan, definition: &AccountRequest, values: &dyn Values) -> Result<Url, String> {
    let encode = |_: &str, value: String| utf8_percent_encode(&value, COMPONENT).to_string();
    let text = definition
        .url
        .resolve_encoded(values, &encode)
        .map_err(|missing| format!("`{}` is not set", missing.path))?;
    let text = if text.starts_with('/') { format!("{}{text}", plan.base) } else { text };
    let mut url = Url::parse(&text).map_err(|_| "the URL is not valid".to_owned())?;
    if !plan.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&plan.query);
    }
    Ok(url)
}

fn put_headers(headers: &[(String, Template)], values: &dyn Values, request: &mut Request<Body>) {
    for (name, template) in headers.iter().filter(|(_, template)| !EachAttempt::makes(template)) {
        let Ok(text) = template.resolve(values) else { continue };
        if let (Ok(name), Ok(mut value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&text))
        {
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
    }
}

fn put_body(
    definition: &AccountRequest,
    values: &dyn Values,
    request: &mut Request<Body>,
) -> Result<(), String> {
    let Some(tree) = &definition.data else { return Ok(()) };
    let data = tree.resolve(values).map_err(|missing| format!("`{}` is not set", missing.path))?;
    let (kind, body) = match definition.format {
        BodyFormat::Form => {
            let flat = data.as_object().into_iter().flatten();
            let pairs: Vec<(&String, String)> =
                flat.filter_map(|(name, value)| Some((name, text(value)?))).collect();
            ("application/x-www-form-urlencoded", serde_urlencoded::to_string(pairs).unwrap_or_default())
        }
        _ => ("application/json", data.to_string()),
    };
    *request.body_mut() = Body::from(bytes::Bytes::from(body));
    request.headers_mut().entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_dug_out_of_objects_and_lists() {
        let answer = json!({"a": {"b": [{"c": 1}, {"c": "x"}]}, "d": true, "e": null, "f": ""});
        let found = |path: &str| dig(&answer, path).and_then(text);
        assert_eq!(found("a.b.0.c").as_deref(), Some("1"));
        assert_eq!(found("a.b.1.c").as_deref(), Some("x"));
        assert_eq!(found("d").as_deref(), Some("true"));
        for nothing in ["e", "f", "a", "a.b", "a.b.2.c", "a.b.x", "g.h", ""] {
            assert_eq!(found(nothing), None, "{nothing}");
        }
    }
}
