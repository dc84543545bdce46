//! JWT and SIGNATURE.

use domain::provider::{HmacSecretEncoding, JwtTemplate, SignatureProtocol, SigningProtocol, Wsse};
use domain::template::TemplateTree;

use super::{Lack, required_template};
use crate::convert::file::{ProviderFile, SignatureFile, TokenFile};
use crate::convert::tree::nested_parameters;

/// Life of a WSSE token when the definition says nothing, milliseconds.
const WSSE_LIFE_MS: i64 = 300_000;

pub(super) fn jwt(file: &ProviderFile) -> Result<JwtTemplate, Lack> {
    let missing = |key: &str| Lack::Missing(format!("`{key}` is missing"));
    let signature = file.signature.as_ref().ok_or_else(|| missing("signature"))?;
    let token = file.token.as_ref().ok_or_else(|| missing("token"))?;
    Ok(JwtTemplate {
        protocol: protocol(signature)?,
        signing_key: required_template("token.signing_key", token.signing_key.as_deref())?,
        hmac_secret_encoding: encoding(signature)?,
        life_ms: life_ms(token)?,
        header: TemplateTree::Map(nested_parameters("token.header", &token.header)?),
        payload: TemplateTree::Map(nested_parameters("token.payload", &token.payload)?),
    })
}

pub(super) fn signature(file: &ProviderFile) -> Result<SignatureProtocol, Lack> {
    match file.signature.as_ref().map(|signature| signature.protocol.as_str()) {
        Some("WSSE") => {
            let life_ms = file.token.as_ref().map_or(Ok(WSSE_LIFE_MS), life_ms)?;
            Ok(SignatureProtocol::Wsse(Wsse { life_ms }))
        }
        Some(other) => Err(Lack::Wrong(format!("signature.protocol: `{other}` is not WSSE"))),
        None => Err(Lack::Missing("`signature` is missing".to_owned())),
    }
}

fn protocol(signature: &SignatureFile) -> Result<SigningProtocol, String> {
    match signature.protocol.as_str() {
        "RSA" => Ok(SigningProtocol::Rsa),
        "HMAC" => Ok(SigningProtocol::Hmac),
        "EC" => Ok(SigningProtocol::Ec),
        other => Err(format!("signature.protocol: `{other}` is not one of RSA, HMAC and EC")),
    }
}

fn encoding(signature: &SignatureFile) -> Result<HmacSecretEncoding, String> {
    match signature.hmac_secret_encoding.as_deref() {
        None | Some("hex") => Ok(HmacSecretEncoding::Hex),
        Some("utf8") => Ok(HmacSecretEncoding::Utf8),
        Some("base64") => Ok(HmacSecretEncoding::Base64),
        Some(other) => {
            Err(format!("signature.hmac_secret_encoding: `{other}` is not one of hex, utf8 and base64"))
        }
    }
}

fn life_ms(token: &TokenFile) -> Result<i64, String> {
    match token.expires_in_ms {
        ms if ms > 0 => Ok(ms),
        ms => Err(format!("token.expires_in_ms: {ms} is not above 0")),
    }
}
