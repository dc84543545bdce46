//! OAUTH1: temporary credentials before the browser leaves, those of the account when it is back (RFC 5849 §2).

use domain::entropy;
use domain::provider::{Auth, OAuth1};
use domain::{Secret, credentials::Credentials};
use serde::{Deserialize, Serialize};

use super::authorize::{self, Asked, Begun};
use super::callback::{CallbackRequest, Failure, Pending, ask_and_log};
use super::redeem::{self, Authorized};
use super::state::{self, Leg, Payload};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::problem::TokenProblem;
use crate::credentials::renewal;
use crate::credentials::schemes::oauth1::signature::Occasion;
use crate::credentials::schemes::oauth1::{self, TokenPair};
use crate::credentials::schemes::oauth2;
use crate::error::Error;

/// The temporary credentials of an authorization under way.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Temporary {
    token: String,
    secret: String,
}

impl std::fmt::Debug for Temporary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Temporary([redacted])")
    }
}

/// Asks for temporary credentials and makes the URL to leave to.
///
/// # Errors
/// A setting is missing, or the provider gives no temporary credentials.
pub(super) async fn begin(
    context: &Context,
    open: &OpenIntegration,
    scheme: &OAuth1,
    mut payload: Payload,
    asked: &Asked<'_>,
) -> Result<Begun, Error> {
    let state = state::new_state(context);
    let mut callback = url::Url::parse(open.redirect_uri(context))
        .map_err(|_| Error::Corrupt("the callback URL is no URL"))?;
    // OAuth 1.0 has no `state` of its own; the callback is ours to write.
    callback.query_pairs_mut().append_pair("state", &state);
    let url = {
        let party = open.party(context, open.client.clone(), &payload.config);
        let nonce = entropy::hex(&*context.entropy, 16);
        let request = oauth1::request_token(scheme, &party, callback.as_str(), occasion(context, &nonce))?;
        let answer = ask_and_log(context, open, request, &payload.log_id).await.map_err(oauth1::refusal)?;
        let temporary = TokenPair::read(&answer)?;
        let configured = &open.integration.scopes;
        let scopes = if configured.is_empty() { &scheme.default_scopes } else { configured };
        let url =
            oauth1::authorize_url(scheme, &party, &temporary.token, scopes, asked.authorization_params)?;
        payload.leg = Leg::OAuth1(Box::new(Temporary {
            token: temporary.token.expose().to_owned(),
            secret: temporary.secret.expose().to_owned(),
        }));
        url
    };
    authorize::depart(context, open, &payload, url, state).await
}

/// Redeems the verifier that the browser brings back.
pub(super) async fn arrive(
    context: &Context,
    open: &OpenIntegration,
    request: &CallbackRequest,
    mut payload: Payload,
    temporary: Temporary,
) -> Result<Authorized, Failure> {
    let Auth::OAuth1(scheme) = &open.entry.provider.auth else {
        return Err(redeem::changed());
    };
    // Twitter's word for no (its "Log in with Twitter" guide).
    if request.param("denied").is_some() {
        let problem = TokenProblem::from_callback("access_denied", "The user did not grant access.");
        return Err(Failure::new("callback_err", problem));
    }
    let (Some(token), Some(verifier)) = (request.param("oauth_token"), request.param("oauth_verifier"))
    else {
        let cause = "The provider sent no oauth_token and oauth_verifier back.";
        return Err(Failure::again("callback_err", "no_verifier", cause));
    };
    if token != temporary.token {
        let cause = "The provider sent another token back than the one of this authorization.";
        return Err(Failure::again("callback_err", "wrong_token", cause));
    }
    redeem::keep_callback_metadata(open, &scheme.redirect_uri_metadata, request, &mut payload.config)?;
    let token_request = {
        let party = open.party(context, open.client.clone(), &payload.config);
        let pair = TokenPair { token: Secret::from(temporary.token), secret: Secret::from(temporary.secret) };
        let nonce = entropy::hex(&*context.entropy, 16);
        oauth1::access_token(scheme, &party, &pair, verifier, occasion(context, &nonce))
    };
    let token_request =
        token_request.map_err(|problem| Failure::new("url_param_err", renewal::setting(problem)))?;
    let answer = redeem::ask(context, open, &payload, token_request).await.map_err(|mut failure| {
        failure.problem = oauth1::refusal(failure.problem);
        failure
    })?;
    let mut config = payload.config.clone();
    config.extend(oauth2::metadata(&scheme.token_response_metadata, &answer.raw));
    let credentials = oauth1::credentials(answer).map_err(|problem| Failure::new("token_err", problem))?;
    let credentials = Credentials::OAuth1(credentials);
    Ok(Authorized { credentials, config, payload, pending: Pending::No })
}

fn occasion<'a>(context: &Context, nonce: &'a str) -> Occasion<'a> {
    Occasion { timestamp: context.now_ms().div_euclid(1000), nonce }
}
