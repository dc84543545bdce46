//! TWO_STEP: the chain of requests, and what is signed for it.

use domain::provider::{
    Assertion, AssertionKey, BodyFormat, CertificateAssertion, JwtAssertion, SamlAssertion, TokenAnswerPaths,
    TokenStep, TwoStep,
};
use domain::template::TemplateTree;
use indexmap::IndexMap;

use super::{
    Lack, answered_expiry, body_format, method, required_template, scope_rules, signed, token_life, token_url,
};
use crate::convert::file::{AssertionFile, ProviderFile, StepFile};
use crate::convert::tree::{nested_parameters, optional, parameters, template};
use crate::read::Node;

/// Life of an assertion when the definition says nothing, seconds (Microsoft advises 5 to 10 minutes).
const ASSERTION_SECONDS: u32 = 300;
/// Longest life of an assertion that is signed afresh each time, seconds.
const MAX_FRESH_SECONDS: u32 = 3_600;
/// Longest life of an assertion that is signed once, seconds: the field has one of ten years.
const MAX_ONCE_SECONDS: u32 = 315_360_000;

pub(super) fn two_step(file: &ProviderFile) -> Result<TwoStep, Lack> {
    let assertion = file.assertion.as_ref().map(|assertion| self::assertion(file, assertion)).transpose()?;
    let mut params = file.token_params.clone();
    if assertion.as_ref().is_some_and(is_signed_afresh) {
        name_the_signed_assertion(&mut params);
    }
    let first = TokenStep {
        url: token_url(file)?,
        method: method("token_request_method", file.token_request_method.as_deref())?,
        headers: parameters("token_headers", &file.token_headers)?,
        params: nested_parameters("token_params", &params)?,
        body_format: body_format(file.body_format.as_deref(), BodyFormat::Json)?,
    };
    Ok(TwoStep {
        refresh: refresh(file, &first)?,
        request: first,
        additional_steps: file
            .additional_steps
            .iter()
            .enumerate()
            .map(|(n, step)| self::step(&format!("additional_steps.{n}"), step))
            .collect::<Result<_, _>>()?,
        answer: answer(file)?,
        token_life: token_life(file)?,
        expiration_buffer_seconds: file.token_expiration_buffer,
        token_response_metadata: file.token_response_metadata.clone(),
        assertion,
        jwt: file.token.as_ref().map(|_| signed::jwt(file)).transpose()?,
        default_scopes: file.default_scopes.clone(),
        scope_rules: scope_rules(file)?,
    })
}

fn step(key: &str, step: &StepFile) -> Result<TokenStep, String> {
    let method_key = format!("{key}.token_request_method");
    Ok(TokenStep {
        url: template(&format!("{key}.token_url"), &step.token_url)?,
        method: method(&method_key, step.token_request_method.as_deref())?,
        headers: parameters(&format!("{key}.token_headers"), &step.token_headers)?,
        params: nested_parameters(&format!("{key}.token_params"), &step.token_params)?,
        body_format: body_format(step.body_format.as_deref(), BodyFormat::Json)?,
    })
}

/// The request in place of the chain; where a definition names no other address or headers, those of the first.
fn refresh(file: &ProviderFile, first: &TokenStep) -> Result<Option<TokenStep>, String> {
    let declared = file.refresh_url.is_some()
        || !file.refresh_token_params.is_empty()
        || !file.refresh_token_headers.is_empty();
    if !declared {
        return Ok(None);
    }
    let headers = if file.refresh_token_headers.is_empty() {
        first.headers.clone()
    } else {
        parameters("refresh_token_headers", &file.refresh_token_headers)?
    };
    Ok(Some(TokenStep {
        url: optional("refresh_url", file.refresh_url.as_deref())?.unwrap_or_else(|| first.url.clone()),
        method: first.method,
        headers,
        params: nested_parameters("refresh_token_params", &file.refresh_token_params)?,
        body_format: first.body_format,
    }))
}

fn answer(file: &ProviderFile) -> Result<TokenAnswerPaths, String> {
    let response = file.token_response.as_ref();
    let expiry = response.map(answered_expiry).transpose()?.flatten();
    Ok(TokenAnswerPaths {
        token: response.map_or_else(|| "access_token".to_owned(), |response| response.token.clone()),
        expiry,
        refresh_token: response.and_then(|response| response.refresh_token.clone()),
        headers: file.token_response_headers.clone(),
    })
}

/// The field's files say `${credentials.assertion}` for an assertion that the server signs; ours says
/// `${assertion}` and keeps the credentials for what a person pasted, or what was signed once.
fn name_the_signed_assertion(params: &mut IndexMap<String, Node>) {
    let already =
        params.values().any(|value| matches!(value, Node::Text(text) if text.contains("${assertion}")));
    if already {
        return;
    }
    for value in params.values_mut() {
        if let Node::Text(text) = value {
            *text = text.replace("${credentials.assertion}", "${assertion}");
        }
    }
}

/// Whether the key is at hand for every token request, or was given once and is gone.
fn is_signed_afresh(assertion: &Assertion) -> bool {
    let kept =
        |key: &domain::template::Template| !key.paths().any(|path| path.starts_with("assertionOption."));
    match assertion {
        Assertion::Certificate(_) => true,
        Assertion::Jwt(jwt) => kept(&jwt.key),
        Assertion::Saml(saml) => kept(&saml.key),
    }
}

fn assertion(file: &ProviderFile, assertion: &AssertionFile) -> Result<Assertion, Lack> {
    let key = |name: &str, value: Option<&str>| required_template(&format!("assertion.{name}"), value);
    match assertion.kind.as_str() {
        "jwt" if is_entra_assertion(assertion) => {
            let claim = |name: &str| key(&format!("payload.{name}"), text(&assertion.payload, name));
            Ok(Assertion::Certificate(CertificateAssertion {
                audience: claim("aud")?,
                issuer: claim("iss")?,
                lifetime_seconds: lifetime(assertion, MAX_FRESH_SECONDS)?,
                key: certificate(file)?,
            }))
        }
        "jwt" => Ok(Assertion::Jwt(JwtAssertion {
            key: key("key", assertion.key.as_deref())?,
            lifetime_seconds: lifetime(assertion, MAX_ONCE_SECONDS)?,
            header: TemplateTree::Map(nested_parameters("assertion.header", &assertion.header)?),
            payload: TemplateTree::Map(nested_parameters("assertion.payload", &assertion.payload)?),
        })),
        "saml" => Ok(Assertion::Saml(Box::new(SamlAssertion {
            key: key("key", assertion.key.as_deref())?,
            lifetime_seconds: lifetime(assertion, MAX_ONCE_SECONDS)?,
            issuer: key("issuer", assertion.issuer.as_deref())?,
            audience: key("audiences", assertion.audiences.as_deref())?,
            recipient: key("recipient", assertion.recipient.as_deref())?,
            name_identifier: key("nameIdentifier", assertion.name_identifier.as_deref())?,
            session_index: optional("assertion.sessionIndex", assertion.session_index.as_deref())?,
            attributes: parameters("assertion.attributes", &assertion.attributes)?,
        }))),
        other => Err(Lack::Wrong(format!("assertion.type: `{other}` is neither jwt nor saml"))),
    }
}

/// PS256 with `x5t#S256`, `iss` equal to `sub` (reference/microsoft.md §1.8).
fn is_entra_assertion(assertion: &AssertionFile) -> bool {
    text(&assertion.header, "alg") == Some("PS256")
        && assertion.header.contains_key("x5t#S256")
        && text(&assertion.payload, "iss").is_some()
        && text(&assertion.payload, "iss") == text(&assertion.payload, "sub")
        && text(&assertion.payload, "aud").is_some()
        && assertion.payload.keys().all(|key| matches!(key.as_str(), "iss" | "sub" | "aud" | "jti"))
}

fn text<'a>(map: &'a IndexMap<String, Node>, key: &str) -> Option<&'a str> {
    match map.get(key) {
        Some(Node::Text(text)) => Some(text),
        _ => None,
    }
}

fn certificate(file: &ProviderFile) -> Result<AssertionKey, String> {
    match file.certificate.as_deref() {
        None | Some("given") => Ok(AssertionKey::Given),
        Some("held_or_given") => Ok(AssertionKey::HeldOrGiven),
        Some(other) => Err(format!("certificate: `{other}` is neither held_or_given nor given")),
    }
}

/// A number, also one written as text.
fn lifetime(assertion: &AssertionFile, most: u32) -> Result<u32, String> {
    let given = match &assertion.lifetime_seconds {
        None => return Ok(ASSERTION_SECONDS),
        Some(Node::Int(seconds)) => u32::try_from(*seconds).ok(),
        Some(Node::Text(text)) => text.parse().ok(),
        Some(_) => None,
    };
    given
        .filter(|seconds| (1..=most).contains(seconds))
        .ok_or_else(|| format!("assertion.lifetimeInSeconds must be a number from 1 to {most}"))
}
