//! SAML 2.0 bearer assertions for a token endpoint (RFC 7522), signed with an RSA key.
//!
//! Every element is written in the form that Exclusive XML Canonicalization gives it (sorted attributes, no empty-element
//! tags, one namespace declaration where it is used first), so that what is digested and signed is what stands there.
//! Sources: SAML 2.0 core §2, XML Signature §4, Exclusive C14N 1.0.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Secret;
use domain::provider::SamlAssertion;
use domain::template::Template;
use time::OffsetDateTime;
use time::macros::format_description;

use super::form_values::missing;
use super::rsa_key::{RsaHash, RsaKey};
use super::{FormValues, SettingProblem};

/// Signs the definition's assertion; the result is Base64 of the whole element.
///
/// # Errors
/// A missing setting, or a key that cannot sign.
pub fn sign(
    definition: &SamlAssertion,
    values: &FormValues<'_>,
    key: &Secret,
) -> Result<Secret, SettingProblem> {
    let key = RsaKey::from_pem(key.expose())?;
    let fill = |template: &Template| template.resolve(values).map_err(missing);
    let id = format!("_{}", values.functions.get("random").unwrap_or_default());
    let now_ms = values.now_ms;
    let end_ms = now_ms.saturating_add(i64::from(definition.lifetime_seconds) * 1000);
    // Clocks differ.
    let (begin, now, end) = (instant(now_ms - 60_000)?, instant(now_ms)?, instant(end_ms)?);
    let (issuer, audience) = (fill(&definition.issuer)?, fill(&definition.audience)?);
    let (recipient, subject) = (fill(&definition.recipient)?, fill(&definition.name_identifier)?);
    let session = match &definition.session_index {
        Some(template) => attribute("SessionIndex", &fill(template)?),
        None => String::new(),
    };
    let head = format!(
        "<saml2:Assertion xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" IssueInstant=\"{now}\" \
         Version=\"2.0\"><saml2:Issuer>{}</saml2:Issuer>",
        text(&issuer)
    );
    let mut rest = format!(
        "<saml2:Subject><saml2:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">{}</saml2:NameID>\
         <saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <saml2:SubjectConfirmationData NotOnOrAfter=\"{end}\"{}></saml2:SubjectConfirmationData>\
         </saml2:SubjectConfirmation></saml2:Subject>\
         <saml2:Conditions NotBefore=\"{begin}\" NotOnOrAfter=\"{end}\"><saml2:AudienceRestriction>\
         <saml2:Audience>{}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>\
         <saml2:AuthnStatement AuthnInstant=\"{now}\"{session}><saml2:AuthnContext><saml2:AuthnContextClassRef>\
         urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef>\
         </saml2:AuthnContext></saml2:AuthnStatement>",
        text(&subject),
        attribute("Recipient", &recipient),
        text(&audience),
    );
    rest.push_str(&attributes(definition, values)?);
    rest.push_str("</saml2:Assertion>");
    let signature = signature(&key, &id, &format!("{head}{rest}"))?;
    Ok(Secret::from(STANDARD.encode(format!("{head}{signature}{rest}"))))
}

fn attributes(definition: &SamlAssertion, values: &FormValues<'_>) -> Result<String, SettingProblem> {
    if definition.attributes.is_empty() {
        return Ok(String::new());
    }
    let mut out = String::from("<saml2:AttributeStatement>");
    for (name, template) in &definition.attributes {
        let value = template.resolve(values).map_err(missing)?;
        out.push_str(&format!(
            "<saml2:Attribute{}><saml2:AttributeValue>{}</saml2:AttributeValue></saml2:Attribute>",
            attribute("Name", name),
            text(&value)
        ));
    }
    out.push_str("</saml2:AttributeStatement>");
    Ok(out)
}

/// An enveloped signature over the assertion, which refers to it by its id.
fn signature(key: &RsaKey, id: &str, assertion: &str) -> Result<String, SettingProblem> {
    let info = format!(
        "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue>{}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
        STANDARD.encode(digest(&SHA256, assertion.as_bytes()))
    );
    let signed = STANDARD.encode(key.sign(RsaHash::Sha256, info.as_bytes())?);
    Ok(format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{info}\
         <ds:SignatureValue>{signed}</ds:SignatureValue></ds:Signature>"
    ))
}

fn instant(at_ms: i64) -> Result<String, SettingProblem> {
    let shape = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000)
        .ok()
        .and_then(|at| at.format(&shape).ok())
        .ok_or(SettingProblem::BadKey("the assertion's life ends beyond the calendar"))
}

/// Canonical text (C14N §2.3).
fn text(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;")
}

/// A canonical attribute with the space before it.
fn attribute(name: &str, value: &str) -> String {
    let value = value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        .replace('\t', "&#x9;")
        .replace('\n', "&#xA;")
        .replace('\r', "&#xD;");
    format!(" {name}=\"{value}\"")
}
