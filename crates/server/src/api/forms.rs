//! Authorizations without a redirect (contract §5.6), key pairs and admin links for the connect page.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use domain::Secret;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::connect::form::Form;
use services::connect::{admin_links, certificates};

use super::submission::{Submission, parse_key};
use crate::app::SharedApp;
use crate::auth::QuerySession;
use crate::error::ApiError;
use crate::openapi::visits;
use crate::strict::{StrictBody, StrictJson, parse_query};
use crate::time::zulu;

/// The client that a person enters.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = ClientForm)]
#[serde(deny_unknown_fields)]
pub struct ClientBody {
    #[serde(rename = "type")]
    _type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_certificate: Option<String>,
    client_private_key: Option<String>,
}

/// Connects with a client of the end user's own (OAUTH2_CC).
#[utoipa::path(post, path = "/oauth2/auth/{key}", tag = "connect", operation_id = "connectClientCredentials", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::FormQuery),
    request_body = ClientBody,
    responses((status = 200, description = "Connected", body = visits::ConnectedAnswer), (status = 404, description = "No such integration")))]
pub async fn client_credentials(
    State(app): State<SharedApp>,
    submission: Submission,
    StrictBody(body): StrictBody<ClientBody>,
) -> Result<Json<Value>, ApiError> {
    let given =
        |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let client_id = given(body.client_id)
        .ok_or_else(|| ApiError::refused("missing_client_id", "Missing param 'client_id'."))?;
    let client_private_key = given(body.client_private_key).map(Secret::from);
    // A key proves the client in place of a secret.
    let client_secret = match (given(body.client_secret), &client_private_key) {
        (Some(secret), _) => Secret::from(secret),
        (None, Some(_)) => Secret::default(),
        (None, None) => {
            return Err(ApiError::refused("missing_client_secret", "Missing param 'client_secret'."));
        }
    };
    let client_certificate = given(body.client_certificate).map(Secret::from);
    let form = Form::ClientCredentials { client_id, client_secret, client_certificate, client_private_key };
    submission.connect(&app, form).await
}

/// Connects with the fields of the provider's form (TWO_STEP).
#[utoipa::path(post, path = "/auth/two-step/{key}", tag = "connect", operation_id = "connectTwoStep", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::FormQuery),
    request_body = visits::DefinedFields,
    responses((status = 200, description = "Connected", body = visits::ConnectedAnswer), (status = 404, description = "No such integration")))]
pub async fn two_step(
    State(app): State<SharedApp>,
    submission: Submission,
    StrictJson(body): StrictJson<Map<String, Value>>,
) -> Result<Json<Value>, ApiError> {
    submission.connect(&app, Form::TwoStep(body)).await
}

/// Connects to an API without credentials (NONE).
#[utoipa::path(post, path = "/auth/unauthenticated/{key}", tag = "connect", operation_id = "connectUnauthenticated", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::FormQuery),
    responses((status = 200, description = "Connected", body = visits::ConnectedAnswer), (status = 404, description = "No such integration")))]
pub async fn unauthenticated(
    State(app): State<SharedApp>,
    submission: Submission,
) -> Result<Json<Value>, ApiError> {
    submission.connect(&app, Form::Unauthenticated).await
}

/// Waits for the vendor's word of an installation (OAUTH2 that begins at the vendor); nothing is connected yet.
#[utoipa::path(post, path = "/auth/oauth-outbound/{key}", tag = "connect", operation_id = "awaitInstallation", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::FormQuery,
        ("ws_client_id" = Option<String>, Query, description = "The page's socket, told when it is connected or failed")),
    responses((status = 200, description = "The webhook is awaited for an hour", body = visits::AwaitingAnswer), (status = 404, description = "No such integration")))]
pub async fn outbound(State(app): State<SharedApp>, submission: Submission) -> Result<Json<Value>, ApiError> {
    submission.wait(&app).await
}

/// Makes a key pair for one connection; the private key stays here.
#[utoipa::path(post, path = "/connect/certificates/{key}", tag = "connect", operation_id = "createCertificate", security(()),
    params(("key" = String, Path, description = "The integration's key"),
        ("connect_session_token" = String, Query, description = "The connect session's token")),
    responses((status = 200, description = "The certificate to upload", body = visits::CertificateAnswer), (status = 404, description = "No such integration")))]
pub async fn certificate(
    State(app): State<SharedApp>,
    QuerySession(session): QuerySession,
    Path(key): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let key = parse_key(&key)?;
    let created = certificates::create(&app.services.context, &session, &key).await?;
    Ok(Json(json!({
        "certificate_id": created.id,
        "thumbprint_sha256": created.thumbprint,
        "certificate_pem": created.certificate_pem,
        "expires_at": zulu(created.expires_at_ms),
    })))
}

/// Makes a link for the tenant's administrator: 7 days, single use.
#[utoipa::path(post, path = "/connect/admin-link/{key}", tag = "connect", operation_id = "createAdminLink", security(()),
    params(("key" = String, Path, description = "The integration's key"),
        ("connect_session_token" = String, Query, description = "The connect session's token"),
        ("ws_client_id" = Option<String>, Query, description = "The page's socket, told when the administrator is done")),
    responses((status = 200, description = "The link", body = visits::AdminLinkAnswer), (status = 404, description = "No such integration")))]
pub async fn admin_link(
    State(app): State<SharedApp>,
    QuerySession(session): QuerySession,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let key = parse_key(&key)?;
    let query = parse_query(query.as_deref().unwrap_or_default());
    let socket = query.get("ws_client_id").and_then(Value::as_str).map(str::to_owned);
    let created = admin_links::create(&app.services.context, &session, &key, socket).await?;
    Ok(Json(json!({
        "url": format!("{}/connect/admin/{}", app.edge.public_url, created.token),
        "expires_at": zulu(created.expires_at_ms),
    })))
}
