//! A sealed constant in the database, by which start-up notices a wrong keyring before it does any work.

use domain::Sealed;

use crate::{Place, Vault, VaultError};

const PLACE: Place<'static> = Place { table: "meta", row: "encryption_check", column: "value" };
const CONSTANT: &[u8] = b"sheetbend";

impl Vault {
    /// A value to store at the first start and to pass to [`Self::verify_check_value`] at every later one.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn check_value(&self) -> Result<Sealed, VaultError> {
        self.seal(&PLACE, CONSTANT)
    }

    /// Refuses a keyring that cannot open what this database holds.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] names the key to start with; [`VaultError::Damaged`].
    pub fn verify_check_value(&self, sealed: &Sealed) -> Result<(), VaultError> {
        if self.open(&PLACE, sealed)?.as_slice() == CONSTANT { Ok(()) } else { Err(VaultError::Damaged) }
    }
}
