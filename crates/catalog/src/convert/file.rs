//! The keys of a definition file (contract §4.1 to §4.3) and our own. A key that stands in no struct is refused.

use indexmap::IndexMap;
use serde::Deserialize;

use crate::read::Node;

/// Keys of ours at the top of a definition.
pub(crate) const OWN_KEYS: &[&str] = &[
    "cloud_family",
    "grant",
    "scope_rules",
    "sign_in_url",
    "certificate",
    "realm",
    "sources",
    "differs",
    "shown_resources",
    "refresh_idle_days",
    "oauth_parameters_in",
    "installation_proof",
    "installation_webhook",
    "setup_guide",
    "mark",
    "post_connection",
    "pre_connection_deletion",
];
/// Keys of ours inside `proxy`.
pub(crate) const OWN_PROXY_KEYS: &[&str] = &["hosts", "resources"];
/// Keys of ours inside a field.
pub(crate) const OWN_FIELD_KEYS: &[&str] = &["host_part", "expects"];

/// A definition as its file spells it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ProviderFile {
    pub(crate) display_name: String,
    pub(crate) categories: Vec<String>,
    pub(crate) auth_mode: String,
    pub(crate) docs: Option<String>,
    pub(crate) docs_connect: Option<String>,
    pub(crate) setup_guide_url: Option<String>,
    // OAuth.
    pub(crate) authorization_url: Option<String>,
    pub(crate) token_url: Option<Node>,
    pub(crate) refresh_url: Option<String>,
    pub(crate) authorization_params: IndexMap<String, Node>,
    pub(crate) token_params: IndexMap<String, Node>,
    pub(crate) refresh_params: IndexMap<String, Node>,
    pub(crate) scope_separator: Option<String>,
    pub(crate) default_scopes: Vec<String>,
    pub(crate) body_format: Option<String>,
    pub(crate) authorization_method: Option<String>,
    pub(crate) token_request_auth_method: Option<String>,
    pub(crate) disable_pkce: bool,
    pub(crate) authorization_code_param_in_callback: Option<String>,
    pub(crate) authorization_url_replacements: IndexMap<String, String>,
    pub(crate) authorization_url_skip_encode: Vec<String>,
    pub(crate) authorization_url_skip_empty: bool,
    pub(crate) authorization_url_fragment: Option<String>,
    pub(crate) token_url_skip_encode: Vec<String>,
    pub(crate) alternate_access_token_response_path: Option<String>,
    pub(crate) token_response_metadata: Vec<String>,
    pub(crate) refresh_token_response_metadata: Vec<String>,
    pub(crate) redirect_uri_metadata: Vec<String>,
    pub(crate) token_expiration_buffer: Option<u32>,
    pub(crate) expires_in_unit: Option<String>,
    pub(crate) require_client_certificate: bool,
    pub(crate) installation: Option<String>,
    pub(crate) authorization_code_param_in_webhook: Option<String>,
    pub(crate) webhook_response_metadata: Vec<String>,
    pub(crate) client_registration: Option<String>,
    pub(crate) registration_url: Option<String>,
    pub(crate) registration_params: IndexMap<String, Node>,
    // OAuth 1.0a.
    pub(crate) request_url: Option<String>,
    pub(crate) request_params: IndexMap<String, Node>,
    pub(crate) signature_method: Option<String>,
    pub(crate) request_http_method: Option<String>,
    pub(crate) token_http_method: Option<String>,
    // Chains of token requests, and what is signed.
    pub(crate) token_headers: IndexMap<String, Node>,
    pub(crate) token_request_method: Option<String>,
    pub(crate) token_response: Option<TokenResponse>,
    pub(crate) token_response_headers: Vec<String>,
    pub(crate) token_expires_in_ms: Option<i64>,
    pub(crate) additional_steps: Vec<StepFile>,
    pub(crate) refresh_token_params: IndexMap<String, Node>,
    pub(crate) refresh_token_headers: IndexMap<String, Node>,
    pub(crate) signature: Option<SignatureFile>,
    pub(crate) token: Option<TokenFile>,
    pub(crate) assertion: Option<AssertionFile>,
    pub(crate) auth_type: Option<String>,
    // What people are asked, and what happens around a connection.
    pub(crate) proxy: Option<ProxyFile>,
    pub(crate) connection_config: IndexMap<String, FieldFile>,
    pub(crate) credentials: IndexMap<String, FieldFile>,
    pub(crate) integration_config: IndexMap<String, FieldFile>,
    pub(crate) assertion_option: IndexMap<String, FieldFile>,
    pub(crate) webhook_routing_script: Option<String>,
    pub(crate) webhook_user_defined_secret: bool,
    pub(crate) webhook_allowed_query_params: Vec<String>,
    pub(crate) post_connection_script: Option<String>,
    pub(crate) credentials_verification_script: Option<String>,
    pub(crate) pre_connection_deletion_script: Option<String>,
    // Read so that they are known, and used by nobody: see `ignored`.
    pub(crate) auth: Option<Node>,
    pub(crate) decode_url: Option<Node>,
    pub(crate) connection_configuration: Option<Node>,
    // Ours.
    pub(crate) cloud_family: Option<String>,
    pub(crate) grant: Option<String>,
    pub(crate) scope_rules: Option<String>,
    pub(crate) sign_in_url: Option<String>,
    pub(crate) certificate: Option<String>,
    pub(crate) realm: Option<String>,
    pub(crate) mark: Option<String>,
    pub(crate) sources: Vec<String>,
    pub(crate) differs: Vec<DifferenceFile>,
    pub(crate) shown_resources: IndexMap<String, String>,
    pub(crate) refresh_idle_days: Option<u16>,
    pub(crate) oauth_parameters_in: Option<String>,
    pub(crate) installation_proof: Option<ProofFile>,
    pub(crate) installation_webhook: Option<InstallationWebhookFile>,
    pub(crate) setup_guide: Vec<GuideStepFile>,
    pub(crate) post_connection: Vec<LookupFile>,
    pub(crate) pre_connection_deletion: Vec<AccountRequestFile>,
}

/// A step of the set-up on the vendor's side.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuideStepFile {
    pub(crate) title: String,
    pub(crate) text: String,
}

/// A request of the definition's own to the API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountRequestFile {
    pub(crate) url: String,
    pub(crate) method: Option<String>,
    #[serde(default)]
    pub(crate) headers: IndexMap<String, Node>,
    pub(crate) data: Option<Node>,
    pub(crate) body_format: Option<String>,
}

/// A request whose answer lists installations.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProofFile {
    pub(crate) request: AccountRequestFile,
    pub(crate) items: Option<String>,
    pub(crate) matching: IndexMap<String, Node>,
}

/// How the webhook of an installation is known, and whose it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstallationWebhookFile {
    pub(crate) signature: WebhookSignatureFile,
    #[serde(default)]
    pub(crate) says: IndexMap<String, String>,
    pub(crate) matching: IndexMap<String, Node>,
}

/// What only the vendor can make of a webhook's body.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookSignatureFile {
    pub(crate) header: String,
    #[serde(default)]
    pub(crate) prefix: String,
    pub(crate) encoding: Option<String>,
    pub(crate) key: String,
}

/// A request with what its answer teaches.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupFile {
    pub(crate) request: AccountRequestFile,
    pub(crate) items: Option<String>,
    #[serde(default)]
    pub(crate) matching: IndexMap<String, Node>,
    pub(crate) several: Option<String>,
    pub(crate) config: IndexMap<String, String>,
    #[serde(default)]
    pub(crate) required: bool,
}

/// A difference from the field's definition of the same name, with the page that supports it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DifferenceFile {
    pub(crate) key: String,
    pub(crate) why: String,
    pub(crate) source: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenResponse {
    pub(crate) token: String,
    pub(crate) token_expiration: Option<String>,
    pub(crate) token_expiration_strategy: Option<String>,
    pub(crate) refresh_token: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepFile {
    pub(crate) token_url: String,
    pub(crate) token_request_method: Option<String>,
    #[serde(default)]
    pub(crate) token_headers: IndexMap<String, Node>,
    #[serde(default)]
    pub(crate) token_params: IndexMap<String, Node>,
    pub(crate) body_format: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignatureFile {
    pub(crate) protocol: String,
    pub(crate) hmac_secret_encoding: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenFile {
    pub(crate) signing_key: Option<String>,
    pub(crate) expires_in_ms: i64,
    #[serde(default)]
    pub(crate) header: IndexMap<String, Node>,
    #[serde(default)]
    pub(crate) payload: IndexMap<String, Node>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssertionFile {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) key: Option<String>,
    #[serde(rename = "lifetimeInSeconds")]
    pub(crate) lifetime_seconds: Option<Node>,
    #[serde(default)]
    pub(crate) header: IndexMap<String, Node>,
    #[serde(default)]
    pub(crate) payload: IndexMap<String, Node>,
    pub(crate) issuer: Option<String>,
    pub(crate) audiences: Option<String>,
    #[serde(default)]
    pub(crate) attributes: IndexMap<String, Node>,
    #[serde(rename = "sessionIndex")]
    pub(crate) session_index: Option<String>,
    #[serde(rename = "nameIdentifier")]
    pub(crate) name_identifier: Option<String>,
    pub(crate) recipient: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProxyFile {
    pub(crate) base_url: String,
    #[serde(default)]
    pub(crate) headers: IndexMap<String, Node>,
    #[serde(default)]
    pub(crate) query: IndexMap<String, Node>,
    pub(crate) body: Option<Node>,
    #[serde(default)]
    pub(crate) retry: RetryFile,
    pub(crate) paginate: Option<PaginateFile>,
    pub(crate) verification: Option<VerificationFile>,
    #[serde(default)]
    pub(crate) connection_config: IndexMap<String, Node>,
    #[serde(default)]
    pub(crate) decompress: bool,
    #[serde(default)]
    pub(crate) forward_headers_on_redirect: bool,
    // Ours.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    #[serde(default)]
    pub(crate) resources: IndexMap<String, ResourceFile>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RetryFile {
    pub(crate) after: Vec<String>,
    pub(crate) at: Vec<String>,
    pub(crate) error_code: Vec<String>,
    pub(crate) remaining: Option<String>,
    pub(crate) in_body: Option<InBodyFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InBodyFile {
    pub(crate) path: String,
    pub(crate) value: String,
    pub(crate) strategy: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaginateFile {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) limit_name_in_request: Option<String>,
    pub(crate) limit: Option<u32>,
    pub(crate) response_path: Option<String>,
    #[serde(default)]
    pub(crate) in_body: bool,
    pub(crate) cursor_path_in_response: Option<String>,
    pub(crate) cursor_name_in_request: Option<String>,
    pub(crate) link_rel_in_response_header: Option<String>,
    pub(crate) link_path_in_response_body: Option<String>,
    pub(crate) offset_name_in_request: Option<String>,
    pub(crate) offset_start_value: Option<u32>,
    pub(crate) offset_calculation_method: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerificationFile {
    pub(crate) method: Option<String>,
    pub(crate) endpoints: Vec<String>,
    #[serde(default)]
    pub(crate) headers: IndexMap<String, Node>,
    pub(crate) data: Option<Node>,
    pub(crate) base_url_override: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceFile {
    pub(crate) origin: String,
    pub(crate) scope: String,
    pub(crate) discovery: Option<DiscoveryFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiscoveryFile {
    pub(crate) path: String,
    pub(crate) url_at: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FieldFile {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) example: Option<String>,
    pub(crate) pattern: Option<String>,
    pub(crate) format: Option<String>,
    pub(crate) order: Option<i32>,
    pub(crate) default_value: Option<String>,
    pub(crate) prefix: Option<String>,
    pub(crate) suffix: Option<String>,
    pub(crate) doc_section: Option<String>,
    #[serde(rename = "enum")]
    pub(crate) choices: Vec<String>,
    pub(crate) optional: bool,
    pub(crate) automated: bool,
    pub(crate) hidden: bool,
    pub(crate) secret: bool,
    pub(crate) warnings: IndexMap<String, String>,
    pub(crate) visible_when: Option<ConditionFile>,
    // Ours.
    pub(crate) host_part: bool,
    pub(crate) expects: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConditionFile {
    pub(crate) field: String,
    pub(crate) equals: String,
}
