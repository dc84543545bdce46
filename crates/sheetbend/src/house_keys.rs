//! The keys that the configuration gives, and those that a first start makes.

use std::path::Path;

use anyhow::Context as _;
use domain::permission::Grants;
use domain::{EnvironmentName, Scope, Secret};
use services::api_keys;
use services::context::Context;
use services::environments::{self, SecretsChange, SettingsChange};
use services::store::KeyOwner;

use crate::config::EnvironmentKeys;
use crate::files;

const MADE: &str = "made at the first start";
const CONFIGURED: &str = "from the configuration";

/// A key of one owner that this process keeps in a private file.
struct Kept<'a> {
    owner: KeyOwner,
    grants: Grants,
    word: &'a str,
    file: &'a str,
    flag: &'a str,
}

/// The default environment's key: from the configuration, or made at a first start.
pub async fn api_key(
    context: &Context,
    scope: Scope,
    given: Option<Secret>,
    data_dir: &Path,
) -> anyhow::Result<Option<Secret>> {
    let (owner, grants) = (scope.into(), Grants::everything());
    let kept = Kept { owner, grants, word: "dev", file: "api.key", flag: "--api-key" };
    kept.find(context, given, data_dir).await
}

/// The account's key: from the configuration, or made at a first start.
pub async fn account_key(
    context: &Context,
    given: Option<Secret>,
    data_dir: &Path,
) -> anyhow::Result<Option<Secret>> {
    let (owner, grants) = (KeyOwner::Account, Grants::whole_account());
    let kept = Kept { owner, grants, word: "account", file: "account.key", flag: "--account-key" };
    kept.find(context, given, data_dir).await
}

impl Kept<'_> {
    async fn find(
        self,
        context: &Context,
        given: Option<Secret>,
        data_dir: &Path,
    ) -> anyhow::Result<Option<Secret>> {
        let path = data_dir.join(self.file);
        if let Some(key) = given {
            check_form(&key, self.flag)?;
            api_keys::make_known(context, self.owner, CONFIGURED, &key, self.grants).await?;
            return Ok(Some(key));
        }
        if let Ok(text) = std::fs::read_to_string(&path) {
            let key = Secret::new(text.trim());
            // Known already, unless the database is newer than the file; a revoked key stays revoked.
            api_keys::make_known(context, self.owner, MADE, &key, self.grants).await?;
            return Ok(Some(key));
        }
        if !context.store.api_keys(self.owner).await?.is_empty() {
            return Ok(None);
        }
        let key = api_keys::generate(context, self.word);
        files::write_private(&path, key.expose().as_bytes()).with_context(|| path.display().to_string())?;
        api_keys::make_known(context, self.owner, MADE, &key, self.grants).await?;
        tracing::info!(file = %path.display(), "an API key was made");
        Ok(Some(key))
    }
}

fn check_form(key: &Secret, what: &str) -> anyhow::Result<()> {
    if api_keys::is_key_shaped(key.expose()) {
        return Ok(());
    }
    anyhow::bail!("{what} must be a UUID v4 (`uuidgen` makes one) or a whole key that Sheetbend made (sb_…)")
}

/// Makes the fixed keys of environments known, and the environments that do not exist yet.
pub async fn of_environments(context: &Context, given: Vec<EnvironmentKeys>) -> anyhow::Result<()> {
    for keys in given {
        let name = EnvironmentName::parse(&keys.name)
            .with_context(|| format!("SHEETBEND_SECRET_KEY_{}", keys.name.to_uppercase()))?;
        let uuid = context.uuid();
        let found = context.store.get_or_create_environment(&name, &uuid, context.now_ms()).await?;
        let scope = Scope { environment: found.id };
        if let Some(key) = keys.secret {
            check_form(&key, &format!("SHEETBEND_SECRET_KEY_{}", keys.name.to_uppercase()))?;
            api_keys::make_known(context, scope, CONFIGURED, &key, Grants::everything()).await?;
        }
        if let Some(key) = keys.public {
            let change = SettingsChange { public_key: Some(Some(key)), ..SettingsChange::default() };
            environments::change(context, scope, change, SecretsChange::default()).await.with_context(
                || format!("SHEETBEND_PUBLIC_KEY_{} must be a UUID v4", keys.name.to_uppercase()),
            )?;
        }
    }
    Ok(())
}
