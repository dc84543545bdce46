//! JWT: a token signed here from the form's fields (contract §4.1 `signature`, `token`), anew before it ends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::credentials::JwtCredentials;
use domain::provider::{HmacSecretEncoding, JwtTemplate, SigningProtocol};
use domain::template::{TemplateTree, Values};
use domain::{Secret, entropy};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::form_values::missing;
use super::jws::{self, SigningKey};
use super::{FormValues, Party, SettingProblem};
use crate::credentials::template_functions::TemplateFunctions;

/// A signed token.
#[derive(Debug)]
pub struct Signed {
    /// The token.
    pub token: Secret,
    /// Its `exp`, Unix milliseconds.
    pub expires_at_ms: i64,
}

/// The new credentials: the form's fields with a token signed now.
///
/// # Errors
/// A missing setting, or a key that cannot sign.
pub fn credentials(
    template: &JwtTemplate,
    party: &Party<'_>,
    functions: TemplateFunctions,
    now_ms: i64,
    previous: &JwtCredentials,
) -> Result<JwtCredentials, SettingProblem> {
    let values = FormValues::new(party, &previous.fields, functions, now_ms);
    let signed = sign(template, &values, now_ms)?;
    Ok(JwtCredentials {
        fields: previous.fields.clone(),
        token: signed.token,
        expires_at_ms: Some(signed.expires_at_ms),
    })
}

/// Signs the template's claims.
///
/// # Errors
/// A missing setting, or a key that cannot sign.
pub fn sign(template: &JwtTemplate, values: &dyn Values, now_ms: i64) -> Result<Signed, SettingProblem> {
    let mut header = object(&template.header, values)?;
    header.entry("alg").or_insert_with(|| Value::from(usual(template.protocol)));
    let mut claims = object(&template.payload, values)?;
    let issued = now_ms.div_euclid(1000);
    let expires = (now_ms + template.life_ms).div_euclid(1000);
    claims.insert("iat".into(), issued.into());
    claims.insert("exp".into(), expires.into());
    let key = Secret::from(template.signing_key.resolve(values).map_err(missing)?);
    let key = match template.protocol {
        SigningProtocol::Hmac => SigningKey::Shared(shared(&key, template.hmac_secret_encoding)?),
        SigningProtocol::Rsa | SigningProtocol::Ec => SigningKey::Private(key),
    };
    Ok(Signed { token: jws::sign(&header, &claims, &key)?, expires_at_ms: expires * 1000 })
}

/// An object whose entries without a value are left out.
pub(super) fn object(tree: &TemplateTree, values: &dyn Values) -> Result<Map<String, Value>, SettingProblem> {
    match tree.resolve_present(values).map_err(missing)? {
        Some(Value::Object(map)) => Ok(map),
        _ => Ok(Map::new()),
    }
}

fn usual(protocol: SigningProtocol) -> &'static str {
    match protocol {
        SigningProtocol::Rsa => "RS256",
        SigningProtocol::Hmac => "HS256",
        SigningProtocol::Ec => "ES256",
    }
}

fn shared(secret: &Secret, encoding: HmacSecretEncoding) -> Result<Zeroizing<Vec<u8>>, SettingProblem> {
    let text = secret.expose();
    let bytes = match encoding {
        HmacSecretEncoding::Utf8 => Some(text.as_bytes().to_vec()),
        HmacSecretEncoding::Base64 => STANDARD.decode(text.trim()).ok(),
        HmacSecretEncoding::Hex => entropy::from_hex(text.trim()).filter(|bytes| !bytes.is_empty()),
    };
    bytes.map(Zeroizing::new).ok_or(SettingProblem::BadKey(match encoding {
        HmacSecretEncoding::Hex => "the signing secret is not hexadecimal",
        _ => "the signing secret is not Base64",
    }))
}

#[cfg(test)]
mod tests;
