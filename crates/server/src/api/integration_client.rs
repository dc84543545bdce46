//! The `credentials` of an integration (contract §2.2): an OAuth client, an installed app, or both.

use domain::Secret;
use domain::integration::Integration;
use domain::provider::{Auth, Provider};
use serde::Deserialize;
use serde_json::{Value, json};
use services::error::Error;
use services::integration_secrets::IntegrationSecrets;
use services::integrations::{self, IntegrationChanges};

use crate::app::SharedApp;
use crate::error::ApiError;

/// The credentials of an integration's OAuth client or app.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = IntegrationClient)]
#[serde(deny_unknown_fields)]
pub struct ClientBody {
    r#type: String,
    client_id: Option<String>,
    client_secret: Option<String>,
    scopes: Option<String>,
    webhook_secret: Option<String>,
    /// APP and CUSTOM: the app's id.
    app_id: Option<String>,
    /// APP and CUSTOM: the app's public page.
    app_link: Option<String>,
    /// APP and CUSTOM: the key that the app signs with, PEM.
    private_key: Option<String>,
}

impl ClientBody {
    fn given(&self, field: &str) -> Option<&String> {
        match field {
            "client_id" => self.client_id.as_ref(),
            "client_secret" => self.client_secret.as_ref(),
            "app_id" => self.app_id.as_ref(),
            "app_link" => self.app_link.as_ref(),
            "private_key" => self.private_key.as_ref(),
            _ => None,
        }
    }
}

/// A new integration must have all that its mode needs.
pub fn check_whole(provider: &Provider, body: Option<&ClientBody>) -> Result<(), ApiError> {
    let Some(body) = body else {
        if integrations::needs_client(provider) {
            let message = format!("Credentials are required for {}", provider.auth.mode().as_str());
            return Err(refused(message, &["credentials"]));
        }
        return Ok(());
    };
    for field in integrations::required_client_fields(provider) {
        if body.given(field).is_none() {
            return Err(refused(format!("{field} is required"), &["credentials", field]));
        }
    }
    Ok(())
}

/// The client's part of the changes; its type must be the provider's.
pub fn changes(provider: &Provider, body: Option<ClientBody>) -> Result<IntegrationChanges, ApiError> {
    let Some(body) = body else { return Ok(IntegrationChanges::default()) };
    let mode = provider.auth.mode().as_str();
    if body.r#type != mode {
        let message = format!("Invalid credentials type: the provider authorizes by {mode}");
        return Err(refused(message, &["credentials", "type"]));
    }
    check_fields(provider, &body)?;
    let scopes = body.scopes.as_deref().map(parse_scopes).transpose()?;
    Ok(IntegrationChanges {
        client_id: body.client_id,
        client_secret: body.client_secret.map(Secret::from),
        scopes,
        webhook_secret: body.webhook_secret.map(Secret::from),
        app_id: body.app_id,
        app_link: body.app_link,
        private_key: body.private_key.map(Secret::from),
        ..IntegrationChanges::default()
    })
}

/// The fields that a mode takes, besides those that it needs.
fn optional_fields(provider: &Provider) -> &'static [&'static str] {
    match &provider.auth {
        Auth::OAuth1(_) | Auth::OAuth2(_) | Auth::Tba(_) => &["scopes", "webhook_secret"],
        Auth::McpOAuth2(_) => &["client_id", "client_secret", "scopes"],
        Auth::McpOAuth2Generic(_) => &["scopes"],
        Auth::Custom(_) => &["scopes", "webhook_secret"],
        Auth::App(_) => &["webhook_secret"],
        _ => &[],
    }
}

fn check_fields(provider: &Provider, body: &ClientBody) -> Result<(), ApiError> {
    let mode = provider.auth.mode().as_str();
    let known: Vec<&str> =
        [integrations::required_client_fields(provider), optional_fields(provider)].concat();
    if known.is_empty() {
        return Err(refused(format!("{mode} takes no credentials on the integration"), &["credentials"]));
    }
    let texts = [
        ("client_id", &body.client_id, 255),
        ("client_secret", &body.client_secret, 8_192),
        ("scopes", &body.scopes, 16_384),
        ("webhook_secret", &body.webhook_secret, 255),
        ("app_id", &body.app_id, 255),
        ("app_link", &body.app_link, 2_048),
        ("private_key", &body.private_key, 16_384),
    ];
    for (field, text, most) in texts {
        let Some(text) = text else { continue };
        let path = ["credentials", field];
        if !known.contains(&field) {
            return Err(refused(format!("{mode} takes no {field}"), &path));
        }
        let may_be_empty = matches!(field, "scopes" | "webhook_secret");
        if text.len() > most || (text.is_empty() && !may_be_empty) {
            return Err(refused(format!("must be 1 to {most} characters"), &path));
        }
    }
    if let Some(link) = &body.app_link
        && !url::Url::parse(link).is_ok_and(|link| matches!(link.scheme(), "https" | "http"))
    {
        return Err(refused(
            "must be the https address of the app's public page".to_owned(),
            &["credentials", "app_link"],
        ));
    }
    match &body.private_key {
        Some(key) if !services::credentials::schemes::app::is_private_key(key) => {
            let message = "must be an RSA private key in PEM form (-----BEGIN RSA PRIVATE KEY-----)";
            Err(refused(message.to_owned(), &["credentials", "private_key"]))
        }
        _ => Ok(()),
    }
}

/// Comma separated; spaces are not allowed (contract §2.2).
fn parse_scopes(text: &str) -> Result<Vec<String>, ApiError> {
    let plain =
        |scope: &str| scope.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/_.*-".contains(&byte));
    let scopes: Vec<&str> = text.split(',').filter(|scope| !scope.is_empty()).collect();
    match scopes.iter().find(|scope| !plain(scope)) {
        Some(odd) => {
            let message = format!("`{odd}` is not a scope; separate scopes by commas, without spaces");
            Err(refused(message, &["credentials", "scopes"]))
        }
        None => Ok(scopes.into_iter().map(str::to_owned).collect()),
    }
}

fn refused(message: String, path: &[&str]) -> ApiError {
    Error::field(message, path).into()
}

/// What of an integration's credentials is no secret; null for modes that take none.
pub fn without_secrets(app: &SharedApp, integration: &Integration) -> Value {
    let entry = app.services.context.catalog.get(&integration.provider);
    let Some(auth) = entry.as_ref().map(|entry| &entry.provider.auth) else { return Value::Null };
    let text = |text: &str| if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) };
    let maybe = |given: &Option<String>| text(given.as_deref().unwrap_or_default());
    let mut shown = json!({"type": auth.mode().as_str()});
    let client = has_client(auth);
    if client {
        shown["client_id"] = maybe(&integration.client_id);
    }
    match auth {
        Auth::App(_) | Auth::Custom(_) => {
            shown["app_id"] = maybe(&integration.settings.app_id);
            shown["app_link"] = maybe(&integration.settings.app_link);
        }
        _ if client => shown["scopes"] = text(&integration.scopes.join(",")),
        _ => return Value::Null,
    }
    shown
}

fn has_client(auth: &Auth) -> bool {
    matches!(auth, Auth::OAuth1(_) | Auth::OAuth2(_) | Auth::Tba(_) | Auth::Custom(_) | Auth::McpOAuth2(_))
}

/// The credentials of an integration, for callers who may read them; null for modes that take none.
pub fn shown(app: &SharedApp, integration: Integration) -> Result<Value, ApiError> {
    let mut shown = without_secrets(app, &integration);
    if shown.is_null() {
        return Ok(shown);
    }
    let secrets = IntegrationSecrets::open(&app.services.context, &integration)?;
    let text = |text: &str| if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) };
    if shown.get("client_id").is_some() {
        shown["client_secret"] = text(secrets.client.expose());
    }
    match shown.get("app_id").is_some() {
        true => shown["private_key"] = text(secrets.private_key.expose()),
        false => shown["webhook_secret"] = text(secrets.webhook.expose()),
    }
    Ok(shown)
}
