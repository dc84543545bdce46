//! The walk of a proxied call: resolve, credentials, prepare, send, decide, stream.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use egress::{AcrossOrigins, Arrival, Body, EgressError, Followed, RedirectPolicy, ResponseBody};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, Uri};
use http_body::Body as _;
use serde_json::json;

use super::answer::AnswerBody;
use super::attempt::{AttemptSigner, Source};
use super::call::{Packing, ProxyCall, Redirects};
use super::decide::{self, Decision, Outcome, Progress, Refreshed, Replay};
use super::destination::{self, Destination};
use super::gunzip::Gunzip;
use super::headers;
use super::links::{LinkRewriter, LinkRule};
use super::record::{self, CallRecord};
use crate::context::Context;
use crate::credentials::account::Account;
use crate::credentials::keeper::{Force, Keeper};
use crate::credentials::resources::Resources;
use crate::error::Error;

/// The proxy.
pub struct Proxy {
    context: Arc<Context>,
    keeper: Arc<Keeper>,
    resources: Arc<Resources>,
}

/// What happens to a request's headers at each redirect.
#[derive(Clone, Copy)]
struct OnTheWay<'a> {
    signer: Option<&'a AttemptSigner<'a>>,
    /// Whether what we put into it may go there.
    may_go: &'a (dyn Fn(&Uri) -> bool + Send + Sync),
}

/// One attempt's ending.
type Attempt = Result<Response<ResponseBody>, EgressError>;

impl Proxy {
    /// The proxy over a keeper of credentials.
    pub fn new(context: Arc<Context>, keeper: Arc<Keeper>, resources: Arc<Resources>) -> Self {
        Self { context, keeper, resources }
    }

    /// Forwards a call; the body can be sent again when it is small and came with a length.
    ///
    /// # Errors
    /// What kept it from being sent or answered; a provider's own error is an answer.
    pub async fn call(&self, call: ProxyCall, body: Body) -> Result<Response<AnswerBody>, Error> {
        let (account, destination) = match self.resolve(&call).await {
            Ok(resolved) => resolved,
            Err(error) => {
                record::refused(&self.context, &call, &error);
                return Err(error);
            }
        };
        let record = CallRecord::begin(&self.context, &account, &call, &body, &destination.uri);
        self.exchange(&call, body, account, destination, Box::new(record)).await
    }

    /// Whose account, with a fresh token, and where to.
    async fn resolve(&self, call: &ProxyCall) -> Result<(Arc<Account>, Destination), Error> {
        let account = self.keeper.current(call.scope, &call.integration, &call.connection).await?;
        let destination = self.find(&account, call).await?;
        Ok((account, destination))
    }

    async fn exchange(
        &self,
        call: &ProxyCall,
        body: Body,
        mut account: Arc<Account>,
        mut destination: Destination,
        mut record: Box<CallRecord>,
    ) -> Result<Response<AnswerBody>, Error> {
        let mut progress = Progress { attempts: 0, refreshed: Refreshed::No, replay: Replay::Possible };
        let mut source = Source::Plain(body);
        loop {
            progress.attempts += 1;
            let signer = AttemptSigner::of(&self.context, &account, &destination, call);
            let (body, mut replay) = source.split();
            let mut request =
                prepare(call, body, &fallbacks(&self.context, &account, &destination), &destination);
            if let Some(identity) = shown(&self.context, &account, &destination) {
                request.extensions_mut().insert(identity);
            }
            if let Some(signer) = &signer {
                replay = signer.sign(&mut request, replay).await?;
            }
            progress.replay = if replay.is_some() { Replay::Possible } else { Replay::Impossible };
            record.sent(request.headers());
            let may_go = |to: &Uri| self.may_carry(&account, &destination, to);
            let on_the_way = OnTheWay { signer: signer.as_ref(), may_go: &may_go };
            let defined =
                account.plan(&self.context).map_or_else(|_| Default::default(), |plan| plan.redirect_headers);
            let redirects = call.redirects.settled(defined);
            let attempt = self.send(request, redirects, on_the_way, &mut record).await;
            match self.decide(&attempt, call, &account, progress) {
                Decision::Done => return finish(attempt, call.packing, destination.links, record),
                Decision::Refresh => {
                    progress.refreshed = Refreshed::Yes;
                    match self.renew(&account, &destination).await {
                        Ok(fresh) => {
                            let text = "the provider answered 401: the token was refreshed".into();
                            record.note("info", text, json!({"status": 401}));
                            account = fresh;
                            destination = self.find(&account, call).await?;
                        }
                        Err(failure) => {
                            let text = format!(
                                "the provider answered 401 and the token cannot be refreshed: {failure}"
                            );
                            record.note("error", text, json!({"status": 401}));
                            return finish(attempt, call.packing, destination.links, record);
                        }
                    }
                }
                Decision::Retry { wait_ms } => {
                    note_retry(&mut record, &attempt, progress, call, wait_ms);
                    drop(attempt);
                    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                }
            }
            source = replay.unwrap_or_default();
        }
    }

    /// The account with another token in place of the one that the destination refused.
    async fn renew(&self, account: &Arc<Account>, refused: &Destination) -> Result<Arc<Account>, Error> {
        match &refused.minted {
            None => self.keeper.refresh(account, Force::Rejected).await,
            // The connection's own token was not in play.
            Some(minted) => self.resources.replace(account, minted).await.map(|()| account.clone()),
        }
    }

    async fn find(&self, account: &Account, call: &ProxyCall) -> Result<Destination, Error> {
        let links_to = call.links_to.as_deref().unwrap_or(&self.context.settings.public_url);
        destination::find(&self.context, &self.resources, account, call, links_to).await
    }

    /// Whether what we put into a request may follow a redirect to another origin (DESIGN §5 "Tokens and hosts").
    fn may_carry(&self, account: &Account, from: &Destination, to: &Uri) -> bool {
        let (Ok(plan), Ok(url)) = (account.plan(&self.context), url::Url::parse(&to.to_string())) else {
            return false;
        };
        let origin = url.origin().ascii_serialization();
        // A resource's token has one audience, and the connection's own is not for a resource.
        from.minted.is_none()
            && (origin == plan.base_origin
                || (plan.allows(&url) && !self.resources.is_of_another_tenant(account, &origin)))
    }

    async fn send(
        &self,
        request: Request<Body>,
        redirects: Redirects,
        on_the_way: OnTheWay<'_>,
        record: &mut CallRecord,
    ) -> Attempt {
        let limits = &self.context.settings.proxy;
        let across_origins = match redirects {
            Redirects::Pass => return self.context.egress.send(request, limits).await,
            Redirects::AsDefined | Redirects::Follow => {
                AcrossOrigins::Keep(&[header::ACCEPT_ENCODING, header::IF_NONE_MATCH])
            }
            Redirects::FollowWithHeaders => AcrossOrigins::KeepUnlessSensitive(on_the_way.may_go),
        };
        let resign = |arrival: Arrival<'_>, headers: &mut HeaderMap| {
            if let Some(signer) = on_the_way.signer {
                signer.at_hop(arrival, headers);
            }
        };
        let policy = RedirectPolicy { limit: 5, across_origins, at_hop: Some(&resign) };
        let Followed { hops, outcome } = self.context.egress.follow_redirects(request, limits, &policy).await;
        for hop in &hops {
            let text = record.masked(format!("redirect {hop:?}"));
            record.note("info", text, json!({"status": hop.status.as_u16()}));
        }
        outcome
    }

    fn decide(&self, attempt: &Attempt, call: &ProxyCall, account: &Account, progress: Progress) -> Decision {
        let outcome = match attempt {
            Ok(response) => {
                Outcome::Answer { status: response.status().as_u16(), headers: response.headers() }
            }
            Err(failure) if failure.is_retryable() => Outcome::PassingFailure,
            Err(_) => Outcome::FinalFailure,
        };
        let mut progress = progress;
        if !account.is_renewable() || call.authorizes_itself() {
            progress.refreshed = Refreshed::Yes;
        }
        match account.plan(&self.context) {
            Ok(plan) => decide::decide(outcome, &call.retry, &plan.hints, progress, self.context.now_ms()),
            Err(_) => Decision::Done,
        }
    }
}

/// The headers that fill what the caller left out. A minted token's host is another's: no secret of the connection goes
/// there.
fn fallbacks<'a>(
    context: &Context,
    account: &'a Account,
    destination: &Destination,
) -> Cow<'a, [(HeaderName, HeaderValue)]> {
    let Ok(plan) = account.plan(context) else { return Cow::Borrowed(&[]) };
    if destination.minted.is_none() {
        return Cow::Borrowed(&plan.headers);
    }
    plan.headers.iter().filter(|(_, value)| !value.is_sensitive()).cloned().collect::<Vec<_>>().into()
}

/// The certificate that a call shows; a minted token's host is another's, and sees none.
fn shown(context: &Context, account: &Account, destination: &Destination) -> Option<egress::ClientIdentity> {
    let identity = account.plan(context).ok()?.identity.as_ref()?;
    destination.minted.is_none().then(|| identity.clone())
}

/// What axios says of a POST without a body; nobody chose it.
const AXIOS_STOCK_TYPE: &str = "application/x-www-form-urlencoded";

/// The request to send. Pure.
fn prepare(
    call: &ProxyCall,
    body: Body,
    fallbacks: &[(HeaderName, HeaderValue)],
    destination: &Destination,
) -> Request<Body> {
    let mut request = Request::new(body);
    *request.method_mut() = call.method.clone();
    *request.uri_mut() = destination.uri.clone();
    let mut upstream = headers::upstream(&call.headers, fallbacks);
    // The framing is the transport's; a stale length would be a smuggled request.
    upstream.remove(header::CONTENT_LENGTH);
    if request.body().is_empty()
        && upstream.get(header::CONTENT_TYPE).is_some_and(|kind| kind == AXIOS_STOCK_TYPE)
    {
        upstream.remove(header::CONTENT_TYPE);
    }
    if let Some(authorization) = &destination.authorization
        && !upstream.contains_key(header::AUTHORIZATION)
    {
        upstream.insert(header::AUTHORIZATION, authorization.clone());
    }
    if destination.links.is_some() {
        // Links can only be found in a body that is not compressed.
        upstream.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    } else if call.packing == Packing::Unpack {
        upstream.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    *request.headers_mut() = upstream;
    request
}

fn note_retry(
    record: &mut CallRecord,
    attempt: &Attempt,
    progress: Progress,
    call: &ProxyCall,
    wait_ms: u64,
) {
    let (status, reason) = match attempt {
        Ok(response) => (Some(response.status().as_u16()), format!("status {}", response.status().as_u16())),
        Err(failure) => (None, failure.to_string()),
    };
    let stated =
        attempt.as_ref().ok().and_then(|response| response.headers().get(header::RETRY_AFTER)?.to_str().ok());
    record.note(
        "warn",
        format!("attempt {} failed ({reason}); the next one in {wait_ms} ms", progress.attempts),
        json!({"status": status, "reason": reason, "retry_after": stated, "retry": {"attempt": progress.attempts, "max": call.retry.retries, "waited": wait_ms}}),
    );
}

/// The answer for the caller, or why there is none.
fn finish(
    attempt: Attempt,
    packing: Packing,
    links: Option<LinkRule>,
    mut record: Box<CallRecord>,
) -> Result<Response<AnswerBody>, Error> {
    let response = match attempt {
        Ok(response) => response,
        Err(failure) => {
            record.failed(failure.to_string());
            return Err(Error::Egress(failure));
        }
    };
    let (mut parts, body) = response.into_parts();
    record.answered(parts.status.as_u16(), &parts.headers);
    headers::downstream(&mut parts.headers);
    parts.extensions.clear();
    // The provider's protocol version is between it and us.
    parts.version = http::Version::HTTP_11;
    let gunzip =
        (packing == Packing::Unpack && !body.is_end_stream() && is_gzip(&parts.headers)).then(|| {
            parts.headers.remove(header::CONTENT_ENCODING);
            parts.headers.remove(header::CONTENT_LENGTH);
            Gunzip::new()
        });
    let rewriter = match links {
        Some(links) => {
            rewrite_headers(&mut parts.headers, &links);
            is_plain_json(&parts.headers).then(|| {
                parts.headers.remove(header::CONTENT_LENGTH);
                LinkRewriter::new(links)
            })
        }
        None => None,
    };
    Ok(Response::from_parts(parts, AnswerBody::new(body, gunzip, rewriter, Some(record))))
}

fn is_gzip(headers: &HeaderMap) -> bool {
    let coding = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    coding.is_some_and(|coding| matches!(coding.trim().to_ascii_lowercase().as_str(), "gzip" | "x-gzip"))
}

fn is_plain_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|value| value == "identity");
    let essence = kind.split(';').next().unwrap_or_default().trim();
    plain && (essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json"))
}

fn rewrite_headers(headers: &mut HeaderMap, rule: &LinkRule) {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let location = headers.get(header::LOCATION).and_then(text).and_then(|link| rule.apply(&link));
    if let Some(value) = location.and_then(|link| HeaderValue::from_str(&link).ok()) {
        headers.insert(header::LOCATION, value);
    }
    let link = headers.get(header::LINK).and_then(text).and_then(|links| rule.apply_to_link_header(&links));
    if let Some(value) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        headers.insert(header::LINK, value);
    }
}
