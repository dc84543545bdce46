//! OAUTH1: the three legs of RFC 5849 §2, each request signed.

pub mod signature;

use std::collections::BTreeMap;

use domain::credentials::OAuth1Credentials;
use domain::provider::{BodyFormat, Method, OAuth1, ParametersIn};
use domain::{Secret, template::Template};
use http::Uri;
use serde_json::Value;

use self::signature::{Occasion, Signed, Signer};
use super::{Party, SettingProblem, TokenRequest};
use crate::credentials::problem::TokenProblem;
use crate::credentials::token_answer::{AnswerShape, TokenAnswer};

/// A token with its secret: temporary (RFC 5849 §2.1) or of the account (§2.3).
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// `oauth_token`.
    pub token: Secret,
    /// `oauth_token_secret`.
    pub secret: Secret,
}

impl TokenPair {
    /// Reads an answer.
    ///
    /// # Errors
    /// The answer has no secret, or denies the callback (RFC 5849 §2.1).
    pub fn read(answer: &TokenAnswer) -> Result<Self, TokenProblem> {
        let text = |name: &str| answer.raw.0.get(name).and_then(Value::as_str);
        if text("oauth_callback_confirmed").is_some_and(|confirmed| !confirmed.eq_ignore_ascii_case("true")) {
            return Err(TokenProblem::developer(
                "callback_not_confirmed",
                "The provider did not accept the callback address.",
                "Register the callback URL with the provider's app.",
            ));
        }
        let secret = text("oauth_token_secret").ok_or_else(|| {
            TokenProblem::passing("token_answer_unreadable", "The provider answered without a token secret.")
        })?;
        Ok(Self { token: answer.access_token.clone(), secret: Secret::new(secret) })
    }
}

/// The first leg: a request for temporary credentials (RFC 5849 §2.1).
///
/// # Errors
/// A setting that the definition needs and nobody gave, or a key that cannot sign.
pub fn request_token(
    scheme: &OAuth1,
    party: &Party<'_>,
    callback: &str,
    occasion: Occasion<'_>,
) -> Result<TokenRequest, SettingProblem> {
    let leg = Leg {
        url: party.url(&scheme.request_url, "request URL")?,
        method: scheme.request_method,
        params: &scheme.request_params,
        token: None,
        protocol: &[("oauth_callback", callback)],
    };
    leg.request(scheme, party, occasion)
}

/// Where the browser goes between the legs (RFC 5849 §2.2); `overrides` are the connect session's, and an empty one
/// removes the definition's parameter.
///
/// # Errors
/// A setting that the definition needs and nobody gave.
pub fn authorize_url(
    scheme: &OAuth1,
    party: &Party<'_>,
    token: &Secret,
    scopes: &[String],
    overrides: &BTreeMap<String, String>,
) -> Result<url::Url, SettingProblem> {
    let mut url = party.url(&scheme.authorization_url, "authorization URL")?;
    let mut params: Vec<(String, String)> = Vec::new();
    if !scopes.is_empty() {
        params.push(("scope".to_owned(), scopes.join(&scheme.scope_separator)));
    }
    for (name, template) in &scheme.authorization_params {
        params.push((name.clone(), party.text(template)?));
    }
    let own = |name: &str| name.eq_ignore_ascii_case("oauth_token") || name == "oauth_callback";
    for (name, value) in overrides.iter().filter(|(name, _)| !own(name)) {
        params.retain(|(given, _)| given != name);
        params.push((name.clone(), value.clone()));
    }
    params.push(("oauth_token".to_owned(), token.expose().to_owned()));
    url.query_pairs_mut().extend_pairs(params.iter().filter(|(_, value)| !value.is_empty()));
    Ok(url)
}

/// The last leg: temporary credentials and the verifier buy those of the account (RFC 5849 §2.3).
///
/// # Errors
/// A setting that the definition needs and nobody gave, or a key that cannot sign.
pub fn access_token(
    scheme: &OAuth1,
    party: &Party<'_>,
    temporary: &TokenPair,
    verifier: &str,
    occasion: Occasion<'_>,
) -> Result<TokenRequest, SettingProblem> {
    let leg = Leg {
        url: party.url(&scheme.token_url, "token URL")?,
        method: scheme.token_method,
        params: &scheme.token_params,
        token: Some(temporary),
        protocol: &[("oauth_verifier", verifier)],
    };
    leg.request(scheme, party, occasion)
}

/// The credentials that the last leg's answer makes.
///
/// # Errors
/// The answer has no token secret.
pub fn credentials(answer: TokenAnswer) -> Result<OAuth1Credentials, TokenProblem> {
    let TokenPair { token, secret } = TokenPair::read(&answer)?;
    Ok(OAuth1Credentials { token, token_secret: secret, raw: answer.raw })
}

/// A refusal in plain text, as many servers of OAuth 1.0 write it, in words of ours.
pub fn refusal(problem: TokenProblem) -> TokenProblem {
    let Some(status) = problem.status.filter(|status| (400..500).contains(status)) else { return problem };
    let mut told = TokenProblem::developer(
        "oauth1_refused",
        format!("The provider refused a signed request for a token with status {status}."),
        "Check the integration's client id and secret, and the callback URL that is registered with the provider.",
    );
    told.status = Some(status);
    told
}

/// One signed request of ours to the provider's endpoints.
struct Leg<'a> {
    url: url::Url,
    method: Method,
    params: &'a [(String, Template)],
    token: Option<&'a TokenPair>,
    protocol: &'a [(&'a str, &'a str)],
}

impl Leg<'_> {
    fn request(
        self,
        scheme: &OAuth1,
        party: &Party<'_>,
        occasion: Occasion<'_>,
    ) -> Result<TokenRequest, SettingProblem> {
        if party.client.id.is_empty() {
            return Err(SettingProblem::NoClient);
        }
        let method = match self.method {
            Method::Post => http::Method::POST,
            Method::Get => http::Method::GET,
        };
        let mut pairs = Vec::with_capacity(self.params.len());
        for (name, template) in self.params {
            pairs.push((name.clone(), party.text(template)?));
        }
        // The endpoint appends a GET's fields to the query; what is signed must be what is sent.
        let mut whole = self.url.clone();
        let form = serde_urlencoded::to_string(&pairs).unwrap_or_default();
        if method == http::Method::GET && !pairs.is_empty() {
            whole.query_pairs_mut().extend_pairs(&pairs);
        }
        let uri: Uri = whole.as_str().parse().map_err(|_| SettingProblem::BadUrl { what: "request URL" })?;
        let signer = Signer {
            client_id: &party.client.id,
            client_secret: &party.client.secret,
            token: self.token.map(|pair| (&pair.token, &pair.secret)),
            method: scheme.signature_method,
            realm: None,
        };
        let in_body = (method == http::Method::POST).then_some(form.as_bytes());
        let signed = Signed { method: &method, uri: &uri, form: in_body, protocol: self.protocol };
        let place = match (scheme.parameters_in, &method) {
            // A GET has no body to put them into.
            (ParametersIn::Body, &http::Method::GET) => ParametersIn::Query,
            (place, _) => place,
        };
        let mut url = self.url;
        let (mut headers, mut fields) = (Vec::new(), Vec::new());
        match place {
            ParametersIn::Header => {
                headers.push(("authorization".to_owned(), signature::header(&signer, &signed, occasion)?));
            }
            ParametersIn::Query => {
                url.query_pairs_mut().extend_pairs(signature::parameters(&signer, &signed, occasion)?);
            }
            ParametersIn::Body => fields = signature::parameters(&signer, &signed, occasion)?,
        }
        let mut request = TokenRequest::new(url.into(), BodyFormat::Form);
        request.method = method;
        request.headers = headers;
        pairs.into_iter().chain(fields).for_each(|(name, value)| request.set(&name, value));
        request.shape = AnswerShape { access_token: "oauth_token".to_owned(), ..AnswerShape::default() };
        Ok(request)
    }
}
