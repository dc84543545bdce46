//! Passwords: argon2id (RFC 9106), away from the threads that serve and few at a time.

use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::{Entropy, Secret};
use tokio::sync::Semaphore;

use crate::error::Error;

/// OWASP's password storage cheat sheet: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
/// Each takes a core for tens of milliseconds and 19 MiB.
const AT_ONCE: usize = 2;
/// Whoever waits longer is told to come again.
const PATIENCE: Duration = Duration::from_secs(10);
/// Characters of a new password.
const LENGTHS: std::ops::RangeInclusive<usize> = 10..=256;

/// The hash of no password, of the same cost, for people that do not exist: their answer takes as long.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2hlZXRiZW5kbm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and compares.
pub(super) struct Hasher {
    gate: Semaphore,
}

impl Hasher {
    pub(super) fn new() -> Self {
        Self { gate: Semaphore::new(AT_ONCE) }
    }

    /// The PHC string of a new password.
    pub(super) async fn hash(&self, password: &Secret, entropy: &dyn Entropy) -> Result<Secret, Error> {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        let password = password.clone();
        self.aside(move || {
            let salt = SaltString::encode_b64(&bytes).map_err(broken)?;
            let hash = argon2()?.hash_password(password.expose().as_bytes(), &salt).map_err(broken)?;
            Ok(Secret::from(hash.to_string()))
        })
        .await
    }

    /// Whether the password is the one of a hash; without a hash it never is, after the same time.
    pub(super) async fn verify(&self, password: &Secret, hash: Option<&Secret>) -> Result<bool, Error> {
        let exists = hash.is_some();
        let (password, hash) = (password.clone(), hash.cloned().unwrap_or_else(|| Secret::new(NOBODY)));
        self.aside(move || {
            let hash = PasswordHash::new(hash.expose()).map_err(broken)?;
            // The cost is the hash's own, so one of an older default still opens.
            Ok(argon2()?.verify_password(password.expose().as_bytes(), &hash).is_ok() && exists)
        })
        .await
    }

    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let Ok(Ok(_permit)) = tokio::time::timeout(PATIENCE, self.gate.acquire()).await else {
            return Err(Error::TooManyTries { seconds: 10 });
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| Error::Corrupt("a password's hashing broke off"))?
    }
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(broken)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn broken(_: impl std::fmt::Display) -> Error {
    Error::Corrupt("a password's hash cannot be read")
}

/// Whether a new password will do.
///
/// # Errors
/// It is too short or too long.
pub(super) fn check_new(password: &Secret, field: &[&str]) -> Result<(), Error> {
    if LENGTHS.contains(&password.expose().chars().count()) {
        return Ok(());
    }
    let message = format!("a password has {} to {} characters", LENGTHS.start(), LENGTHS.end());
    Err(Error::field(message, field))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[tokio::test]
    async fn a_password_opens_its_own_hash_only() {
        let hasher = Hasher::new();
        let hash = hasher.hash(&Secret::new("correct horse"), &Fixed).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        assert!(hasher.verify(&Secret::new("correct horse"), Some(&hash)).await.unwrap());
        assert!(!hasher.verify(&Secret::new("correct horsf"), Some(&hash)).await.unwrap());
        assert!(!hasher.verify(&Secret::new("correct horse"), None).await.unwrap());
    }

    #[test]
    fn nobody_s_hash_costs_as_much_as_anybody_s() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&nobody).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY_KIB, PASSES, 1));
        assert_eq!(nobody.hash.unwrap().len(), 32);
    }
}
