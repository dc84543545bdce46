//! One file an auth mode: how tokens are obtained and renewed. Pure: each makes a request, none sends it.

pub mod assertion;
pub mod client_credentials;
pub mod oauth2;
pub mod two_step;

mod party;

pub use party::{Client, Party, SettingProblem, at, config_text};

use domain::Secret;
use domain::provider::{BodyFormat, ClientAuth};

/// A request to a token endpoint, ready to send.
#[derive(Debug)]
pub struct TokenRequest {
    /// The endpoint.
    pub url: String,
    /// The fields; secrets among them.
    pub fields: Vec<(String, Secret)>,
    /// `Authorization: Basic` of client id and secret.
    pub basic: Option<(String, Secret)>,
    /// The body's encoding.
    pub format: BodyFormat,
}

impl TokenRequest {
    fn new(url: String, format: BodyFormat) -> Self {
        Self { url, fields: Vec::new(), basic: None, format }
    }

    /// Sets a field, replacing one of the same name; an empty value removes it.
    fn set(&mut self, name: &str, value: impl Into<Secret>) {
        let value = value.into();
        self.fields.retain(|(key, _)| key != name);
        if !value.is_empty() {
            self.fields.push((name.to_owned(), value));
        }
    }

    fn authenticate(&mut self, client: &Client, how: ClientAuth) {
        match how {
            ClientAuth::Body => {
                self.set("client_id", client.id.clone());
                self.set("client_secret", client.secret.clone());
            }
            ClientAuth::Basic => self.basic = Some((client.id.clone(), client.secret.clone())),
            ClientAuth::BasicAndBody => {
                self.authenticate(client, ClientAuth::Body);
                self.authenticate(client, ClientAuth::Basic);
            }
            ClientAuth::UsernamePassword => {
                self.set("username", client.id.clone());
                self.set("password", client.secret.clone());
            }
            // The assertion that proves it is the scheme's own.
            ClientAuth::PrivateKeyJwt => self.set("client_id", client.id.clone()),
        }
    }
}
