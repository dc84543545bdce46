//! Forms of the modes whose credentials a person types: `/api-auth/api-key`, `/api-auth/basic`, `/auth/jwt`,
//! `/auth/bill` (contract §5.6).

use axum::Json;
use axum::extract::State;
use domain::Secret;
use domain::credentials::BasicCredentials;
use serde::Deserialize;
use serde_json::{Map, Value};
use services::connect::form::{BillForm, Form};
use services::error::Error;

use super::submission::Submission;
use crate::app::SharedApp;
use crate::error::ApiError;
use crate::openapi::visits;
use crate::strict::StrictJson;

/// The longest key, name or password, in bytes.
const LONGEST: usize = 1_024;

/// A key.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = ApiKeyForm)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyBody {
    #[serde(rename = "apiKey")]
    api_key: String,
}

/// A name and a password; either may be empty, neither may be absent.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = BasicForm)]
#[serde(deny_unknown_fields)]
pub struct BasicBody {
    username: String,
    password: String,
}

/// A Bill.com login.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = BillForm)]
#[serde(deny_unknown_fields)]
pub struct BillBody {
    #[serde(rename = "type")]
    _type: Option<String>,
    username: String,
    password: String,
    organization_id: String,
    dev_key: String,
}

/// Connects with a key (API_KEY).
#[utoipa::path(post, path = "/api-auth/api-key/{key}", tag = "connect", operation_id = "connectApiKey", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::FormQuery),
    request_body = ApiKeyBody,
    responses((status = 200, description = "Connected", body = visits::ConnectedAnswer), (status = 404, description = "No such integration")))]
pub async fn api_key(
    State(app): State<SharedApp>,
    submission: Submission,
    StrictJson(body): StrictJson<ApiKeyBody>,
) -> Result<Json<Value>, ApiError> {
    let form = Form::ApiKey(given("apiKey", &body.api_key)?);
    submission.connect(&app, form).await
}

/// Connects with a name and a password (BASIC).
#[utoipa::path(post, path = "/api-auth/basic/{key}", tag = "connect", operation_id = "connectBasic", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::FormQuery),
    request_body = BasicBody,
    responses((status = 200, description = "Connected", body = visits::ConnectedAnswer), (status = 404, description = "No such integration")))]
pub async fn basic(
    State(app): State<SharedApp>,
    submission: Submission,
    StrictJson(body): StrictJson<BasicBody>,
) -> Result<Json<Value>, ApiError> {
    let form = Form::Basic(BasicCredentials {
        username: possibly_empty("username", &body.username)?,
        password: possibly_empty("password", &body.password)?,
    });
    submission.connect(&app, form).await
}

/// Connects with the fields that a signed token is made of (JWT).
#[utoipa::path(post, path = "/auth/jwt/{key}", tag = "connect", operation_id = "connectJwt", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::FormQuery),
    request_body = visits::DefinedFields,
    responses((status = 200, description = "Connected", body = visits::ConnectedAnswer), (status = 404, description = "No such integration")))]
pub async fn jwt(
    State(app): State<SharedApp>,
    submission: Submission,
    StrictJson(body): StrictJson<Map<String, Value>>,
) -> Result<Json<Value>, ApiError> {
    submission.connect(&app, Form::Jwt(body)).await
}

/// Connects with a Bill.com login (BILL).
#[utoipa::path(post, path = "/auth/bill/{key}", tag = "connect", operation_id = "connectBill", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::FormQuery),
    request_body = BillBody,
    responses((status = 200, description = "Connected", body = visits::ConnectedAnswer), (status = 404, description = "No such integration")))]
pub async fn bill(
    State(app): State<SharedApp>,
    submission: Submission,
    StrictJson(body): StrictJson<BillBody>,
) -> Result<Json<Value>, ApiError> {
    let form = Form::Bill(BillForm {
        username: given("username", &body.username)?,
        password: given("password", &body.password)?,
        organization_id: given("organization_id", &body.organization_id)?,
        dev_key: given("dev_key", &body.dev_key)?,
    });
    submission.connect(&app, form).await
}

/// A secret that a person pasted, without the white space that pasting brings.
fn given(name: &str, text: &str) -> Result<Secret, ApiError> {
    match possibly_empty(name, text.trim())? {
        secret if secret.is_empty() => Err(Error::field("must not be empty", &[name]).into()),
        secret => Ok(secret),
    }
}

/// A value that the vendor may want empty; what it holds is kept, spaces of a password among it.
fn possibly_empty(name: &str, text: &str) -> Result<Secret, ApiError> {
    if text.len() > LONGEST {
        return Err(Error::field(format!("must not be longer than {LONGEST} bytes"), &[name]).into());
    }
    if text.contains(char::is_control) {
        return Err(Error::field("must not contain control characters", &[name]).into());
    }
    Ok(Secret::new(text))
}
