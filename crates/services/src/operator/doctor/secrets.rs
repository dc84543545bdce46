//! Secrets that end, and what webhooks are signed with.

use domain::Scope;

use super::{Finding, Level};
use crate::api_keys;
use crate::context::Context;
use crate::error::Error;
use crate::jobs::expiry::{self, Ending, Expiring};
use crate::webhooks::signing;

/// How far ahead an end is worth a word, days.
const AHEAD: i64 = 30;

/// Client secrets and certificates that end soon, as far as anybody said when.
pub(super) async fn endings(context: &Context) -> Vec<Finding> {
    const CHECK: &str = "secret-end";
    match expiry::expiring(context, AHEAD).await {
        Ok(found) if found.is_empty() => {
            vec![Finding::ok(CHECK, format!("nothing known ends within {AHEAD} days"))]
        }
        Ok(found) => found.iter().map(|one| ending(CHECK, one, context.now_ms())).collect(),
        Err(error) => vec![broken(CHECK, &error)],
    }
}

fn ending(check: &'static str, one: &Expiring, now_ms: i64) -> Finding {
    let (what, remedy) = match one.what {
        Ending::ClientSecret => (
            format!("the client secret of {}", one.integration),
            "Make a new secret at the provider, put it into the integration, and set secret_expires_at anew.",
        ),
        Ending::Certificate => (
            format!(
                "the certificate of {}/{}",
                one.integration,
                one.connection.as_ref().map_or("", |id| id.as_str())
            ),
            "Connect the account again with a new certificate.",
        ),
    };
    let left = one.days_left(now_ms);
    if left > 0 {
        return Finding::new(check, Level::Warning, format!("{what} ends in {left} days"), remedy);
    }
    Finding::new(check, Level::Failure, format!("{what} has ended"), remedy)
}

/// Which key receivers verify webhooks with, in each environment that has signed or imported one.
pub(super) async fn signing(context: &Context) -> Vec<Finding> {
    const CHECK: &str = "webhook-signing";
    let mut findings = Vec::new();
    for environment in context.store.environments().await.unwrap_or_default() {
        let scope = Scope { environment: environment.id };
        match in_force(context, scope).await {
            Ok(Some(words)) => findings.push(Finding::ok(CHECK, format!("{}: {words}", environment.name))),
            Ok(None) => {}
            Err(error) => findings.push(broken(CHECK, &error)),
        }
    }
    findings
}

/// The SDK verifies with its secret key where it was given no signing key: whether that works here.
async fn in_force(context: &Context, scope: Scope) -> Result<Option<&'static str>, Error> {
    if context.store.signing_keys(scope.environment).await?.is_none() {
        return Ok(None);
    }
    let key = signing::signing_key(context, scope).await?;
    let known = context.store.find_api_key(&api_keys::hash(key.expose())).await?;
    Ok(Some(match known.filter(|key| key.revoked_at_ms.is_none()) {
        Some(_) => "webhooks are signed with an API key; an SDK with that key alone verifies them",
        None => "webhooks are signed with a key of their own; give it to the SDK as webhookSigningKey",
    }))
}

fn broken(check: &'static str, error: &Error) -> Finding {
    let remedy = "See that the database answers and that every encryption key is known.";
    Finding::new(check, Level::Failure, error.to_string(), remedy)
}
