//! Keys and database meet: a key that does not open what is stored starts nothing, and leaves nothing behind.

use anyhow::Context as _;
use services::key_rotation::CHECK_VALUE;
use store::Store;
use vault::Vault;

use crate::config::Keys;
use crate::files;

/// The vault over a keyring that opens this database; a key made now is written down when the database is new.
///
/// # Errors
/// The database was sealed with another key; the message names it.
pub async fn settle(store: &Store, keys: &Keys) -> anyhow::Result<Vault> {
    const REFUSED: &str = "the database was sealed with another encryption key";
    let vault = Vault::new(keys.ring.clone());
    if let Some(stored) = store.meta(CHECK_VALUE).await? {
        let verified = vault.verify_check_value(&stored).context(REFUSED);
        return match &keys.made {
            None => verified.map(|()| vault),
            Some((path, _)) => verified.map(|()| vault).with_context(|| {
                format!(
                    "the database exists but no encryption key was given and {} is missing; start with the key it \
                     was sealed with",
                    path.display()
                )
            }),
        };
    }
    // On disk before anything is sealed with it.
    if let Some((path, key)) = &keys.made {
        let text = key.to_base64();
        files::write_private(path, text.as_bytes()).with_context(|| path.display().to_string())?;
    }
    let stored = store.meta_or_insert(CHECK_VALUE, &vault.check_value()?).await?;
    let verified = vault.verify_check_value(&stored);
    if let (Err(_), Some((path, _))) = (&verified, &keys.made) {
        // Another server was faster and its key is in force; ours sealed nothing.
        let _ = std::fs::remove_file(path);
    }
    verified.context(REFUSED)?;
    Ok(vault)
}
