//! Dynamic client registration (RFC 7591).

use domain::Secret;
use domain::provider::ClientAuth;
use http::header::{self, HeaderValue};
use http::{Method, Request};
use serde_json::{Map, Value, json};

use super::metadata::secure;
use crate::context::Context;
use crate::credentials::problem::TokenProblem;
use crate::credentials::token_endpoint::{USER_AGENT, unreachable};

/// A registered client (RFC 7591 §3.2.1).
#[derive(Debug, Clone)]
pub struct Registered {
    /// `client_id`.
    pub id: String,
    /// `client_secret`; empty for a public client.
    pub secret: Secret,
    /// How it proves itself.
    pub auth: ClientAuth,
    /// When the secret ends (`client_secret_expires_at`), Unix milliseconds; `None` is never.
    pub secret_expires_at_ms: Option<i64>,
}

impl Registered {
    /// Its `token_endpoint_auth_method`.
    pub fn method(&self) -> &'static str {
        match self.auth {
            _ if self.secret.is_empty() => "none",
            ClientAuth::Basic => "client_secret_basic",
            _ => "client_secret_post",
        }
    }
}

/// What to register.
pub struct Registration<'a> {
    /// `registration_endpoint`.
    pub endpoint: &'a str,
    /// The name that people read on the consent page.
    pub client_name: &'a str,
    /// Where the browser comes back.
    pub redirect_uri: &'a str,
    /// `token_endpoint_auth_method`.
    pub auth_method: &'a str,
    /// Scopes, joined by spaces; empty names none.
    pub scope: String,
    /// Further members of the request; they replace ours.
    pub params: &'a Map<String, Value>,
}

/// The body of a registration request (RFC 7591 §2).
fn body(registration: &Registration<'_>, context: &Context) -> Value {
    let mut body = json!({
        "client_name": registration.client_name,
        "client_uri": context.settings.public_url,
        "redirect_uris": [registration.redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": registration.auth_method,
    });
    if !registration.scope.is_empty() {
        body["scope"] = Value::from(registration.scope.as_str());
    }
    for (name, value) in registration.params {
        // Where the code goes is never a definition's to choose.
        if name != "redirect_uris" {
            body[name] = value.clone();
        }
    }
    body
}

/// Registers a client.
///
/// # Errors
/// The endpoint cannot be reached, refuses, or answers something else than a client.
pub async fn register(context: &Context, registration: Registration<'_>) -> Result<Registered, TokenProblem> {
    let endpoint = secure(registration.endpoint).map_err(refused)?;
    let mut request = Request::new(egress::Body::from(body(&registration, context).to_string()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() =
        endpoint.as_str().parse().map_err(|_| refused("the endpoint is not a URL".to_owned()))?;
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    let answer = context.egress.fetch_bytes(request, &context.settings.token).await;
    let answer = answer.map_err(|failure| unreachable(&failure))?;
    let asked = registration.auth_method;
    read(answer.status().as_u16(), answer.body(), asked)
}

fn read(status: u16, body: &[u8], asked: &str) -> Result<Registered, TokenProblem> {
    let answer: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| answer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    // §3.2.1 says 201; 200 is common.
    if !(200..300).contains(&status) {
        let reason = text("error_description").or_else(|| text("error")).unwrap_or("it gave no reason");
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(300).collect();
        return Err(refused(format!("the endpoint answered {status}: {reason}")));
    }
    let id = text("client_id").filter(|id| id.len() <= 2048);
    let id = id.ok_or_else(|| refused("the endpoint's answer names no client_id".to_owned()))?;
    let secret = text("client_secret").unwrap_or_default();
    // Seconds; 0 is never (§3.2.1), and some write them as text.
    let end = answer.get("client_secret_expires_at");
    let end = end.and_then(|end| end.as_i64().or_else(|| end.as_str()?.parse().ok()));
    let secret_expires_at_ms =
        end.filter(|end| *end > 0 && !secret.is_empty()).and_then(|end| end.checked_mul(1000));
    let auth = match text("token_endpoint_auth_method").unwrap_or(asked) {
        "client_secret_basic" if !secret.is_empty() => ClientAuth::Basic,
        _ => ClientAuth::Body,
    };
    Ok(Registered { id: id.to_owned(), secret: Secret::new(secret), auth, secret_expires_at_ms })
}

fn refused(cause: String) -> TokenProblem {
    TokenProblem::developer(
        "client_registration_failed",
        format!("The client could not be registered with the authorization server: {cause}."),
        "Check that the server allows dynamic client registration and that it accepts our callback URL.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_read_from_the_answer() {
        let read = |status, body: Value| read(status, body.to_string().as_bytes(), "client_secret_post");
        let public = read(201, json!({"client_id": "c", "token_endpoint_auth_method": "none"})).unwrap();
        assert_eq!(
            (public.id.as_str(), public.secret.is_empty(), public.auth),
            ("c", true, ClientAuth::Body)
        );
        let basic = json!({"client_id": "c", "client_secret": "s", "token_endpoint_auth_method": "client_secret_basic"});
        assert_eq!(read(200, basic).unwrap().auth, ClientAuth::Basic);
        assert_eq!(
            read(201, json!({"client_id": "c", "client_secret": "s"})).unwrap().auth,
            ClientAuth::Body
        );
        let ends = |end: Value| {
            let answer = json!({"client_id": "c", "client_secret": "s", "client_secret_expires_at": end});
            read(201, answer).unwrap().secret_expires_at_ms
        };
        assert_eq!(ends(json!(1_800_000_000)), Some(1_800_000_000_000));
        assert_eq!(ends(json!("1800000000")), Some(1_800_000_000_000));
        for never in [json!(0), json!(-5), json!(null), json!("soon"), json!(i64::MAX)] {
            assert_eq!(ends(never.clone()), None, "{never}");
        }
        let no = read(400, json!({"error": "invalid_redirect_uri", "error_description": "not\u{7} yours"}));
        assert!(no.unwrap_err().cause.contains("400: not yours"));
        for bad in [json!({}), json!([]), json!({"client_id": ""}), json!({"client_id": 5})] {
            assert!(read(201, bad).is_err());
        }
    }
}
