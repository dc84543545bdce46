//! Tokens for other resources that a definition shows in `connection_config` (contract §4.8, DESIGN §7).

use std::sync::Arc;

use serde_json::{Value, json};
use services::credentials::account::Account;

use crate::app::SharedApp;

/// Puts them into a connection as it is shown to callers who may see credentials. They replace whatever stands
/// there; those that cannot be had leave it.
pub async fn add(app: &SharedApp, account: &Arc<Account>, connection_config: &mut Value) {
    let now_ms = app.services.context.now_ms();
    for (key, minted) in app.services.resources.shown(account).await {
        let mut token = json!({"token_type": "Bearer", "access_token": minted.token.expose()});
        if let Some(end) = minted.expires_at_ms {
            // The field's clients read the end as Unix milliseconds here and nowhere else.
            token["expires_at"] = end.into();
            token["expires_in"] = ((end - now_ms) / 1000).max(0).into();
        }
        connection_config[key] = token;
    }
}
