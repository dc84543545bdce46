//! Private keys as JSON Web Keys (RFC 7517, RFC 7518 §6), turned into PEM.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::Secret;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::SettingProblem;

/// A private key with what its JWK says about it.
#[derive(Debug)]
pub struct Jwk {
    /// The key in PEM.
    pub pem: Secret,
    /// `kid`.
    pub id: Option<String>,
    /// `alg`, else the usual one of the key's kind.
    pub algorithm: String,
}

impl Jwk {
    /// Reads a JWK, or a PEM key (for RS256).
    ///
    /// # Errors
    /// It is no private RSA or EC key; its text is never repeated.
    pub fn read(text: &Secret) -> Result<Self, SettingProblem> {
        if text.expose().contains("-----BEGIN ") {
            return Ok(Self { pem: text.clone(), id: None, algorithm: "RS256".to_owned() });
        }
        let bad = SettingProblem::BadKey("the private key is neither a JWK with its private parts nor PEM");
        let Ok(key) = serde_json::from_str::<Map<String, Value>>(text.expose()) else { return Err(bad) };
        let (pem, usual) = match key.get("kty").and_then(Value::as_str) {
            Some("RSA") => (rsa(&key), "RS256"),
            Some("EC") => (elliptic(&key), curve(&key).map_or("ES256", |curve| curve.algorithm)),
            _ => (None, ""),
        };
        let shown = |name| key.get(name).and_then(Value::as_str).map(str::to_owned);
        let algorithm = shown("alg").unwrap_or_else(|| usual.to_owned());
        Ok(Self { pem: pem.ok_or(bad)?, id: shown("kid"), algorithm })
    }
}

fn part(key: &Map<String, Value>, name: &str) -> Option<Zeroizing<Vec<u8>>> {
    URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok().map(Zeroizing::new)
}

/// `RSAPrivateKey` of RFC 8017 §A.1.2.
fn rsa(key: &Map<String, Value>) -> Option<Secret> {
    let mut content = Zeroizing::new(integer(&[0]));
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        content.extend(integer(&part(key, name)?));
    }
    Some(pem("RSA PRIVATE KEY", &tagged(0x30, &content)))
}

struct Curve {
    algorithm: &'static str,
    /// The named curve's object identifier (RFC 5480 §2.1.1.1), encoded.
    oid: &'static [u8],
    /// Bytes of a coordinate.
    size: usize,
}

fn curve(key: &Map<String, Value>) -> Option<Curve> {
    Some(match key.get("crv")?.as_str()? {
        "P-256" => Curve { algorithm: "ES256", oid: b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", size: 32 },
        "P-384" => Curve { algorithm: "ES384", oid: b"\x06\x05\x2b\x81\x04\x00\x22", size: 48 },
        "P-521" => Curve { algorithm: "ES512", oid: b"\x06\x05\x2b\x81\x04\x00\x23", size: 66 },
        _ => return None,
    })
}

/// `ECPrivateKey` of RFC 5915 §3.
fn elliptic(key: &Map<String, Value>) -> Option<Secret> {
    let curve = curve(key)?;
    let sized = |name| part(key, name).filter(|bytes| bytes.len() == curve.size);
    let mut point = vec![0, 4];
    point.extend_from_slice(&sized("x")?);
    point.extend_from_slice(&sized("y")?);
    let mut content = Zeroizing::new(integer(&[1]));
    content.extend(tagged(0x04, &sized("d")?));
    content.extend(tagged(0xa0, curve.oid));
    content.extend(tagged(0xa1, &tagged(0x03, &point)));
    Some(pem("EC PRIVATE KEY", &tagged(0x30, &content)))
}

/// A DER `INTEGER` of an unsigned number.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len().saturating_sub(1));
    let mut number = bytes[start..].to_vec();
    if number.first().is_none_or(|first| *first >= 0x80) {
        number.insert(0, 0);
    }
    tagged(0x02, &number)
}

/// Tag, length and content (X.690 §8.1).
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    match significant {
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
    out
}

fn pem(label: &str, der: &[u8]) -> Secret {
    Secret::from(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::pem;
    use super::*;

    /// The key of RFC 7515 Appendix A.3, as the JWK that the RFC prints and as PEM.
    #[test]
    fn a_jwk_is_the_key_that_it_says() {
        let key = json!({"kty": "EC", "crv": "P-256", "kid": "one",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"});
        let read = Jwk::read(&Secret::from(key.to_string())).unwrap();
        assert_eq!((read.id.as_deref(), read.algorithm.as_str()), (Some("one"), "ES256"));
        let same = pem::private_key(&Secret::new(include_str!("jws/rfc7515_a3.pem"))).unwrap();
        assert_eq!(pem::private_key(&read.pem).unwrap().secret_der(), same.secret_der());
    }

    #[test]
    fn what_is_no_private_key_is_refused() {
        for none in [
            json!("text"),
            json!({}),
            json!({"kty": "oct", "k": "AAAA"}),
            json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
            json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}),
            json!({"kty": "RSA", "n": "***", "e": "AQAB", "d": "AQAB"}),
        ] {
            assert!(Jwk::read(&Secret::from(none.to_string())).is_err(), "{none}");
        }
        assert!(Jwk::read(&Secret::new("hunter2")).is_err());
    }
}
