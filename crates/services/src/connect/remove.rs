//! The end of a connection: its row goes, and whoever wants to know is told.

use domain::Scope;
use domain::connection::Connection;

use super::account_requests;
use crate::context::Context;
use crate::credentials::account::{Account, OpenIntegration};
use crate::error::Error;
use crate::webhooks::auth_events::{About, AuthEvent, Teller};

/// Deletes a connection with its credentials; the webhook of it is stored in the same transaction.
///
/// # Errors
/// It is gone already, or the database failed; then nothing is deleted.
pub async fn remove(context: &Context, scope: Scope, connection: &Connection) -> Result<(), Error> {
    let follow_up = match OpenIntegration::load(context, scope, &connection.integration).await {
        Ok(integration) => {
            if !integration.entry.provider.pre_connection_deletion.is_empty()
                && let Ok(account) = Account::open(context, integration.clone(), connection.clone())
            {
                account_requests::say_farewell(context, &account).await;
            }
            Teller::prepare(context, &integration).await?.tell(About::stored(connection), AuthEvent::Deletion)
        }
        // A definition that went away, or a secret that does not open, must not keep a connection alive.
        Err(error @ Error::Store(_)) => return Err(error),
        Err(_) => store::FollowUp::default(),
    };
    let now_ms = context.now_ms();
    Ok(context.store.delete_connection_and(scope, connection.row, follow_up, now_ms).await?)
}
