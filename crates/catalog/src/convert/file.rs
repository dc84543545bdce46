//! The keys of a definition file (contract §4.1 to §4.3) and our own.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// Keys of ours at the top of a definition.
pub(crate) const OWN_KEYS: &[&str] =
    &["cloud_family", "grant", "scope_rules", "sign_in_url", "certificate", "sources", "shown_resources"];
/// Keys of ours inside `proxy`.
pub(crate) const OWN_PROXY_KEYS: &[&str] = &["hosts", "resources"];
/// Keys of ours inside a field.
pub(crate) const OWN_FIELD_KEYS: &[&str] = &["host_part", "expects"];

/// A definition as its file spells it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ProviderFile {
    pub(crate) display_name: String,
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    pub(crate) auth_mode: String,
    pub(crate) docs: Option<String>,
    pub(crate) authorization_url: Option<String>,
    pub(crate) token_url: Option<Value>,
    #[serde(default)]
    pub(crate) authorization_params: IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) token_params: IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) refresh_params: IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) token_headers: IndexMap<String, Value>,
    pub(crate) scope_separator: Option<String>,
    #[serde(default)]
    pub(crate) default_scopes: Vec<String>,
    pub(crate) body_format: Option<String>,
    pub(crate) authorization_method: Option<String>,
    #[serde(default)]
    pub(crate) disable_pkce: bool,
    pub(crate) authorization_code_param_in_callback: Option<String>,
    #[serde(default)]
    pub(crate) token_response_metadata: Vec<String>,
    #[serde(default)]
    pub(crate) redirect_uri_metadata: Vec<String>,
    pub(crate) token_response: Option<TokenResponse>,
    pub(crate) assertion: Option<AssertionFile>,
    pub(crate) proxy: Option<ProxyFile>,
    #[serde(default)]
    pub(crate) connection_config: IndexMap<String, FieldFile>,
    #[serde(default)]
    pub(crate) credentials: IndexMap<String, FieldFile>,
    // Ours.
    pub(crate) cloud_family: Option<String>,
    pub(crate) grant: Option<String>,
    pub(crate) scope_rules: Option<String>,
    pub(crate) sign_in_url: Option<String>,
    pub(crate) certificate: Option<String>,
    #[serde(default)]
    pub(crate) sources: Vec<String>,
    #[serde(default)]
    pub(crate) shown_resources: IndexMap<String, String>,
    /// Everything else: known keys that matter elsewhere, and misspelt ones.
    #[serde(flatten)]
    pub(crate) rest: IndexMap<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TokenResponse {
    pub(crate) token: String,
    pub(crate) token_expiration: Option<String>,
    pub(crate) token_expiration_strategy: Option<String>,
    pub(crate) refresh_token: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AssertionFile {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(rename = "lifetimeInSeconds")]
    pub(crate) lifetime_seconds: Option<Value>,
    #[serde(default)]
    pub(crate) header: IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) payload: IndexMap<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ProxyFile {
    pub(crate) base_url: String,
    #[serde(default)]
    pub(crate) headers: IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) query: IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) retry: RetryFile,
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    #[serde(default)]
    pub(crate) resources: IndexMap<String, ResourceFile>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct RetryFile {
    #[serde(default)]
    pub(crate) after: Vec<String>,
    #[serde(default)]
    pub(crate) at: Vec<String>,
    #[serde(default)]
    pub(crate) error_code: Vec<String>,
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
pub(crate) struct FieldFile {
    #[serde(default)]
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) example: Option<String>,
    pub(crate) pattern: Option<String>,
    pub(crate) format: Option<String>,
    pub(crate) order: Option<i32>,
    pub(crate) default_value: Option<String>,
    pub(crate) prefix: Option<String>,
    pub(crate) suffix: Option<String>,
    #[serde(default, rename = "enum")]
    pub(crate) choices: Vec<String>,
    #[serde(default)]
    pub(crate) optional: bool,
    #[serde(default)]
    pub(crate) automated: bool,
    #[serde(default)]
    pub(crate) hidden: bool,
    #[serde(default)]
    pub(crate) secret: bool,
    // Ours.
    #[serde(default)]
    pub(crate) host_part: bool,
    pub(crate) expects: Option<String>,
}
