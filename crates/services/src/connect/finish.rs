//! The end of an authorization: the connection is stored, the waiting page told.

use std::sync::Arc;

use domain::ConnectionId;
use domain::operation::OperationState;
use store::Upserted;

use super::account_requests;
use super::callback::{Ending, Failure, Pending, internal};
use super::events::ConnectEvents;
use super::keep::{self, NewAuthorization};
use super::redeem::Authorized;
use crate::context::Context;
use crate::credentials::account::{Account, OpenIntegration};
use crate::error::Error;

pub(super) async fn finish(
    context: &Context,
    events: &ConnectEvents,
    open: &Arc<OpenIntegration>,
    authorized: Authorized,
) -> Result<Ending, Failure> {
    let Authorized { credentials, config, payload, pending } = authorized;
    let id = ConnectionId::parse(&payload.connection_id)
        .map_err(|_| internal(Error::Corrupt("a state without a connection id")))?;
    if let Some(row) = payload.reconnect()
        && context.store.connection_by_row(open.scope, row).await.map_err(|e| internal(e.into()))?.is_none()
    {
        let cause = "The connection to authorize again was deleted meanwhile.";
        return Err(Failure::again("connection_not_found", "connection_gone", cause));
    }
    let (credentials, config) = match pending {
        Pending::Yes => (credentials, config),
        Pending::No => {
            let mut account = Account::on_trial(open.clone(), credentials, config).map_err(internal)?;
            let learnt = account_requests::learn(context, &mut account, &payload.log_id).await;
            learnt.map_err(|why| {
                Failure::again("connection_validation_failed", "account_not_learnt", &format!("{why}."))
            })?;
            (account.credentials, account.connection.config)
        }
    };
    let new = NewAuthorization {
        integration: open.clone(),
        id,
        credentials,
        config,
        metadata: None,
        end_user: payload.end_user.clone(),
        tags: payload.tags.clone(),
        webhook_url_override: payload.webhook_url_override.clone(),
    };
    let (connection, upserted) = keep::keep(context, new).await.map_err(internal)?;
    context.faults.pass("callback:stored");
    let told = match (upserted, pending) {
        (_, Pending::Yes) => "the connection waits for approval on the other side",
        (Upserted::Created, Pending::No) => "the connection was created",
        (Upserted::Overridden, Pending::No) => "the connection was authorized again",
    };
    context.log.say(open.scope, &payload.log_id, "info", told, None);
    context.log.finish(
        open.scope,
        payload.log_id.clone(),
        OperationState::Success,
        Some(connection.id.to_string()),
        None,
    );
    let (integration, connection) = (open.integration.key.to_string(), connection.id.to_string());
    if let Err(error) = events.success(payload.socket.as_deref(), &integration, &connection, pending).await {
        tracing::warn!(%error, "a waiting page could not be told of its success");
    }
    let display_name = open.display_name().to_owned();
    Ok(Ending::Connected { integration, display_name, connection, socket: payload.socket.clone(), pending })
}
