//! The proof that the customer's backend allowed an authorization by public key (contract §1.7).

use aws_lc_rs::hmac::{HMAC_SHA256, Key, verify};
use domain::{Secret, entropy};

use crate::error::Error;

/// Checks the hex HMAC-SHA256 over `<integration>` or `<integration>:<connection id>`.
///
/// # Errors
/// `missing_hmac`, `invalid_hmac`.
pub fn check_hmac(
    key: &Secret,
    integration: &str,
    connection_id: Option<&str>,
    given: Option<&str>,
) -> Result<(), Error> {
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        return Err(Error::refused("missing_hmac", "The HMAC is missing: the environment requires one"));
    };
    let wrong =
        || Error::refused("invalid_hmac", "The HMAC is not the one of this integration and connection");
    let tag = entropy::from_hex(given).ok_or_else(wrong)?;
    let message = match connection_id {
        Some(id) => format!("{integration}:{id}"),
        None => integration.to_owned(),
    };
    // An empty key is allowed nowhere else: anybody could compute with it.
    if key.is_empty() {
        return Err(wrong());
    }
    let key = Key::new(HMAC_SHA256, key.expose().as_bytes());
    verify(&key, message.as_bytes(), &tag).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with OpenSSL: `printf 'github:c-1' | openssl dgst -sha256 -hmac key`.
    const BOTH: &str = "35615b98824a7c5fc46fb92cae722af2b5eda468cb14144c1725dffcdb75cf28";
    const ALONE: &str = "b20803ceea34fa9b9e285caff048c8f4a67726c427f2f65ceb310bd7eb18b584";

    #[test]
    fn the_proof_is_of_one_integration_and_connection() {
        let key = Secret::new("key");
        let code = |result: Result<(), Error>| match result {
            Ok(()) => "ok",
            Err(Error::Refused { code, .. }) => code,
            Err(_) => "other",
        };
        assert_eq!(code(check_hmac(&key, "github", Some("c-1"), Some(BOTH))), "ok");
        assert_eq!(code(check_hmac(&key, "github", None, Some(ALONE))), "ok");
        assert_eq!(code(check_hmac(&key, "github", Some("c-2"), Some(BOTH))), "invalid_hmac");
        assert_eq!(code(check_hmac(&key, "github", Some("c-1"), Some(ALONE))), "invalid_hmac");
        assert_eq!(code(check_hmac(&key, "github", Some("c-1"), None)), "missing_hmac");
        assert_eq!(code(check_hmac(&key, "github", Some("c-1"), Some(""))), "missing_hmac");
        for odd in ["zz", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(code(check_hmac(&key, "github", Some("c-1"), Some(odd))), "invalid_hmac");
        }
        assert_eq!(code(check_hmac(&Secret::default(), "github", None, Some(ALONE))), "invalid_hmac");
    }
}
