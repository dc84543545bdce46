//! Environments: made, changed and deleted by the account; their settings, secrets and variables.
//!
//! Deliberately absent: a cache. Nothing on the path of a call reads settings.

mod connect_page;
mod hmac;
mod secrets;
mod settings;
mod variables;

use domain::{EnvironmentId, EnvironmentName, Scope};
use store::StoreError;

use crate::context::Context;
use crate::error::{Error, FieldIssue};

pub use connect_page::{Appearance, ConnectUi};
pub use hmac::check_hmac;
pub use secrets::{SecretName, SecretsChange, read_secret};
pub use settings::{EnvironmentSettings, OverrideHosts, SettingsChange, WebhooksChange};
pub use variables::{Variable, replace_variables, variables};

/// The name whose environment is always production and is never deleted (contract §2.10).
const PRODUCTION: &str = "prod";

/// An environment with its settings read.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Row id, public.
    pub id: EnvironmentId,
    /// Part of the address of incoming webhooks.
    pub uuid: String,
    /// Its name.
    pub name: EnvironmentName,
    /// How it behaves.
    pub settings: EnvironmentSettings,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub updated_at_ms: i64,
}

impl Environment {
    /// As the first argument of store functions.
    pub fn scope(&self) -> Scope {
        Scope { environment: self.id }
    }
}

impl From<store::Environment> for Environment {
    fn from(stored: store::Environment) -> Self {
        Self {
            id: stored.id,
            uuid: stored.uuid,
            settings: EnvironmentSettings::read(stored.settings, &stored.name),
            name: stored.name,
            created_at_ms: stored.created_at_ms,
            updated_at_ms: stored.updated_at_ms,
        }
    }
}

/// An environment.
///
/// # Errors
/// It does not exist or was deleted.
pub async fn get(context: &Context, scope: Scope) -> Result<Environment, Error> {
    context.store.environment(scope.environment).await?.map(Environment::from).ok_or_else(unknown)
}

/// An environment by its name.
///
/// # Errors
/// There is none.
pub async fn by_name(context: &Context, name: &str) -> Result<Environment, Error> {
    let found = match EnvironmentName::parse(name) {
        Ok(name) => context.store.environment_by_name(&name).await?,
        Err(_) => None,
    };
    found.map(Environment::from).ok_or_else(unknown)
}

/// All environments, oldest first.
///
/// # Errors
/// The database failed.
pub async fn list(context: &Context) -> Result<Vec<Environment>, Error> {
    Ok(context.store.environments().await?.into_iter().map(Environment::from).collect())
}

/// Makes an environment.
///
/// # Errors
/// Its name breaks the rule or is taken; settings against their rules.
pub async fn create(
    context: &Context,
    name: &str,
    settings: SettingsChange,
    secrets: SecretsChange,
) -> Result<Environment, Error> {
    let name = EnvironmentName::parse(name).map_err(|error| {
        let path = vec!["name".to_owned()];
        Error::Invalid(vec![FieldIssue { code: "invalid_format", message: error.to_string(), path }])
    })?;
    if settings.is_production == Some(false) && name.as_str() == PRODUCTION {
        return Err(Error::refused("invalid_is_prod_flag", "The environment `prod` is always production"));
    }
    settings.check()?;
    secrets.check()?;
    let (mut stored, uuid) = (serde_json::Map::new(), context.uuid());
    settings.apply(&mut stored);
    let made = match context.store.insert_environment(&name, &uuid, &stored, context.now_ms()).await {
        Err(StoreError::Duplicate(_)) => {
            return Err(Error::Conflict(format!("An environment named \"{name}\" already exists")));
        }
        other => Environment::from(other?),
    };
    secrets.write(context, made.scope()).await?;
    Ok(made)
}

/// Changes an environment's settings.
///
/// # Errors
/// It does not exist; settings against their rules.
pub async fn change(
    context: &Context,
    scope: Scope,
    settings: SettingsChange,
    secrets: SecretsChange,
) -> Result<Environment, Error> {
    settings.check()?;
    secrets.check()?;
    if let Some(Some(key)) = &settings.public_key {
        check_own(context, scope, key).await?;
    }
    let (id, now_ms) = (scope.environment, context.now_ms());
    match context.store.change_environment_settings(id, move |stored| settings.apply(stored), now_ms).await {
        Err(StoreError::NotFound(_)) => return Err(unknown()),
        other => other?,
    }
    secrets.write(context, scope).await?;
    get(context, scope).await
}

/// A public key of two environments would lead one's end users into the other.
async fn check_own(context: &Context, scope: Scope, key: &str) -> Result<(), Error> {
    let others = list(context).await?.into_iter().filter(|one| one.id != scope.environment);
    let mut keys = others.filter_map(|one| one.settings.public_key);
    match keys.any(|taken| taken.eq_ignore_ascii_case(key)) {
        true => Err(Error::Conflict("Another environment has this public key".to_owned())),
        false => Ok(()),
    }
}

/// Deletes an environment: its keys and sessions end at once, its rows go a month later.
///
/// # Errors
/// It does not exist, or is production.
pub async fn delete(context: &Context, id: EnvironmentId) -> Result<(), Error> {
    let found = get(context, Scope { environment: id }).await?;
    if found.settings.is_production {
        let message = "A production environment cannot be deleted";
        return Err(Error::refused("cannot_delete_prod_environment", message));
    }
    match context.store.delete_environment(id, context.now_ms()).await {
        Err(StoreError::NotFound(_)) => Err(unknown()),
        other => Ok(other?),
    }
}

/// What a public key opens.
#[derive(Debug)]
pub enum PublicKey {
    /// This environment.
    Of(Box<Environment>),
    /// None.
    Unknown,
    /// None, and no environment has one: authorizations need a connect session here.
    NotAdmitted,
}

/// What a public key opens.
///
/// # Errors
/// The database failed.
pub async fn by_public_key(context: &Context, key: &str) -> Result<PublicKey, Error> {
    let admitting = list(context).await?.into_iter().filter(|one| one.settings.public_key.is_some());
    let admitting: Vec<Environment> = admitting.collect();
    if admitting.is_empty() {
        return Ok(PublicKey::NotAdmitted);
    }
    let mine = |one: &Environment| {
        one.settings.public_key.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(key))
    };
    Ok(match admitting.into_iter().find(mine) {
        Some(environment) => PublicKey::Of(Box::new(environment)),
        None => PublicKey::Unknown,
    })
}

fn unknown() -> Error {
    Error::NotFound("Environment not found".to_owned())
}
