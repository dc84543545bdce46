//! The bearer token at the door of Graph and SharePoint, and the two APIs' own ways of refusing one.

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::directory::ResourceId;
use crate::entra::{Resource, TokenKind};
use crate::principal::{ClientProof, Principal};
use crate::web::{self, Reply};
use crate::world::World;
use crate::{random, stamps};

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Missing,
    Malformed,
    Signature,
    Audience,
    Expired,
    /// A token bought with a secret, without a user, at SharePoint.
    SecretAppOnly,
}

/// Checks the token of a call to Graph.
pub(crate) fn graph(world: &World, headers: &HeaderMap) -> Result<Principal, Box<Reply>> {
    check(world, headers, &Resource::Graph)
        .map_err(|refusal| Box::new(graph_refusal(world, headers, refusal)))
}

/// Checks the token of a call to the SharePoint host of the tenant called `name`.
pub(crate) fn sharepoint(world: &World, headers: &HeaderMap, name: &str) -> Result<Principal, Box<Reply>> {
    check(world, headers, &Resource::SharePoint(name.to_owned()))
        .map_err(|refusal| Box::new(sharepoint_refusal(world, refusal, name)))
}

fn check(world: &World, headers: &HeaderMap, resource: &Resource) -> Result<Principal, Refusal> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or(Refusal::Missing)?;
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(Refusal::Missing),
    };
    if token.is_empty() {
        return Err(Refusal::Missing);
    }
    if token.split('.').count() != 3 {
        return Err(Refusal::Malformed);
    }
    let claims = world.entra.signing.verify(token).ok_or(Refusal::Signature)?;
    if claims["aud"] != resource.audience() {
        return Err(Refusal::Audience);
    }
    let now_s = world.clock.now_ms().div_euclid(1000);
    if claims["exp"].as_i64().is_none_or(|end| now_s >= end) {
        return Err(Refusal::Expired);
    }
    let principal = principal(&claims);
    let user = principal.user_id.as_deref().unwrap_or_default();
    let seq = claims["xms_seq"].as_i64().unwrap_or_default();
    if world.entra.is_revoked(TokenKind::Access, &[user, &principal.app_id], seq) {
        return Err(Refusal::Expired);
    }
    let by_secret = principal.is_app_only() && principal.proof != ClientProof::Certificate;
    match resource {
        Resource::SharePoint(name) => {
            let own =
                world.directory.tenant_by_name(name).is_some_and(|tenant| tenant.id == principal.tenant_id);
            match (own, by_secret) {
                (false, _) => Err(Refusal::Audience),
                (true, true) => Err(Refusal::SecretAppOnly),
                (true, false) => Ok(principal),
            }
        }
        Resource::Graph => Ok(principal),
    }
}

fn principal(claims: &Value) -> Principal {
    let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    let is_app = claims["idtyp"] == "app";
    Principal {
        tenant_id: text("tid"),
        app_id: text("appid"),
        user_id: (!is_app).then(|| text("oid")),
        scopes: text("scp").split_ascii_whitespace().map(str::to_owned).collect(),
        roles: claims["roles"]
            .as_array()
            .map(|roles| roles.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default(),
        proof: ClientProof::from_claim(&text("appidacr")),
    }
}

/// Graph: 401 `InvalidAuthenticationToken`.
fn graph_refusal(world: &World, headers: &HeaderMap, refusal: Refusal) -> Reply {
    let message = match refusal {
        Refusal::Missing => "Access token is empty.",
        Refusal::Malformed => "IDX14100: JWT is not well formed, there are no dots (.).",
        Refusal::Signature => "Access token validation failure. Invalid signature.",
        Refusal::Audience => "Access token validation failure. Invalid audience.",
        Refusal::Expired => "Lifetime validation failed, the token is expired.",
        Refusal::SecretAppOnly => "Unsupported app only token.",
    };
    let id = random::guid();
    let client = web::header(headers, "client-request-id").unwrap_or(&id);
    let body = json!({ "error": {
        "code": "InvalidAuthenticationToken", "message": message,
        "innerError": { "date": stamps::graph_date(world.clock.now_ms()), "request-id": id, "client-request-id": client },
    }});
    let mut reply = web::json(StatusCode::UNAUTHORIZED, &body);
    let challenge = format!(
        "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"{}\"",
        ResourceId::Graph.app_id()
    );
    stamps::put(reply.headers_mut(), WWW_AUTHENTICATE, &challenge);
    reply
}

/// SharePoint: 401 with a bare `error_description`.
fn sharepoint_refusal(world: &World, refusal: Refusal, name: &str) -> Reply {
    let (description, diagnostics) = match refusal {
        Refusal::Missing => (
            "Access denied. You do not have permission to perform this action or access this resource.",
            "3000003;reason=\"The request carries no token.\";category=\"invalid_client\"",
        ),
        Refusal::Malformed | Refusal::Signature => (
            "Invalid issuer or signature.",
            "3000006;reason=\"Token contains invalid signature.\";category=\"invalid_client\"",
        ),
        Refusal::Audience => (
            "Invalid issuer or signature.",
            "3000003;reason=\"Invalid audience Uri.\";category=\"invalid_client\"",
        ),
        Refusal::Expired => (
            "Invalid JWT token. The token is expired.",
            "3000008;reason=\"The token is expired.\";category=\"invalid_client\"",
        ),
        Refusal::SecretAppOnly => (
            "Unsupported app only token.",
            "3001000;reason=\"There has been an error authenticating the request.\";category=\"invalid_client\"",
        ),
    };
    let tenant = world.directory.tenant_by_name(name).map(|tenant| tenant.id).unwrap_or_default();
    let mut reply = web::json(StatusCode::UNAUTHORIZED, &json!({ "error_description": description }));
    let challenge = format!(
        "Bearer realm=\"{tenant}\",client_id=\"{}\",trusted_issuers=\"00000001-0000-0000-c000-000000000000@*,\
         https://sts.windows.net/*/\",authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\"",
        ResourceId::SharePoint.app_id()
    );
    let headers = reply.headers_mut();
    stamps::put(headers, WWW_AUTHENTICATE, &challenge);
    headers.insert("x-ms-diagnostics", HeaderValue::from_static(diagnostics));
    reply
}
