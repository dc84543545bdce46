//! What the templates of a proxy block draw on: the connection, its credentials and, for some, the request itself.

use domain::credentials::Credentials;
use domain::template::Values;
use domain::{Secret, connection::Connection};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::credentials::account::{Account, OpenIntegration};
use crate::credentials::schemes::{Client, Party, at, config_text};
use crate::credentials::template_functions::TemplateFunctions;

/// Whose calls they are.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The integration.
    pub open: &'a OpenIntegration,
    /// The credentials in clear.
    pub credentials: &'a Credentials,
    /// The connection config.
    pub config: &'a Map<String, Value>,
    /// The customer's own JSON.
    pub metadata: Option<&'a Map<String, Value>>,
}

impl<'a> Subject<'a> {
    /// The subject of a stored connection.
    pub fn of(account: &'a Account) -> Self {
        Self::connected(&account.integration, &account.connection, &account.credentials)
    }

    /// The same before everything is one account.
    pub fn connected(
        open: &'a OpenIntegration,
        connection: &'a Connection,
        credentials: &'a Credentials,
    ) -> Self {
        Self { open, credentials, config: &connection.config, metadata: connection.metadata.as_ref() }
    }

    /// The client that the credentials belong to.
    pub fn client(&self) -> Client {
        Account::client_of(self.open, self.credentials)
    }

    /// As values of templates that need no request.
    pub fn values(&self, context: &'a Context) -> SubjectValues<'a> {
        SubjectValues { subject: *self, party: self.open.party(context, self.client(), self.config) }
    }
}

/// A subject as template values.
pub struct SubjectValues<'a> {
    subject: Subject<'a>,
    pub(super) party: Party<'a>,
}

/// Whether a placeholder may stand for a secret: everything but what is readable anyway. A header that holds one is
/// kept out of the log and does not follow a redirect to a stranger.
pub fn is_secret(path: &str) -> bool {
    !["connectionConfig.", "metadata.", "cloud.", "now", "random"].iter().any(|known| path.starts_with(known))
}

impl Values for SubjectValues<'_> {
    fn get(&self, path: &str) -> Option<String> {
        let credentials = self.subject.credentials;
        if let Some(name) = path.strip_prefix("credentials.") {
            return credential(credentials, name);
        }
        if let Some(name) = path.strip_prefix("metadata.") {
            return config_text(self.subject.metadata?, name);
        }
        match path {
            "accessToken" => shown(credentials.access_token()?),
            "clientSecret" => shown(&self.party.client.secret),
            _ => self.party.get(path).or_else(|| credential(credentials, path)),
        }
    }

    fn call(&self, name: &str, arguments: &[String]) -> Option<String> {
        // The clock is the request's: a template that asks for it is filled for each attempt.
        TemplateFunctions::at(0, String::new()).call(name, arguments)
    }
}

fn shown(secret: &Secret) -> Option<String> {
    Some(secret.expose().to_owned()).filter(|text| !text.is_empty())
}

/// A field of the credentials by its name on the wire (contract §2.4); `raw.…` reaches into the answer. An empty
/// password is a value: some vendors want none beside the key.
fn credential(credentials: &Credentials, name: &str) -> Option<String> {
    if let Some(path) = name.strip_prefix("raw.") {
        return config_text(&credentials.raw()?.0, path);
    }
    let text = |secret: &Secret| Some(secret.expose().to_owned());
    match (credentials, name) {
        (Credentials::ApiKey(own), "apiKey") => shown(&own.api_key),
        (Credentials::Basic(own) | Credentials::InstallPlugin(own), "username") => text(&own.username),
        (Credentials::Basic(own) | Credentials::InstallPlugin(own), "password") => text(&own.password),
        (Credentials::Signature(own), "username") => text(&own.username),
        (Credentials::Signature(own), "password") => text(&own.password),
        (Credentials::Bill(own), "username") => text(&own.username),
        (Credentials::Bill(own), "password") => text(&own.password),
        (Credentials::Bill(own), "organization_id") => text(&own.organization_id),
        (Credentials::Bill(own), "dev_key") => text(&own.dev_key),
        (Credentials::Bill(own), "session_id") => shown(&own.session_id),
        (Credentials::Bill(own), "user_id") => Some(own.user_id.clone()),
        (Credentials::OAuth2(own), "refresh_token") => own.refresh_token.as_ref().and_then(shown),
        (Credentials::OAuth1(own), "oauth_token") => text(&own.token),
        (Credentials::Tba(own), "token_id") => text(&own.token_id),
        (Credentials::OAuth2Cc(own), "client_id") => Some(own.client_id.clone()),
        (Credentials::OAuth2Cc(own), "client_secret") => text(&own.client_secret),
        (Credentials::AwsSigV4(own), "role_arn") => Some(own.role_arn.clone()),
        (Credentials::AwsSigV4(own), "region") => Some(own.region.clone()),
        (Credentials::AwsSigV4(own), "service") => Some(own.service.clone()),
        (Credentials::Jwt(own), _) => {
            own.fields.get(name).and_then(text).or_else(|| token(credentials, name))
        }
        (Credentials::TwoStep(own), _) => {
            let own = own.fields.get(name).and_then(text).or_else(|| token(credentials, name));
            own.or_else(|| at(&credentials.raw()?.0, name)?.as_str().map(str::to_owned))
        }
        _ => token(credentials, name),
    }
}

fn token(credentials: &Credentials, name: &str) -> Option<String> {
    matches!(name, "token" | "access_token").then(|| credentials.access_token().and_then(shown)).flatten()
}
