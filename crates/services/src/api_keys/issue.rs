//! Making, importing, listing and revoking keys.

use domain::Secret;
use domain::permission::{Grants, is_account_scope, is_environment_scope};
use store::{ApiKey, KeyOwner, NewApiKey, StoreError};

use super::form;
use crate::context::Context;
use crate::error::{Error, FieldIssue};

/// At most this many keys of one environment, or of the account, are in force (contract §1.3).
pub const MOST_KEYS: u32 = 50;

/// What a developer calls a key: 1 to 255 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Checks a name; the issue is of the field `display_name`.
    ///
    /// # Errors
    /// It is empty, too long, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let issue = |code, message: &str| {
            let path = vec!["display_name".to_owned()];
            Err(Error::Invalid(vec![FieldIssue { code, message: message.to_owned(), path }]))
        };
        match text.chars().count() {
            0 => issue("too_small", "at least 1 character"),
            256.. => issue("too_big", "at most 255 characters"),
            _ if text.contains(char::is_control) => issue("custom", "no control characters"),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

/// A new key, shown once.
#[derive(Debug)]
pub struct Issued {
    /// Its id.
    pub id: i64,
    /// The key itself.
    pub secret: Secret,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub grants: Grants,
    /// Unix milliseconds.
    pub created_at_ms: i64,
}

/// The scopes that a key of `owner` is to have.
///
/// # Errors
/// None, or one that grants nothing there; the issue is of the field `scopes`.
pub fn check_scopes(owner: KeyOwner, scopes: Vec<String>) -> Result<Grants, Error> {
    let known = match owner {
        KeyOwner::Environment(_) => is_environment_scope,
        KeyOwner::Account => is_account_scope,
    };
    if scopes.is_empty() || scopes.len() > 100 {
        return Err(Error::field("1 to 100 scopes", &["scopes"]));
    }
    match scopes.iter().position(|scope| !known(scope)) {
        Some(at) => {
            Err(Error::field(format!("`{}` is not a scope", scopes[at]), &["scopes", &at.to_string()]))
        }
        None => Ok(Grants::new(scopes)),
    }
}

/// Makes a key.
///
/// # Errors
/// The name is taken, there are [`MOST_KEYS`] already, or there is no such environment.
pub async fn create(
    context: &Context,
    owner: KeyOwner,
    name: &Name,
    grants: Grants,
) -> Result<Issued, Error> {
    let secret = form::new_key(&*context.entropy, &word(context, owner).await?);
    insert(context, owner, name, secret, grants).await
}

/// Makes a key known that was made elsewhere: ours, or a UUID v4 of the field.
///
/// # Errors
/// It has not the form of a key, is known already, or as [`create`].
pub async fn import(
    context: &Context,
    owner: KeyOwner,
    name: &Name,
    secret: Secret,
    grants: Grants,
) -> Result<Issued, Error> {
    if !form::is_key_shaped(secret.expose()) {
        return Err(Error::field("not a key of ours and not a UUID v4", &["secret"]));
    }
    insert(context, owner, name, secret, grants).await
}

async fn insert(
    context: &Context,
    owner: KeyOwner,
    name: &Name,
    secret: Secret,
    grants: Grants,
) -> Result<Issued, Error> {
    let created_at_ms = context.now_ms();
    let new = NewApiKey {
        name: name.0.clone(),
        hash: form::hash(secret.expose()),
        prefix: form::shown(secret.expose()),
        grants: grants.clone(),
    };
    match context.store.insert_api_key(owner, new, MOST_KEYS, created_at_ms).await {
        Ok(id) => Ok(Issued { id, secret, name: name.0.clone(), grants, created_at_ms }),
        Err(StoreError::Duplicate(_)) => {
            Err(Error::Conflict("An API key with this name, or this key itself, already exists".to_owned()))
        }
        Err(StoreError::LimitReached(_)) => Err(Error::refused(
            "resource_capped",
            format!("There are {MOST_KEYS} API keys already, revoke one that is not used"),
        )),
        Err(StoreError::NotFound(_)) => Err(Error::NotFound("Environment not found".to_owned())),
        Err(error) => Err(error.into()),
    }
}

/// The keys in force, oldest first.
///
/// # Errors
/// The database failed.
pub async fn list(context: &Context, owner: KeyOwner) -> Result<Vec<ApiKey>, Error> {
    let keys = context.store.api_keys(owner).await?;
    Ok(keys.into_iter().filter(|key| key.revoked_at_ms.is_none()).collect())
}

/// Revokes a key on every node.
///
/// # Errors
/// The owner has no such key.
pub async fn revoke(context: &Context, owner: KeyOwner, id: i64) -> Result<(), Error> {
    match context.store.revoke_api_key(owner, id, context.now_ms()).await {
        Err(StoreError::NotFound(_)) => Err(Error::NotFound("API key not found".to_owned())),
        other => Ok(other?),
    }
}

async fn word(context: &Context, owner: KeyOwner) -> Result<String, Error> {
    let KeyOwner::Environment(id) = owner else { return Ok("account".to_owned()) };
    let found = context.store.environment(id).await?;
    found
        .map(|environment| environment.name.to_string())
        .ok_or_else(|| Error::NotFound("Environment not found".to_owned()))
}

/// A new key that nobody knows yet; `word` is the environment's name, or `account`.
pub fn generate(context: &Context, word: &str) -> Secret {
    form::new_key(&*context.entropy, word)
}

/// Makes a key of the configuration known, unless it is; one that was revoked stays so.
///
/// # Errors
/// The database failed.
pub async fn make_known(
    context: &Context,
    owner: impl Into<KeyOwner>,
    name: &str,
    key: &Secret,
    grants: Grants,
) -> Result<(), Error> {
    let (owner, hash) = (owner.into(), form::hash(key.expose()));
    if context.store.find_api_key(&hash).await?.is_some() {
        return Ok(());
    }
    // Another key may have come from the same place before.
    for name in [name.to_owned(), format!("{name} {}", &hash[..8])] {
        let prefix = form::shown(key.expose());
        let new = NewApiKey { name, hash: hash.clone(), prefix, grants: grants.clone() };
        match context.store.insert_api_key(owner, new, u32::MAX, context.now_ms()).await {
            Err(StoreError::Duplicate(_)) => {}
            other => return Ok(other.map(drop)?),
        }
    }
    Ok(())
}
