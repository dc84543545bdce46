//! Keys that change how credentials are obtained or sent and that this version does not run.
//!
//! A definition that uses one loads, lists and says so; it never runs as if the key were not there.

use serde_json::Value;

use super::file::{AssertionFile, ProviderFile};

/// Keys outside [`ProviderFile`] that no auth mode runs yet.
const NOT_RUN: &[&str] = &[
    "additional_steps",
    "alternate_access_token_response_path",
    "assertion_option",
    "auth_type",
    "authorization_code_param_in_webhook",
    "authorization_url_fragment",
    "authorization_url_replacements",
    "authorization_url_skip_empty",
    "authorization_url_skip_encode",
    "expires_in_unit",
    "installation",
    "integration_config",
    "refresh_token_headers",
    "refresh_token_params",
    "refresh_url",
    "require_client_certificate",
    "signature",
    "token_expires_in_ms",
    "token_request_auth_method",
    "token_request_method",
    "token_response_headers",
    "token_url_skip_encode",
    "webhook_response_metadata",
];

/// The definition's keys that are not run, spelled as in the file.
pub(super) fn keys(file: &ProviderFile) -> Vec<String> {
    let mut found: Vec<String> =
        NOT_RUN.iter().filter(|key| file.rest.contains_key(**key)).map(|key| (*key).to_owned()).collect();
    found.extend(missing_urls(file));
    if file.token_url.as_ref().is_some_and(|url| !url.is_string()) {
        found.push("token_url (a map)".to_owned());
    }
    if !matches!(file.body_format.as_deref(), None | Some("form" | "json")) {
        found.push("body_format".to_owned());
    }
    for (key, map) in [
        ("authorization_params", &file.authorization_params),
        ("token_params", &file.token_params),
        ("refresh_params", &file.refresh_params),
    ] {
        if map.values().any(|value| value.is_object() || value.is_array()) {
            found.push(format!("{key} (nested)"));
        }
    }
    if !file.token_headers.iter().all(|(name, value)| is_implied_header(name, value)) {
        found.push("token_headers".to_owned());
    }
    if let Some(response) = &file.token_response {
        if response.token_expiration_strategy.as_deref() == Some("expireAt") {
            found.push("token_response.token_expiration_strategy".to_owned());
        }
        if response.refresh_token.is_some() {
            found.push("token_response.refresh_token".to_owned());
        }
    }
    if file.assertion.as_ref().is_some_and(|assertion| !is_entra_assertion(assertion)) {
        found.push("assertion".to_owned());
    }
    found
}

/// URLs that the auth mode cannot do without; the field has an entry that forgot one.
fn missing_urls(file: &ProviderFile) -> impl Iterator<Item = String> {
    let needed: &[(&str, bool)] = match file.auth_mode.as_str() {
        "OAUTH2" => &[
            ("authorization_url", file.authorization_url.is_some()),
            ("token_url", file.token_url.is_some()),
        ],
        "OAUTH2_CC" | "TWO_STEP" => &[("token_url", file.token_url.is_some())],
        _ => &[],
    };
    let missing: Vec<String> =
        needed.iter().filter(|(_, given)| !given).map(|(key, _)| format!("{key} (missing)")).collect();
    missing.into_iter()
}

/// Headers that every token request carries anyway.
fn is_implied_header(name: &str, value: &Value) -> bool {
    let Value::String(value) = value else { return false };
    match name.to_ascii_lowercase().as_str() {
        "content-type" => {
            matches!(value.as_str(), "application/x-www-form-urlencoded" | "application/json")
        }
        "accept" => value == "application/json",
        _ => false,
    }
}

/// PS256 with `x5t#S256`, `iss` equal to `sub` (reference/microsoft.md §1.8): the one kind that is signed here.
fn is_entra_assertion(assertion: &AssertionFile) -> bool {
    let text = |map: &indexmap::IndexMap<String, Value>, key: &str| {
        map.get(key).and_then(Value::as_str).map(str::to_owned)
    };
    assertion.kind == "jwt"
        && text(&assertion.header, "alg").as_deref() == Some("PS256")
        && assertion.header.contains_key("x5t#S256")
        && text(&assertion.payload, "iss").is_some()
        && text(&assertion.payload, "iss") == text(&assertion.payload, "sub")
        && text(&assertion.payload, "aud").is_some()
        && assertion.payload.keys().all(|key| matches!(key.as_str(), "iss" | "sub" | "aud" | "jti"))
}
