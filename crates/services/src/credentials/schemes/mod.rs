//! One file an auth mode: how tokens are obtained and renewed. Pure: each makes a request, none sends it.

pub mod address;
pub mod app;
pub mod assertion;
pub mod authorize_url;
pub mod aws_sigv4;
pub mod bill;
pub mod client_credentials;
pub mod form_values;
pub mod jwk;
pub mod jws;
pub mod jwt;
pub mod mcp;
pub mod oauth1;
pub mod oauth2;
pub mod pem;
pub mod rsa_key;
pub mod saml;
pub mod signature;
pub mod tba;
pub mod two_step;
pub mod xml;

mod party;

pub use form_values::FormValues;
pub(crate) use party::COMPONENT;
pub use party::{Client, Party, SettingProblem, at, config_text};

use domain::Secret;
use domain::provider::{BodyFormat, ClientAuth};

use super::token_answer::AnswerShape;

/// A request to a token endpoint, ready to send.
#[derive(Debug)]
pub struct TokenRequest {
    /// `POST` unless the definition says otherwise; with `GET` the fields go into the query.
    pub method: http::Method,
    /// The endpoint.
    pub url: String,
    /// Headers besides those that the body's encoding implies; they replace ours of the same name.
    pub headers: Vec<(String, Secret)>,
    /// The fields; secrets among them.
    pub fields: Vec<(String, Secret)>,
    /// The whole body in place of the fields; its `content-type` stands in `headers`.
    pub body: Option<Secret>,
    /// `Authorization: Basic` of client id and secret.
    pub basic: Option<(String, Secret)>,
    /// `Authorization: Bearer`, where the request itself is authorized by a token (a GitHub App's JWT).
    pub bearer: Option<Secret>,
    /// The certificate that is shown in the TLS handshake (RFC 8705 §2).
    pub identity: Option<egress::ClientIdentity>,
    /// The body's encoding.
    pub format: BodyFormat,
    /// Where the answer carries what.
    pub shape: AnswerShape,
}

impl TokenRequest {
    /// An empty `POST`.
    pub fn new(url: String, format: BodyFormat) -> Self {
        Self {
            method: http::Method::POST,
            url,
            headers: Vec::new(),
            fields: Vec::new(),
            body: None,
            basic: None,
            bearer: None,
            identity: None,
            format,
            shape: AnswerShape::default(),
        }
    }

    /// Sets a field, replacing one of the same name; an empty value removes it.
    pub fn set(&mut self, name: &str, value: impl Into<Secret>) {
        let value = value.into();
        self.fields.retain(|(key, _)| key != name);
        if !value.is_empty() {
            self.fields.push((name.to_owned(), value));
        }
    }

    /// Adds the client's proof; without a secret it is a public client, which names itself and proves nothing (RFC 6749
    /// §3.2.1).
    pub fn authenticate(&mut self, client: &Client, how: ClientAuth) {
        let (id, secret) = (client.id.clone(), client.secret.clone());
        match how {
            _ if secret.is_empty() => self.set("client_id", id),
            // The assertion that proves it is the scheme's own.
            ClientAuth::PrivateKeyJwt => self.set("client_id", id),
            ClientAuth::Basic => self.basic = Some((id, secret)),
            ClientAuth::Body | ClientAuth::BasicAndBody => {
                self.set("client_id", id.clone());
                self.set("client_secret", secret.clone());
                self.basic = (how == ClientAuth::BasicAndBody).then_some((id, secret));
            }
            ClientAuth::UsernamePassword => {
                self.set("username", id);
                self.set("password", secret);
            }
        }
    }
}
