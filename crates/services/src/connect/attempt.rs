//! An authorization that failed after the provider or its user had a say: the customer's backend is told (contract §8.1).

use std::collections::BTreeMap;

use domain::connect::ConnectSession;
use domain::connection::EndUser;
use domain::operation::OperationKind;

use super::keep::automatic_tags;
use super::state::Payload;
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::error::Error;
use crate::operations::OperationFacts;
use crate::webhooks::auth_events::{About, AuthEvent, Failed, Teller};

/// An authorization under way, as webhooks tell of it.
pub(super) struct Attempt<'a> {
    /// The id that the connection has or would have had.
    connection: &'a str,
    again: bool,
    end_user: Option<&'a EndUser>,
    tags: BTreeMap<String, String>,
    webhook_url_override: Option<&'a str>,
}

impl<'a> Attempt<'a> {
    /// One in a browser.
    pub(super) fn of_payload(payload: &'a Payload) -> Self {
        Self {
            connection: &payload.connection_id,
            again: payload.reconnect.is_some(),
            end_user: payload.end_user.as_ref(),
            tags: tags(payload.end_user.as_ref(), &payload.tags),
            webhook_url_override: payload.webhook_url_override.as_deref(),
        }
    }

    /// One by form.
    pub(super) fn of_session(session: &'a ConnectSession, connection: &'a str) -> Self {
        Self {
            connection,
            again: session.reconnect.is_some(),
            end_user: session.end_user.as_ref(),
            tags: tags(session.end_user.as_ref(), &session.tags),
            webhook_url_override: session.webhook_url_override.as_deref(),
        }
    }

    /// Tells of its failure. That nobody can be told is written to the process's log and keeps nothing from going on.
    pub(super) async fn failed(&self, context: &Context, open: &OpenIntegration, failed: &Failed) {
        if let Err(error) = self.tell(context, open, failed).await {
            tracing::warn!(%error, "the webhook of a failed authorization could not be stored");
        }
    }

    async fn tell(&self, context: &Context, open: &OpenIntegration, failed: &Failed) -> Result<(), Error> {
        let teller = Teller::prepare(context, open).await?;
        let about = About {
            connection: self.connection,
            integration: open.integration.key.as_str(),
            provider: open.integration.provider.as_str(),
            tags: &self.tags,
            end_user: self.end_user,
            webhook_url_override: self.webhook_url_override,
        };
        let event = match self.again {
            true => AuthEvent::OverrideFailure(failed),
            false => AuthEvent::CreationFailure(failed),
        };
        let follow_up = teller.tell(about, event);
        if follow_up.deliveries.is_empty() {
            return Ok(());
        }
        Ok(context.store.follow_up(open.scope, follow_up, context.now_ms()).await?)
    }
}

/// Begins the operation that tells of an authorization; its id. `connection` is known where somebody chose it.
pub(super) fn begun(context: &Context, open: &OpenIntegration, connection: Option<&str>) -> String {
    let created_at_ms = context.now_ms();
    let log_id = context.log.new_id(created_at_ms);
    let facts = OperationFacts {
        kind: OperationKind::CreateConnection,
        integration: &open.integration,
        connection,
        created_at_ms,
        detail: None,
    };
    context.log.begun(open.scope, log_id.clone(), &facts);
    log_id
}

/// The tags that the connection would have had.
fn tags(end_user: Option<&EndUser>, own: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all = end_user.map(automatic_tags).unwrap_or_default();
    all.extend(own.clone());
    all
}

/// What the provider said to values from a form; `None` for a request that was never put to it.
pub(super) fn verdict(error: &Error) -> Option<Failed> {
    let kind = match error {
        Error::NoToken { code, .. } => *code,
        Error::Refused { code: code @ "connection_test_failed", .. } => *code,
        Error::Token(_) => "token_request_failed",
        _ => return None,
    };
    Some(Failed { kind: kind.to_owned(), description: error.to_string() })
}
