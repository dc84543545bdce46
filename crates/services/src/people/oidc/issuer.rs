//! An issuer as it describes itself (OpenID Connect Discovery 1.0 §4), with its keys.

use egress::Body;
use http::header::{self, HeaderValue};
use http::{Method, Request, StatusCode};
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::context::Context;
use crate::credentials::mcp::metadata::secure;
use crate::error::Error;

/// A description is asked for again after so long, milliseconds.
const KEPT_MS: i64 = 3600 * 1000;

/// The parts of a description that we use.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::people) struct Description {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    pub(super) userinfo_endpoint: Option<String>,
    #[serde(default)]
    pub(super) token_endpoint_auth_methods_supported: Vec<String>,
}

/// A description with its keys, for a while.
#[derive(Debug, Clone)]
pub(in crate::people) struct KnownIssuer {
    pub(super) description: Description,
    pub(super) keys: JwkSet,
    read_at_ms: i64,
}

impl KnownIssuer {
    /// Whether it is still believed.
    pub(super) fn is_fresh(&self, now_ms: i64) -> bool {
        now_ms - self.read_at_ms < KEPT_MS
    }

    /// Asks the issuer.
    pub(super) async fn read(context: &Context, issuer: &Url) -> Result<Self, Error> {
        let name = issuer.as_str().trim_end_matches('/');
        let place = format!("{name}/.well-known/openid-configuration");
        let description: Description = fetch(context, &place, None).await?;
        // §4.3: otherwise one issuer could speak for another.
        if description.issuer.trim_end_matches('/') != name {
            return Err(unusable(format!("{place} describes another issuer, {}", description.issuer)));
        }
        let keys = fetch(context, &description.jwks_uri, None).await?;
        Ok(Self { description, keys, read_at_ms: context.now_ms() })
    }
}

/// A JSON document of the issuer's, with a bearer token where one is needed.
pub(super) async fn fetch<T: DeserializeOwned>(
    context: &Context,
    place: &str,
    bearer: Option<&str>,
) -> Result<T, Error> {
    let url = secure(place).map_err(unusable)?;
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = url.as_str().parse().map_err(|_| unusable(format!("{place} cannot be asked")))?;
    let headers = request.headers_mut();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(token) = bearer {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| unusable("the access token is no header's value"))?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    let answer = context.egress.fetch_bytes(request, &context.settings.token).await?;
    if answer.status() != StatusCode::OK {
        return Err(unusable(format!("{place} answered {}", answer.status())));
    }
    serde_json::from_slice(answer.body())
        .map_err(|_| unusable(format!("{place} did not answer as OpenID Connect says")))
}

/// What an operator must look at; people are told no more than that it did not work.
pub(super) fn unusable(why: impl std::fmt::Display) -> Error {
    Error::refused(
        "oidc_unusable",
        format!("The company's sign-in cannot be used: {why}. Check the settings oidc-*."),
    )
}
