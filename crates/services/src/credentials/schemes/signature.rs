//! SIGNATURE: a `UsernameToken` of WS-Security (WSSE UsernameToken Profile 1.0 §3.1), made anew before it ends.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::credentials::SignatureCredentials;
use domain::entropy::to_hex;
use domain::provider::Wsse;
use domain::{Entropy, Secret};
use time::OffsetDateTime;
use time::macros::format_description;

/// The credentials with a fresh token.
///
/// `PasswordDigest = Base64(hex(SHA-1(nonce + created + password)))`: Emarsys takes the digest in hexadecimal
/// before Base64 (its WSSE page), where the OASIS profile takes the bytes.
pub fn mint(
    scheme: &Wsse,
    username: &Secret,
    password: &Secret,
    now_ms: i64,
    entropy: &dyn Entropy,
) -> SignatureCredentials {
    let mut nonce = [0; 16];
    entropy.fill(&mut nonce);
    SignatureCredentials {
        username: username.clone(),
        password: password.clone(),
        token: token(username, password, &to_hex(&nonce), &created(now_ms)),
        expires_at_ms: Some(now_ms + scheme.life_ms),
    }
}

/// ISO 8601 in UTC, whole seconds.
fn created(now_ms: i64) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let at =
        OffsetDateTime::from_unix_timestamp(now_ms.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&form).unwrap_or_default()
}

fn token(username: &Secret, password: &Secret, nonce: &str, created: &str) -> Secret {
    let text = Secret::from(format!("{nonce}{created}{}", password.expose()));
    let hashed = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.expose().as_bytes());
    let proof = STANDARD.encode(to_hex(hashed.as_ref()));
    let name = username.expose().replace(['"', '\\'], "");
    Secret::from(format!(
        "UsernameToken Username=\"{name}\", PasswordDigest=\"{proof}\", Nonce=\"{nonce}\", Created=\"{created}\""
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sixteen;

    impl Entropy for Sixteen {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.copy_from_slice(&[0xab; 16]);
        }
    }

    /// Computed by `printf … | sha1sum | head -c 40 | base64`.
    #[test]
    fn the_token_is_what_a_shell_computes() {
        let scheme = Wsse { life_ms: 300_000 };
        let (name, password) = (Secret::new("user001"), Secret::new("pass-word"));
        let made = mint(&scheme, &name, &password, 1_795_251_907_089, &Sixteen);
        assert_eq!(
            made.token.expose(),
            "UsernameToken Username=\"user001\", PasswordDigest=\"MTQ3YjE5OWUxNGE1MjgwNzExZDM4M2Q1NTUxOTVkMDRlMDUxZjk4NQ==\", \
             Nonce=\"abababababababababababababababab\", Created=\"2026-11-21T09:05:07Z\""
        );
        assert_eq!(made.expires_at_ms, Some(1_795_252_207_089));
    }
}
