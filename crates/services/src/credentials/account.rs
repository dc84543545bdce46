//! A connection with everything a call needs, opened once and kept until something writes to it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use catalog::Entry;
use domain::connection::{Connection, Health};
use domain::credentials::{Credentials, McpCredentials, OAuth2Credentials};
use domain::integration::Integration;
use domain::provider::{Auth, CodeGrant, SignatureProtocol};
use domain::{ConnectionId, ConnectionRow, IntegrationKey, Scope, Sealed, Secret};

use super::codec;
use super::schemes::app::AppIdentity;
use super::schemes::{Client, Party, two_step};
use super::template_functions::TemplateFunctions;
use crate::context::{Context, SandboxCloud};
use crate::environments::{self, OverrideHosts};
use crate::error::Error;
use crate::integration_secrets::IntegrationSecrets;
use crate::proxy::plan::ProxyPlan;

/// An integration with its definition and its secret, opened.
#[derive(Debug)]
pub struct OpenIntegration {
    /// The environment.
    pub scope: Scope,
    /// The configuration.
    pub integration: Integration,
    /// The definition.
    pub entry: Arc<Entry>,
    /// The OAuth client; empty where the connection brings its own.
    pub client: Client,
    /// The key that an installed app signs with.
    pub private_key: Secret,
    /// `${cloud.…}`.
    pub cloud: BTreeMap<String, String>,
    /// Where a call's base-URL override may lead.
    pub override_hosts: OverrideHosts,
    /// The environment's own redirect URI.
    callback_url: Option<String>,
}

impl OpenIntegration {
    /// Loads an integration.
    ///
    /// # Errors
    /// It does not exist, its cloud is not available, or its secret does not open.
    pub async fn load(context: &Context, scope: Scope, key: &IntegrationKey) -> Result<Arc<Self>, Error> {
        let integration = context
            .store
            .integration(scope, key)
            .await?
            .ok_or_else(|| Error::UnknownIntegration(key.to_string()))?;
        Self::open(context, scope, integration).await.map(Arc::new)
    }

    /// Opens an integration that was read already.
    ///
    /// # Errors
    /// Its provider or cloud is not available, or its secret does not open.
    pub async fn open(context: &Context, scope: Scope, integration: Integration) -> Result<Self, Error> {
        let entry = context
            .catalog
            .get(&integration.provider)
            .ok_or_else(|| Error::UnknownProvider(integration.provider.to_string()))?;
        let cloud = cloud_values(context, &entry, integration.settings.cloud.as_deref())?;
        let IntegrationSecrets { client: secret, private_key, .. } =
            IntegrationSecrets::open(context, &integration)?;
        let client = Client { id: integration.client_id.clone().unwrap_or_default(), secret };
        let environment = environments::get(context, scope).await?.settings;
        Ok(Self {
            scope,
            integration,
            entry,
            client,
            private_key,
            cloud,
            override_hosts: environment.override_hosts,
            callback_url: environment.callback_url,
        })
    }

    /// The redirect URI given to the provider.
    pub fn redirect_uri<'a>(&'a self, context: &'a Context) -> &'a str {
        self.callback_url.as_deref().unwrap_or(&context.settings.callback_url)
    }

    /// The parties of a request to the authorization server.
    pub fn party<'a>(
        &'a self,
        context: &'a Context,
        client: Client,
        config: &'a serde_json::Map<String, serde_json::Value>,
    ) -> Party<'a> {
        Party {
            provider: &self.entry.provider,
            integration: &self.integration,
            client,
            cloud: &self.cloud,
            config,
            redirect_uri: self.redirect_uri(context),
            functions: TemplateFunctions::fresh(context),
            extra: &[],
        }
    }

    /// The app that signs for its own tokens.
    pub fn app_identity(&self) -> AppIdentity<'_> {
        let id = self.integration.settings.app_id.as_deref().unwrap_or_default();
        AppIdentity { id, private_key: &self.private_key }
    }

    /// The name people read.
    pub fn display_name(&self) -> &str {
        self.integration.display_name.as_deref().unwrap_or(&self.entry.provider.display_name)
    }

    /// The catalogue's view of the cloud, for its rules.
    pub fn cloud_values<'a>(&self, context: &'a Context) -> Option<&'a catalog::CloudValues> {
        let family = self.entry.provider.cloud_family.as_deref()?;
        let cloud = self.integration.settings.cloud.as_deref().unwrap_or(catalog::Clouds::DEFAULT);
        context.catalog.clouds().values(family, cloud).ok()
    }
}

fn cloud_values(
    context: &Context,
    entry: &Entry,
    cloud: Option<&str>,
) -> Result<BTreeMap<String, String>, Error> {
    let Some(family) = entry.provider.cloud_family.as_deref() else { return Ok(BTreeMap::new()) };
    let cloud = cloud.unwrap_or(catalog::Clouds::DEFAULT);
    if cloud == "sandbox" && context.settings.sandbox == SandboxCloud::Absent {
        return Err(Error::refused(
            "sandbox_not_running",
            "this integration belongs to the simulated tenant, which only `sheetbend dev` runs; start `dev`, or set \
             the integration's cloud to `global`",
        ));
    }
    let values = context
        .catalog
        .clouds()
        .values(family, cloud)
        .map_err(|unknown| Error::refused("unknown_cloud", unknown.to_string()))?;
    Ok(values.variables().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The longest margin where the definition names none, milliseconds.
const USUAL: i64 = 15 * 60 * 1000;

/// A connection with everything a call needs.
#[derive(Debug)]
pub struct Account {
    /// The integration.
    pub integration: Arc<OpenIntegration>,
    /// The connection as stored.
    pub connection: Connection,
    /// Its credentials in clear.
    pub credentials: Credentials,
    plan: OnceLock<Result<ProxyPlan, String>>,
    shown: OnceLock<Shown>,
}

/// Holds credentials, so it prints as nothing.
struct Shown(Bytes);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown([redacted])")
    }
}

impl Account {
    /// Loads a connection.
    ///
    /// # Errors
    /// It does not exist, or does not open.
    pub async fn load(
        context: &Context,
        scope: Scope,
        key: &IntegrationKey,
        id: &ConnectionId,
    ) -> Result<Self, Error> {
        let integration = OpenIntegration::load(context, scope, key).await?;
        Self::load_of(context, integration, id).await
    }

    /// Loads a connection of an integration that is open already.
    ///
    /// # Errors
    /// It does not exist, or does not open.
    pub async fn load_of(
        context: &Context,
        integration: Arc<OpenIntegration>,
        id: &ConnectionId,
    ) -> Result<Self, Error> {
        let (scope, key) = (integration.scope, &integration.integration.key);
        let connection = context.store.connection(scope, key, id).await?.ok_or_else(|| {
            Error::UnknownConnection { integration: key.to_string(), connection: id.to_string() }
        })?;
        Self::open(context, integration, connection)
    }

    /// Opens a connection that was read already.
    ///
    /// # Errors
    /// The credentials do not open.
    pub fn open(
        context: &Context,
        integration: Arc<OpenIntegration>,
        connection: Connection,
    ) -> Result<Self, Error> {
        let place = vault::Place::new("connections", &connection.seal_id, "credentials");
        let clear = context.vault.open(&place, &connection.credentials)?;
        let credentials =
            codec::decode(&clear).map_err(|_| Error::Corrupt("stored credentials have an unknown form"))?;
        Ok(Self { integration, connection, credentials, plan: OnceLock::new(), shown: OnceLock::new() })
    }

    /// Credentials on trial: nothing of it is stored, and it has no name.
    pub fn on_trial(
        integration: Arc<OpenIntegration>,
        credentials: Credentials,
        config: serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self, Error> {
        let id = ConnectionId::parse("on-trial").map_err(|_| Error::Corrupt("a fixed id is no id"))?;
        let connection = Connection {
            row: ConnectionRow(0),
            id,
            integration: integration.integration.key.clone(),
            provider: integration.integration.provider.clone(),
            credentials: Sealed::from_bytes(Vec::new()),
            seal_id: String::new(),
            expires_at_ms: None,
            credentials_version: 0,
            config,
            metadata: None,
            tags: BTreeMap::new(),
            end_user: None,
            webhook_url_override: None,
            health: Health::default(),
            created_at_ms: 0,
            updated_at_ms: 0,
            last_fetched_at_ms: None,
        };
        Ok(Self { integration, connection, credentials, plan: OnceLock::new(), shown: OnceLock::new() })
    }

    /// What the edge shows of it, written at the first asking and the same until something writes to the connection.
    pub fn shown(&self, write: impl FnOnce() -> Bytes) -> Bytes {
        self.shown.get_or_init(|| Shown(write())).0.clone()
    }

    /// How proxied calls go, made at the first one.
    ///
    /// # Errors
    /// In words: what the connection lacks for it.
    pub fn plan(&self, context: &Context) -> Result<&ProxyPlan, &String> {
        let make = || ProxyPlan::make(context, &self.integration, &self.connection, &self.credentials);
        self.plan.get_or_init(make).as_ref()
    }

    /// The client that this connection's tokens belong to.
    pub fn client(&self) -> Client {
        Self::client_of(&self.integration, &self.credentials)
    }

    /// The same before everything is one account.
    pub fn client_of(open: &OpenIntegration, credentials: &Credentials) -> Client {
        match credentials {
            Credentials::OAuth2(OAuth2Credentials { client_override: Some(own), .. }) => {
                Client { id: own.client_id.clone(), secret: own.client_secret.clone() }
            }
            Credentials::OAuth2Cc(own) => {
                Client { id: own.client_id.clone(), secret: own.client_secret.clone() }
            }
            Credentials::TwoStep(own) => Client {
                id: own.field("clientId").map(|id| id.expose().to_owned()).unwrap_or_default(),
                secret: Secret::default(),
            },
            Credentials::McpOAuth2(McpCredentials { client: Some(own), .. })
            | Credentials::McpOAuth2Generic(McpCredentials { client: Some(own), .. }) => {
                Client { id: own.client_id.clone(), secret: own.client_secret.clone().unwrap_or_default() }
            }
            Credentials::Tba(own) => Client {
                id: own.client_id.clone().unwrap_or_else(|| open.client.id.clone()),
                secret: own.client_secret.clone().unwrap_or_else(|| open.client.secret.clone()),
            },
            _ => open.client.clone(),
        }
    }

    /// Whether a refresh is possible at all.
    pub fn is_renewable(&self) -> bool {
        match (&self.credentials, &self.integration.entry.provider.auth) {
            (_, Auth::OAuth2(scheme)) if scheme.grant == CodeGrant::AdminConsent => true,
            (Credentials::OAuth2(own), _) => own.refresh_token.is_some(),
            (Credentials::McpOAuth2(own) | Credentials::McpOAuth2Generic(own), _) => {
                own.tokens.refresh_token.is_some()
            }
            // Made again from what is stored.
            (
                Credentials::OAuth2Cc(_)
                | Credentials::TwoStep(_)
                | Credentials::Jwt(_)
                | Credentials::Signature(_)
                | Credentials::Bill(_)
                | Credentials::AwsSigV4(_)
                | Credentials::App(_)
                | Credentials::Custom(_),
                _,
            ) => true,
            // Nothing ends, or nothing can be done about it.
            (
                Credentials::OAuth1(_)
                | Credentials::ApiKey(_)
                | Credentials::Basic(_)
                | Credentials::Tba(_)
                | Credentials::InstallPlugin(_)
                | Credentials::None,
                _,
            ) => false,
        }
    }

    /// True when what a call needs is there and has not ended.
    pub fn is_valid(&self, now_ms: i64) -> bool {
        self.credentials.is_complete() && self.credentials.expires_at_ms().is_none_or(|end| end > now_ms)
    }

    /// True when the access token is due for renewal: within 15 minutes of its end, or within a quarter of its life
    /// where that is less (contract §7.1).
    pub fn is_due(&self, now_ms: i64) -> bool {
        let Some(end) = self.credentials.expires_at_ms() else { return !self.is_valid(now_ms) };
        if !self.is_valid(now_ms) {
            return true;
        }
        let left_ms = end - now_ms;
        // Nearly every call ends here: the margin itself looks into the answer, and is never longer.
        left_ms <= self.own_margin_ms().unwrap_or(USUAL) && left_ms <= self.margin_ms(end)
    }

    fn margin_ms(&self, end: i64) -> i64 {
        /// As AWS's own clients do; a session may be as short as 15 minutes.
        const OF_SESSION: i64 = 5 * 60 * 1000;
        if let Some(own) = self.own_margin_ms() {
            return own;
        }
        let life = match (&self.credentials, &self.integration.entry.provider.auth) {
            (Credentials::AwsSigV4(_), _) => return OF_SESSION,
            (Credentials::Signature(_), Auth::Signature(SignatureProtocol::Wsse(scheme))) => {
                Some(scheme.life_ms)
            }
            (Credentials::Jwt(_), Auth::Jwt(scheme)) => Some(scheme.life_ms),
            (Credentials::TwoStep(own), Auth::TwoStep(scheme)) => {
                super::token_answer::end(&two_step::shape(scheme), &own.raw.0, 0)
            }
            (credentials, _) => {
                credentials.raw().and_then(|raw| super::token_answer::expires_at_ms(&raw.0, 0))
            }
        };
        let life = life.filter(|life| *life < end / 2);
        life.map_or(USUAL, |life| USUAL.min(life / 4))
    }

    /// The definition's margin, where it has one (`token_expiration_buffer`).
    fn own_margin_ms(&self) -> Option<i64> {
        let seconds = match &self.integration.entry.provider.auth {
            Auth::OAuth2(scheme) => scheme.expiration_buffer_seconds,
            Auth::OAuth2Cc(scheme) => scheme.expiration_buffer_seconds,
            Auth::TwoStep(scheme) => scheme.expiration_buffer_seconds,
            _ => None,
        };
        seconds.map(|seconds| i64::from(seconds) * 1000)
    }
}
