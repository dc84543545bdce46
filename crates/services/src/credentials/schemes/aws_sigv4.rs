//! AWS_SIGV4: a session of the customer's role (STS AssumeRole), every request signed with it.

pub mod signing;

use std::collections::BTreeMap;

use domain::Secret;
use domain::credentials::{AwsSigV4Credentials, RawAnswer};
use domain::provider::BodyFormat;
use serde_json::{Map, Value, json};

use self::signing::{Keys, PathRule, Scope, Signed};
use super::{SettingProblem, TokenRequest, at};
use crate::credentials::problem::TokenProblem;
use crate::credentials::token_answer;

/// Life of a session, seconds: what a role allows unless its owner changed it (`MaxSessionDuration`).
const SESSION_SECONDS: u32 = 3600;

/// What the operator configured (the definition's `integration_config`).
#[derive(Debug, Clone)]
pub struct AwsSetup {
    /// The service that requests are signed for.
    pub service: String,
    /// For connections that name no region.
    pub default_region: Option<String>,
    /// How sessions are obtained.
    pub sts: Sts,
}

/// How sessions are obtained.
#[derive(Debug, Clone)]
pub enum Sts {
    /// By AWS's own STS, with the operator's keys.
    BuiltIn {
        /// The operator's key id.
        access_key_id: Secret,
        /// The operator's key.
        secret_access_key: Secret,
        /// Another endpoint than the region's, for example a VPC's.
        endpoint: Option<String>,
    },
    /// By an endpoint of the operator's own, which keeps the keys to itself.
    Custom {
        /// Its URL.
        endpoint: String,
        /// What it is given as proof.
        proof: StsProof,
    },
}

/// What an operator's own endpoint is given as proof.
#[derive(Debug, Clone)]
pub enum StsProof {
    /// Nothing.
    None,
    /// A header.
    Header(String, Secret),
    /// `Authorization: Basic`.
    Basic(String, Secret),
}

impl AwsSetup {
    /// Reads the operator's settings; `custom` in clear, `secrets` sealed until now.
    ///
    /// # Errors
    /// The name of the setting that is missing.
    pub fn read(
        custom: &BTreeMap<String, String>,
        secrets: &BTreeMap<String, Secret>,
    ) -> Result<Self, SettingProblem> {
        let text = |name: &str| {
            let sealed = secrets.get(name).map(Secret::expose);
            sealed.or_else(|| custom.get(name).map(String::as_str)).filter(|value| !value.is_empty())
        };
        let needed = |name: &str| text(name).ok_or_else(|| SettingProblem::Missing(name.to_owned()));
        let secret = |name: &str| needed(name).map(Secret::new);
        let endpoint = text("stsEndpointUrl").map(str::to_owned);
        let sts = match text("stsMode").unwrap_or("builtin") {
            "custom" => Sts::Custom {
                endpoint: endpoint.ok_or_else(|| SettingProblem::Missing("stsEndpointUrl".to_owned()))?,
                proof: match text("stsAuthType").unwrap_or("none") {
                    "api_key" => StsProof::Header(
                        text("stsAuthHeader").unwrap_or("x-api-key").to_owned(),
                        secret("stsApiKey")?,
                    ),
                    "basic" => StsProof::Basic(
                        text("stsAuthUsername").unwrap_or_default().to_owned(),
                        secret("stsAuthPassword")?,
                    ),
                    _ => StsProof::None,
                },
            },
            _ => Sts::BuiltIn {
                access_key_id: secret("awsAccessKeyId")?,
                secret_access_key: secret("awsSecretAccessKey")?,
                endpoint,
            },
        };
        let default_region = text("defaultRegion").map(str::to_owned);
        Ok(Self { service: needed("service")?.to_owned(), default_region, sts })
    }
}

/// The role of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Role<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// What its trust policy asks for.
    pub external_id: Option<&'a str>,
    /// The region that requests are signed for.
    pub region: &'a str,
    /// The session's name in CloudTrail: 2 to 64 characters of `[\w+=,.@-]`.
    pub session_name: &'a str,
}

/// The request for a session.
///
/// # Errors
/// The endpoint is no URL.
pub fn session_request(
    setup: &AwsSetup,
    role: &Role<'_>,
    now_ms: i64,
) -> Result<TokenRequest, SettingProblem> {
    match &setup.sts {
        Sts::BuiltIn { access_key_id, secret_access_key, endpoint } => {
            let keys = Keys { access_key_id: access_key_id.expose(), secret_access_key };
            let endpoint = endpoint.clone().unwrap_or_else(|| sts_endpoint(role.region));
            assume_role(&endpoint, &keys, role, now_ms)
        }
        Sts::Custom { endpoint, proof } => Ok(ask_operator(setup, endpoint, proof, role)),
    }
}

/// The region's own endpoint; AWS advises against the global one.
fn sts_endpoint(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://sts.{region}.{suffix}/")
}

/// `AssumeRole` of the query API, signed by the operator's keys (STS API reference, version 2011-06-15).
fn assume_role(
    endpoint: &str,
    keys: &Keys<'_>,
    role: &Role<'_>,
    now_ms: i64,
) -> Result<TokenRequest, SettingProblem> {
    let bad = SettingProblem::BadUrl { what: "STS endpoint" };
    let url = url::Url::parse(endpoint).map_err(|_| bad.clone())?;
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => return Err(bad),
    };
    let seconds = SESSION_SECONDS.to_string();
    let mut fields = vec![
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("RoleArn", role.arn),
        ("RoleSessionName", role.session_name),
        ("DurationSeconds", &seconds),
    ];
    fields.extend(role.external_id.map(|id| ("ExternalId", id)));
    let body = serde_urlencoded::to_string(&fields).unwrap_or_default();
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    let moment = signing::moment(now_ms);
    let signed = Signed {
        method: "POST",
        path: url.path(),
        query: url.query().unwrap_or_default(),
        headers: &[("host", &host), ("content-type", kind), ("x-amz-date", &moment)],
        payload: &signing::sha256_hex(body.as_bytes()),
        path_rule: PathRule::ResolvedTwice,
    };
    let scope = Scope { region: role.region, service: "sts", at: &moment };
    let authorization = signing::authorization(keys, &scope, &signed);
    let mut request = TokenRequest::new(url.into(), BodyFormat::Form);
    request.headers = vec![
        ("content-type".to_owned(), Secret::new(kind)),
        ("x-amz-date".to_owned(), Secret::from(moment)),
        ("authorization".to_owned(), authorization),
    ];
    request.body = Some(Secret::from(body));
    Ok(request)
}

/// The operator's own endpoint: a JSON object in, a session out.
fn ask_operator(setup: &AwsSetup, endpoint: &str, proof: &StsProof, role: &Role<'_>) -> TokenRequest {
    let mut request = TokenRequest::new(endpoint.to_owned(), BodyFormat::Json);
    let body = json!({
        "roleArn": role.arn, "externalId": role.external_id, "region": role.region, "service": setup.service,
        "roleSessionName": role.session_name, "durationSeconds": SESSION_SECONDS,
    });
    request.body = Some(Secret::from(body.to_string()));
    request.headers.push(("content-type".to_owned(), Secret::new("application/json")));
    match proof {
        StsProof::None => {}
        StsProof::Header(name, value) => request.headers.push((name.clone(), value.clone())),
        StsProof::Basic(name, password) => {
            use base64::Engine as _;
            let pair = Secret::from(format!("{name}:{}", password.expose()));
            let value = base64::engine::general_purpose::STANDARD.encode(pair.expose());
            request.headers.push(("authorization".to_owned(), Secret::from(format!("Basic {value}"))));
        }
    }
    request
}

/// The session that an answer brings: STS in JSON or XML, or an operator's endpoint in either spelling.
///
/// # Errors
/// What STS says, or that the answer brings no session.
pub fn session(
    status: u16,
    body: &[u8],
    previous: AwsSigV4Credentials,
) -> Result<AwsSigV4Credentials, TokenProblem> {
    let answer = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(answer)) => answer,
        _ => from_xml(body),
    };
    if status >= 300 {
        return Err(refusal(status, &answer));
    }
    let fields = ["AssumeRoleResponse.AssumeRoleResult.Credentials", "Credentials", "credentials"]
        .iter()
        .find_map(|path| at(&answer, path)?.as_object())
        .unwrap_or(&answer);
    let text = |names: [&str; 2]| {
        names.iter().find_map(|name| fields.get(*name)?.as_str()).filter(|value| !value.is_empty())
    };
    let (Some(id), Some(key), Some(token)) = (
        text(["AccessKeyId", "accessKeyId"]),
        text(["SecretAccessKey", "secretAccessKey"]),
        text(["SessionToken", "sessionToken"]),
    ) else {
        let cause = "The STS endpoint answered without a session.";
        return Err(TokenProblem::passing("token_answer_unreadable", cause));
    };
    let end = ["Expiration", "expiration"].iter().find_map(|name| fields.get(*name));
    Ok(AwsSigV4Credentials {
        access_key_id: Secret::new(id),
        secret_access_key: Secret::new(key),
        session_token: Secret::new(token),
        expires_at_ms: end.and_then(token_answer::moment),
        raw: RawAnswer(answer.clone()),
        ..previous
    })
}

/// The flat fields of an XML answer; values of STS hold no markup of their own.
fn from_xml(body: &[u8]) -> Map<String, Value> {
    let text = String::from_utf8_lossy(body);
    let value = |name: &str| {
        let (_, after) = text.split_once(&format!("<{name}>"))?;
        let (value, _) = after.split_once(&format!("</{name}>"))?;
        Some(Value::from(value.trim().replace("&amp;", "&")))
    };
    ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "Code", "Message"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), value(name)?)))
        .collect()
}

/// What STS says when it says no.
fn refusal(status: u16, answer: &Map<String, Value>) -> TokenProblem {
    let error = at(answer, "Error").and_then(Value::as_object).unwrap_or(answer);
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let (code, message) = (text("Code"), text("Message"));
    let told =
        if message.is_empty() { format!("status {status}") } else { message.chars().take(400).collect() };
    let cause = format!("STS gave no session: {told}");
    let mut problem = match code {
        _ if status >= 500 || status == 429 || code == "Throttling" => {
            TokenProblem::passing("sts_unavailable", cause)
        }
        "AccessDenied" => TokenProblem::developer(
            "sts_access_denied",
            cause,
            "The role's trust policy must name the operator's principal and the connection's external id.",
        ),
        _ => TokenProblem::developer(
            "sts_refused",
            cause,
            "Check the integration's AWS keys, the role's ARN and the region.",
        ),
    };
    problem.status = Some(status);
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role() -> AwsSigV4Credentials {
        AwsSigV4Credentials {
            role_arn: "arn:aws:iam::123456789012:role/Demo".into(),
            region: "eu-west-1".into(),
            service: "s3".into(),
            external_id: None,
            access_key_id: Secret::default(),
            secret_access_key: Secret::default(),
            session_token: Secret::default(),
            expires_at_ms: None,
            raw: RawAnswer::default(),
        }
    }

    /// The shapes of the STS API reference's example answer.
    #[test]
    fn a_session_is_read_from_json_and_xml() {
        let xml = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
            <Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>wJal/K7</SecretAccessKey>\
            <SessionToken>AQoDYXdz==</SessionToken><Expiration>2026-11-21T23:00:00Z</Expiration></Credentials>\
            </AssumeRoleResult></AssumeRoleResponse>";
        let json = json!({"AssumeRoleResponse": {"AssumeRoleResult": {"Credentials": {
            "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "wJal/K7", "SessionToken": "AQoDYXdz==",
            "Expiration": 1_795_302_000.0}}}});
        let own = json!({"credentials": {"accessKeyId": "ASIAEXAMPLE", "secretAccessKey": "wJal/K7",
            "sessionToken": "AQoDYXdz==", "expiration": "2026-11-21T23:00:00.000Z"}});
        for body in [xml.to_owned(), json.to_string(), own.to_string()] {
            let session = session(200, body.as_bytes(), role()).unwrap();
            assert_eq!(session.access_key_id.expose(), "ASIAEXAMPLE", "{body}");
            assert_eq!(session.secret_access_key.expose(), "wJal/K7");
            assert_eq!(session.session_token.expose(), "AQoDYXdz==");
            assert_eq!(session.expires_at_ms, Some(1_795_302_000_000));
            assert_eq!(session.role_arn, "arn:aws:iam::123456789012:role/Demo");
        }
        assert!(session(200, b"<html>", role()).is_err());
    }

    #[test]
    fn a_refusal_says_who_must_act() {
        let body =
            br#"{"Error":{"Code":"AccessDenied","Message":"not authorized to perform sts:AssumeRole"}}"#;
        let problem = session(403, body, role()).unwrap_err();
        assert_eq!(problem.code, "sts_access_denied");
        assert!(problem.cause.contains("not authorized"), "{}", problem.cause);
        assert_eq!(session(503, b"", role()).unwrap_err().code, "sts_unavailable");
    }

    #[test]
    fn the_operator_s_settings_name_what_is_missing() {
        let mut custom = BTreeMap::from([("service".to_owned(), "s3".to_owned())]);
        let missing = |custom: &BTreeMap<String, String>| match AwsSetup::read(custom, &BTreeMap::new()) {
            Err(SettingProblem::Missing(name)) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(missing(&custom), "awsAccessKeyId");
        custom.insert("stsMode".to_owned(), "custom".to_owned());
        assert_eq!(missing(&custom), "stsEndpointUrl");
        custom.insert("stsEndpointUrl".to_owned(), "https://sts.example/assume".to_owned());
        assert!(AwsSetup::read(&custom, &BTreeMap::new()).is_ok());
    }
}
