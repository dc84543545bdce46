//! The keys of the house.

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
        let api_key = self.api_key.clone().map(Secret::from);
        Ok(Keys { ring: Keyring::new(keys)?, made: None, api_key })
    }

    fn with_new_key(&self, path: PathBuf) -> Result<Keys, KeySourceError> {
        let key = KeyMaterial::generate()?;
        let ring = Keyring::new(vec![key.clone()])?;
        Ok(Keys { ring, made: Some((path, key)), api_key: self.api_key.clone().map(Secret::from) })
    }
}

fn lines(path: &Path) -> Result<Vec<String>, KeySourceError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| KeySourceError::File { path: path.to_owned(), source })?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
