//! Tries credentials that a person typed before they become a connection (contract §4.2 `proxy.verification`).

use domain::credentials::Credentials;
use domain::provider::Verification;
use domain::template::{Template, Values};
use egress::{AcrossOrigins, Body, Followed, RedirectPolicy};
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request};
use serde_json::json;
use url::Url;

use crate::context::Context;
use crate::credentials::account::Account;
use crate::error::Error;
use crate::operations::redact;
use crate::proxy::each_attempt::EachAttempt;
use crate::proxy::plan::ProxyPlan;
use crate::proxy::values::Subject;

/// The contract's code for credentials that the provider did not take.
const CODE: &str = "connection_test_failed";

/// Asks the definition's endpoints one after the other until one answers 2xx; kinds whose token was just bought, and
/// definitions without such a request, pass unasked.
///
/// # Errors
/// `connection_test_failed` with the last endpoint's status, which the operation's messages tell too.
pub async fn verify(context: &Context, account: &Account, log_id: &str) -> Result<(), Error> {
    match test(context, account, Some(log_id)).await? {
        Standing::Untested | Standing::Accepted => Ok(()),
        Standing::Refused { story, .. } => {
            Err(Error::refused(CODE, format!("The credentials were not accepted: {story}.")))
        }
    }
}

/// What a provider says of credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It was not asked: the kind or the definition has no such request.
    Untested,
    /// It takes them.
    Accepted,
    /// It does not, or it did not answer.
    Refused {
        /// The last endpoint's status, when it answered.
        status: Option<u16>,
        /// What happened, without secrets.
        story: String,
    },
}

/// As [`verify`], for credentials that are stored already: what the provider says is an answer and no error. With
/// `log_id` each request becomes a message of that operation.
///
/// # Errors
/// The request cannot be made: a setting is missing, or cannot be signed.
pub async fn test(context: &Context, account: &Account, log_id: Option<&str>) -> Result<Standing, Error> {
    let tested = matches!(
        account.credentials,
        Credentials::ApiKey(_)
            | Credentials::Basic(_)
            | Credentials::Tba(_)
            | Credentials::Jwt(_)
            | Credentials::Signature(_)
    );
    let proxy = account.integration.entry.provider.proxy.as_ref();
    let Some(definition) = proxy.and_then(|proxy| proxy.verification.as_ref()).filter(|_| tested) else {
        return Ok(Standing::Untested);
    };
    let subject = Subject::of(account);
    let mut plan = ProxyPlan::of(context, &subject).map_err(|missing| Error::refused(CODE, missing))?;
    // Some vendors are asked about a key by its own name in the path.
    for template in definition.endpoints.iter().chain(&definition.base_url) {
        plan.hide(template, &subject.values(context));
    }
    let trial = Trial { context, plan, subject, definition };
    let mut status = None;
    let mut reason = "The definition's verification request needs a setting that nobody gave".to_owned();
    for endpoint in &definition.endpoints {
        let Some(request) = trial.request(endpoint).await? else { continue };
        let verdict = trial.ask(request).await;
        let level = if verdict.accepted { "info" } else { "error" };
        let detail = json!({"response": {"code": verdict.status}, "verification": true});
        if let Some(log_id) = log_id {
            context.log.say(account.integration.scope, log_id, level, verdict.story.clone(), Some(detail));
        }
        if verdict.accepted {
            return Ok(Standing::Accepted);
        }
        (status, reason) = (verdict.status, verdict.story);
    }
    if definition.endpoints.is_empty() {
        return Ok(Standing::Untested);
    }
    Ok(Standing::Refused { status, story: reason })
}

/// Credentials on trial.
struct Trial<'a> {
    context: &'a Context,
    plan: ProxyPlan,
    subject: Subject<'a>,
    definition: &'a Verification,
}

/// What one endpoint said; the story holds no secret.
struct Verdict {
    accepted: bool,
    status: Option<u16>,
    story: String,
}

impl Trial<'_> {
    /// The request; `None` when the endpoint's own template has a gap.
    async fn request(&self, endpoint: &Template) -> Result<Option<Request<Body>>, Error> {
        let values = self.subject.values(self.context);
        let Ok(path) = endpoint.resolve(&values) else { return Ok(None) };
        let Some(url) = self.url(&values, &path)? else { return Ok(None) };
        let mut request = Request::new(self.body(&values)?);
        *request.method_mut() = method(self.definition)?;
        *request.uri_mut() =
            url.as_str().parse().map_err(|_| Error::refused(CODE, "the verification URL is not a URL"))?;
        let of_body = (!request.body().is_empty()).then(|| HeaderValue::from_static("application/json"));
        let headers = request.headers_mut();
        for (name, template) in self.definition.headers.iter() {
            if EachAttempt::makes(template) {
                continue;
            }
            let Ok(text) = template.resolve(&values) else { continue };
            if let (Ok(name), Ok(mut value)) =
                (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&text))
            {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        self.plan.dress(&mut request);
        if let Some(kind) = of_body {
            request.headers_mut().entry(header::CONTENT_TYPE).or_insert(kind);
        }
        self.sign(request, &path).await.map(Some)
    }

    async fn sign(&self, mut request: Request<Body>, path: &str) -> Result<Request<Body>, Error> {
        let Some(each) = self.plan.each_attempt.as_deref() else { return Ok(request) };
        let (payload, _) = each.payload(&mut request, None, &self.context.held).await?;
        each.apply(self.context, &self.subject, &mut request, &payload, path)?;
        Ok(request)
    }

    fn url(&self, values: &dyn Values, path: &str) -> Result<Option<Url>, Error> {
        let base = match &self.definition.base_url {
            None => self.plan.base.clone(),
            Some(template) => match template.resolve(values) {
                Ok(base) => base.trim_end_matches('/').to_owned(),
                Err(_) => return Ok(None),
            },
        };
        let mut url = Url::parse(&format!("{base}/{}", path.trim_start_matches('/')))
            .map_err(|_| Error::refused(CODE, "the verification URL is not a URL"))?;
        let given: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        let more = self.plan.query.iter().filter(|(name, _)| !given.contains(name));
        if more.clone().next().is_some() {
            url.query_pairs_mut().extend_pairs(more);
        }
        Ok(Some(url))
    }

    fn body(&self, values: &dyn Values) -> Result<Body, Error> {
        let Some(tree) = &self.definition.data else { return Ok(Body::empty()) };
        let data = tree
            .resolve_present(values)
            .map_err(|missing| Error::refused(CODE, format!("`{}` is not set", missing.path)))?;
        Ok(data.map_or_else(Body::empty, |data| Body::from(data.to_string())))
    }

    async fn ask(&self, request: Request<Body>) -> Verdict {
        let method = request.method().clone();
        let shown = self.plan.masked(redact::url(&request.uri().to_string()));
        let limits = &self.context.settings.token;
        let policy = egress::SendPolicy {
            class: limits.class,
            first_byte: limits.total,
            idle_body: limits.total,
            total: Some(limits.total),
        };
        let redirects = RedirectPolicy {
            across_origins: AcrossOrigins::Keep(&[header::ACCEPT]),
            ..RedirectPolicy::default()
        };
        let Followed { outcome, .. } =
            self.context.egress.follow_redirects(request, &policy, &redirects).await;
        match outcome {
            Ok(response) => {
                let status = response.status();
                let story = format!("{method} {shown} answered {}", status.as_u16());
                Verdict { accepted: status.is_success(), status: Some(status.as_u16()), story }
            }
            Err(failure) => {
                let story = format!("{method} {shown} gave no answer: {failure}");
                Verdict { accepted: false, status: None, story }
            }
        }
    }
}

fn method(definition: &Verification) -> Result<Method, Error> {
    Method::from_bytes(definition.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| Error::refused(CODE, "the verification method is no HTTP method"))
}
