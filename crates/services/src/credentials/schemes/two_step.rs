//! TWO_STEP: form fields become one token request or a chain of them, perhaps with an assertion that we sign.
//!
//! The key we hold signs afresh for every chain; a pasted assertion, or one whose key was not kept, works until its
//! own end.

use domain::Secret;
use domain::credentials::{RawAnswer, TwoStepCredentials};
use domain::provider::{self, Assertion, BodyFormat, TokenLife, TokenStep, TwoStep};
use domain::template::{TemplateTree, UnresolvedReason};
use serde_json::{Map, Value};

use super::assertion::{self, AssertionRequest};
use super::form_values::missing;
use super::jws::{self, SigningKey};
use super::jwt::object;
use super::{FormValues, SettingProblem, TokenRequest, address, jwt, saml, xml};
use crate::credentials::claims;
use crate::credentials::problem::TokenProblem;
use crate::credentials::token_answer::{self, AnswerShape};

/// Signs what the chain's requests carry: `${assertion}` and `${token}`.
///
/// # Errors
/// A missing setting, or a key that cannot sign.
pub fn prepare(scheme: &TwoStep, values: &mut FormValues<'_>) -> Result<(), SettingProblem> {
    if let Some(definition) = &scheme.jwt {
        let signed = jwt::sign(definition, values, values.now_ms)?;
        values.made.push(("token".to_owned(), signed.token));
    }
    if let Some(signed) = assertion(scheme, values)? {
        values.made.push(("assertion".to_owned(), signed));
    }
    Ok(())
}

/// The assertion: signed now, or the one that was pasted or kept.
fn assertion(scheme: &TwoStep, values: &FormValues<'_>) -> Result<Option<Secret>, SettingProblem> {
    let kept = || values.fields.get("assertion").cloned();
    match &scheme.assertion {
        None => Ok(kept()),
        Some(Assertion::Certificate(definition)) => {
            let Some(key) = values.fields.get("privateKey") else { return Ok(kept()) };
            by_certificate(definition, key, values).map(Some)
        }
        Some(Assertion::Jwt(definition)) => {
            let Some(key) = key(&definition.key, values)? else { return Ok(kept()) };
            let header = object(&definition.header, values)?;
            let mut claims = object(&definition.payload, values)?;
            let now = values.now_ms.div_euclid(1000);
            claims.insert("iat".into(), now.into());
            claims.insert("exp".into(), (now + i64::from(definition.lifetime_seconds)).into());
            jws::sign(&header, &claims, &SigningKey::Private(key)).map(Some)
        }
        Some(Assertion::Saml(definition)) => {
            let Some(key) = key(&definition.key, values)? else { return Ok(kept()) };
            saml::sign(definition, values, &key).map(Some)
        }
    }
}

/// The signing key; `None` when it was an option of the first time and is gone.
fn key(
    template: &domain::template::Template,
    values: &FormValues<'_>,
) -> Result<Option<Secret>, SettingProblem> {
    match template.resolve(values) {
        Ok(key) => Ok(Some(Secret::from(key))),
        Err(unresolved) if unresolved.reason == UnresolvedReason::NoValue => Ok(None),
        Err(unresolved) => Err(missing(unresolved)),
    }
}

fn by_certificate(
    definition: &provider::CertificateAssertion,
    key: &Secret,
    values: &FormValues<'_>,
) -> Result<Secret, SettingProblem> {
    let field = |name| values.fields.get(name);
    let thumbprint = match (field("certificate"), field("certificateThumbprint")) {
        (Some(certificate), _) => assertion::thumbprint(certificate.expose())?,
        (None, Some(thumbprint)) => thumbprint.expose().to_owned(),
        (None, None) => {
            return Err(SettingProblem::BadKey("a private key needs its certificate or thumbprint"));
        }
    };
    let request = AssertionRequest {
        audience: &definition.audience.resolve(values).map_err(missing)?,
        issuer: &definition.issuer.resolve(values).map_err(missing)?,
        lifetime_seconds: definition.lifetime_seconds,
        now_ms: values.now_ms,
        id: &values.functions.get("random").unwrap_or_default(),
    };
    assertion::sign(&request, key, thumbprint)
}

/// One request of a chain.
///
/// # Errors
/// A setting that the definition needs and nobody gave.
pub fn request(step: &TokenStep, values: &FormValues<'_>) -> Result<TokenRequest, SettingProblem> {
    let url = address::fill(&step.url, values, "token URL")?;
    let mut request = TokenRequest::new(url.into(), step.body_format);
    if step.method == provider::Method::Get {
        request.method = http::Method::GET;
    }
    for (name, template) in &step.headers {
        match template.resolve(values) {
            Ok(value) => request.headers.push((name.clone(), Secret::from(value))),
            // An optional field that was left empty.
            Err(unresolved) if unresolved.reason == UnresolvedReason::NoValue => {}
            Err(unresolved) => return Err(missing(unresolved)),
        }
    }
    let mut params = Map::new();
    for (name, tree) in &step.params {
        if let Some(value) = tree.resolve_present(values).map_err(missing)? {
            params.insert(name.clone(), value);
        }
    }
    let typed = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let mut own_body = |kind: &str, body: String| {
        if !typed {
            request.headers.push(("content-type".to_owned(), Secret::new(kind)));
        }
        request.body = Some(Secret::from(body));
    };
    match step.body_format {
        _ if step.method == provider::Method::Get => request.fields = flat(&params),
        BodyFormat::Form | BodyFormat::Query => request.fields = flat(&params),
        // Numbers, booleans and objects keep their kind.
        BodyFormat::Json => own_body("application/json", Value::Object(params).to_string()),
        BodyFormat::Xml => own_body("application/xml", xml::document(&elements(&step.params, values)?)),
    }
    Ok(request)
}

/// Parameters as elements, in the definition's order; one without a value is left out.
fn elements(
    params: &[(String, TemplateTree)],
    values: &FormValues<'_>,
) -> Result<Vec<(String, xml::Node)>, SettingProblem> {
    let mut out = Vec::with_capacity(params.len());
    for (name, tree) in params {
        let node = match tree {
            TemplateTree::Map(inside) => xml::Node::Map(elements(inside, values)?),
            TemplateTree::List(items) => {
                let items = items.iter().map(|item| elements(&[(String::new(), item.clone())], values));
                let found = items.collect::<Result<Vec<_>, _>>()?;
                xml::Node::List(found.into_iter().flatten().map(|(_, node)| node).collect())
            }
            leaf => match leaf.resolve_text(values) {
                Ok(text) => xml::Node::Text(text.unwrap_or_default()),
                Err(unresolved) if unresolved.reason == UnresolvedReason::NoValue => continue,
                Err(unresolved) => return Err(missing(unresolved)),
            },
        };
        out.push((name.clone(), node));
    }
    Ok(out)
}

/// A tree as the fields of a form: `a[b]` for what is nested.
fn flat(params: &Map<String, Value>) -> Vec<(String, Secret)> {
    fn walk(name: String, value: &Value, out: &mut Vec<(String, Secret)>) {
        match value {
            Value::Object(map) => {
                map.iter().for_each(|(key, value)| walk(format!("{name}[{key}]"), value, out))
            }
            Value::Array(items) => items.iter().for_each(|value| walk(name.clone(), value, out)),
            Value::String(text) => out.push((name, Secret::new(text))),
            Value::Null => {}
            other => out.push((name, Secret::from(other.to_string()))),
        }
    }
    let mut out = Vec::new();
    params.iter().for_each(|(name, value)| walk(name.clone(), value, &mut out));
    out
}

/// An answer of a chain as an object: JSON, XML, or the body itself as `token`.
///
/// # Errors
/// The endpoint's refusal, or that the answer is none of these.
pub fn answer(
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<Map<String, Value>, TokenProblem> {
    let text = std::str::from_utf8(body).unwrap_or_default().trim();
    let found = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(map)) => Some(map),
        Ok(Value::String(token)) => Some(whole(&token)),
        Ok(_) => None,
        Err(_) if content_type.is_some_and(|kind| kind.contains("xml")) || text.starts_with("<?xml") => {
            xml::tree(text)
        }
        Err(_) if text.is_empty() || text.starts_with('<') => None,
        Err(_) => Some(whole(text)),
    };
    match found {
        Some(map) if status < 300 => Ok(map),
        found => Err(refusal(status, content_type, found.unwrap_or_default())),
    }
}

/// A body that is the token itself.
fn whole(token: &str) -> Map<String, Value> {
    Map::from_iter([("token".to_owned(), Value::String(token.to_owned()))])
}

fn refusal(status: u16, content_type: Option<&str>, map: Map<String, Value>) -> TokenProblem {
    if status < 300 {
        return token_answer::unreadable(status, content_type);
    }
    TokenProblem::from_answer(status, &map)
}

/// The new credentials: the form's fields with what the last answer brought.
///
/// # Errors
/// When the answer does not carry the token where the definition says.
pub fn credentials(
    scheme: &TwoStep,
    raw: Map<String, Value>,
    values: &FormValues<'_>,
    previous: &TwoStepCredentials,
) -> Result<TwoStepCredentials, TokenProblem> {
    let now_ms = values.now_ms;
    let shape = shape(scheme);
    let Some(answer) = token_answer::from_object(&shape, raw, now_ms) else {
        let mut problem = TokenProblem::passing(
            "token_answer_unreadable",
            format!("The token endpoint's answer has no text at `{}`.", shape.access_token),
        );
        problem.status = Some(200);
        return Err(problem);
    };
    let token = answer.access_token;
    // Last of all a token may say it itself.
    let by_claim = || {
        let claims = claims::peek(token.expose())?;
        claims.get("exp")?.as_i64()?.checked_mul(1000)
    };
    let expires_at_ms = match scheme.token_life {
        TokenLife::AsAnswered => answer.expires_at_ms.or_else(by_claim),
        TokenLife::Endless | TokenLife::Milliseconds(_) => answer.expires_at_ms,
    };
    let refreshable = scheme.refresh.is_some();
    Ok(TwoStepCredentials {
        fields: kept_fields(scheme, values, previous),
        token,
        expires_at_ms,
        refresh_token: answer
            .refresh_token
            .filter(|_| refreshable)
            .or_else(|| previous.refresh_token.clone().filter(|_| refreshable)),
        refresh_token_expires_at_ms: None,
        raw: answer.raw,
    })
}

/// The form's fields, with an assertion whose key was given for one use only.
fn kept_fields(
    scheme: &TwoStep,
    values: &FormValues<'_>,
    previous: &TwoStepCredentials,
) -> domain::credentials::FormFields {
    let one_use = |template: &domain::template::Template| {
        template.paths().any(|path| path.starts_with("assertionOption."))
    };
    let keep = match &scheme.assertion {
        Some(Assertion::Jwt(definition)) => one_use(&definition.key),
        Some(Assertion::Saml(definition)) => one_use(&definition.key),
        _ => false,
    };
    let made = values.made.iter().find(|(name, _)| keep && name == "assertion");
    // Options are for one use: they are not stored.
    let stays =
        |field: &str| !field.starts_with("assertionOption.") && made.is_none_or(|(name, _)| field != name);
    let others = previous.fields.iter().filter(|(field, _)| stays(field));
    others.map(|(name, value)| (name.to_owned(), value.clone())).chain(made.cloned()).collect()
}

/// Where an answer carries what.
pub fn shape(scheme: &TwoStep) -> AnswerShape {
    let paths = &scheme.answer;
    AnswerShape {
        access_token: if paths.token.is_empty() { "token".to_owned() } else { paths.token.clone() },
        refresh_token: paths.refresh_token.clone().unwrap_or_default(),
        expiry: paths.expiry.clone(),
        life: scheme.token_life,
        ..AnswerShape::default()
    }
}

/// Response headers that the definition keeps, put beside the answer's own values: a cookie under its name, and all of
/// them as they go back in `_cookies`.
pub fn keep_headers(wanted: &[String], headers: &http::HeaderMap, raw: &mut Map<String, Value>) {
    for name in wanted {
        let texts: Vec<&str> =
            headers.get_all(name.as_str()).iter().filter_map(|value| value.to_str().ok()).collect();
        if !name.eq_ignore_ascii_case("set-cookie") {
            if let Some(first) = texts.first() {
                raw.insert(name.clone(), Value::from(*first));
            }
            continue;
        }
        let pairs: Vec<&str> =
            texts.iter().filter_map(|cookie| cookie.split(';').next()).map(str::trim).collect();
        for (name, value) in pairs.iter().filter_map(|pair| pair.split_once('=')) {
            raw.entry(name).or_insert_with(|| Value::from(value));
        }
        raw.insert("_cookies".to_owned(), Value::from(pairs.join("; ")));
    }
}

/// Values of the answers that the definition wants in the connection config; the last answer that has one wins.
pub fn metadata(scheme: &TwoStep, answers: &[Map<String, Value>]) -> Vec<(String, Value)> {
    scheme
        .token_response_metadata
        .iter()
        .filter_map(|path| {
            let value = answers.iter().rev().find_map(|answer| super::at(answer, path))?;
            matches!(value, Value::String(_) | Value::Bool(_)).then(|| (path.clone(), value.clone()))
        })
        .collect()
}

/// Credentials before the first token.
pub fn unbought(fields: domain::credentials::FormFields) -> TwoStepCredentials {
    TwoStepCredentials {
        fields,
        token: Secret::default(),
        expires_at_ms: None,
        refresh_token: None,
        refresh_token_expires_at_ms: None,
        raw: RawAnswer::default(),
    }
}

#[cfg(test)]
mod tests;
