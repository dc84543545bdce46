//! Which URL a call goes to and which token it carries; no byte leaves for an origin that is not the connection's.

use std::borrow::Cow;
use std::sync::Arc;

use http::Uri;
use http::header::HeaderValue;

use super::call::{Links, ProxyCall};
use super::links::LinkRule;
use super::plan::{ProxyPlan, bearer};
use super::target::{self, Target};
use crate::context::Context;
use crate::credentials::account::Account;
use crate::credentials::resources::{Minted, Resources};
use crate::error::Error;

/// Where a call goes.
#[derive(Debug)]
pub struct Destination {
    /// The absolute URI, path and query byte for byte the caller's.
    pub uri: Uri,
    /// The token for exactly this origin.
    pub authorization: Option<HeaderValue>,
    /// The token behind it, when it is not the connection's own but one for this resource.
    pub minted: Option<Arc<Minted>>,
    /// How next links of this origin come back to us, when they do.
    pub links: Option<LinkRule>,
}

/// Finds where a call goes.
///
/// # Errors
/// The origin is not allowed, or the token for it cannot be had.
pub async fn find(
    context: &Context,
    resources: &Resources,
    account: &Account,
    call: &ProxyCall,
    links_to: &str,
) -> Result<Destination, Error> {
    let plan = account.plan(context).map_err(|problem| Error::refused("missing_api_url", problem.clone()))?;
    let (base, is_own) = match (&call.target, &call.base_override) {
        (Target::Absolute(url), _) => {
            let origin = target::origin(url).unwrap_or_default();
            let own = origin == plan.base_origin;
            (Cow::Owned(origin), own)
        }
        (Target::Path(_), Some(base)) => {
            let text = base.as_str().trim_end_matches('/').to_owned();
            let own = base.origin().ascii_serialization() == plan.base_origin;
            (Cow::Owned(text), own)
        }
        (Target::Path(_), None) => (Cow::Borrowed(plan.base.as_str()), true),
    };
    let (authorization, minted) = match is_own {
        true => (plan.authorization.clone(), None),
        false => foreign(resources, account, plan, &base).await?,
    };
    // What the definition puts into the query may be the connection's secret, and a minted token's host is another's.
    let query = if minted.is_none() { plan.query.as_slice() } else { &[] };
    let full = with_query(call.target.join(&base), query);
    let (origin, path) = split(&full);
    Ok(Destination {
        uri: egress::absolute(origin, path)?,
        authorization,
        minted,
        links: comes_back(call, account).then(|| link_rule(plan, &base, links_to, &call.target)),
    })
}

/// Whether links of this call come back to us.
fn comes_back(call: &ProxyCall, account: &Account) -> bool {
    match call.links {
        Links::Rewrite => true,
        Links::Keep => false,
        Links::ByIntegration => account.integration.integration.settings.rewrite_links,
    }
}

/// The token for an origin other than the base: a resource's own, or the connection's where the definition or the
/// operator listed the host.
async fn foreign(
    resources: &Resources,
    account: &Account,
    plan: &ProxyPlan,
    base: &str,
) -> Result<(Option<HeaderValue>, Option<Arc<Minted>>), Error> {
    let url = url::Url::parse(base).map_err(|_| not_allowed(account, base))?;
    let origin = url.origin().ascii_serialization();
    if let Some(minted) = resources.token_for_origin(account, &origin).await? {
        return Ok((bearer(&minted.token), Some(minted)));
    }
    if resources.is_of_another_tenant(account, &origin) {
        return Err(of_another_tenant(&url));
    }
    match plan.allows(&url) {
        true => Ok((plan.authorization.clone(), None)),
        false => Err(not_allowed(account, base)),
    }
}

fn not_allowed(account: &Account, base: &str) -> Error {
    let host =
        url::Url::parse(base).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    Error::refused(
        "base_url_override_not_allowed",
        format!(
            "{host} is not a host of this connection; allow it with PATCH /integrations/{} \
             {{\"allowed_hosts\":[\"{host}\"]}}",
            account.integration.integration.key
        ),
    )
}

/// Not even an allowed host: this token's audience is another origin (DESIGN §5 "Tokens and hosts").
fn of_another_tenant(url: &url::Url) -> Error {
    Error::refused(
        "base_url_override_not_allowed",
        format!(
            "{} is not this connection's tenant; its token is good elsewhere and is not sent there",
            url.host_str().unwrap_or_default()
        ),
    )
}

/// Adds parameters, in place of the caller's of the same name (contract §3.3).
fn with_query(url: String, extra: &[(String, String)]) -> String {
    if extra.is_empty() {
        return url;
    }
    let mut url = without(&url, extra);
    for (name, value) in extra {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.extend(url::form_urlencoded::byte_serialize(name.as_bytes()));
        url.push('=');
        url.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
    }
    url
}

/// The URL without certain parameters; what stays keeps its bytes.
fn without(url: &str, names: &[(String, String)]) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let kept = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default().replace('+', " ");
        let name = percent_encoding::percent_decode_str(&name).decode_utf8_lossy();
        !names.iter().any(|(unwanted, _)| *unwanted == name)
    });
    let kept = kept.collect::<Vec<_>>().join("&");
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{kept}") }
}

/// Origin and the rest of an absolute URL, without decoding anything.
fn split(url: &str) -> (&str, &str) {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..].find(['/', '?', '#']).map_or(url.len(), |at| authority + at);
    let (origin, rest) = url.split_at(end);
    (origin, if rest.is_empty() { "/" } else { rest })
}

/// Links of the base become `/proxy/…`; those of another origin, or beside a base with a path, keep their URL
/// behind it.
fn link_rule(plan: &ProxyPlan, base: &str, links_to: &str, target: &Target) -> LinkRule {
    let own = base == plan.base && matches!(target, Target::Path(_));
    let (origin, _) = split(base);
    let to_origin = format!("{links_to}/proxy/{origin}");
    let (from, to) = match own {
        true => (plan.base.clone(), format!("{links_to}/proxy")),
        false => (origin.to_owned(), to_origin.clone()),
    };
    LinkRule { from, to, origin: origin.len(), to_origin }
}

/// Maps a malformed address to what the caller did.
impl From<super::target::TargetProblem> for Error {
    fn from(problem: super::target::TargetProblem) -> Self {
        Self::refused("invalid_endpoint", problem.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_splits_without_a_byte_changed() {
        assert_eq!(split("https://h:1/a?b#c"), ("https://h:1", "/a?b#c"));
        assert_eq!(split("https://h"), ("https://h", "/"));
        assert_eq!(
            with_query("https://h/a?x=1".into(), &[("k".into(), "a b".into())]),
            "https://h/a?x=1&k=a+b"
        );
        let key = [("api key".to_owned(), "ours".to_owned())];
        assert_eq!(
            with_query("https://h/a?api%20key=theirs&x=%2f&api+key".into(), &key),
            "https://h/a?x=%2f&api+key=ours"
        );
        assert_eq!(with_query("https://h/a?api%20key=1".into(), &key), "https://h/a?api+key=ours");
    }
}
