//! Forms of the modes that sign: `/auth/tba`, `/auth/signature`, `/auth/aws-sigv4` (contract §5.6).

use axum::Json;
use axum::extract::State;
use domain::Secret;
use serde::Deserialize;
use serde_json::Value;
use services::connect::form::Form;
use services::connect::signed_forms::{RoleForm, TbaForm};
use services::error::{Error, FieldIssue};

use super::submission::Submission;
use crate::app::SharedApp;
use crate::error::ApiError;
use crate::openapi::visits;
use crate::strict::StrictJson;

/// NetSuite's tokens.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = TbaForm)]
#[serde(deny_unknown_fields)]
pub struct TbaBody {
    #[serde(rename = "type")]
    _type: Option<String>,
    token_id: String,
    token_secret: String,
    oauth_client_id_override: Option<String>,
    oauth_client_secret_override: Option<String>,
}

/// A name and a password.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = SignatureForm)]
#[serde(deny_unknown_fields)]
pub struct SignatureBody {
    #[serde(rename = "type")]
    _type: Option<String>,
    username: String,
    password: String,
}

/// A role.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = RoleForm)]
#[serde(deny_unknown_fields)]
pub struct RoleBody {
    #[serde(rename = "type")]
    _type: Option<String>,
    role_arn: String,
    region: Option<String>,
}

/// Connects with NetSuite's tokens (TBA).
#[utoipa::path(post, path = "/auth/tba/{key}", tag = "connect", operation_id = "connectTba", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::FormQuery),
    request_body = TbaBody,
    responses((status = 200, description = "Connected", body = visits::ConnectedAnswer), (status = 404, description = "No such integration")))]
pub async fn tba(
    State(app): State<SharedApp>,
    submission: Submission,
    StrictJson(body): StrictJson<TbaBody>,
) -> Result<Json<Value>, ApiError> {
    let own = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let form = Form::Tba(TbaForm {
        token_id: given("token_id", &body.token_id)?,
        token_secret: given("token_secret", &body.token_secret)?,
        client_id: own(body.oauth_client_id_override),
        client_secret: own(body.oauth_client_secret_override).map(Secret::from),
    });
    submission.connect(&app, form).await
}

/// Connects with a name and a password that sign (SIGNATURE).
#[utoipa::path(post, path = "/auth/signature/{key}", tag = "connect", operation_id = "connectSignature", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::FormQuery),
    request_body = SignatureBody,
    responses((status = 200, description = "Connected", body = visits::ConnectedAnswer), (status = 404, description = "No such integration")))]
pub async fn signature(
    State(app): State<SharedApp>,
    submission: Submission,
    StrictJson(body): StrictJson<SignatureBody>,
) -> Result<Json<Value>, ApiError> {
    let form = Form::Signature {
        username: given("username", &body.username)?,
        password: given("password", &body.password)?,
    };
    submission.connect(&app, form).await
}

/// Connects with a role to assume (AWS_SIGV4).
#[utoipa::path(post, path = "/auth/aws-sigv4/{key}", tag = "connect", operation_id = "connectAwsSigV4", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::FormQuery),
    request_body = RoleBody,
    responses((status = 200, description = "Connected", body = visits::ConnectedAnswer), (status = 404, description = "No such integration")))]
pub async fn aws_sigv4(
    State(app): State<SharedApp>,
    submission: Submission,
    StrictJson(body): StrictJson<RoleBody>,
) -> Result<Json<Value>, ApiError> {
    let form = Form::Role(RoleForm { arn: body.role_arn, region: body.region });
    submission.connect(&app, form).await
}

/// A secret that a person pasted: not empty, at most 1,024 bytes, without the white space that pasting brings.
fn given(name: &str, text: &str) -> Result<Secret, ApiError> {
    const LONGEST: usize = 1024;
    let text = text.trim();
    let problem = match text.len() {
        0 => "must not be empty",
        length if length > LONGEST => "must not be longer than 1024 bytes",
        _ => return Ok(Secret::new(text)),
    };
    Err(Error::Invalid(vec![FieldIssue::custom(problem, &[name])]).into())
}
