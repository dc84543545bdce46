//! The auth block: which way, and everything that way needs.

use domain::provider::{
    Assertion, AssertionKey, Auth, BodyFormat, ClientAuth, ClientCredentials, CodeGrant, OAuth2, Pkce,
    ScopeRules, TwoStep,
};
use domain::template::Template;
use indexmap::IndexMap;
use serde_json::Value;

use super::file::{AssertionFile, ProviderFile};
use super::{parameters, template};

/// The wire's spelling of every mode of contract §4.5 that may be named by [`Auth::Unsupported`].
const MODES: &[&str] = &[
    "OAUTH1",
    "OAUTH2",
    "OAUTH2_CC",
    "BASIC",
    "API_KEY",
    "TWO_STEP",
    "JWT",
    "SIGNATURE",
    "BILL",
    "TBA",
    "APP",
    "CUSTOM",
    "AWS_SIGV4",
    "MCP_OAUTH2",
    "MCP_OAUTH2_GENERIC",
    "INSTALL_PLUGIN",
    "NONE",
];
/// Stands for a mode that contract §4.5 does not know; the raw definition keeps its spelling.
const UNKNOWN_MODE: &str = "UNKNOWN";
/// Life of an assertion when the definition says nothing, seconds (Microsoft advises 5 to 10 minutes).
const ASSERTION_SECONDS: u32 = 300;
/// Longest life of an assertion that is signed, seconds.
const MAX_ASSERTION_SECONDS: u32 = 3_600;

pub(super) fn auth(file: &ProviderFile, not_run: &[String]) -> Result<Auth, String> {
    let mode = MODES.iter().find(|mode| **mode == file.auth_mode).copied().unwrap_or(UNKNOWN_MODE);
    if !not_run.is_empty() {
        return Ok(Auth::Unsupported(mode));
    }
    match mode {
        "OAUTH2" => oauth2(file),
        "OAUTH2_CC" => Ok(Auth::OAuth2Cc(Box::new(client_credentials(file)?))),
        "TWO_STEP" => Ok(Auth::TwoStep(Box::new(two_step(file)?))),
        "NONE" => Ok(Auth::None),
        _ => Ok(Auth::Unsupported(mode)),
    }
}

fn oauth2(file: &ProviderFile) -> Result<Auth, String> {
    let grant = match file.grant.as_deref() {
        None => CodeGrant::AuthorizationCode,
        Some("admin_consent") => CodeGrant::AdminConsent,
        Some(other) => return Err(format!("grant: `{other}` is not admin_consent")),
    };
    // contract §5.2: another grant type in a code flow is an error there; here the definition is not run.
    let grant_type = file.token_params.get("grant_type").and_then(Value::as_str);
    // Without our `grant` key, `tenant` in place of a code means a consent whose tenant nobody would prove.
    let code_parameter = file.authorization_code_param_in_callback.as_deref().unwrap_or("code");
    let unproven = code_parameter == "tenant" && grant == CodeGrant::AuthorizationCode;
    if !matches!(grant_type, None | Some("authorization_code")) || unproven {
        return Ok(Auth::Unsupported("OAUTH2"));
    }
    Ok(Auth::OAuth2(Box::new(OAuth2 {
        authorization_url: template(
            "authorization_url",
            required("authorization_url", file.authorization_url.as_deref())?,
        )?,
        sign_in_url: file.sign_in_url.as_deref().map(|url| template("sign_in_url", url)).transpose()?,
        token_url: token_url(file)?,
        authorization_params: without(
            parameters("authorization_params", &file.authorization_params)?,
            "response_type",
            "code",
        ),
        token_params: without(
            parameters("token_params", &file.token_params)?,
            "grant_type",
            "authorization_code",
        ),
        // Kept whole: what is declared here replaces `token_params`, even if it is the grant type alone.
        refresh_params: parameters("refresh_params", &file.refresh_params)?,
        scope_separator: scope_separator(file),
        default_scopes: file.default_scopes.clone(),
        client_auth: client_auth(file)?,
        body_format: body_format(file, BodyFormat::Form)?,
        pkce: if file.disable_pkce { Pkce::Off } else { Pkce::S256 },
        code_parameter: code_parameter.to_owned(),
        grant,
        token_response_metadata: file.token_response_metadata.clone(),
        redirect_uri_metadata: file.redirect_uri_metadata.clone(),
        scope_rules: scope_rules(file)?,
    })))
}

fn client_credentials(file: &ProviderFile) -> Result<ClientCredentials, String> {
    Ok(ClientCredentials {
        token_url: token_url(file)?,
        token_params: without(
            parameters("token_params", &file.token_params)?,
            "grant_type",
            "client_credentials",
        ),
        scope_separator: scope_separator(file),
        default_scopes: file.default_scopes.clone(),
        client_auth: client_auth(file)?,
        body_format: body_format(file, BodyFormat::Form)?,
        scope_rules: scope_rules(file)?,
    })
}

fn two_step(file: &ProviderFile) -> Result<TwoStep, String> {
    let response = file.token_response.as_ref();
    let assertion = file.assertion.as_ref().map(|assertion| self::assertion(file, assertion)).transpose()?;
    let mut params = file.token_params.clone();
    if assertion.is_some() {
        name_the_signed_assertion(&mut params);
    }
    Ok(TwoStep {
        token_url: token_url(file)?,
        token_params: parameters("token_params", &params)?,
        body_format: body_format(file, BodyFormat::Json)?,
        assertion,
        token_path: response.map_or_else(|| "access_token".to_owned(), |response| response.token.clone()),
        expiration_path: response.and_then(|response| response.token_expiration.clone()),
        scope_rules: scope_rules(file)?,
    })
}

/// The field's files say `${credentials.assertion}` for an assertion that the server signs; ours says
/// `${assertion}` and keeps the credentials for what a person pasted.
fn name_the_signed_assertion(params: &mut IndexMap<String, Value>) {
    let already =
        params.values().any(|value| value.as_str().is_some_and(|text| text.contains("${assertion}")));
    if already {
        return;
    }
    for value in params.values_mut() {
        if let Value::String(text) = value {
            *text = text.replace("${credentials.assertion}", "${assertion}");
        }
    }
}

fn assertion(file: &ProviderFile, assertion: &AssertionFile) -> Result<Assertion, String> {
    let claim = |name: &str| {
        let text = required(name, assertion.payload.get(name).and_then(Value::as_str))?;
        template(&format!("assertion.payload.{name}"), text)
    };
    let lifetime_seconds = match assertion.lifetime_seconds.as_ref() {
        None => ASSERTION_SECONDS,
        Some(value) => value
            .as_u64()
            .and_then(|seconds| u32::try_from(seconds).ok())
            .filter(|seconds| (1..=MAX_ASSERTION_SECONDS).contains(seconds))
            .ok_or_else(|| {
                format!("assertion.lifetimeInSeconds must be 1 to {MAX_ASSERTION_SECONDS}, not {value}")
            })?,
    };
    let key = match file.certificate.as_deref() {
        None | Some("given") => AssertionKey::Given,
        Some("held_or_given") => AssertionKey::HeldOrGiven,
        Some(other) => return Err(format!("certificate: `{other}` is neither held_or_given nor given")),
    };
    Ok(Assertion { audience: claim("aud")?, issuer: claim("iss")?, lifetime_seconds, key })
}

fn token_url(file: &ProviderFile) -> Result<Template, String> {
    template("token_url", required("token_url", file.token_url.as_ref().and_then(Value::as_str))?)
}

fn scope_separator(file: &ProviderFile) -> String {
    file.scope_separator.clone().unwrap_or_else(|| " ".to_owned())
}

fn client_auth(file: &ProviderFile) -> Result<ClientAuth, String> {
    match file.authorization_method.as_deref() {
        None | Some("body") => Ok(ClientAuth::Body),
        Some("header") => Ok(ClientAuth::Basic),
        Some(other) => Err(format!("authorization_method: `{other}` is neither body nor header")),
    }
}

fn body_format(file: &ProviderFile, default: BodyFormat) -> Result<BodyFormat, String> {
    match file.body_format.as_deref() {
        None => Ok(default),
        Some("form") => Ok(BodyFormat::Form),
        Some("json") => Ok(BodyFormat::Json),
        Some(other) => Err(format!("body_format: `{other}` is neither form nor json")),
    }
}

fn scope_rules(file: &ProviderFile) -> Result<ScopeRules, String> {
    match file.scope_rules.as_deref() {
        None => Ok(ScopeRules::None),
        Some("entra") => Ok(ScopeRules::Entra),
        Some(other) => Err(format!("scope_rules: `{other}` is not entra")),
    }
}

fn required<'a>(key: &str, value: Option<&'a str>) -> Result<&'a str, String> {
    value.filter(|text| !text.is_empty()).ok_or_else(|| format!("`{key}` is missing"))
}

/// Drops a parameter that the grant sets anyway, so that it cannot be sent twice.
fn without(params: Vec<(String, Template)>, name: &str, value: &str) -> Vec<(String, Template)> {
    params.into_iter().filter(|(key, template)| key != name || template.source() != value).collect()
}
