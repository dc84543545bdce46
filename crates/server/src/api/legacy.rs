//! Deprecated routes that code of the field still calls (contract §2.2, §2.4); each leads to today's use-case.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use domain::{IntegrationKey, Scope};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::credentials::account::OpenIntegration;
use services::error::Error;
use services::store::JsonWrite;

use super::{import, integration_client, integrations, metadata};
use crate::app::SharedApp;
use crate::auth::{CreateConnection, Granted, ReadIntegration, UpdateConnection};
use crate::error::ApiError;
use crate::strict::{self, NoQuery, QueryFlag, StrictJson, StrictQuery};
use crate::time::{self, zulu};

/// The query of `GET /config/{key}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigQuery {
    #[serde(default)]
    include_creds: QueryFlag,
}

/// `GET /config/{key}`: an integration in its older shape.
pub async fn config(
    State(app): State<SharedApp>,
    caller: Granted<ReadIntegration>,
    Path(key): Path<String>,
    StrictQuery(query): StrictQuery<ConfigQuery>,
) -> Result<Json<Value>, ApiError> {
    const CREDENTIALS: &str = "environment:integrations:read_credentials";
    if query.include_creds.0 && !caller.also(CREDENTIALS) {
        return Err(ApiError::insufficient_scope(&[CREDENTIALS]));
    }
    let integration = integrations::find(&app, caller.scope(), &key).await?;
    let mut config = json!({
        "unique_key": integration.key.as_str(), "provider": integration.provider.as_str(), "syncs": [], "actions": [],
    });
    if query.include_creds.0 {
        let entry = services::integrations::entry(&app.services.context, integration.provider.as_str())?;
        config["auth_mode"] = entry.provider.auth.mode().as_str().into();
        let client = integration_client::shown(&app, integration)?;
        if let Value::Object(client) = client {
            for (name, value) in client.into_iter().filter(|(name, _)| name != "type") {
                config[name] = value;
            }
        }
    }
    Ok(Json(json!({"config": config})))
}

/// The query that names an integration, unless a header does.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyQuery {
    provider_config_key: Option<String>,
}

fn integration_key<'a>(query: &'a KeyQuery, headers: &'a HeaderMap) -> Result<&'a str, ApiError> {
    let header = headers.get("provider-config-key").and_then(|value| value.to_str().ok());
    query.provider_config_key.as_deref().or(header).filter(|key| !key.is_empty()).ok_or_else(|| {
        ApiError::refused("missing_provider_config", "provider_config_key is missing from the query")
    })
}

/// `POST /connection/{id}/metadata`: the whole body is the metadata.
pub async fn replace_metadata(
    State(app): State<SharedApp>,
    caller: Granted<UpdateConnection>,
    Path(id): Path<String>,
    headers: HeaderMap,
    StrictQuery(query): StrictQuery<KeyQuery>,
    StrictJson(body): StrictJson<Map<String, Value>>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let key = integration_key(&query, &headers)?;
    metadata::write(&app, caller.scope(), key, &[id], JsonWrite::Replace(body.clone())).await?;
    Ok((StatusCode::CREATED, Json(Value::Object(body))))
}

/// `PATCH /connection/{id}/metadata`: the whole body is merged.
pub async fn merge_metadata(
    State(app): State<SharedApp>,
    caller: Granted<UpdateConnection>,
    Path(id): Path<String>,
    headers: HeaderMap,
    StrictQuery(query): StrictQuery<KeyQuery>,
    StrictJson(body): StrictJson<Map<String, Value>>,
) -> Result<Json<Value>, ApiError> {
    let key = integration_key(&query, &headers)?;
    metadata::write(&app, caller.scope(), key, &[id], JsonWrite::Merge(body.clone())).await?;
    Ok(Json(Value::Object(body)))
}

/// `POST /connection`: an import whose credentials stand flat in the body.
pub async fn import_connection(
    State(app): State<SharedApp>,
    caller: Granted<CreateConnection>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(mut body): StrictJson<Map<String, Value>>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Some(key) = text(&body, "provider_config_key") else {
        return Err(ApiError::refused("missing_provider_config", "provider_config_key is missing"));
    };
    let mode = mode(&app, caller.scope(), key).await?;
    let credentials = credentials(&mode, &body, app.services.context.now_ms())?;
    let mut nested: Map<String, Value> =
        ["provider_config_key", "connection_id", "metadata", "connection_config"]
            .into_iter()
            .chain(["webhook_url_override"])
            .filter_map(|name| Some((name.to_owned(), body.get(name)?.clone())))
            .collect();
    nested.insert("credentials".to_owned(), credentials);
    let read = strict::from_value(Value::Object(nested));
    let read = read.map_err(|issues| ApiError::invalid("invalid_body", issues))?;
    let connection = import::import(&app, caller.scope(), read).await?;
    body.insert("connection_id".to_owned(), connection.id.as_str().into());
    Ok((StatusCode::CREATED, Json(Value::Object(body))))
}

async fn mode(app: &SharedApp, scope: Scope, key: &str) -> Result<String, ApiError> {
    let unknown = || ApiError::refused("unknown_provider_config", "Provider does not exists");
    let key = IntegrationKey::parse(key).map_err(|_| unknown())?;
    match OpenIntegration::load(&app.services.context, scope, &key).await {
        Ok(open) => Ok(open.entry.provider.auth.mode().as_str().to_owned()),
        Err(Error::UnknownIntegration(_)) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A field that must be there, with the contract's code where it is not.
fn required(body: &Map<String, Value>, name: &str, code: &str) -> Result<Value, ApiError> {
    match body.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.as_str().into()),
        // The field's own clients send ids as numbers too.
        Some(Value::Number(number)) => Ok(number.to_string().into()),
        _ => Err(ApiError::refused(code, format!("{name} is missing"))),
    }
}

/// The nested form of the flat credentials.
fn credentials(mode: &str, body: &Map<String, Value>, now_ms: i64) -> Result<Value, ApiError> {
    let need = |name: &str, code: &str| required(body, name, code);
    let mut out = json!({"type": mode});
    match mode {
        "OAUTH2" => {
            out["access_token"] = need("access_token", "missing_access_token")?;
            if let Some(token) = text(body, "refresh_token") {
                out["refresh_token"] = token.into();
            }
            if let Some(end_ms) = end(body, now_ms)? {
                out["expires_at"] = zulu(end_ms).into();
            }
            client_override(body, &mut out);
        }
        "OAUTH2_CC" => {
            out["token"] = need("access_token", "missing_access_token")?;
            out["client_id"] = need("oauth_client_id_override", "missing_client_id")?;
            out["client_secret"] = need("oauth_client_secret_override", "missing_client_secret")?;
            if let Some(end) = body.get("expires_at") {
                out["expires_at"] = end.clone();
            }
        }
        "OAUTH1" => {
            out["oauth_token"] = need("oauth_token", "missing_access_token")?;
            out["oauth_token_secret"] = need("oauth_token_secret", "missing_access_token")?;
        }
        "BASIC" => {
            out["username"] = need("username", "missing_basic_username")?;
            out["password"] = body.get("password").cloned().unwrap_or_else(|| "".into());
        }
        "API_KEY" => out["apiKey"] = need("api_key", "missing_api_key")?,
        "APP" | "CUSTOM" => {
            out["app_id"] = need("app_id", "missing_app_id")?;
            out["installation_id"] = need("installation_id", "missing_installation_id")?;
        }
        "TBA" => {
            let config = body.get("connection_config").and_then(|config| config.get("accountId"));
            if config.is_none() {
                return Err(ApiError::refused(
                    "missing_account_id",
                    "connection_config.accountId is missing",
                ));
            }
            out["token_id"] = need("token_id", "missing_access_token")?;
            out["token_secret"] = need("token_secret", "missing_access_token")?;
            client_override(body, &mut out);
        }
        "NONE" => {}
        other => {
            let message = format!("Connections that authorize by {other} cannot be imported");
            return Err(ApiError::refused("invalid_auth_mode", message));
        }
    }
    Ok(out)
}

fn client_override(body: &Map<String, Value>, out: &mut Value) {
    let (id, secret) = (text(body, "oauth_client_id_override"), text(body, "oauth_client_secret_override"));
    if id.is_some() || secret.is_some() {
        out["config_override"] = json!({"client_id": id, "client_secret": secret});
    }
}

/// The token's end, Unix milliseconds: `expires_at`, or `expires_in` seconds from now; `None` only where asked for.
fn end(body: &Map<String, Value>, now_ms: i64) -> Result<Option<i64>, ApiError> {
    let invalid = || ApiError::refused("invalid_expires_at", "expires_at or expires_in is not a moment");
    match (body.get("expires_at"), body.get("expires_in")) {
        (Some(at), _) => time::from_json(at).map(Some).ok_or_else(invalid),
        (None, Some(seconds)) => {
            let seconds = seconds.as_i64().or_else(|| seconds.as_str()?.parse().ok());
            let after =
                seconds.filter(|seconds| (0..=31_536_000_000).contains(seconds)).ok_or_else(invalid)?;
            Ok(Some(now_ms + after * 1000))
        }
        (None, None) if body.get("no_expiration") == Some(&Value::Bool(true)) => Ok(None),
        (None, None) => Err(ApiError::refused(
            "missing_expires_at",
            "expires_at or expires_in is missing; say no_expiration: true for a token without an end",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(mode: &str, body: Value) -> String {
        let body = body.as_object().unwrap().clone();
        credentials(mode, &body, 0).unwrap_err().parts().1.to_owned()
    }

    #[test]
    fn what_is_missing_has_its_code() {
        assert_eq!(code("OAUTH2", json!({})), "missing_access_token");
        assert_eq!(code("OAUTH2", json!({"access_token": "a"})), "missing_expires_at");
        assert_eq!(code("OAUTH2", json!({"access_token": "a", "expires_at": "soon"})), "invalid_expires_at");
        assert_eq!(code("OAUTH2", json!({"access_token": "a", "expires_in": -1})), "invalid_expires_at");
        assert_eq!(
            code("OAUTH2", json!({"access_token": "a", "expires_in": i64::MAX})),
            "invalid_expires_at"
        );
        assert_eq!(code("API_KEY", json!({"api_key": ""})), "missing_api_key");
        assert_eq!(code("BASIC", json!({"password": "p"})), "missing_basic_username");
        assert_eq!(code("APP", json!({})), "missing_app_id");
        assert_eq!(code("APP", json!({"app_id": 7})), "missing_installation_id");
        assert_eq!(code("TBA", json!({"token_id": "a"})), "missing_account_id");
        assert_eq!(code("SIGNATURE", json!({})), "invalid_auth_mode");
    }

    #[test]
    fn flat_becomes_nested() {
        let body = json!({"access_token": "a", "expires_in": 60, "oauth_client_id_override": "id"});
        let nested = credentials("OAUTH2", body.as_object().unwrap(), 1_767_323_045_678).unwrap();
        assert_eq!(
            nested,
            json!({"type": "OAUTH2", "access_token": "a", "expires_at": "2026-01-02T03:05:05.678Z",
                "config_override": {"client_id": "id", "client_secret": null}})
        );
    }
}
