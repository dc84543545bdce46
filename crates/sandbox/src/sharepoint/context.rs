//! `contextinfo` and its form digest.

use http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::sites::{Need, stable_guid};

use super::Call;
use super::entity::Answer;
use super::error::{Outcome, SpError};
use super::flavour::Flavour;

/// Seconds that a digest is good for.
const DIGEST_SECONDS: u32 = 1800;

pub(super) fn info(call: &Call<'_>) -> Outcome<Answer> {
    if call.verb != "POST" {
        let message =
            "The HTTP method 'GET' cannot be used to access the resource 'GetContextWebInformation'.";
        return Err(SpError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "-1, Microsoft.SharePoint.Client.ClientServiceException",
            message,
        ));
    }
    call.read(Need::Read, |_| Ok(()))?;
    let mut value = json!({
        "FormDigestTimeoutSeconds": DIGEST_SECONDS,
        "FormDigestValue": digest(call),
        "LibraryVersion": "16.0.25401.12000",
        "SiteFullUrl": call.site_url(),
        "SupportedSchemaVersions": ["14.0.0.0", "15.0.0.0"],
        "WebFullUrl": call.site_url(),
    });
    let about = match call.flavour {
        Flavour::Verbose => Some(("__metadata", json!({"type": "SP.ContextWebInformation"}))),
        Flavour::Minimal => Some((
            "odata.metadata",
            Value::from(format!("{}/$metadata#SP.ContextWebInformation", call.api_url())),
        )),
        _ => None,
    };
    if let Some((name, about)) = about {
        value[name] = about;
    }
    Ok(Answer::Result { name: "GetContextWebInformation", value })
}

fn digest(call: &Call<'_>) -> String {
    let now = OffsetDateTime::from_unix_timestamp(call.now_ms() / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let form = format_description!("[day] [month repr:short] [year] [hour]:[minute]:[second] -0000");
    let hash = stable_guid(&format!("{}{}", call.site_url(), call.now_ms())).replace('-', "").to_uppercase();
    format!("0x{hash}{hash},{}", now.format(&form).unwrap_or_default())
}

/// Whether a text has a digest's form: `0x…,21 Nov 2026 00:00:00 -0000`.
pub(super) fn is_digest(text: &str) -> bool {
    let Some((hash, date)) = text.split_once(',') else { return false };
    let hex = hash.strip_prefix("0x").unwrap_or_default();
    !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) && date.trim().ends_with("-0000")
}
