//! The secrets of an environment, each sealed in a row of its own; the webhooks' signing key is in `webhooks::signing`.

use domain::{Scope, Secret};
use store::ValueKind;
use vault::Place;

use crate::context::Context;
use crate::error::{Error, FieldIssue};

/// Which secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretName {
    /// Authorizations by public key are proved with it (contract §1.7).
    HmacKey,
    /// Sent with exported traces, as JSON.
    OtlpHeaders,
}

impl SecretName {
    fn as_str(self) -> &'static str {
        match self {
            Self::HmacKey => "hmac_key",
            Self::OtlpHeaders => "otlp_headers",
        }
    }
}

/// Changes of secrets; absent ones stay, an empty one is removed.
#[derive(Debug, Clone, Default)]
pub struct SecretsChange {
    /// At most 1000 characters.
    pub hmac_key: Option<Secret>,
    /// JSON.
    pub otlp_headers: Option<Secret>,
}

impl SecretsChange {
    pub(super) async fn write(self, context: &Context, scope: Scope) -> Result<(), Error> {
        let given = [(SecretName::HmacKey, self.hmac_key), (SecretName::OtlpHeaders, self.otlp_headers)];
        for (name, secret) in given {
            match secret {
                None => {}
                Some(secret) if secret.is_empty() => {
                    let store = &context.store;
                    let now_ms = context.now_ms();
                    store.remove_environment_value(scope, ValueKind::Secret, name.as_str(), now_ms).await?;
                }
                Some(secret) => write(context, scope, name, &secret).await?,
            }
        }
        Ok(())
    }

    /// Says what is wrong before anything is written.
    pub(super) fn check(&self) -> Result<(), Error> {
        let long = self.hmac_key.as_ref().is_some_and(|key| key.expose().chars().count() > 1000);
        if !long {
            return Ok(());
        }
        let (message, path) = ("at most 1000 characters".to_owned(), vec!["hmac_key".to_owned()]);
        Err(Error::Invalid(vec![FieldIssue { code: "too_big", message, path }]))
    }
}

/// A secret of an environment, when it has one.
///
/// # Errors
/// It does not open.
pub async fn read_secret(context: &Context, scope: Scope, name: SecretName) -> Result<Option<Secret>, Error> {
    let sealed = context.store.environment_value(scope, ValueKind::Secret, name.as_str()).await?;
    let Some(sealed) = sealed else { return Ok(None) };
    let row = ValueKind::Secret.row(scope.environment, name.as_str());
    let clear = context.vault.open(&place(&row), &sealed)?;
    let text =
        std::str::from_utf8(&clear).map_err(|_| Error::Corrupt("an environment's secret is no text"))?;
    Ok(Some(Secret::new(text)))
}

async fn write(context: &Context, scope: Scope, name: SecretName, secret: &Secret) -> Result<(), Error> {
    let row = ValueKind::Secret.row(scope.environment, name.as_str());
    let sealed = context.vault.seal(&place(&row), secret.expose().as_bytes())?;
    let (kind, now_ms) = (ValueKind::Secret, context.now_ms());
    match context.store.put_environment_value(scope, kind, name.as_str(), &sealed, now_ms).await {
        Err(store::StoreError::NotFound(_)) => Err(Error::NotFound("Environment not found".to_owned())),
        other => Ok(other?),
    }
}

/// Where a value of an environment is sealed.
pub(super) fn place(row: &str) -> Place<'_> {
    Place::new("environment_values", row, "sealed")
}
