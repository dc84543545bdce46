//! Tokens that a definition shows in `connection_config` (DESIGN §7): best effort, minted for whoever may see them.

use std::sync::Arc;
use std::time::Duration;

use super::{Minted, Resources, resources};
use crate::credentials::account::Account;

/// How long nobody asks again for a token that could not be had: whoever reads a connection did not ask for it.
pub(super) const PAUSE: Duration = Duration::from_secs(5 * 60);
/// How long a reader of the connection waits for it; the mint goes on and the next reader finds it.
const COURTESY: Duration = Duration::from_secs(3);

impl Resources {
    /// The tokens that the definition shows, by their key in `connection_config`; those that cannot be had are absent.
    pub async fn shown(self: &Arc<Self>, account: &Arc<Account>) -> Vec<(String, Arc<Minted>)> {
        let wanted = &account.integration.entry.provider.shown_resources;
        let mut found = Vec::with_capacity(wanted.len());
        for (key, name) in wanted {
            if let Some(minted) = self.show(account, name).await {
                found.push((key.clone(), minted));
            }
        }
        found
    }

    async fn show(self: &Arc<Self>, account: &Arc<Account>, name: &str) -> Option<Arc<Minted>> {
        let key = (account.connection.row, name.to_owned());
        let version = account.connection.credentials_version;
        if let Some(minted) = self.kept(account, &key) {
            return Some(minted);
        }
        // Credentials that cannot be renewed buy no further token either.
        if !account.is_renewable() || self.not_shown.get(&key) == Some(version) {
            return None;
        }
        let (own, account) = (self.clone(), account.clone());
        let minting = self.context.background.spawn(async move {
            let resource = resources(&account).iter().find(|resource| resource.name == key.1)?;
            match own.token(&account, resource).await {
                Ok(minted) => Some(minted),
                Err(error) => {
                    // The mint itself is in the log of operations.
                    tracing::debug!(%error, resource = resource.name, "a token to show cannot be had");
                    own.not_shown.insert(key, version);
                    None
                }
            }
        });
        tokio::time::timeout(COURTESY, minting).await.ok()?.ok()?
    }
}
