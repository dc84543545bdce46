//! Whether a webhook is the vendor's: an HMAC of its body, by a secret of the integration.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::provider::{SignatureEncoding, SignatureKey, WebhookSignature};
use domain::{Secret, entropy};
use http::HeaderMap;

use crate::error::Error;
use crate::integration_secrets::IntegrationSecrets;

/// The integration's secret that signs webhooks; `None` while nobody has entered it.
pub(super) fn key<'a>(signature: &WebhookSignature, secrets: &'a IntegrationSecrets) -> Option<&'a Secret> {
    let key = match signature.key {
        SignatureKey::ClientSecret => &secrets.client,
        SignatureKey::WebhookSecret => &secrets.webhook,
    };
    // With an empty key anybody can sign.
    (!key.is_empty()).then_some(key)
}

/// Verifies the signature of a body, in constant time.
///
/// # Errors
/// `webhook_missing_signature`, `webhook_invalid_signature` (contract §1.11).
pub(super) fn verify(
    signature: &WebhookSignature,
    secrets: &IntegrationSecrets,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Error> {
    let wrong = || Error::NotSignedIn {
        code: "webhook_invalid_signature",
        message: "The signature is not the one that the vendor would make with this integration's secret",
    };
    let given = headers.get(&signature.header).ok_or(Error::NotSignedIn {
        code: "webhook_missing_signature",
        message: "The header with the vendor's signature is missing",
    })?;
    let text = given.to_str().ok().and_then(|text| text.trim().strip_prefix(&signature.prefix));
    let tag = text.and_then(|text| match signature.encoding {
        SignatureEncoding::Hex => entropy::from_hex(text),
        SignatureEncoding::Base64 => STANDARD.decode(text).ok(),
    });
    let (tag, key) = tag.zip(key(signature, secrets)).ok_or_else(wrong)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
    hmac::verify(&key, body, &tag).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"action":"created"}"#;
    /// Computed with OpenSSL: `printf '{"action":"created"}' | openssl dgst -sha256 -hmac key`.
    const HEX: &str = "b7027fc173d96d41e0479e8b977690fa39649efdb8cdc0790937584a17c9f5f5";
    const BASE64: &str = "twJ/wXPZbUHgR56Ll3aQ+jlknv24zcB5CTdYShfJ9fU=";

    fn secrets(client: &str, webhook: &str) -> IntegrationSecrets {
        IntegrationSecrets {
            client: Secret::new(client),
            webhook: Secret::new(webhook),
            ..IntegrationSecrets::default()
        }
    }

    fn signature(prefix: &str, encoding: SignatureEncoding, key: SignatureKey) -> WebhookSignature {
        WebhookSignature { header: "x-signature".to_owned(), prefix: prefix.to_owned(), encoding, key }
    }

    fn code(signature: &WebhookSignature, secrets: &IntegrationSecrets, given: Option<&str>) -> &'static str {
        let mut headers = HeaderMap::new();
        if let Some(given) = given {
            headers.insert("X-Signature", given.parse().unwrap());
        }
        match verify(signature, secrets, &headers, BODY) {
            Ok(()) => "ok",
            Err(Error::NotSignedIn { code, .. }) => code,
            Err(_) => "other",
        }
    }

    #[test]
    fn only_the_key_s_holder_signs() {
        use SignatureEncoding::{Base64, Hex};
        use SignatureKey::{ClientSecret, WebhookSecret};
        let plain = signature("", Hex, ClientSecret);
        let ours = secrets("key", "other");
        let upper = HEX.to_uppercase();
        for (given, expected) in [
            (Some(HEX), "ok"),
            (Some(upper.as_str()), "ok"),
            (None, "webhook_missing_signature"),
            (Some(""), "webhook_invalid_signature"),
            (Some(&HEX[..62]), "webhook_invalid_signature"),
            (Some(&HEX[..63]), "webhook_invalid_signature"),
            (Some(BASE64), "webhook_invalid_signature"),
            (Some("+f"), "webhook_invalid_signature"),
        ] {
            assert_eq!(code(&plain, &ours, given), expected, "{given:?}");
        }
        assert_eq!(code(&plain, &secrets("other", "key"), Some(HEX)), "webhook_invalid_signature");
        let by_webhook_secret = signature("", Hex, WebhookSecret);
        assert_eq!(code(&by_webhook_secret, &secrets("other", "key"), Some(HEX)), "ok");
        let prefixed = signature("sha256=", Hex, ClientSecret);
        assert_eq!(code(&prefixed, &ours, Some(&format!("sha256={HEX}"))), "ok");
        assert_eq!(code(&prefixed, &ours, Some(HEX)), "webhook_invalid_signature");
        assert_eq!(code(&signature("", Base64, ClientSecret), &ours, Some(BASE64)), "ok");
    }

    /// An integration without its secret: the signature of an empty key is anybody's.
    #[test]
    fn an_empty_key_signs_nothing() {
        let anybodys = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b""), BODY);
        let anybodys = entropy::to_hex(anybodys.as_ref());
        let plain = signature("", SignatureEncoding::Hex, SignatureKey::ClientSecret);
        assert_eq!(code(&plain, &secrets("", ""), Some(&anybodys)), "webhook_invalid_signature");
    }
}
