//! Client assertions (RFC 7523 §2.2) the way Entra ID reads them: PS256, `x5t#S256`, one per token request.
//!
//! Source: Microsoft, "Microsoft identity platform application authentication certificate credentials".

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Secret;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Serialize;

use super::SettingProblem;

/// `client_assertion_type` (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: &'a str,
    nbf: i64,
    iat: i64,
    exp: i64,
}

/// What one assertion says.
#[derive(Debug, Clone, Copy)]
pub struct AssertionRequest<'a> {
    /// The token endpoint.
    pub audience: &'a str,
    /// The client id.
    pub issuer: &'a str,
    /// Seconds that it lives.
    pub lifetime_seconds: u32,
    /// Now, Unix milliseconds.
    pub now_ms: i64,
    /// A fresh UUID: an assertion is never used twice.
    pub id: &'a str,
}

/// Signs an assertion with a PEM private key (PKCS#8 or PKCS#1); `thumbprint` is that of its certificate ([`thumbprint`]).
///
/// # Errors
/// What is wrong with the key; never its contents.
pub fn sign(
    request: &AssertionRequest<'_>,
    key_pem: &Secret,
    thumbprint: String,
) -> Result<Secret, SettingProblem> {
    let key = EncodingKey::from_rsa_pem(key_pem.expose().as_bytes())
        .map_err(|_| SettingProblem::BadKey("the private key is not an RSA key in PEM form"))?;
    let mut header = Header::new(Algorithm::PS256);
    header.x5t_s256 = Some(thumbprint);
    let now = request.now_ms.div_euclid(1000);
    let claims = Claims {
        aud: request.audience,
        iss: request.issuer,
        sub: request.issuer,
        jti: request.id,
        // Clocks differ: an assertion from the future is refused (AADSTS700024).
        nbf: now - 60,
        iat: now,
        exp: now + i64::from(request.lifetime_seconds),
    };
    jsonwebtoken::encode(&header, &claims, &key)
        .map(Secret::from)
        .map_err(|_| SettingProblem::BadKey("the private key cannot sign"))
}

/// base64url of the SHA-256 of the certificate's DER (`x5t#S256`, RFC 7515 §4.1.8).
///
/// # Errors
/// When the text holds no PEM certificate.
pub fn thumbprint(certificate_pem: &str) -> Result<String, SettingProblem> {
    let der = CertificateDer::from_pem_slice(certificate_pem.as_bytes()).map_err(|_| {
        SettingProblem::BadKey("the certificate is not in PEM form (-----BEGIN CERTIFICATE-----)")
    })?;
    Ok(URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der)))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation};
    use serde_json::Value;

    use super::*;
    use crate::connect::certificates;

    /// What was signed is verified by the certificate's own public key, and names it by `x5t#S256` (RFC 7515 §4.1.8).
    #[test]
    fn an_assertion_verifies_against_the_certificate_that_it_names() {
        let (key, certificate, _) = certificates::make(1_795_219_200_000).unwrap();
        let request = AssertionRequest {
            audience: "https://login.example/token",
            issuer: "client",
            lifetime_seconds: 300,
            now_ms: 1_795_219_200_000,
            id: "one",
        };
        let thumbprint = thumbprint(&certificate).unwrap();
        let signed = sign(&request, &Secret::new(key.as_str()), thumbprint.clone()).unwrap();
        let header = jsonwebtoken::decode_header(signed.expose()).unwrap();
        assert_eq!((header.alg, header.x5t_s256.as_deref()), (Algorithm::PS256, Some(thumbprint.as_str())));
        let public = rcgen::KeyPair::from_pem(&key).unwrap().public_key_pem();
        let mut rules = Validation::new(Algorithm::PS256);
        rules.set_audience(&["https://login.example/token"]);
        rules.validate_exp = false;
        let verified = jsonwebtoken::decode::<Value>(
            signed.expose(),
            &DecodingKey::from_rsa_pem(public.as_bytes()).unwrap(),
            &rules,
        )
        .unwrap();
        assert_eq!(verified.claims["sub"], "client");
        assert_eq!(verified.claims["exp"], 1_795_219_500);
    }

    #[test]
    fn a_key_or_certificate_that_is_none_is_told_without_its_text() {
        let request =
            AssertionRequest { audience: "a", issuer: "i", lifetime_seconds: 1, now_ms: 0, id: "1" };
        let refused = sign(&request, &Secret::new("not a key"), "t".into()).unwrap_err();
        assert!(!refused.to_string().contains("not a key"));
        assert!(thumbprint("not a certificate").is_err());
    }
}
