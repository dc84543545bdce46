//! Mirrors of the domain's credentials that say how each is stored. A field that was added later has a default: what
//! an older version wrote is read for ever.

use domain::Secret;
use domain::credentials::{
    ApiKeyCredentials, AppCredentials, AwsSigV4Credentials, BasicCredentials, BillCredentials,
    ClientCredentialsToken, ClientOverride, Credentials, CustomCredentials, FormFields, JwtCredentials,
    McpCredentials, OAuth1Credentials, OAuth2Credentials, RawAnswer, RegisteredClient, SignatureCredentials,
    TbaCredentials, TwoStepCredentials,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Credentials", tag = "type")]
pub(super) enum StoredCredentials {
    #[serde(rename = "OAUTH1")]
    OAuth1(#[serde(with = "OAuth1")] OAuth1Credentials),
    #[serde(rename = "OAUTH2")]
    OAuth2(#[serde(with = "OAuth2")] OAuth2Credentials),
    #[serde(rename = "OAUTH2_CC")]
    OAuth2Cc(#[serde(with = "OAuth2Cc")] ClientCredentialsToken),
    #[serde(rename = "API_KEY")]
    ApiKey(#[serde(with = "ApiKey")] ApiKeyCredentials),
    #[serde(rename = "BASIC")]
    Basic(#[serde(with = "Basic")] BasicCredentials),
    #[serde(rename = "JWT")]
    Jwt(#[serde(with = "Jwt")] JwtCredentials),
    #[serde(rename = "TWO_STEP")]
    TwoStep(#[serde(with = "TwoStep")] TwoStepCredentials),
    #[serde(rename = "SIGNATURE")]
    Signature(#[serde(with = "Signature")] SignatureCredentials),
    #[serde(rename = "BILL")]
    Bill(#[serde(with = "Bill")] BillCredentials),
    #[serde(rename = "TBA")]
    Tba(#[serde(with = "Tba")] TbaCredentials),
    #[serde(rename = "AWS_SIGV4")]
    AwsSigV4(#[serde(with = "AwsSigV4")] AwsSigV4Credentials),
    #[serde(rename = "APP")]
    App(#[serde(with = "App")] AppCredentials),
    #[serde(rename = "CUSTOM")]
    Custom(#[serde(with = "Custom")] CustomCredentials),
    #[serde(rename = "INSTALL_PLUGIN")]
    InstallPlugin(#[serde(with = "Basic")] BasicCredentials),
    #[serde(rename = "MCP_OAUTH2")]
    McpOAuth2(#[serde(with = "Mcp")] McpCredentials),
    #[serde(rename = "MCP_OAUTH2_GENERIC")]
    McpOAuth2Generic(#[serde(with = "Mcp")] McpCredentials),
    #[serde(rename = "NONE")]
    None,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "OAuth1Credentials")]
struct OAuth1 {
    #[serde(with = "super::parts::secret")]
    token: Secret,
    #[serde(with = "super::parts::secret")]
    token_secret: Secret,
    #[serde(with = "super::parts::raw")]
    raw: RawAnswer,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "OAuth2Credentials")]
pub(super) struct OAuth2 {
    #[serde(with = "super::parts::secret")]
    access_token: Secret,
    #[serde(with = "super::parts::maybe_secret", default)]
    refresh_token: Option<Secret>,
    expires_at_ms: Option<i64>,
    #[serde(flatten, with = "super::parts::flat_client")]
    client_override: Option<ClientOverride>,
    #[serde(with = "super::parts::raw")]
    raw: RawAnswer,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ClientCredentialsToken")]
struct OAuth2Cc {
    #[serde(with = "super::parts::secret")]
    token: Secret,
    expires_at_ms: Option<i64>,
    client_id: String,
    #[serde(with = "super::parts::secret")]
    client_secret: Secret,
    #[serde(with = "super::parts::maybe_secret", default)]
    client_certificate: Option<Secret>,
    #[serde(with = "super::parts::maybe_secret", default)]
    client_private_key: Option<Secret>,
    #[serde(with = "super::parts::raw")]
    raw: RawAnswer,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ApiKeyCredentials")]
struct ApiKey {
    #[serde(with = "super::parts::secret")]
    api_key: Secret,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BasicCredentials")]
struct Basic {
    #[serde(with = "super::parts::secret")]
    username: Secret,
    #[serde(with = "super::parts::secret")]
    password: Secret,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "JwtCredentials")]
struct Jwt {
    #[serde(with = "super::parts::fields")]
    fields: FormFields,
    #[serde(with = "super::parts::secret")]
    token: Secret,
    expires_at_ms: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TwoStepCredentials")]
struct TwoStep {
    #[serde(with = "super::parts::fields")]
    fields: FormFields,
    #[serde(with = "super::parts::secret")]
    token: Secret,
    expires_at_ms: Option<i64>,
    #[serde(with = "super::parts::maybe_secret", default)]
    refresh_token: Option<Secret>,
    #[serde(default)]
    refresh_token_expires_at_ms: Option<i64>,
    #[serde(with = "super::parts::raw")]
    raw: RawAnswer,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SignatureCredentials")]
struct Signature {
    #[serde(with = "super::parts::secret")]
    username: Secret,
    #[serde(with = "super::parts::secret")]
    password: Secret,
    #[serde(with = "super::parts::secret")]
    token: Secret,
    expires_at_ms: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BillCredentials")]
struct Bill {
    #[serde(with = "super::parts::secret")]
    username: Secret,
    #[serde(with = "super::parts::secret")]
    password: Secret,
    #[serde(with = "super::parts::secret")]
    organization_id: Secret,
    #[serde(with = "super::parts::secret")]
    dev_key: Secret,
    #[serde(with = "super::parts::secret")]
    session_id: Secret,
    user_id: String,
    expires_at_ms: Option<i64>,
    #[serde(with = "super::parts::raw")]
    raw: RawAnswer,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TbaCredentials")]
struct Tba {
    #[serde(with = "super::parts::secret")]
    token_id: Secret,
    #[serde(with = "super::parts::secret")]
    token_secret: Secret,
    client_id: Option<String>,
    #[serde(with = "super::parts::maybe_secret", default)]
    client_secret: Option<Secret>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AwsSigV4Credentials")]
struct AwsSigV4 {
    role_arn: String,
    region: String,
    service: String,
    external_id: Option<String>,
    #[serde(with = "super::parts::secret")]
    access_key_id: Secret,
    #[serde(with = "super::parts::secret")]
    secret_access_key: Secret,
    #[serde(with = "super::parts::secret")]
    session_token: Secret,
    expires_at_ms: Option<i64>,
    #[serde(with = "super::parts::raw")]
    raw: RawAnswer,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AppCredentials")]
struct App {
    #[serde(with = "super::parts::secret")]
    access_token: Secret,
    expires_at_ms: Option<i64>,
    #[serde(with = "super::parts::maybe_secret", default)]
    jwt: Option<Secret>,
    app_id: String,
    installation_id: String,
    #[serde(with = "super::parts::raw")]
    raw: RawAnswer,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CustomCredentials")]
struct Custom {
    #[serde(with = "App")]
    app: AppCredentials,
    #[serde(with = "super::parts::maybe_user", default)]
    user: Option<OAuth2Credentials>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "McpCredentials")]
struct Mcp {
    #[serde(with = "OAuth2")]
    tokens: OAuth2Credentials,
    #[serde(with = "super::parts::maybe_registered", default)]
    client: Option<RegisteredClient>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RegisteredClient")]
pub(super) struct Registered {
    client_id: String,
    #[serde(with = "super::parts::maybe_secret", default)]
    client_secret: Option<Secret>,
    auth_method: Option<String>,
    #[serde(with = "super::parts::raw")]
    raw: RawAnswer,
}
