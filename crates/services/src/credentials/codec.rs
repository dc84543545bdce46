//! Credentials as the JSON that the vault seals; a storage format, not the wire's.

use domain::Secret;
use domain::credentials::{
    ClientCredentialsToken, ClientOverride, Credentials, OAuth2Credentials, RawAnswer, TwoStepCredentials,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Sealed bytes that do not hold credentials of this version.
#[derive(Debug, thiserror::Error)]
#[error("the stored credentials have an unknown form; was the database written by a newer version?")]
pub struct UnknownForm;

#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Stored {
    #[serde(rename = "OAUTH2")]
    OAuth2 {
        access_token: String,
        refresh_token: Option<String>,
        expires_at_ms: Option<i64>,
        client_id: Option<String>,
        client_secret: Option<String>,
        raw: Map<String, Value>,
    },
    #[serde(rename = "OAUTH2_CC")]
    OAuth2Cc {
        token: String,
        expires_at_ms: Option<i64>,
        client_id: String,
        client_secret: String,
        raw: Map<String, Value>,
    },
    #[serde(rename = "TWO_STEP")]
    TwoStep {
        fields: Vec<(String, String)>,
        token: String,
        expires_at_ms: Option<i64>,
        raw: Map<String, Value>,
    },
    #[serde(rename = "NONE")]
    None,
}

/// The bytes to seal; wiped when dropped.
pub fn encode(credentials: &Credentials) -> Zeroizing<Vec<u8>> {
    let clear = |secret: &Secret| secret.expose().to_owned();
    let stored = match credentials {
        Credentials::OAuth2(c) => Stored::OAuth2 {
            access_token: clear(&c.access_token),
            refresh_token: c.refresh_token.as_ref().map(clear),
            expires_at_ms: c.expires_at_ms,
            client_id: c.client_override.as_ref().map(|client| client.client_id.clone()),
            client_secret: c.client_override.as_ref().map(|client| clear(&client.client_secret)),
            raw: c.raw.0.clone(),
        },
        Credentials::OAuth2Cc(c) => Stored::OAuth2Cc {
            token: clear(&c.token),
            expires_at_ms: c.expires_at_ms,
            client_id: c.client_id.clone(),
            client_secret: clear(&c.client_secret),
            raw: c.raw.0.clone(),
        },
        Credentials::TwoStep(c) => Stored::TwoStep {
            fields: c.fields.iter().map(|(name, value)| (name.clone(), clear(value))).collect(),
            token: clear(&c.token),
            expires_at_ms: c.expires_at_ms,
            raw: c.raw.0.clone(),
        },
        Credentials::None => Stored::None,
    };
    Zeroizing::new(serde_json::to_vec(&stored).unwrap_or_default())
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// [`UnknownForm`] when the bytes are something else.
pub fn decode(bytes: &[u8]) -> Result<Credentials, UnknownForm> {
    Ok(match serde_json::from_slice(bytes).map_err(|_| UnknownForm)? {
        Stored::OAuth2 { access_token, refresh_token, expires_at_ms, client_id, client_secret, raw } => {
            let client_override = client_id.zip(client_secret).map(|(client_id, client_secret)| {
                ClientOverride { client_id, client_secret: client_secret.into() }
            });
            Credentials::OAuth2(OAuth2Credentials {
                access_token: access_token.into(),
                refresh_token: refresh_token.map(Secret::from),
                expires_at_ms,
                client_override,
                raw: RawAnswer(raw),
            })
        }
        Stored::OAuth2Cc { token, expires_at_ms, client_id, client_secret, raw } => {
            Credentials::OAuth2Cc(ClientCredentialsToken {
                token: token.into(),
                expires_at_ms,
                client_id,
                client_secret: client_secret.into(),
                raw: RawAnswer(raw),
            })
        }
        Stored::TwoStep { fields, token, expires_at_ms, raw } => Credentials::TwoStep(TwoStepCredentials {
            fields: fields.into_iter().map(|(name, value)| (name, value.into())).collect(),
            token: token.into(),
            expires_at_ms,
            raw: RawAnswer(raw),
        }),
        Stored::None => Credentials::None,
    })
}
