//! AADSTS failures: the number, the OAuth error it travels as, and its JSON.
//!
//! Source: Microsoft Entra authentication and authorization error codes; statuses as observed at the token endpoint.

use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::random;
use crate::web::{self, Reply};
use crate::world::World;

/// Something Entra ID refuses.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// The number after `AADSTS`.
    pub code: u32,
    pub message: String,
    pub suberror: Option<&'static str>,
    /// A claims challenge (JSON) for the next authorization request.
    pub claims: Option<String>,
}

impl Failure {
    pub fn new(code: u32, message: impl Into<String>) -> Self {
        let suberror = match code {
            65001 => Some("consent_required"),
            50076 => Some("basic_action"),
            53003 => Some("message_only"),
            50173 | 50132 | 50133 => Some("bad_token"),
            _ => None,
        };
        let claims = (code == 50076).then(|| {
            json!({ "access_token": { "capolids": { "essential": true, "values": [random::guid()] } } })
                .to_string()
        });
        Self { code, message: message.into(), suberror, claims }
    }

    /// A parameter that must be there is not.
    pub fn missing(parameter: &str) -> Self {
        Self::new(900144, format!("The request body must contain the following parameter: '{parameter}'."))
    }

    /// The OAuth error and the token endpoint's status.
    pub fn oauth(&self) -> (&'static str, StatusCode) {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
        match self.code {
            7000215 | 7000222 | 7000218 | 700025 | 700027 | 700024 | 700030 | 700021 | 700023 | 50012 => {
                ("invalid_client", UNAUTHORIZED)
            }
            650053 => ("invalid_client", BAD),
            700016 | 7000112 => ("unauthorized_client", BAD),
            500011 | 50001 | 650057 => ("invalid_resource", BAD),
            70011 | 700022 | 1002012 => ("invalid_scope", BAD),
            50058 => ("login_required", BAD),
            16000 => ("interaction_required", BAD),
            65004 | 90094 => ("access_denied", BAD),
            70015 => ("authorization_declined", BAD),
            70016 => ("authorization_pending", BAD),
            70019 | 70020 => ("expired_token", BAD),
            70018 => ("bad_verification_code", BAD),
            70003 => ("unsupported_grant_type", BAD),
            700054 | 70005 => ("unsupported_response_type", BAD),
            50020
            | 50034
            | 50053
            | 50055
            | 50057
            | 50072
            | 50074
            | 50076
            | 50078
            | 50079
            | 50105
            | 50126
            | 50132
            | 50133
            | 50173
            | 53000..=53003
            | 54005
            | 65001
            | 70000
            | 700005
            | 70008
            | 700082
            | 700084
            | 70043
            | 500112
            | 501481 => ("invalid_grant", BAD),
            90033 => ("temporarily_unavailable", StatusCode::SERVICE_UNAVAILABLE),
            _ => ("invalid_request", BAD),
        }
    }

    /// The description that travels in a callback: the number, the words, and the ids support asks for.
    pub fn description(&self, ids: &Ids) -> String {
        format!(
            "AADSTS{}: {} Trace ID: {} Correlation ID: {} Timestamp: {}",
            self.code, self.message, ids.trace, ids.correlation, ids.timestamp
        )
    }

    /// The token endpoint's answer.
    pub fn to_reply(&self, ids: &Ids, login: &str) -> Reply {
        let (error, status) = self.oauth();
        let mut body = json!({
            "error": error,
            "error_description": self.description(ids),
            "error_codes": [self.code],
            "timestamp": ids.timestamp,
            "trace_id": ids.trace,
            "correlation_id": ids.correlation,
            "error_uri": format!("{login}/error?code={}", self.code),
        });
        if let Some(suberror) = self.suberror {
            body["suberror"] = Value::from(suberror);
        }
        if let Some(claims) = &self.claims {
            body["claims"] = Value::from(claims.as_str());
        }
        let mut reply = web::json(status, &body);
        ids.mark(reply.headers_mut(), Some(self.code));
        reply
    }
}

/// The ids of one request to Entra ID.
pub(crate) struct Ids {
    pub trace: String,
    pub correlation: String,
    /// `2026-11-21 17:00:00Z`.
    pub timestamp: String,
    /// Whether the caller wants its `client-request-id` back.
    echo: bool,
}

impl Ids {
    pub fn of(world: &World, headers: &HeaderMap) -> Self {
        let given = web::header(headers, "client-request-id").filter(|id| uuid::Uuid::try_parse(id).is_ok());
        Self {
            trace: random::guid(),
            correlation: given.map_or_else(random::guid, str::to_owned),
            timestamp: timestamp(world.clock.now_ms()),
            echo: given.is_some()
                && web::header(headers, "return-client-request-id")
                    .is_some_and(|v| v.eq_ignore_ascii_case("true")),
        }
    }

    /// Adds Entra ID's headers.
    pub fn mark(&self, headers: &mut HeaderMap, code: Option<u32>) {
        let mut put = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        put("x-ms-request-id", &self.trace);
        put("x-ms-ests-server", "2.1.0 - SANDBOX ProdSlices");
        put("x-ms-clitelem", &format!("1,{},0,,", code.unwrap_or_default()));
        if self.echo {
            put("client-request-id", &self.correlation);
        }
    }
}

/// `YYYY-MM-DD hh:mm:ssZ` of Unix milliseconds.
pub(crate) fn timestamp(now_ms: i64) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
    time::OffsetDateTime::from_unix_timestamp(now_ms.div_euclid(1000))
        .ok()
        .and_then(|moment| moment.format(&format).ok())
        .unwrap_or_default()
}
