//! Tokens for further resources: one Entra grant opens Graph, SharePoint and the file picker.
//!
//! Invariant: a minted token leaves only for the exact origin that is its audience, and that origin is the tenant's
//! own: learnt from the API with the connection's token, or entered by the operator, never taken from a request.

mod hosts;
mod mint;
mod shown;

use std::sync::Arc;
use std::time::Duration;

use domain::provider::Resource;
use domain::{ConnectionRow, Secret};
use moka::sync::Cache;

use super::account::Account;
use crate::context::Context;
use crate::error::Error;

/// A token for one resource.
#[derive(Debug, Clone)]
pub struct Minted {
    /// The bearer token.
    pub token: Secret,
    /// Its end, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// The only origin it goes to.
    pub origin: String,
    /// The resource's name in the definition.
    pub resource: String,
    /// The version of the credentials it was minted with.
    version: i64,
}

type Key = (ConnectionRow, String);

/// Mints and keeps tokens for further resources.
pub struct Resources {
    context: Arc<Context>,
    minted: Cache<Key, Arc<Minted>>,
    /// Origins by connection and resource, as learnt for one authorization (its `seal_id`).
    origins: Cache<(String, String), String>,
    gates: Cache<Key, Arc<tokio::sync::Mutex<()>>>,
    /// How many refused tokens in a row were replaced just now: a resource that answers 401 for other reasons than
    /// the token must not cost a token call a request.
    replaced: Cache<Key, u32>,
    /// Resources that could not be shown, by the version of the credentials that did not open them.
    not_shown: Cache<Key, i64>,
}

/// A minted token is renewed this long before its end.
const MARGIN_MS: i64 = 5 * 60 * 1000;
/// Refused tokens of one resource that are replaced in a row.
const MOST_REPLACEMENTS: u32 = 2;
/// How long it is remembered that a token replaced a refused one.
const REPLACED: Duration = Duration::from_secs(30);

impl Resources {
    /// Nothing minted yet.
    pub fn new(context: Arc<Context>) -> Self {
        let size = 10_000;
        Self {
            context,
            minted: Cache::builder().max_capacity(size).build(),
            origins: Cache::builder().max_capacity(size).build(),
            gates: Cache::builder().max_capacity(size).build(),
            replaced: Cache::builder().max_capacity(size).time_to_live(REPLACED).build(),
            not_shown: Cache::builder().max_capacity(size).time_to_live(shown::PAUSE).build(),
        }
    }

    /// The token for an origin, when the definition lists it as a resource and it is the tenant's own.
    ///
    /// # Errors
    /// It is one, but no token can be had.
    pub async fn token_for_origin(
        &self,
        account: &Account,
        origin: &str,
    ) -> Result<Option<Arc<Minted>>, Error> {
        for resource in resources(account) {
            if !hosts::could_be(&self.context, account, resource, origin) {
                continue;
            }
            if self.origin(account, resource).await? == origin {
                return self.token(account, resource).await.map(Some);
            }
        }
        Ok(None)
    }

    /// Whether an origin has the form of the provider's base or of one of its resources, but for another tenant than
    /// the connection's. Only asked of origins that [`Self::token_for_origin`] has no token for, and only of providers
    /// whose tokens are good for one audience each.
    pub fn is_of_another_tenant(&self, account: &Account, origin: &str) -> bool {
        let Some(proxy) = &account.integration.entry.provider.proxy else { return false };
        let templates = proxy.resources.iter().map(|resource| &resource.origin).chain([&proxy.base_url]);
        let party = account.integration.party(&self.context, account.client(), &account.connection.config);
        !proxy.resources.is_empty() && hosts::any_tenants(&party, origin, templates)
    }

    /// The token for a resource by its name in the definition or by its origin.
    ///
    /// # Errors
    /// The definition does not list it, it is another tenant's, or no token can be had.
    pub async fn token_for_resource(&self, account: &Account, wanted: &str) -> Result<Arc<Minted>, Error> {
        let origin = wanted.trim_end_matches('/');
        for resource in resources(account) {
            let named = resource.name == wanted;
            if named
                || (hosts::could_be(&self.context, account, resource, origin)
                    && self.origin(account, resource).await? == origin)
            {
                return self.token(account, resource).await;
            }
        }
        let known: Vec<&str> = resources(account).iter().map(|resource| resource.name.as_str()).collect();
        Err(Error::refused(
            "unknown_resource",
            format!(
                "`{wanted}` is not a resource of this connection's provider and tenant; known are: {}",
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            ),
        ))
    }

    /// A token in place of one that its resource refused, unless somebody had it replaced meanwhile.
    ///
    /// # Errors
    /// Just replaced twice and refused again, or no token can be had.
    pub async fn replace(&self, account: &Account, refused: &Minted) -> Result<(), Error> {
        let Some(resource) = resources(account).iter().find(|one| one.name == refused.resource) else {
            return Err(Error::refused("unknown_resource", "the definition lists the resource no more"));
        };
        let key = (account.connection.row, resource.name.clone());
        let gate = self.gates.get_with(key.clone(), Arc::default);
        let _turn = gate.lock().await;
        let origin = self.origin(account, resource).await?;
        let another = self.stored(account, resource, &origin).await?;
        if let Some(minted) = another.filter(|minted| minted.token != refused.token) {
            self.minted.insert(key, Arc::new(minted));
            return Ok(());
        }
        let times = self.replaced.get(&key).unwrap_or(0);
        if times >= MOST_REPLACEMENTS {
            let text = "the token was just replaced twice and is refused again; another one would be as well";
            return Err(Error::refused("new_token_refused", text));
        }
        self.replaced.insert(key.clone(), times + 1);
        let minted = self.mint(account, resource, origin).await?;
        self.minted.insert(key, Arc::new(minted));
        Ok(())
    }

    async fn token(&self, account: &Account, resource: &Resource) -> Result<Arc<Minted>, Error> {
        let key = (account.connection.row, resource.name.clone());
        if let Some(minted) = self.kept(account, &key) {
            return Ok(minted);
        }
        let gate = self.gates.get_with(key.clone(), Arc::default);
        let _turn = gate.lock().await;
        if let Some(minted) = self.kept(account, &key) {
            return Ok(minted);
        }
        let origin = self.origin(account, resource).await?;
        let minted = match self.stored(account, resource, &origin).await? {
            Some(minted) => minted,
            None => self.mint(account, resource, origin).await?,
        };
        let minted = Arc::new(minted);
        self.minted.insert(key, minted.clone());
        Ok(minted)
    }

    fn kept(&self, account: &Account, key: &Key) -> Option<Arc<Minted>> {
        let fresh = |minted: &Arc<Minted>| {
            minted.version == account.connection.credentials_version
                && is_fresh(minted.expires_at_ms, self.context.now_ms())
        };
        self.minted.get(key).filter(fresh)
    }
}

fn resources(account: &Account) -> &[Resource] {
    account.integration.entry.provider.proxy.as_ref().map_or(&[], |proxy| &proxy.resources)
}

fn is_fresh(expires_at_ms: Option<i64>, now_ms: i64) -> bool {
    expires_at_ms.is_some_and(|end| end - now_ms > MARGIN_MS)
}
