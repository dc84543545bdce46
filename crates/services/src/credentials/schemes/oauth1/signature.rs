//! The signature of one OAuth 1.0 request (RFC 5849 §3.4, §3.5). Pure: time and chance come in.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Secret;
use domain::provider::SignatureMethod;
use http::{Method, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

use crate::credentials::schemes::SettingProblem;
use crate::credentials::schemes::rsa_key::{RsaHash, RsaKey};

/// Everything but the unreserved characters (RFC 5849 §3.6).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whose signature it is.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// `oauth_consumer_key`.
    pub client_id: &'a str,
    /// The shared secret, or the PEM key where RSA signs.
    pub client_secret: &'a Secret,
    /// `oauth_token` and its secret; absent in the first leg.
    pub token: Option<(&'a Secret, &'a Secret)>,
    /// `oauth_signature_method`.
    pub method: SignatureMethod,
    /// The header's realm (RFC 5849 §3.5.1); no part of the signature.
    pub realm: Option<&'a str>,
}

/// Time and chance of one signature.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// Unix seconds.
    pub timestamp: i64,
    /// Never used before with this timestamp.
    pub nonce: &'a str,
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The verb.
    pub method: &'a Method,
    /// The URI as it goes out.
    pub uri: &'a Uri,
    /// The body, where it is a form: only then is it part of the signature (RFC 5849 §3.4.1.3.1).
    pub form: Option<&'a [u8]>,
    /// Protocol parameters besides the usual ones: `oauth_callback`, `oauth_verifier`.
    pub protocol: &'a [(&'a str, &'a str)],
}

/// The `Authorization` header of a request (RFC 5849 §3.5.1).
///
/// # Errors
/// The key cannot sign.
pub fn header(
    signer: &Signer<'_>,
    signed: &Signed<'_>,
    occasion: Occasion<'_>,
) -> Result<Secret, SettingProblem> {
    let parameters = parameters(signer, signed, occasion)?;
    let realm = signer.realm.map(|realm| ("realm".to_owned(), realm.to_owned()));
    let listed: Vec<String> = realm
        .iter()
        .chain(&parameters)
        .map(|(name, value)| format!("{}=\"{}\"", encode(name.as_bytes()), encode(value.as_bytes())))
        .collect();
    Ok(Secret::from(format!("OAuth {}", listed.join(", "))))
}

/// The protocol parameters with `oauth_signature`, for the query or a form body (RFC 5849 §3.5.2, §3.5.3).
///
/// # Errors
/// The key cannot sign.
pub fn parameters(
    signer: &Signer<'_>,
    signed: &Signed<'_>,
    occasion: Occasion<'_>,
) -> Result<Vec<(String, String)>, SettingProblem> {
    let mut own = vec![
        ("oauth_consumer_key".to_owned(), signer.client_id.to_owned()),
        ("oauth_nonce".to_owned(), occasion.nonce.to_owned()),
        ("oauth_signature_method".to_owned(), signer.method.as_str().to_owned()),
        ("oauth_timestamp".to_owned(), occasion.timestamp.to_string()),
        ("oauth_version".to_owned(), "1.0".to_owned()),
    ];
    if let Some((token, _)) = signer.token {
        own.push(("oauth_token".to_owned(), token.expose().to_owned()));
    }
    own.extend(signed.protocol.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let base = base_string(signed, &own);
    own.push(("oauth_signature".to_owned(), sign(signer, &base)?));
    Ok(own)
}

/// The signature base string (RFC 5849 §3.4.1); `own` are the protocol parameters but for the signature.
pub fn base_string(signed: &Signed<'_>, own: &[(String, String)]) -> String {
    let mut pairs: Vec<(String, String)> =
        own.iter().map(|(name, value)| (encode(name.as_bytes()), encode(value.as_bytes()))).collect();
    pairs.extend(form_pairs(signed.uri.query().unwrap_or_default().as_bytes()));
    pairs.extend(form_pairs(signed.form.unwrap_or_default()));
    pairs.sort();
    let normalized: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let method = signed.method.as_str().to_ascii_uppercase();
    let uri = encode(base_uri(signed.uri).as_bytes());
    format!("{method}&{uri}&{}", encode(normalized.join("&").as_bytes()))
}

/// The base string URI (RFC 5849 §3.4.1.2): the path as it goes out, no default port.
fn base_uri(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("https").to_ascii_lowercase();
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let port =
        uri.port_u16().filter(|port| !matches!((scheme.as_str(), port), ("http", 80) | ("https", 443)));
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = if uri.path().is_empty() { "/" } else { uri.path() };
    format!("{scheme}://{host}{port}{path}")
}

/// Names and values of a form encoding, each decoded and encoded again the one right way; bytes that are no UTF-8 too.
fn form_pairs(form: &[u8]) -> impl Iterator<Item = (String, String)> {
    let again = |part: &[u8]| {
        let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        encode(&percent_decode(&spaced).collect::<Vec<u8>>())
    };
    form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        (again(halves.next().unwrap_or_default()), again(halves.next().unwrap_or_default()))
    })
}

fn sign(signer: &Signer<'_>, base: &str) -> Result<String, SettingProblem> {
    let mac = |algorithm| {
        let key = hmac::Key::new(algorithm, shared_key(signer).expose().as_bytes());
        STANDARD.encode(hmac::sign(&key, base.as_bytes()))
    };
    let rsa = |hash| {
        let key = RsaKey::from_pem(signer.client_secret.expose())?;
        Ok(STANDARD.encode(key.sign(hash, base.as_bytes())?))
    };
    match signer.method {
        SignatureMethod::HmacSha1 => Ok(mac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY)),
        SignatureMethod::HmacSha256 => Ok(mac(hmac::HMAC_SHA256)),
        SignatureMethod::RsaSha1 => rsa(RsaHash::Sha1),
        SignatureMethod::RsaSha256 => rsa(RsaHash::Sha256),
        SignatureMethod::Plaintext => Ok(shared_key(signer).expose().to_owned()),
    }
}

/// Both secrets, encoded, with `&` between (RFC 5849 §3.4.2, §3.4.4).
fn shared_key(signer: &Signer<'_>) -> Secret {
    let token = signer.token.map(|(_, secret)| encode(secret.expose().as_bytes())).unwrap_or_default();
    Secret::from(format!("{}&{token}", encode(signer.client_secret.expose().as_bytes())))
}

fn encode(text: &[u8]) -> String {
    percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests;
