//! Credentials that a person typed, and what was made of them.

use super::RawAnswer;
use crate::secret::Secret;

/// A key that a person pasted.
#[derive(Debug, Clone)]
pub struct ApiKeyCredentials {
    /// The key.
    pub api_key: Secret,
}

/// A name and a password.
#[derive(Debug, Clone)]
pub struct BasicCredentials {
    /// The name; may be empty.
    pub username: Secret,
    /// The password; may be empty.
    pub password: Secret,
}

/// The fields a person gave and the token that we signed with them.
#[derive(Debug, Clone)]
pub struct JwtCredentials {
    /// Submitted fields.
    pub fields: FormFields,
    /// The signed token; empty when none was signed yet.
    pub token: Secret,
    /// End of the token, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
}

/// The fields a person gave and the token they bought.
#[derive(Debug, Clone)]
pub struct TwoStepCredentials {
    /// Submitted fields (`clientId`, `privateKey`, `certificate`, `assertion`).
    pub fields: FormFields,
    /// The bearer token; empty when none was bought yet.
    pub token: Secret,
    /// End of the token, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// Buys the next token where the definition has a refresh request.
    pub refresh_token: Option<Secret>,
    /// End of the refresh token, Unix milliseconds.
    pub refresh_token_expires_at_ms: Option<i64>,
    /// The token endpoint's answer as received.
    pub raw: RawAnswer,
}

impl TwoStepCredentials {
    /// A submitted field; `None` when absent or empty.
    pub fn field(&self, name: &str) -> Option<&Secret> {
        self.fields.get(name)
    }
}

/// A name, a password and the token derived from them.
#[derive(Debug, Clone)]
pub struct SignatureCredentials {
    /// The name.
    pub username: Secret,
    /// The password.
    pub password: Secret,
    /// The derived token; empty when none was derived yet.
    pub token: Secret,
    /// End of the token, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
}

/// A Bill.com login and its session.
#[derive(Debug, Clone)]
pub struct BillCredentials {
    /// The name.
    pub username: Secret,
    /// The password.
    pub password: Secret,
    /// The organisation to log in to.
    pub organization_id: Secret,
    /// The developer key, sent with every call.
    pub dev_key: Secret,
    /// The session, sent with every call; empty when none was opened yet.
    pub session_id: Secret,
    /// Who logged in.
    pub user_id: String,
    /// End of the session, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// The login's answer as received.
    pub raw: RawAnswer,
}

/// Submitted fields by name; the fields of a nested object have dotted names (`privateKey.id`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormFields(Vec<(String, Secret)>);

impl FormFields {
    /// A field; `None` when absent or empty.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value)
    }

    /// All fields, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl FromIterator<(String, Secret)> for FormFields {
    fn from_iter<I: IntoIterator<Item = (String, Secret)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}
