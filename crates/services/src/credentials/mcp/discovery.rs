//! From the URL of an MCP server to the authorization server that it trusts.

use std::time::Duration;

use egress::{Body, SendPolicy};
use http::header::{self, HeaderValue};
use http::{Method, Request, StatusCode};
use url::Url;

use super::metadata::{Flaw, ResourceMetadata, ServerMetadata, challenged_location, secure};
use crate::context::Context;
use crate::credentials::problem::TokenProblem;
use crate::credentials::token_endpoint::{USER_AGENT, unreachable};

/// The whole of a discovery; it asks up to seven URLs.
const WHOLE: Duration = Duration::from_secs(20);

/// What an MCP server's URL leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// `resource` of authorization and token requests (RFC 8707 §2).
    pub resource: String,
    /// Scopes that the resource names.
    pub scopes: Vec<String>,
    /// The authorization server.
    pub server: ServerMetadata,
}

/// Discovers the authorization server of an MCP server.
///
/// # Errors
/// The server cannot be reached, or what it says cannot be used; nothing was sent but plain requests for metadata.
pub async fn discover(context: &Context, server: &str) -> Result<Discovered, TokenProblem> {
    let url = secure(server).map_err(flawed)?;
    tokio::time::timeout(WHOLE, walk(context, url)).await.unwrap_or_else(|_| {
        Err(TokenProblem::passing(
            "discovery_timeout",
            "The MCP server's metadata did not come in 20 seconds.",
        ))
    })
}

async fn walk(context: &Context, url: Url) -> Result<Discovered, TokenProblem> {
    let resource = resource(context, &url).await?;
    let (identifier, scopes, issuers) = match resource {
        Some(found) => (found.resource, found.scopes_supported, found.authorization_servers),
        None => (url.as_str().to_owned(), Vec::new(), Vec::new()),
    };
    // Servers of before RFC 9728 are their own authorization server, at the root (MCP 2025-03-26 §2.3).
    let issuer = match issuers.first() {
        Some(issuer) => secure(issuer).map_err(flawed)?,
        None => root(&url),
    };
    let server = authorization_server(context, &issuer).await?;
    Ok(Discovered { resource: identifier, scopes, server })
}

fn root(url: &Url) -> Url {
    let mut root = url.clone();
    root.set_path("/");
    root.set_query(None);
    root
}

/// The resource's metadata: where its challenge says, else where RFC 9728 §3.1 says.
async fn resource(context: &Context, url: &Url) -> Result<Option<ResourceMetadata>, TokenProblem> {
    let mut places = Vec::new();
    if let Some(place) = challenge(context, url).await? {
        places.push(secure(&place).map_err(flawed)?);
    }
    places.extend(ResourceMetadata::locations(url));
    for place in places {
        if let Some(body) = document(context, &place).await? {
            return ResourceMetadata::read(&body, url).map(Some).map_err(flawed);
        }
    }
    Ok(None)
}

/// An unauthorized call of the server; only the head of the answer is read.
async fn challenge(context: &Context, url: &Url) -> Result<Option<String>, TokenProblem> {
    let policy = SendPolicy { total: Some(WHOLE), ..context.settings.proxy };
    let accept = "application/json, text/event-stream";
    let answer =
        context.egress.send(get(url, accept)?, &policy).await.map_err(|failure| unreachable(&failure))?;
    if answer.status() != StatusCode::UNAUTHORIZED {
        return Ok(None);
    }
    let challenges = answer.headers().get_all(header::WWW_AUTHENTICATE).iter();
    Ok(challenges.filter_map(|value| challenged_location(value.to_str().ok()?)).map(str::to_owned).next())
}

async fn authorization_server(context: &Context, issuer: &Url) -> Result<ServerMetadata, TokenProblem> {
    let mut flaw = None;
    for place in ServerMetadata::locations(issuer) {
        let Some(body) = document(context, &place).await? else { continue };
        match ServerMetadata::read(&body, issuer) {
            Ok(found) => return Ok(found),
            Err(found) => flaw = flaw.or(Some(found)),
        }
    }
    Err(flawed(
        flaw.unwrap_or_else(|| {
            format!("the authorization server {issuer} publishes no metadata (RFC 8414 §3)")
        }),
    ))
}

/// A JSON document; `None` when nothing stands there.
async fn document(context: &Context, url: &Url) -> Result<Option<bytes::Bytes>, TokenProblem> {
    let request = get(url, "application/json")?;
    let answer = context.egress.fetch_bytes(request, &context.settings.token).await;
    let answer = answer.map_err(|failure| unreachable(&failure))?;
    let json = answer.body().iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    Ok((answer.status() == StatusCode::OK && json).then(|| answer.into_body()))
}

fn get(url: &Url, accept: &'static str) -> Result<Request<Body>, TokenProblem> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = url.as_str().parse().map_err(|_| flawed(format!("`{url}` cannot be asked")))?;
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(accept));
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    Ok(request)
}

fn flawed(flaw: Flaw) -> TokenProblem {
    TokenProblem::developer(
        "mcp_discovery_failed",
        format!("The MCP server's way to authorize could not be found: {flaw}."),
        "Check the MCP server's URL; the server must support OAuth with discovery (RFC 9728, RFC 8414).",
    )
}
