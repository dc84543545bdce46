//! What the forms, the browser's visits and the proxy share in the description: parameters and answers.

#![expect(dead_code, reason = "these types are only described, never built")]

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{Object, Schema, SchemaType};
use utoipa::{IntoParams, Modify, ToSchema};

/// The query of a form: whose session it is, and connection config.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FormQuery {
    /// The connect session's token
    connect_session_token: String,
    /// Connection config: `params[subdomain]=…`
    #[param(style = DeepObject, explode, required = false, value_type = Object, additional_properties)]
    params: Option<BTreeMap<String, String>>,
}

/// The query of an authorization in the browser.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuthorizeQuery {
    /// The connect session's token
    connect_session_token: String,
    /// The id of the socket on which the page waits for the result
    ws_client_id: Option<String>,
    /// The language of the page at the end: `en`, `de`, `es`, `fr`, `ja`, `pt` or `zh`; else the browser's
    lang: Option<String>,
    /// Connection config: `params[tenant]=…`
    #[param(style = DeepObject, explode, required = false, value_type = Object, additional_properties)]
    params: Option<BTreeMap<String, String>>,
    /// For the authorize URL; an empty value removes a parameter
    #[param(style = DeepObject, explode, required = false, value_type = Object, additional_properties)]
    authorization_params: Option<BTreeMap<String, String>>,
    /// A client of the end user's own: `oauth_client_id_override` and `oauth_client_secret_override`
    #[param(style = DeepObject, explode, required = false, value_type = Object, additional_properties)]
    credentials: Option<BTreeMap<String, String>>,
}

/// Control headers of a proxied call.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct ProxyHeaders {
    /// The integration's key
    #[param(rename = "Provider-Config-Key")]
    integration: String,
    /// The connection's id
    #[param(rename = "Connection-Id")]
    connection: String,
    /// Repetitions after the first attempt; more than 10 count as 10
    #[param(rename = "Retries", minimum = 0, nullable = false)]
    retries: Option<u32>,
    /// Further statuses to repeat on, separated by commas
    #[param(rename = "Retry-On", pattern = r"^\d+(,\d+)*$", nullable = false)]
    retry_on: Option<String>,
    /// Another base; the integration must allow its host
    #[param(rename = "Base-Url-Override", nullable = false)]
    base_override: Option<String>,
    /// Whether a gzip answer is unpacked here
    #[param(rename = "Decompress", nullable = false)]
    unpack: Option<bool>,
    /// Whether your headers go along to another origin at a redirect
    #[param(rename = "Forward-Headers-On-Redirect", nullable = false)]
    keep_headers: Option<bool>,
    /// Whether next links come back through the proxy
    #[param(rename = "Sheetbend-Rewrite-Links", nullable = false)]
    rewrite: Option<bool>,
    /// `false` passes redirects through
    #[param(rename = "Sheetbend-Follow-Redirects", nullable = false)]
    follow: Option<bool>,
    /// The operation that the call is noted in
    #[param(rename = "Nango-Activity-Log-Id", max_length = 255, nullable = false)]
    attach_to: Option<String>,
}

/// A form was taken and the connection stored.
#[derive(ToSchema)]
#[schema(as = Connected)]
pub struct ConnectedAnswer {
    #[schema(rename = "connectionId")]
    connection: String,
    #[schema(rename = "providerConfigKey")]
    integration: String,
}

/// A vendor's webhook was taken.
#[derive(ToSchema)]
#[schema(as = WebhookTaken)]
pub struct WebhookAnswer {
    /// `success`.
    status: String,
}

/// The vendor's word is awaited.
#[derive(ToSchema)]
#[schema(as = Awaiting)]
pub struct AwaitingAnswer {
    /// The id that the connection will have.
    #[schema(rename = "connectionId")]
    connection: String,
    #[schema(rename = "providerConfigKey")]
    integration: String,
    /// Always true.
    #[schema(rename = "isPending")]
    pending: bool,
    /// The vendor's page where the app is installed, if the integration names it (`custom.app_link`).
    #[schema(rename = "installUrl")]
    install_url: Option<String>,
}

/// A certificate for one connection; its private key stays here.
#[derive(ToSchema)]
pub struct CertificateAnswer {
    certificate_id: String,
    thumbprint_sha256: String,
    certificate_pem: String,
    expires_at: String,
}

/// A link for the tenant's administrator.
#[derive(ToSchema)]
pub struct AdminLinkAnswer {
    url: String,
    expires_at: String,
}

/// The fields that the provider's definition asks for.
#[derive(ToSchema)]
pub struct DefinedFields {
    /// May be given; the integration knows.
    r#type: Option<String>,
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

/// The metadata document of a client (draft-ietf-oauth-client-id-metadata-document).
#[derive(ToSchema)]
pub struct ClientMetadata {
    client_id: String,
    client_name: String,
    client_uri: String,
    redirect_uris: Vec<String>,
    grant_types: Vec<String>,
    response_types: Vec<String>,
    token_endpoint_auth_method: String,
}

/// The proxy is one handler for every method: it is described once and copied.
pub(super) struct EveryMethod;

impl Modify for EveryMethod {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let Some(item) = openapi.paths.paths.get_mut("/proxy/{path}") else { return };
        let Some(get) = item.get.clone() else { return };
        let PathItem { post, put, patch, delete, .. } = item;
        *post = Some(with_body(&get, "postProxy"));
        *put = Some(with_body(&get, "putProxy"));
        *patch = Some(with_body(&get, "patchProxy"));
        *delete = Some(with_body(&get, "deleteProxy"));
    }
}

fn with_body(get: &Operation, id: &str) -> Operation {
    // Without a type every value is allowed.
    let anything = Schema::Object(Object::with_type(SchemaType::AnyValue));
    let content = ContentBuilder::new().schema(Some(anything)).build();
    let body = RequestBodyBuilder::new().content("*/*", content).build();
    let mut operation = get.clone();
    operation.operation_id = Some(id.to_owned());
    operation.request_body = Some(RefOr::T(body));
    operation
}
