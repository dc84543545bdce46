//! Environment variables: the customer's names and values that functions read, sealed.

use std::collections::BTreeSet;

use domain::{Scope, Secret};
use store::{StoreError, ValueKind};

use super::secrets::place;
use crate::context::Context;
use crate::error::{Error, FieldIssue};

const MOST: usize = 500;
const LONGEST_NAME: usize = 256;
const LONGEST_VALUE: usize = 64 << 10;

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Unique in its environment.
    pub name: String,
    /// Never shown but to a key with the right.
    pub value: Secret,
}

/// An environment's variables, by name.
///
/// # Errors
/// One does not open.
pub async fn variables(context: &Context, scope: Scope) -> Result<Vec<Variable>, Error> {
    let stored = context.store.environment_values(scope, ValueKind::Variable).await?;
    let open = |(name, sealed): (String, domain::Sealed)| {
        let row = ValueKind::Variable.row(scope.environment, &name);
        let clear = context.vault.open(&place(&row), &sealed)?;
        let text = std::str::from_utf8(&clear).map_err(|_| Error::Corrupt("a variable is no text"))?;
        let value = Secret::new(text);
        Ok(Variable { name, value })
    };
    stored.into_iter().map(open).collect()
}

/// Puts exactly these variables in place of all.
///
/// # Errors
/// Names that are empty, too long or given twice; values that are too long; more than 500.
pub async fn replace_variables(context: &Context, scope: Scope, new: Vec<Variable>) -> Result<(), Error> {
    check(&new)?;
    let mut sealed = Vec::with_capacity(new.len());
    for variable in new {
        let row = ValueKind::Variable.row(scope.environment, &variable.name);
        sealed.push((variable.name, context.vault.seal(&place(&row), variable.value.expose().as_bytes())?));
    }
    let (kind, now_ms) = (ValueKind::Variable, context.now_ms());
    match context.store.replace_environment_values(scope, kind, &sealed, now_ms).await {
        Err(StoreError::NotFound(_)) => Err(Error::NotFound("Environment not found".to_owned())),
        other => Ok(other?),
    }
}

fn check(new: &[Variable]) -> Result<(), Error> {
    let mut issues = Vec::new();
    let mut issue =
        |code, message: String, path: Vec<String>| issues.push(FieldIssue { code, message, path });
    if new.len() > MOST {
        issue("too_big", format!("at most {MOST} variables"), vec!["variables".to_owned()]);
    }
    let mut seen = BTreeSet::new();
    for (index, variable) in new.iter().enumerate() {
        let at = |field: &str| vec!["variables".to_owned(), index.to_string(), field.to_owned()];
        match variable.name.chars().count() {
            0 => issue("too_small", "at least 1 character".to_owned(), at("name")),
            count if count > LONGEST_NAME => {
                issue("too_big", format!("at most {LONGEST_NAME} characters"), at("name"));
            }
            _ if variable.name.contains(char::is_control) => {
                issue("custom", "no control characters".to_owned(), at("name"));
            }
            _ if !seen.insert(&variable.name) => issue("custom", "given twice".to_owned(), at("name")),
            _ => {}
        }
        if variable.value.expose().len() > LONGEST_VALUE {
            issue("too_big", format!("at most {LONGEST_VALUE} bytes"), at("value"));
        }
    }
    if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
}
