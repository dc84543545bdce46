//! The answers' shapes for the description. Handlers write JSON by hand; a test holds both against each other.

#![expect(dead_code, reason = "these types are only described, never built")]

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Every answer that is not a success (contract §1.1).
#[derive(ToSchema)]
#[schema(as = Error)]
pub struct ErrorAnswer {
    error: ErrorBody,
}

/// What went wrong.
#[derive(ToSchema)]
#[schema(as = ErrorBody)]
pub struct ErrorBody {
    /// Stable, for programs.
    code: String,
    /// For people.
    message: Option<String>,
    /// Places in the request.
    errors: Option<Vec<FieldError>>,
    /// Who must act and how, where it is known.
    payload: Option<Map<String, Value>>,
}

/// A place in the request that is wrong.
#[derive(ToSchema)]
pub struct FieldError {
    code: String,
    message: String,
    path: Vec<String>,
}

/// An integration: one environment's configuration of a provider.
#[derive(ToSchema)]
pub struct Integration {
    unique_key: String,
    provider: String,
    display_name: String,
    logo: String,
    /// What the provider is for, as its definition says.
    categories: Vec<String>,
    /// A drawing of our own that stands for it, where its definition names one.
    mark: Option<String>,
    forward_webhooks: bool,
    cloud: String,
    allowed_hosts: Vec<String>,
    rewrite_links: bool,
    /// When the client secret ends, where the operator entered it.
    secret_expires_at: Option<String>,
    /// Shared by all its connections.
    connection_config: BTreeMap<String, String>,
    created_at: String,
    updated_at: String,
    /// With `include=credentials`.
    credentials: Option<Map<String, Value>>,
    /// With `include=client`: of the credentials what is no secret.
    client: Option<Map<String, Value>>,
    /// With `include=webhook`.
    webhook_url: Option<String>,
    /// Of a change: what may not work as meant.
    warnings: Option<Vec<Warning>>,
}

/// Something that may not work as meant.
#[derive(ToSchema)]
pub struct Warning {
    code: String,
    message: String,
}

/// One integration.
#[derive(ToSchema)]
pub struct IntegrationAnswer {
    data: Integration,
}

/// All integrations.
#[derive(ToSchema)]
pub struct IntegrationsAnswer {
    data: Vec<Integration>,
}

/// A provider's definition; more keys than these are possible.
#[derive(ToSchema)]
pub struct Provider {
    name: String,
    display_name: String,
    auth_mode: String,
    logo_url: String,
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

/// One definition.
#[derive(ToSchema)]
pub struct ProviderAnswer {
    data: Provider,
}

/// Several definitions.
#[derive(ToSchema)]
pub struct ProvidersAnswer {
    data: Vec<Provider>,
}

/// A person or company of the customer's.
#[derive(ToSchema)]
pub struct EndUser {
    id: String,
    display_name: Option<String>,
    email: Option<String>,
    tags: BTreeMap<String, String>,
    organization: Option<Organization>,
}

/// The company of an end user.
#[derive(ToSchema)]
pub struct Organization {
    id: String,
    display_name: Option<String>,
}

/// Why a connection does not work.
#[derive(ToSchema)]
pub struct ConnectionProblem {
    r#type: String,
    log_id: String,
    code: String,
    cause: String,
    actor: String,
    remedy: String,
    link: Option<String>,
    needs_reconnect: bool,
}

/// A connection in a list.
#[derive(ToSchema)]
pub struct ConnectionSummary {
    id: i64,
    connection_id: String,
    provider_config_key: String,
    provider: String,
    errors: Vec<ConnectionProblem>,
    end_user: Option<EndUser>,
    tags: BTreeMap<String, String>,
    metadata: Option<Map<String, Value>>,
    created: String,
}

/// A page of connections.
#[derive(ToSchema)]
pub struct ConnectionsAnswer {
    connections: Vec<ConnectionSummary>,
}

/// One end user's authorized account on an integration.
#[derive(ToSchema)]
pub struct Connection {
    id: i64,
    connection_id: String,
    provider_config_key: String,
    provider: String,
    errors: Vec<ConnectionProblem>,
    end_user: Option<EndUser>,
    tags: BTreeMap<String, String>,
    metadata: Option<Map<String, Value>>,
    connection_config: Map<String, Value>,
    webhook_url_override: Option<String>,
    created_at: String,
    updated_at: String,
    last_fetched_at: Option<String>,
    /// Empty for a caller without the credential scope.
    credentials: Map<String, Value>,
}

/// An access token.
#[derive(ToSchema)]
pub struct TokenAnswer {
    token: Option<String>,
    expires_at: Option<String>,
    /// The only origin that the token is for.
    resource: Option<String>,
}

/// It was done.
#[derive(ToSchema)]
pub struct Success {
    success: bool,
}

/// A new session.
#[derive(ToSchema)]
pub struct SessionAnswer {
    data: Session,
}

/// A connect session: a token for half an hour, and the page that uses it.
#[derive(ToSchema)]
pub struct Session {
    token: String,
    connect_link: String,
    expires_at: String,
}

/// A page of operations.
#[derive(ToSchema)]
pub struct OperationsAnswer {
    data: Vec<Operation>,
    pagination: Pagination,
}

/// Where the next page begins; null at the end.
#[derive(ToSchema)]
pub struct Pagination {
    cursor: Option<String>,
}

/// One operation.
#[derive(ToSchema)]
pub struct OperationAnswer {
    data: Operation,
}

/// Something that happened.
#[derive(ToSchema)]
pub struct Operation {
    id: String,
    operation: OperationName,
    r#type: String,
    action: String,
    state: String,
    level: String,
    message: String,
    integration: Option<String>,
    connection: Option<String>,
    provider: Option<String>,
    status: Option<i32>,
    error: Option<OperationError>,
    created_at: String,
    ended_at: Option<String>,
    duration_ms: Option<f64>,
    detail: Option<Map<String, Value>>,
    /// Of one operation asked for by its id.
    messages: Option<Vec<Map<String, Value>>>,
}

/// What kind of operation.
#[derive(ToSchema)]
pub struct OperationName {
    r#type: String,
    action: String,
}

/// Why it failed.
#[derive(ToSchema)]
pub struct OperationError {
    message: String,
}

/// One text or several.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum OneOrMoreTexts {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// An environment in a list.
#[derive(ToSchema)]
pub struct EnvironmentSummary {
    id: i64,
    name: String,
    uuid: String,
    is_production: bool,
    created_at: String,
}

/// All environments.
#[derive(ToSchema)]
pub struct EnvironmentsAnswer {
    data: Vec<EnvironmentSummary>,
}

/// A new environment.
#[derive(ToSchema)]
pub struct NewEnvironment {
    id: i64,
    name: String,
}

/// A new environment.
#[derive(ToSchema)]
pub struct NewEnvironmentAnswer {
    data: NewEnvironment,
}

/// An environment's settings; secrets only say whether they are set.
#[derive(ToSchema)]
pub struct Environment {
    id: i64,
    uuid: String,
    name: String,
    is_production: bool,
    callback_url: Option<String>,
    webhooks: Webhooks,
    hmac_enabled: bool,
    hmac_key_set: bool,
    public_key: Option<String>,
    /// `listed` or `any-public`.
    override_hosts: String,
    slack_notifications: bool,
    otlp_endpoint: Option<String>,
    otlp_headers_set: bool,
    /// Origins whose pages may frame the connect page; empty means all.
    connect_origins: Vec<String>,
    connect_ui: ConnectUi,
    created_at: String,
    updated_at: String,
}

/// How the connect page looks.
#[derive(ToSchema)]
pub struct ConnectUi {
    /// `light`, `dark` or `system`.
    default_theme: String,
    /// `#rrggbb`.
    light_primary: Option<String>,
    /// `#rrggbb`.
    dark_primary: Option<String>,
    /// A `data:` address.
    logo: Option<String>,
}

/// Who is told what by outgoing webhooks.
#[derive(ToSchema)]
pub struct Webhooks {
    primary_url: Option<String>,
    secondary_url: Option<String>,
    on_auth_creation: bool,
    on_auth_refresh_error: bool,
    on_auth_deletion: bool,
    on_sync_error: bool,
    on_sync_completion_always: bool,
    on_async_action_completion: bool,
}

/// An environment's settings.
#[derive(ToSchema)]
pub struct EnvironmentAnswer {
    data: Environment,
}

/// What outgoing webhooks are signed with.
#[derive(ToSchema)]
pub struct SigningKey {
    webhook_signing_key: String,
}

/// What outgoing webhooks are signed with.
#[derive(ToSchema)]
pub struct SigningKeyAnswer {
    data: SigningKey,
}

/// A new API key.
#[derive(ToSchema)]
pub struct NewApiKey {
    id: i64,
    display_name: String,
    scopes: Vec<String>,
    /// Shown once.
    secret: String,
    created_at: String,
}

/// A new API key.
#[derive(ToSchema)]
pub struct NewApiKeyAnswer {
    data: NewApiKey,
}

/// An API key in a list.
#[derive(ToSchema)]
pub struct ApiKey {
    id: i64,
    display_name: String,
    /// Its first characters.
    prefix: String,
    scopes: Vec<String>,
    created_at: String,
    /// To the minute.
    last_used_at: Option<String>,
}

/// API keys.
#[derive(ToSchema)]
pub struct ApiKeysAnswer {
    data: Vec<ApiKey>,
}

/// Functions that come with a provider.
#[derive(ToSchema)]
pub struct TemplatesAnswer {
    data: Vec<Map<String, Value>>,
}

/// An outgoing webhook.
#[derive(ToSchema)]
pub struct Delivery {
    id: String,
    /// The `webhook-id` header: the same at every try.
    event_id: String,
    /// For example `auth.creation`.
    event: String,
    integration: Option<String>,
    connection: Option<String>,
    url: String,
    /// `pending`, `delivered` or `failed`.
    state: String,
    attempts: i64,
    status: Option<i64>,
    error: Option<String>,
    created_at: String,
    next_at: Option<String>,
    ended_at: Option<String>,
    /// With one delivery.
    body: Option<String>,
    /// With one delivery.
    tries: Option<Vec<DeliveryTry>>,
}

/// One try of an outgoing webhook.
#[derive(ToSchema)]
pub struct DeliveryTry {
    at: String,
    duration_ms: i64,
    status: Option<u16>,
    error: Option<String>,
}

/// A page of outgoing webhooks.
#[derive(ToSchema)]
pub struct DeliveriesAnswer {
    data: Vec<Delivery>,
    pagination: Pagination,
}

/// One outgoing webhook.
#[derive(ToSchema)]
pub struct DeliveryAnswer {
    data: Delivery,
}

/// The process runs.
#[derive(ToSchema)]
pub struct Health {
    result: String,
}

/// Whether the process can serve.
#[derive(ToSchema)]
pub struct Ready {
    result: String,
    database: String,
    encryption_keys: Option<EncryptionKeys>,
}

/// Ids of the encryption keys of this process.
#[derive(ToSchema)]
pub struct EncryptionKeys {
    /// The one that seals.
    sealing: String,
    /// Those that open.
    known: Vec<String>,
}

/// A connect session as the page that holds its token sees it.
#[derive(ToSchema)]
pub struct ConnectSessionAnswer {
    data: ConnectSessionShown,
}

/// What the page may know.
#[derive(ToSchema)]
#[schema(as = ConnectSession)]
pub struct ConnectSessionShown {
    #[schema(rename = "endUser", required)]
    end_user: Option<Map<String, Value>>,
    #[schema(rename = "connectUISettings")]
    settings: Map<String, Value>,
    #[schema(rename = "connectOrigins")]
    connect_origins: Vec<String>,
    #[schema(rename = "isReconnecting")]
    is_reconnecting: bool,
    #[schema(rename = "reconnectAccount", required)]
    reconnect_account: Option<String>,
    #[schema(rename = "websocketsPath")]
    websockets_path: String,
    /// Absent where every integration is allowed.
    allowed_integrations: Option<Vec<String>>,
    integrations_config_defaults: Option<BTreeMap<String, Map<String, Value>>>,
    /// Guides that replace the definitions' own.
    overrides: Option<BTreeMap<String, Map<String, Value>>>,
}
