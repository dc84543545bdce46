//! The auth block: which way, and everything that way needs.

mod installed;
mod oauth1;
mod oauth2;
mod signed;
mod two_step;

use domain::provider::{
    Auth, AuthMode, Bill, BodyFormat, ClientAuth, Expiry, ExpiryUnit, Incomplete, Method, ScopeRules,
    TokenLife,
};
use domain::template::Template;

use super::file::{ProviderFile, TokenResponse};
use super::tree::template;
use crate::read::Node;

/// Why an auth block cannot be converted.
pub(super) enum Lack {
    /// It lacks what the mode cannot do without: the definition loads and says so.
    Missing(String),
    /// It says what nobody understands: the file is refused.
    Wrong(String),
}

impl From<String> for Lack {
    fn from(problem: String) -> Self {
        Self::Wrong(problem)
    }
}

pub(super) fn auth(file: &ProviderFile) -> Result<Auth, String> {
    let mode = AuthMode::parse(&file.auth_mode).ok_or_else(|| match file.auth_mode.as_str() {
        "" => "`auth_mode` is missing".to_owned(),
        other => format!("auth_mode: `{other}` is not a mode"),
    })?;
    match convert(file, mode) {
        Ok(auth) => Ok(auth),
        Err(Lack::Missing(problem)) => Ok(Auth::Incomplete(Incomplete { mode, problem })),
        Err(Lack::Wrong(problem)) => Err(problem),
    }
}

fn convert(file: &ProviderFile, mode: AuthMode) -> Result<Auth, Lack> {
    Ok(match mode {
        AuthMode::OAuth1 => Auth::OAuth1(Box::new(oauth1::oauth1(file)?)),
        AuthMode::OAuth2 => Auth::OAuth2(Box::new(oauth2::oauth2(file, token_url(file)?)?)),
        AuthMode::OAuth2Cc => Auth::OAuth2Cc(Box::new(oauth2::client_credentials(file)?)),
        AuthMode::ApiKey => Auth::ApiKey,
        AuthMode::Basic => Auth::Basic,
        AuthMode::None => Auth::None,
        AuthMode::Jwt => Auth::Jwt(Box::new(signed::jwt(file)?)),
        AuthMode::TwoStep => Auth::TwoStep(Box::new(two_step::two_step(file)?)),
        AuthMode::Signature => Auth::Signature(signed::signature(file)?),
        AuthMode::Bill => Auth::Bill(Box::new(Bill { token_url: token_url(file)? })),
        AuthMode::Tba => Auth::Tba(Box::new(oauth1::tba(file)?)),
        AuthMode::AwsSigV4 => Auth::AwsSigV4,
        AuthMode::App => Auth::App(Box::new(installed::app(file, token_url(file)?)?)),
        AuthMode::Custom => Auth::Custom(Box::new(installed::custom(file)?)),
        AuthMode::InstallPlugin => Auth::InstallPlugin(installed::plugin(file)?),
        AuthMode::McpOAuth2 => Auth::McpOAuth2(Box::new(oauth2::mcp(file)?)),
        AuthMode::McpOAuth2Generic => Auth::McpOAuth2Generic(Box::new(oauth2::mcp_generic(file)?)),
    })
}

/// A template that the mode cannot do without.
fn required_template(key: &str, source: Option<&str>) -> Result<Template, Lack> {
    Ok(template(key, required(key, source)?)?)
}

fn required<'a>(key: &str, value: Option<&'a str>) -> Result<&'a str, Lack> {
    value.filter(|text| !text.is_empty()).ok_or_else(|| Lack::Missing(format!("`{key}` is missing")))
}

fn token_url(file: &ProviderFile) -> Result<Template, Lack> {
    match &file.token_url {
        None => required_template("token_url", None),
        Some(Node::Text(url)) => required_template("token_url", Some(url)),
        Some(_) => Err(Lack::Wrong("token_url: must be a URL".to_owned())),
    }
}

fn scope_separator(file: &ProviderFile) -> String {
    file.scope_separator.clone().unwrap_or_else(|| " ".to_owned())
}

/// `authorization_method` says where the client's secret goes, `token_request_auth_method` what goes besides
/// (contract §7.5).
fn client_auth(file: &ProviderFile) -> Result<ClientAuth, String> {
    let header = match file.authorization_method.as_deref() {
        None | Some("body") => false,
        Some("header") => true,
        Some(other) => return Err(format!("authorization_method: `{other}` is neither body nor header")),
    };
    match (header, file.token_request_auth_method.as_deref()) {
        (false, None) => Ok(ClientAuth::Body),
        (true, None | Some("basic")) => Ok(ClientAuth::Basic),
        (false, Some("basic")) => Ok(ClientAuth::BasicAndBody),
        (false, Some("custom")) => Ok(ClientAuth::UsernamePassword),
        (false, Some("private_key_jwt")) => Ok(ClientAuth::PrivateKeyJwt),
        (_, Some(other)) => Err(format!(
            "token_request_auth_method: `{other}` is not one of basic, custom and private_key_jwt"
        )),
    }
}

fn body_format(given: Option<&str>, default: BodyFormat) -> Result<BodyFormat, String> {
    match given {
        None => Ok(default),
        Some("form") => Ok(BodyFormat::Form),
        Some("json") => Ok(BodyFormat::Json),
        Some("query") => Ok(BodyFormat::Query),
        Some("xml") => Ok(BodyFormat::Xml),
        Some(other) => Err(format!("body_format: `{other}` is not one of form, json, query and xml")),
    }
}

/// When the token ends, where an answer says so in a place of its own.
fn answered_expiry(response: &TokenResponse) -> Result<Option<Expiry>, String> {
    let Some(path) = response.token_expiration.clone() else { return Ok(None) };
    match response.token_expiration_strategy.as_deref() {
        None | Some("expireIn") => Ok(Some(Expiry::In(path))),
        Some("expireAt") => Ok(Some(Expiry::At(path))),
        Some(other) => Err(format!(
            "token_response.token_expiration_strategy: `{other}` is neither expireIn nor expireAt"
        )),
    }
}

fn method(key: &str, given: Option<&str>) -> Result<Method, String> {
    match given {
        None => Ok(Method::Post),
        Some(text) if text.eq_ignore_ascii_case("post") => Ok(Method::Post),
        Some(text) if text.eq_ignore_ascii_case("get") => Ok(Method::Get),
        Some(other) => Err(format!("{key}: `{other}` is neither GET nor POST")),
    }
}

fn expiry_unit(file: &ProviderFile) -> Result<ExpiryUnit, String> {
    match file.expires_in_unit.as_deref() {
        None | Some("seconds") => Ok(ExpiryUnit::Seconds),
        Some("milliseconds") => Ok(ExpiryUnit::Milliseconds),
        Some(other) => Err(format!("expires_in_unit: `{other}` is neither seconds nor milliseconds")),
    }
}

fn token_life(file: &ProviderFile) -> Result<TokenLife, String> {
    match file.token_expires_in_ms {
        None => Ok(TokenLife::AsAnswered),
        Some(0) => Ok(TokenLife::Endless),
        Some(ms) if ms > 0 => Ok(TokenLife::Milliseconds(ms)),
        Some(ms) => Err(format!("token_expires_in_ms: {ms} is below 0")),
    }
}

fn scope_rules(file: &ProviderFile) -> Result<ScopeRules, String> {
    match file.scope_rules.as_deref() {
        None => Ok(ScopeRules::None),
        Some("entra") => Ok(ScopeRules::Entra),
        Some(other) => Err(format!("scope_rules: `{other}` is not entra")),
    }
}
