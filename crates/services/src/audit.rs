//! The audit log: who changed what. An attempt is written before the change and its outcome after it, so that no
//! change is missed.

use domain::EnvironmentId;
use serde_json::{Map, Value};
use store::{Actor, Audit, AuditFilter, NewAudit, User};

use crate::api_keys::Caller;
use crate::context::Context;
use crate::error::Error;

/// Something to write down.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Who.
    pub actor: Actor,
    /// Where; `None` for the account.
    pub environment: Option<EnvironmentId>,
    /// What, for example `integration.update`.
    pub action: String,
    /// To what.
    pub target: String,
    /// What was asked for, without secrets.
    pub detail: Map<String, Value>,
}

/// A written attempt.
#[derive(Debug, Clone, Copy)]
pub struct Attempt(i64);

/// A person as an actor.
pub fn person(user: &User) -> Actor {
    Actor { kind: "person".to_owned(), id: user.id.clone(), name: user.email.as_str().to_owned() }
}

/// Whoever calls as an actor.
pub fn actor(caller: &Caller) -> Actor {
    let (kind, id, name) = match caller {
        Caller::Person { id, email } => ("person", id.clone(), email.clone()),
        Caller::Key { id, name } => ("key", id.to_string(), name.clone()),
        Caller::Operator => ("operator", String::new(), "operator".to_owned()),
    };
    Actor { kind: kind.to_owned(), id, name }
}

/// Writes an attempt down before anything is changed.
///
/// # Errors
/// The database failed: the change must not be made.
pub async fn begin(context: &Context, entry: Entry) -> Result<Attempt, Error> {
    let environment = match entry.environment {
        Some(id) => {
            let found = context.store.environment(id).await?;
            Some((id, found.map_or_else(String::new, |one| one.name.to_string())))
        }
        None => None,
    };
    let Entry { actor, action, target, detail, .. } = entry;
    let target = target.chars().filter(|c| !c.is_control()).take(300).collect();
    let new = NewAudit { at_ms: context.now_ms(), actor, environment, action, target, detail };
    Ok(Attempt(context.store.insert_audit(new).await?))
}

/// Notes how it ended. A failure to do so is told to the process's log only: the change is made.
pub async fn end(context: &Context, attempt: Attempt, status: u16) {
    if let Err(error) = context.store.end_audit(attempt.0, status, context.now_ms()).await {
        tracing::error!(%error, entry = attempt.0, status, "the outcome of a change is missing in the audit log");
    }
}

/// Writes down what is over already.
///
/// # Errors
/// The database failed.
pub async fn done(context: &Context, entry: Entry, status: u16) -> Result<(), Error> {
    let attempt = begin(context, entry).await?;
    end(context, attempt, status).await;
    Ok(())
}

/// Entries, newest first.
///
/// # Errors
/// The database failed.
pub async fn list(context: &Context, filter: &AuditFilter) -> Result<Vec<Audit>, Error> {
    Ok(context.store.list_audit(filter).await?)
}
