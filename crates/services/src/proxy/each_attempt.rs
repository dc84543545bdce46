//! What is made anew for every attempt of a call: signatures, and headers whose templates look at the request.
//!
//! Most connections have nothing of it, and then a call costs nothing for it.

mod aws;
mod body;
mod facts;

use std::sync::Arc;

use domain::credentials::Credentials;
use domain::provider::{Auth, ParametersIn, ProxyDefinition, SignatureMethod};
use domain::template::Template;
use domain::{Secret, entropy};
use egress::Body;
use http::header::{self, HeaderMap, HeaderName};
use http::{Method, Request, Uri};

use self::body::Injected;
use self::facts::AttemptValues;
use super::held::Held;
use super::plan::sensitive;
use super::room::Room;
use super::values::{self, Subject};
use crate::context::Context;
use crate::credentials::schemes::oauth1::signature::{self, Occasion, Signed, Signer};
use crate::credentials::schemes::{Client, SettingProblem, tba};
use crate::credentials::template_functions::TemplateFunctions;
use crate::error::Error;

/// What is made anew for every attempt.
#[derive(Debug)]
pub struct EachAttempt {
    signature: Option<Signature>,
    /// The definition's headers whose templates look at the request, those with a signature last.
    headers: Vec<(HeaderName, Template)>,
    /// What every body carries.
    body: Option<Injected>,
}

/// A signature over the whole request.
#[derive(Debug)]
enum Signature {
    OAuth1 {
        client: Client,
        token: Secret,
        secret: Secret,
        method: SignatureMethod,
        realm: Option<String>,
        place: ParametersIn,
    },
    Aws(aws::Session),
}

/// What is known of a request's body.
#[derive(Debug)]
pub enum Payload {
    /// There is none.
    Empty,
    /// It is at hand.
    Held(Arc<Held>),
    /// It streams by, unsigned.
    Streamed,
}

/// Placeholders that look at the request.
const OF_THE_REQUEST: [&str; 10] = [
    "method",
    "host",
    "path",
    "params",
    "endpoint",
    "contentType",
    "urlCanonicalParams",
    "bodyCanonicalParams",
    "random",
    "now",
];
/// Placeholders that look at its body.
const OF_THE_BODY: [&str; 2] = ["params", "bodyCanonicalParams"];

const FORM: &str = "application/x-www-form-urlencoded";

impl EachAttempt {
    /// What the calls of a subject need; `None` for nearly all.
    ///
    /// # Errors
    /// In words: what is missing to sign.
    pub fn of(
        context: &Context,
        subject: &Subject<'_>,
        proxy: &ProxyDefinition,
    ) -> Result<Option<Box<Self>>, String> {
        let signature = Signature::of(context, subject).map_err(|missing| missing.to_string())?;
        let mut headers: Vec<(HeaderName, Template)> = proxy
            .headers
            .iter()
            .filter(|(_, template)| Self::makes(template))
            .filter_map(|(name, template)| {
                Some((HeaderName::from_bytes(name.as_bytes()).ok()?, template.clone()))
            })
            .collect();
        headers.sort_by_key(|(_, template)| signs(template));
        let body = Injected::of(proxy, &subject.values(context));
        let nothing = signature.is_none() && headers.is_empty() && body.is_none();
        Ok((!nothing).then(|| Box::new(Self { signature, headers, body })))
    }

    /// Whether a template is filled for each attempt.
    pub fn makes(template: &Template) -> bool {
        signs(template)
            || template.functions().any(|name| name == "now")
            || template.paths().any(|path| OF_THE_REQUEST.contains(&path))
    }

    /// Takes the body where it is signed, looked at or completed; gives what is known of it, and the caller's own body
    /// for the next attempt, which brings it as `held`.
    ///
    /// # Errors
    /// It broke off, or there is no room for it.
    pub async fn payload(
        &self,
        request: &mut Request<Body>,
        held: Option<Arc<Held>>,
        room: &Room,
    ) -> Result<(Payload, Option<Arc<Held>>), Error> {
        let injected = self.body.as_ref().filter(|_| Injected::concerns(request.method()));
        let held = match held {
            Some(held) => held,
            None => {
                let body = std::mem::take(request.body_mut());
                if body.is_empty() && injected.is_none() {
                    return Ok((Payload::Empty, None));
                }
                if injected.is_none() && !self.needs(&body, request.uri(), request.headers()) {
                    *request.body_mut() = body;
                    return Ok((Payload::Streamed, None));
                }
                Arc::new(Held::take(body, room).await?)
            }
        };
        let completed = match injected {
            Some(injected) => injected.completed(&held, request.headers_mut())?.map(Arc::new),
            None => None,
        };
        let sent = completed.unwrap_or_else(|| held.clone());
        *request.body_mut() = sent.body();
        Ok((Payload::Held(sent), Some(held)))
    }

    /// Whether a body must be known before it is sent.
    fn needs(&self, body: &Body, uri: &Uri, headers: &HeaderMap) -> bool {
        let form = content_type(headers).starts_with(FORM);
        let by_signature = match &self.signature {
            Some(Signature::OAuth1 { .. }) => form,
            Some(Signature::Aws(session)) => body.replay().is_some() || !session.takes_unsigned(uri),
            None => false,
        };
        let looks = |template: &Template| template.paths().any(|path| OF_THE_BODY.contains(&path));
        by_signature || self.headers.iter().any(|(_, template)| signs(template) || looks(template))
    }

    /// Signs a request that is otherwise ready, and fills the headers that look at it.
    ///
    /// What the caller authorized themselves is left alone. `endpoint` is the path that the caller asked for.
    ///
    /// # Errors
    /// A key that cannot sign.
    pub fn apply<B>(
        &self,
        context: &Context,
        subject: &Subject<'_>,
        request: &mut Request<B>,
        payload: &Payload,
        endpoint: &str,
    ) -> Result<(), Error> {
        let own = request.headers().contains_key(header::AUTHORIZATION);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let attempt = Attempt { context, method: &method, uri: &uri, payload, endpoint };
        self.fill(&attempt, subject, request.headers_mut());
        if own {
            return Ok(());
        }
        if let Some(signed) = self.signed_query(&attempt, request.headers())? {
            *request.uri_mut() = signed;
            return Ok(());
        }
        self.sign(&attempt, request.headers_mut())
    }

    /// Signs again for where a redirect of the same origin leads; the request has no body.
    pub fn resign(
        &self,
        context: &Context,
        subject: &Subject<'_>,
        to: (&Method, &Uri),
        headers: &mut HeaderMap,
    ) {
        for name in self.headers.iter().map(|(name, _)| name) {
            headers.remove(name);
        }
        let ours = self.signature.is_some() && headers.remove(header::AUTHORIZATION).is_some();
        let endpoint = to.1.path_and_query().map_or("/", |path| path.as_str());
        let attempt = Attempt { context, method: to.0, uri: to.1, payload: &Payload::Empty, endpoint };
        self.fill(&attempt, subject, headers);
        if ours && let Err(failure) = self.sign(&attempt, headers) {
            tracing::warn!(%failure, "a redirected request could not be signed again");
        }
    }

    fn fill(&self, attempt: &Attempt<'_>, subject: &Subject<'_>, headers: &mut HeaderMap) {
        if self.headers.is_empty() {
            return;
        }
        let functions = TemplateFunctions::fresh(attempt.context);
        for (name, template) in &self.headers {
            if headers.contains_key(name) {
                continue;
            }
            let values = AttemptValues {
                subject: subject.values(attempt.context),
                functions: &functions,
                attempt,
                headers,
            };
            let text = template.resolve(&values);
            // An unresolved header is left out, as those of the plan are.
            let Some(mut value) = text.ok().and_then(|text| sensitive(&text)) else { continue };
            value.set_sensitive(signs(template) || template.paths().any(values::is_secret));
            headers.insert(name.clone(), value);
        }
    }

    /// The URI with the parameters of a signature in its query, where the definition wants them there (RFC 5849 §3.5.3).
    fn signed_query(&self, attempt: &Attempt<'_>, headers: &HeaderMap) -> Result<Option<Uri>, Error> {
        let Some(Signature::OAuth1 { client, token, secret, method, place: ParametersIn::Query, .. }) =
            &self.signature
        else {
            return Ok(None);
        };
        attempt.check_form(headers)?;
        let signer = Signer {
            client_id: &client.id,
            client_secret: &client.secret,
            token: Some((token, secret)),
            method: *method,
            realm: None,
        };
        let (form, nonce) = (attempt.form(headers), entropy::hex(&*attempt.context.entropy, 16));
        let signed = Signed { method: attempt.method, uri: attempt.uri, form, protocol: &[] };
        let timestamp = attempt.context.now_ms().div_euclid(1000);
        let own = signature::parameters(&signer, &signed, Occasion { timestamp, nonce: &nonce })?;
        let own = serde_urlencoded::to_string(own).unwrap_or_default();
        let text = attempt.uri.to_string();
        let separator = if attempt.uri.query().is_some_and(|query| !query.is_empty()) { '&' } else { '?' };
        let text = format!("{}{separator}{own}", text.trim_end_matches('?'));
        text.parse().map(Some).map_err(|_| Error::refused("invalid_endpoint", "the signed URL is too long"))
    }

    fn sign(&self, attempt: &Attempt<'_>, headers: &mut HeaderMap) -> Result<(), Error> {
        match &self.signature {
            None => Ok(()),
            Some(Signature::Aws(session)) => {
                session.sign(attempt, headers);
                Ok(())
            }
            Some(Signature::OAuth1 { client, token, secret, method, realm, .. }) => {
                attempt.check_form(headers)?;
                let signer = Signer {
                    client_id: &client.id,
                    client_secret: &client.secret,
                    token: Some((token, secret)),
                    method: *method,
                    realm: realm.as_deref(),
                };
                let signed = Signed {
                    method: attempt.method,
                    uri: attempt.uri,
                    form: attempt.form(headers),
                    protocol: &[],
                };
                let nonce = entropy::hex(&*attempt.context.entropy, 16);
                let timestamp = attempt.context.now_ms().div_euclid(1000);
                let header = signature::header(&signer, &signed, Occasion { timestamp, nonce: &nonce })?;
                if let Some(value) = sensitive(header.expose()) {
                    headers.insert(header::AUTHORIZATION, value);
                }
                Ok(())
            }
        }
    }
}

impl Signature {
    fn of(context: &Context, subject: &Subject<'_>) -> Result<Option<Self>, SettingProblem> {
        let client = || Some(subject.client()).filter(|client| !client.id.is_empty());
        match (&subject.open.entry.provider.auth, subject.credentials) {
            (Auth::OAuth1(scheme), Credentials::OAuth1(own)) => Ok(Some(Self::OAuth1 {
                client: client().ok_or(SettingProblem::NoClient)?,
                token: own.token.clone(),
                secret: own.token_secret.clone(),
                method: scheme.signature_method,
                realm: None,
                place: scheme.parameters_in,
            })),
            (Auth::Tba(scheme), Credentials::Tba(own)) => Ok(Some(Self::OAuth1 {
                client: client().ok_or(SettingProblem::NoClient)?,
                token: own.token_id.clone(),
                secret: own.token_secret.clone(),
                method: scheme.signature_method,
                realm: Some(tba::realm(scheme, &subject.values(context).party)?),
                place: ParametersIn::Header,
            })),
            (_, Credentials::AwsSigV4(own)) => Ok(Some(Self::Aws(aws::Session::of(own)))),
            _ => Ok(None),
        }
    }
}

/// One attempt, but for its headers.
struct Attempt<'a> {
    context: &'a Context,
    method: &'a Method,
    uri: &'a Uri,
    payload: &'a Payload,
    endpoint: &'a str,
}

impl Attempt<'_> {
    /// The body, where it is a form that is at hand.
    fn form(&self, headers: &HeaderMap) -> Option<&[u8]> {
        if content_type(headers).starts_with(FORM) { self.bytes() } else { None }
    }

    /// A form is part of an OAuth 1.0 signature, and one that is too long for memory cannot be read.
    fn check_form(&self, headers: &HeaderMap) -> Result<(), Error> {
        let long = matches!(self.payload, Payload::Held(held) if held.bytes().is_none());
        if long && content_type(headers).starts_with(FORM) {
            let text = "a form whose fields are signed may not be longer than 10 MiB";
            return Err(Error::refused("payload_too_large", text));
        }
        Ok(())
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self.payload {
            Payload::Held(held) => held.bytes().map(AsRef::as_ref),
            Payload::Empty | Payload::Streamed => None,
        }
    }
}

fn signs(template: &Template) -> bool {
    template.functions().any(|name| name == "awsSigV4")
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
