//! What webhooks tell about connections: made, authorized again, broken, deleted (contract §8.3).

use std::collections::BTreeMap;

use domain::connection::{AuthProblem, Connection, EndUser};
use domain::provider::AuthMode;
use serde_json::{Value, json};
use store::{FollowUp, NewDelivery, Upserted};

use super::settings::{self, Told};
use super::stable;
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::error::Error;

/// What happened to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthEvent<'a> {
    /// It is new.
    Creation,
    /// It was authorized again.
    Override,
    /// Its credentials stopped working.
    RefreshFailure(&'a AuthProblem),
    /// It was deleted; ours, the contract has none.
    Deletion,
    /// An authorization of a new connection failed.
    CreationFailure(&'a Failed),
    /// An authorization of a connection that is there failed; it stays as it was.
    OverrideFailure(&'a Failed),
}

/// Why an authorization failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// A code: of contract §5.4, or of the form's answer (§5.6).
    pub kind: String,
    /// For people; holds no secret.
    pub description: String,
}

/// The connection that an event is about, be it stored or not.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Its id.
    pub connection: &'a str,
    /// The integration's key.
    pub integration: &'a str,
    /// The provider.
    pub provider: &'a str,
    /// All tags.
    pub tags: &'a BTreeMap<String, String>,
    /// The end user.
    pub end_user: Option<&'a EndUser>,
    /// Its own receiver.
    pub webhook_url_override: Option<&'a str>,
}

impl<'a> About<'a> {
    /// A stored connection.
    pub fn stored(connection: &'a Connection) -> Self {
        Self {
            connection: connection.id.as_str(),
            integration: connection.integration.as_str(),
            provider: connection.provider.as_str(),
            tags: &connection.tags,
            end_user: connection.end_user.as_ref(),
            webhook_url_override: connection.webhook_url_override.as_deref(),
        }
    }
}

impl AuthEvent<'_> {
    fn operation(self) -> &'static str {
        match self {
            Self::Creation | Self::CreationFailure(_) => "creation",
            Self::Override | Self::OverrideFailure(_) => "override",
            Self::RefreshFailure(_) => "refresh",
            Self::Deletion => "deletion",
        }
    }

    /// The `error` of a body that tells of a failure.
    fn error(self) -> Option<Value> {
        match self {
            Self::Creation | Self::Override | Self::Deletion => None,
            Self::RefreshFailure(problem) => {
                let description = format!("{} {}", problem.cause, problem.remedy);
                Some(json!({"type": "refresh_token_external_error", "description": description.trim_end()}))
            }
            Self::CreationFailure(failed) | Self::OverrideFailure(failed) => {
                Some(json!({"type": failed.kind, "description": failed.description}))
            }
        }
    }
}

/// All that must be known before a transaction in which something happens to a connection of one integration.
#[derive(Debug, Clone)]
pub struct Teller {
    told: Told,
    event_id: String,
    mode: AuthMode,
}

impl Teller {
    /// Looks up who is told; the event has its idempotency id from here on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prepare(context: &Context, integration: &OpenIntegration) -> Result<Self, Error> {
        let told = settings::load(context, integration.scope.environment).await?;
        let event_id = format!("msg_{}", domain::entropy::name(&*context.entropy, 27));
        Ok(Self { told, event_id, mode: integration.entry.provider.auth.mode() })
    }

    /// What an upsert causes.
    pub fn upserted(&self, connection: &Connection, what: Upserted) -> FollowUp {
        let event = match what {
            Upserted::Created => AuthEvent::Creation,
            Upserted::Overridden => AuthEvent::Override,
        };
        self.tell(About::stored(connection), event)
    }

    /// The webhooks of an event: none without a receiver or when its switch is off.
    pub fn tell(&self, about: About<'_>, event: AuthEvent<'_>) -> FollowUp {
        let switches = &self.told.settings;
        let wanted = match event {
            AuthEvent::Creation | AuthEvent::CreationFailure(_) => switches.on_auth_creation,
            AuthEvent::Override | AuthEvent::OverrideFailure(_) => true,
            AuthEvent::RefreshFailure(_) => switches.on_auth_refresh_error,
            AuthEvent::Deletion => switches.on_auth_deletion,
        };
        let receivers = switches.receivers(about.webhook_url_override);
        if !wanted || receivers.is_empty() {
            return FollowUp::default();
        }
        let body = stable::text(&self.body(about, event));
        let name = self.event_id.trim_start_matches("msg_");
        let one = |(index, url): (usize, String)| NewDelivery {
            id: format!("del_{name}_{}", index + 1),
            event_id: self.event_id.clone(),
            event: format!("auth.{}", event.operation()),
            integration: Some(about.integration.to_owned()),
            connection: Some(about.connection.to_owned()),
            url,
            body: body.clone(),
        };
        FollowUp { tasks: Vec::new(), deliveries: receivers.into_iter().enumerate().map(one).collect() }
    }

    fn body(&self, about: About<'_>, event: AuthEvent<'_>) -> Value {
        let error = event.error();
        let mut body = json!({
            "from": "nango",
            "type": "auth",
            "connectionId": about.connection,
            "providerConfigKey": about.integration,
            "authMode": self.mode.as_str(),
            "provider": about.provider,
            "environment": self.told.name.as_str(),
            "operation": event.operation(),
            "success": error.is_none(),
            "tags": about.tags,
        });
        if let Some(end_user) = about.end_user {
            body["endUser"] = shown(end_user);
        }
        if let Some(error) = error {
            body["error"] = error;
        }
        body
    }
}

/// An end user with the contract's camel-case keys; what is not known is absent.
fn shown(end_user: &EndUser) -> Value {
    let tags: &BTreeMap<String, String> = &end_user.tags;
    let mut shown = json!({"endUserId": end_user.id, "tags": tags});
    if let Some(email) = &end_user.email {
        shown["endUserEmail"] = email.as_str().into();
    }
    if let Some(organization) = &end_user.organization {
        shown["organizationId"] = organization.id.as_str().into();
    }
    shown
}

/// Whether a failure is worth telling: the first of a row, or one after which only a new authorization helps.
pub fn is_news(before: Option<&AuthProblem>, now: &AuthProblem) -> bool {
    before.is_none_or(|before| now.needs_reconnect && !before.needs_reconnect)
}
