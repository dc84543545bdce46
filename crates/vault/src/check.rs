//! A sealed constant in the database, by which start-up notices a wrong keyring before it does any work.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Sealed;

use crate::{Place, Vault, VaultError};

const PLACE: Place<'static> = Place { table: "meta", row: "encryption_check", column: "value" };
const CONSTANT: &[u8] = b"sheetbend";

impl Vault {
    /// A text to store at the first start and to pass to [`Self::verify_check_value`] at every later one.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn check_value(&self) -> Result<String, VaultError> {
        Ok(STANDARD.encode(self.seal(&PLACE, CONSTANT)?.as_bytes()))
    }

    /// Refuses a keyring that cannot open what this database holds.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] names the key to start with; [`VaultError::Damaged`].
    pub fn verify_check_value(&self, text: &str) -> Result<(), VaultError> {
        let sealed = Sealed::from_bytes(STANDARD.decode(text).map_err(|_| VaultError::Damaged)?);
        if self.open(&PLACE, &sealed)?.as_slice() == CONSTANT { Ok(()) } else { Err(VaultError::Damaged) }
    }

    /// True when the check value was sealed with another key than the one that seals now: it is to be made anew
    /// once everything else is resealed.
    ///
    /// # Errors
    /// As [`Vault::needs_reseal`].
    pub fn check_value_is_old(&self, text: &str) -> Result<bool, VaultError> {
        self.needs_reseal(&Sealed::from_bytes(STANDARD.decode(text).map_err(|_| VaultError::Damaged)?))
    }
}
