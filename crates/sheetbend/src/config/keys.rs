//! The keys of the house.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::Secret;
use vault::{KeyError, KeyMaterial, Keyring};

/// The keys of the house.
#[derive(Clone, Args)]
#[command(next_help_heading = "Keys")]
pub struct KeyOptions {
    /// Encryption keys, base64 of 32 bytes, comma separated: the first seals, all open
    /// [default: the file encryption.key in the data directory, made at the first start]
    #[arg(
        long,
        env = "SHEETBEND_ENCRYPTION_KEY",
        value_name = "KEYS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub encryption_key: Vec<String>,
    /// A file with the encryption keys, one a line
    #[arg(
        long,
        env = "SHEETBEND_ENCRYPTION_KEY_FILE",
        value_name = "FILE",
        conflicts_with = "encryption_key"
    )]
    pub encryption_key_file: Option<PathBuf>,
    /// An API key with every right on the default environment, made known at start
    #[arg(long, env = "SHEETBEND_API_KEY", value_name = "KEY", hide_env_values = true)]
    pub api_key: Option<String>,
    /// An API key with every right on the account (it makes environments and their keys), made known at start
    #[arg(long, env = "SHEETBEND_ACCOUNT_KEY", value_name = "KEY", hide_env_values = true)]
    pub account_key: Option<String>,
}

/// The keyring and where it came from.
#[derive(Debug)]
pub struct Keys {
    /// The keys.
    pub ring: Keyring,
    /// A key made now, and the file that it belongs into once the database is known to be new.
    pub made: Option<(PathBuf, KeyMaterial)>,
    /// The API key to make known, when one was given.
    pub api_key: Option<Secret>,
    /// The same for the account.
    pub account_key: Option<Secret>,
    /// Keys of environments by name, from the environment variables.
    pub environments: Vec<EnvironmentKeys>,
}

/// Fixed keys of one environment: `SHEETBEND_SECRET_KEY_<ENV>` and `SHEETBEND_PUBLIC_KEY_<ENV>`.
#[derive(Debug, Default)]
pub struct EnvironmentKeys {
    /// The environment's name, lower-case.
    pub name: String,
    /// A key with every right on it.
    pub secret: Option<Secret>,
    /// Its public key.
    pub public: Option<String>,
}

/// Why there is no keyring.
#[derive(Debug, thiserror::Error)]
pub enum KeySourceError {
    /// The key file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key is not base64 of 32 bytes.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl KeyOptions {
    /// Reads the keys, or makes one where there are none; nothing is written.
    ///
    /// # Errors
    /// A key that cannot be read.
    pub fn load(&self, data_dir: &Path) -> Result<Keys, KeySourceError> {
        let kept = data_dir.join("encryption.key");
        let texts = match &self.encryption_key_file {
            Some(path) => lines(path)?,
            None if !self.encryption_key.is_empty() => self.encryption_key.clone(),
            None if kept.exists() => lines(&kept)?,
            None => return self.with_new_key(kept),
        };
        let keys = texts.iter().map(|text| KeyMaterial::parse(text)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.keys(Keyring::new(keys)?, None))
    }

    fn with_new_key(&self, path: PathBuf) -> Result<Keys, KeySourceError> {
        let key = KeyMaterial::generate()?;
        Ok(self.keys(Keyring::new(vec![key.clone()])?, Some((path, key))))
    }

    fn keys(&self, ring: Keyring, made: Option<(PathBuf, KeyMaterial)>) -> Keys {
        Keys {
            ring,
            made,
            api_key: self.api_key.clone().map(Secret::from),
            account_key: self.account_key.clone().map(Secret::from),
            environments: environments(std::env::vars()),
        }
    }
}

fn lines(path: &Path) -> Result<Vec<String>, KeySourceError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| KeySourceError::File { path: path.to_owned(), source })?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// The fixed keys among the variables, by environment.
fn environments(variables: impl Iterator<Item = (String, String)>) -> Vec<EnvironmentKeys> {
    let mut found: BTreeMap<String, EnvironmentKeys> = BTreeMap::new();
    for (variable, value) in variables.filter(|(_, value)| !value.is_empty()) {
        let Some((kind, name)) = variable
            .strip_prefix("SHEETBEND_")
            .and_then(|rest| rest.split_once("_KEY_"))
            .filter(|(kind, name)| matches!(*kind, "SECRET" | "PUBLIC") && !name.is_empty())
        else {
            continue;
        };
        let keys = found.entry(name.to_lowercase()).or_default();
        keys.name = name.to_lowercase();
        match kind {
            "SECRET" => keys.secret = Some(value.into()),
            _ => keys.public = Some(value),
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_keys_are_read_by_environment() {
        let variables = [
            ("SHEETBEND_SECRET_KEY_PROD", "s"),
            ("SHEETBEND_PUBLIC_KEY_PROD", "p"),
            ("SHEETBEND_SECRET_KEY_EU_1", "e"),
            ("SHEETBEND_SECRET_KEY_", "x"),
            ("SHEETBEND_SECRET_KEY_DEV", ""),
            ("SHEETBEND_API_KEY", "a"),
        ];
        let found =
            environments(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter());
        let read: Vec<_> = found
            .iter()
            .map(|one| (one.name.as_str(), one.secret.as_ref().map(Secret::expose), one.public.as_deref()))
            .collect();
        assert_eq!(read, [("eu_1", Some("e"), None), ("prod", Some("s"), Some("p"))]);
    }
}
