//! Keys that a definition has and that change nothing here: named, with the reason, never dropped in silence.

use domain::provider::AuthMode;
use indexmap::IndexMap;

use super::auth::Lack;
use super::fields::has_bad_pattern;
use super::file::{OWN_KEYS, ProviderFile};
use super::proxy;
use crate::read::Node;

/// A key that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The key, dotted.
    pub key: String,
    /// Why it changes nothing.
    pub reason: String,
}

/// Keys that mean the same in every mode.
const EVERYWHERE: &[&str] = &[
    "display_name",
    "categories",
    "auth_mode",
    "docs",
    "docs_connect",
    "setup_guide_url",
    "proxy",
    "connection_config",
    "credentials",
    "integration_config",
    "webhook_routing_script",
    "webhook_user_defined_secret",
    "webhook_allowed_query_params",
    "post_connection_script",
    "credentials_verification_script",
    "pre_connection_deletion_script",
];
/// Keys of the field's file that its own program does not read either (contract §4.1 "unused legacy").
const LEGACY: &[&str] = &["auth", "decode_url", "connection_configuration"];

const CODE_FLOW: &[&str] = &[
    "authorization_url",
    "token_url",
    "refresh_url",
    "authorization_params",
    "token_params",
    "refresh_params",
    "token_headers",
    "scope_separator",
    "default_scopes",
    "body_format",
    "authorization_method",
    "token_request_auth_method",
    "disable_pkce",
    "authorization_code_param_in_callback",
    "authorization_url_replacements",
    "authorization_url_skip_encode",
    "authorization_url_skip_empty",
    "authorization_url_fragment",
    "token_url_skip_encode",
    "alternate_access_token_response_path",
    "token_response_metadata",
    "refresh_token_response_metadata",
    "redirect_uri_metadata",
    "token_expiration_buffer",
    "token_expires_in_ms",
    "expires_in_unit",
    "token_response",
    "installation",
    "authorization_code_param_in_webhook",
    "webhook_response_metadata",
];
const REGISTRATION: &[&str] = &["client_registration", "registration_url", "registration_params"];
const OAUTH1: &[&str] = &[
    "request_url",
    "authorization_url",
    "token_url",
    "request_params",
    "authorization_params",
    "token_params",
    "signature_method",
    "request_http_method",
    "token_http_method",
    "scope_separator",
    "default_scopes",
    "token_response_metadata",
    "redirect_uri_metadata",
];
const CLIENT_CREDENTIALS: &[&str] = &[
    "token_url",
    "token_params",
    "token_headers",
    "scope_separator",
    "default_scopes",
    "body_format",
    "authorization_method",
    "token_request_auth_method",
    "require_client_certificate",
    "token_response_metadata",
    "token_expiration_buffer",
    "token_expires_in_ms",
    "expires_in_unit",
];
const TWO_STEP: &[&str] = &[
    "token_url",
    "refresh_url",
    "token_params",
    "token_headers",
    "token_request_method",
    "body_format",
    "additional_steps",
    "refresh_token_params",
    "refresh_token_headers",
    "token_response",
    "token_response_headers",
    "token_response_metadata",
    "token_expires_in_ms",
    "token_expiration_buffer",
    "assertion",
    "assertion_option",
    "signature",
    "token",
    "default_scopes",
];

/// Keys that a mode reads.
fn used(mode: AuthMode) -> &'static [&'static [&'static str]] {
    match mode {
        AuthMode::OAuth1 => &[OAUTH1],
        AuthMode::OAuth2 => &[CODE_FLOW],
        AuthMode::Custom => &[CODE_FLOW],
        AuthMode::OAuth2Cc => &[CLIENT_CREDENTIALS],
        AuthMode::TwoStep => &[TWO_STEP],
        AuthMode::Jwt | AuthMode::Signature => &[&["signature", "token"]],
        AuthMode::Bill => &[&["token_url"]],
        AuthMode::Tba => &[&["signature_method"]],
        AuthMode::App => &[&["authorization_url", "token_url"]],
        AuthMode::InstallPlugin => &[&["auth_type", "redirect_uri_metadata"]],
        AuthMode::McpOAuth2 => &[CODE_FLOW, REGISTRATION],
        AuthMode::McpOAuth2Generic => &[&["default_scopes"]],
        AuthMode::ApiKey | AuthMode::Basic | AuthMode::None | AuthMode::AwsSigV4 => &[],
    }
}

pub(super) fn ignored(body: &IndexMap<String, Node>, file: &ProviderFile, mode: AuthMode) -> Vec<Ignored> {
    let known = |key: &str| {
        EVERYWHERE.contains(&key)
            || OWN_KEYS.contains(&key)
            || used(mode).iter().any(|keys| keys.contains(&key))
    };
    let mut found: Vec<Ignored> = body
        .keys()
        .filter(|key| !known(key))
        // In a code flow it is an older spelling of `refresh_params`.
        .filter(|key| !(*key == "refresh_token_params" && used(mode).contains(&CODE_FLOW)))
        .map(|key| {
            let reason = if LEGACY.contains(&key.as_str()) {
                "an old key that nobody reads".to_owned()
            } else {
                format!("has no meaning in {mode}")
            };
            Ignored { key: key.clone(), reason }
        })
        .collect();
    for (name, _) in file.credentials.iter().filter(|(_, field)| has_bad_pattern(field)) {
        let reason = "is not a regular expression, so values are not checked against it".to_owned();
        found.push(Ignored { key: format!("credentials.{name}.pattern"), reason });
    }
    if let Some(Err(Lack::Missing(problem))) =
        file.proxy.as_ref().and_then(|proxy| proxy.paginate.as_ref()).map(proxy::paginate)
    {
        found.push(Ignored { key: "proxy.paginate".to_owned(), reason: problem });
    }
    found
}
