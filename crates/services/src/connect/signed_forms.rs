//! Forms whose values sign requests: NetSuite tokens, an AWS role, a name and password for WSSE (contract §5.6).

use domain::Secret;
use domain::credentials::{AwsSigV4Credentials, Credentials, RawAnswer, TbaCredentials};
use domain::provider::{AuthMode, SignatureProtocol, Tba};
use serde_json::{Map, Value};

use super::trial;
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::aws_session;
use crate::credentials::schemes::{Client, signature, tba};
use crate::error::{Error, FieldIssue};

/// NetSuite's tokens, with a client of the connection's own where one is given.
#[derive(Debug, Clone)]
pub struct TbaForm {
    /// The token's id.
    pub token_id: Secret,
    /// The token's secret.
    pub token_secret: Secret,
    /// `oauth_client_id_override`.
    pub client_id: Option<String>,
    /// `oauth_client_secret_override`.
    pub client_secret: Option<Secret>,
}

/// The role to assume.
#[derive(Debug, Clone)]
pub struct RoleForm {
    /// Its ARN.
    pub arn: String,
    /// The region that requests are signed for; the integration's default when absent.
    pub region: Option<String>,
}

/// The credentials of a TBA form.
///
/// # Errors
/// There is no account or no client to sign with.
pub(super) fn tba(
    context: &Context,
    open: &OpenIntegration,
    scheme: &Tba,
    form: TbaForm,
    config: &Map<String, Value>,
) -> Result<Credentials, Error> {
    let client = Client {
        id: form.client_id.clone().unwrap_or_else(|| open.client.id.clone()),
        secret: form.client_secret.clone().unwrap_or_else(|| open.client.secret.clone()),
    };
    if client.id.is_empty() || client.secret.is_empty() {
        let text = "The integration has no client id and secret and the connection brings none";
        return Err(Error::refused("missing_client_id", text));
    }
    tba::realm(scheme, &open.party(context, client, config))
        .map_err(|_| Error::refused("missing_account_id", "Missing the connection parameter accountId"))?;
    Ok(Credentials::Tba(TbaCredentials {
        token_id: form.token_id,
        token_secret: form.token_secret,
        client_id: form.client_id,
        client_secret: form.client_secret,
    }))
}

/// The credentials of a SIGNATURE form, with a first token.
pub(super) fn wsse(
    context: &Context,
    protocol: &SignatureProtocol,
    username: &Secret,
    password: &Secret,
) -> Credentials {
    let SignatureProtocol::Wsse(scheme) = protocol;
    Credentials::Signature(signature::mint(scheme, username, password, context.now_ms(), &*context.entropy))
}

/// The credentials of an AWS role, with a first session; service and region are written into `config`.
///
/// # Errors
/// A value that cannot be right, a setting that the operator left out, or what STS says.
pub(super) async fn role(
    context: &Context,
    open: &OpenIntegration,
    form: RoleForm,
    config: &mut Map<String, Value>,
    log_id: &str,
) -> Result<Credentials, Error> {
    let setup = aws_session::setup(context, open)?;
    let mut text = |name: &str| config.remove(name).and_then(|value| value.as_str().map(str::to_owned));
    let external_id = text("external_id").filter(|id| !id.is_empty());
    let in_params = text("region").filter(|region| !region.is_empty());
    let region = form.region.filter(|region| !region.is_empty()).or(in_params).or(setup.default_region);
    let region = region.ok_or_else(|| {
        Error::refused("missing_aws_sigv4_region", "Missing the region, and the integration has no default")
    })?;
    check(&form.arn, &region, external_id.as_deref())?;
    config.insert("region".into(), Value::from(region.as_str()));
    config.insert("service".into(), Value::from(setup.service.as_str()));
    let own = AwsSigV4Credentials {
        role_arn: form.arn,
        region,
        service: setup.service,
        external_id,
        access_key_id: Secret::default(),
        secret_access_key: Secret::default(),
        session_token: Secret::default(),
        expires_at_ms: None,
        raw: RawAnswer::default(),
    };
    let (facts, session) = aws_session::obtain(context, open, own).await;
    if let Some(facts) = facts {
        let level = if session.is_ok() { "info" } else { "error" };
        let detail = serde_json::json!({
            "request": {"method": facts.method.as_str(), "url": facts.url},
            "response": {"code": facts.status}, "duration_us": facts.duration.as_micros() as u64,
            "problem": session.as_ref().err().map(super::callback::describe),
        });
        context.log.say(open.scope, log_id, level, format!("POST {}", facts.url), Some(detail));
    }
    let session = session.map_err(|problem| trial::refused(AuthMode::AwsSigV4, problem))?;
    Ok(Credentials::AwsSigV4(session))
}

/// Values that become part of a host name or of a request that the operator's keys sign (contract §5.6).
fn check(arn: &str, region: &str, external_id: Option<&str>) -> Result<(), Error> {
    let mut issues = Vec::new();
    if !is_role(arn) {
        issues.push(FieldIssue::custom(
            "expected an ARN such as arn:aws:iam::123456789012:role/Name",
            &["role_arn"],
        ));
    }
    let of = |text: &str, more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
    let lower = region.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !lower || region.len() > 64 {
        issues.push(FieldIssue::custom("expected a region such as eu-west-1", &["region"]));
    }
    if external_id.is_some_and(|id| !(2..=1224).contains(&id.len()) || !of(id, "_+=,.@:/-")) {
        let text = "expected 2 to 1224 letters, digits or any of _+=,.@:/-";
        issues.push(FieldIssue::custom(text, &["params", "external_id"]));
    }
    if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
}

/// `arn:aws:iam::123456789012:role/path/Name` in any partition (IAM reference, "IAM identifiers").
fn is_role(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else { return false };
    let named = resource.strip_prefix("role/").is_some_and(|name| {
        (1..=576).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@/-".contains(c))
    });
    matches!(*partition, "aws" | "aws-cn" | "aws-us-gov" | "aws-iso" | "aws-iso-b" | "aws-eusc")
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roles_pass() {
        for arn in ["arn:aws:iam::123456789012:role/Demo", "arn:aws-us-gov:iam::123456789012:role/a/b+c"] {
            assert!(is_role(arn), "{arn}");
        }
        for arn in [
            "",
            "arn:aws:iam::123456789012:user/Demo",
            "arn:aws:iam::12345678901:role/Demo",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/a b",
            "arn:aws:s3::123456789012:role/x",
            "arn:aws:iam::123456789012:role/x\n",
            "arn:aws:iam::１23456789012:role/x",
        ] {
            assert!(!is_role(arn), "{arn}");
        }
    }

    #[test]
    fn a_region_is_no_host() {
        let role = "arn:aws:iam::123456789012:role/Demo";
        assert!(check(role, "eu-west-1", Some("customer:42")).is_ok());
        for region in ["evil.example/", "EU-WEST-1", "eu_west"] {
            assert!(check(role, region, None).is_err(), "{region}");
        }
        for id in ["x", "a b", "ü-ü"] {
            assert!(check(role, "eu-west-1", Some(id)).is_err(), "{id}");
        }
    }
}
