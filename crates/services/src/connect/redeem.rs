//! What a returning browser brings becomes credentials: a code, a consent, an installation.

use std::borrow::Cow;
use std::sync::Arc;

use domain::Secret;
use domain::credentials::{
    ClientOverride, Credentials, McpCredentials, OAuth2Credentials, RawAnswer, RegisteredClient,
};
use domain::provider::{Auth, OAuth2, ScopeRules};
use serde_json::{Map, Value};

use super::authorize::{self, Begun};
use super::callback::{CallbackRequest, Failure, Pending, ask_and_log, internal};
use super::state::{Leg, McpFlow, Payload};
use super::{account_requests, config, install, oauth1, plugin};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::problem::TokenProblem;
use crate::credentials::renewal::SECRET_END;
use crate::credentials::schemes::{self, TokenRequest, oauth2};
use crate::credentials::token_answer::TokenAnswer;
use crate::credentials::{claims, renewal};

/// Where a visit leads.
pub(super) enum Step {
    Onward(Box<Begun>),
    AdminThanks,
    Authorized(Box<Authorized>),
}

/// Credentials with what belongs to them, ready to be stored.
pub(super) struct Authorized {
    pub(super) credentials: Credentials,
    pub(super) config: Map<String, Value>,
    pub(super) payload: Payload,
    pub(super) pending: Pending,
}

pub(super) async fn step(
    context: &Context,
    open: &Arc<OpenIntegration>,
    request: &CallbackRequest,
    mut payload: Payload,
) -> Result<Step, Failure> {
    if let Some(error) = request.param("error") {
        let description = request.param("error_description").unwrap_or_default();
        return Err(Failure::new("callback_err", TokenProblem::from_callback(error, description)));
    }
    if payload.leg == Leg::Install {
        let authorized = install::arrive(context, open, request, payload).await?;
        return Ok(Step::Authorized(Box::new(authorized)));
    }
    if payload.leg == Leg::Plugin {
        let authorized = plugin::arrive(context, open, request, payload).await?;
        return Ok(Step::Authorized(Box::new(authorized)));
    }
    if let Leg::OAuth1(temporary) = &payload.leg {
        let temporary = (**temporary).clone();
        let authorized = oauth1::arrive(context, open, request, payload, temporary).await?;
        return Ok(Step::Authorized(Box::new(authorized)));
    }
    let scheme = code_flow(open, &payload.leg).ok_or_else(changed)?;
    let authorized = match payload.leg.clone() {
        Leg::AdminLink => return consented_tenant(request, &scheme).map(|_| Step::AdminThanks),
        Leg::AdminConsent => {
            let tenant = consented_tenant(request, &scheme)?;
            let begun =
                authorize::prove_tenant(context, open, &scheme, payload, tenant).await.map_err(internal)?;
            return Ok(Step::Onward(Box::new(begun)));
        }
        Leg::Code => {
            keep_callback_metadata(open, &scheme.redirect_uri_metadata, request, &mut payload.config)?;
            let answer = redeem(context, open, &scheme, request, &payload).await?;
            check_tenant(&scheme, &answer, &payload)?;
            authorized(open, &scheme, answer, payload)
        }
        Leg::Mcp(flow) => {
            check_issuer(request, &flow)?;
            let answer = redeem(context, open, &scheme, request, &payload).await?;
            authorized(open, &scheme, answer, payload)
        }
        Leg::TenantProof { tenant } => {
            let proof = redeem(context, open, &scheme, request, &payload).await?;
            check_proof(context, open, &proof, &payload, &tenant)?;
            let answer = mint(context, open, &scheme, &payload).await?;
            authorized(open, &scheme, answer, payload)
        }
        // A browser ends none of these; what a webhook brings goes another way.
        Leg::Install | Leg::Plugin | Leg::OAuth1(_) | Leg::Awaited | Leg::Told(_) => return Err(changed()),
        Leg::InstallAndSignIn => install::arrive_signed_in(context, open, &scheme, request, payload).await?,
    };
    Ok(Step::Authorized(Box::new(authorized)))
}

pub(super) fn changed() -> Failure {
    Failure::again("auth_mode_err", "wrong_auth_mode", "The integration has changed its provider.")
}

/// The code flow that a leg belongs to.
fn code_flow<'a>(open: &'a OpenIntegration, leg: &Leg) -> Option<Cow<'a, OAuth2>> {
    match (&open.entry.provider.auth, leg) {
        (Auth::OAuth2(scheme), Leg::Code | Leg::AdminConsent | Leg::AdminLink | Leg::TenantProof { .. }) => {
            Some(Cow::Borrowed(&**scheme))
        }
        (Auth::McpOAuth2(scheme), Leg::Code) => Some(schemes::mcp::known(scheme, &open.integration)),
        (Auth::McpOAuth2Generic(_), Leg::Mcp(flow)) => Some(Cow::Owned(schemes::mcp::discovered(
            &flow.server,
            &flow.resource,
            &flow.auth_method,
            Vec::new(),
        ))),
        (Auth::Custom(scheme), Leg::InstallAndSignIn) => Some(Cow::Borrowed(&scheme.user)),
        _ => None,
    }
}

/// Credentials and connection config of a code flow's answer.
pub(super) fn authorized(
    open: &OpenIntegration,
    scheme: &OAuth2,
    answer: TokenAnswer,
    payload: Payload,
) -> Authorized {
    let mut config = payload.config.clone();
    config.extend(oauth2::metadata(&scheme.token_response_metadata, &answer.raw));
    if scheme.scope_rules == ScopeRules::Entra && !config.contains_key("tenantId") {
        let token = answer.id_token.as_ref().unwrap_or(&answer.access_token);
        if let Some(tid) = claims::peek(token.expose()).and_then(|claims| claims.get("tid").cloned()) {
            config.insert("tenantId".into(), tid);
        }
    }
    let mut tokens: OAuth2Credentials = oauth2::credentials(answer, None);
    if let Some(token) = &payload.refresh_token_override {
        // Contract §5.3: the connection remembers that its refresh token is not the one of this sign-in.
        tokens.refresh_token = Some(Secret::new(token.as_str()));
        config.insert("overrideTokenRefresh".into(), Value::Bool(true));
    }
    let own_client = payload.client_override.clone();
    let credentials = match (&open.entry.provider.auth, &payload.leg) {
        (Auth::McpOAuth2(_), _) => Credentials::McpOAuth2(McpCredentials {
            tokens,
            client: own_client.map(|(id, secret)| registered(id, secret, "client_secret_post", None)),
        }),
        (Auth::McpOAuth2Generic(_), Leg::Mcp(flow)) => Credentials::McpOAuth2Generic(McpCredentials {
            tokens,
            client: Some(registered(
                flow.client_id.clone(),
                flow.client_secret.clone(),
                &flow.auth_method,
                flow.secret_expires_at_ms,
            )),
        }),
        _ => {
            tokens.client_override = own_client
                .map(|(client_id, secret)| ClientOverride { client_id, client_secret: Secret::from(secret) });
            Credentials::OAuth2(tokens)
        }
    };
    Authorized { credentials, config, payload, pending: Pending::No }
}

fn registered(client_id: String, secret: String, method: &str, end_ms: Option<i64>) -> RegisteredClient {
    let mut raw = RawAnswer::default();
    if let Some(end_ms) = end_ms {
        raw.0.insert(SECRET_END.to_owned(), Value::from(end_ms.div_euclid(1000)));
    }
    RegisteredClient {
        client_id,
        client_secret: (!secret.is_empty()).then(|| Secret::from(secret)),
        auth_method: Some(method.to_owned()),
        raw,
    }
}

/// Callback parameters that the definition wants in the connection config; what the session says is stronger (contract
/// §5.3). They come from a browser, so they are held to the rules of what a person types.
pub(super) fn keep_callback_metadata(
    open: &OpenIntegration,
    names: &[String],
    request: &CallbackRequest,
    config: &mut Map<String, Value>,
) -> Result<(), Failure> {
    let mut more = false;
    for name in names {
        if let Some(value) = request.param(name).filter(|_| !config.contains_key(name)) {
            config.insert(name.clone(), Value::from(value));
            more = true;
        }
    }
    if !more {
        return Ok(());
    }
    config::checked(open, config.clone()).map(drop).map_err(|error| {
        let cause = account_requests::in_words(error);
        Failure::again("url_param_err", "invalid_callback_parameter", &cause)
    })
}

/// RFC 9207 §2.4: a callback of another authorization server than the one that the browser was sent to.
fn check_issuer(request: &CallbackRequest, flow: &McpFlow) -> Result<(), Failure> {
    let said = request.param("iss");
    let required = flow.server.authorization_response_iss_parameter_supported;
    if said.map_or(!required, |issuer| issuer == flow.server.issuer) {
        return Ok(());
    }
    let cause = "The sign-in came back from another authorization server than it was sent to.";
    Err(Failure::again("callback_err", "wrong_issuer", cause))
}

/// The tenant that an administrator's consent names; a hint until a sign-in proves it.
fn consented_tenant(request: &CallbackRequest, scheme: &OAuth2) -> Result<String, Failure> {
    let tenant = request.param(&scheme.code_parameter).or_else(|| request.param("tenant"));
    let consented = request.param("admin_consent").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    match tenant {
        Some(tenant) if consented && is_guid(tenant) => Ok(tenant.to_ascii_lowercase()),
        _ => Err(Failure::again(
            "callback_err",
            "no_consent",
            "The administrator's consent did not come back.",
        )),
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

pub(super) async fn redeem(
    context: &Context,
    open: &OpenIntegration,
    scheme: &OAuth2,
    request: &CallbackRequest,
    payload: &Payload,
) -> Result<TokenAnswer, Failure> {
    let parameter = match payload.leg {
        Leg::TenantProof { .. } => "code",
        _ => scheme.code_parameter.as_str(),
    };
    let code = request.param(parameter).ok_or_else(|| {
        let said =
            request.provider_error().map(|said| format!(" Provider error: {said}")).unwrap_or_default();
        let cause = format!("Did not get authorization code in the callback.{said}");
        Failure::again("callback_err", "no_code", &cause)
    })?;
    let party = open.party(context, authorize::client(open, payload), &payload.config);
    let verifier = Secret::new(payload.verifier.as_str());
    let built = oauth2::redeem(scheme, &party, Secret::new(code), &verifier, payload.token_scope.as_deref());
    let token_request = built.map_err(|problem| Failure::new("url_param_err", renewal::setting(problem)))?;
    ask(context, open, payload, token_request).await
}

/// The application's own token, on the tenant that was just proved.
async fn mint(
    context: &Context,
    open: &OpenIntegration,
    scheme: &OAuth2,
    payload: &Payload,
) -> Result<TokenAnswer, Failure> {
    let scopes = renewal::machine_scopes(context, open).map_err(|broken| {
        Failure::new("token_err", TokenProblem::developer(broken.rule, broken.cause, broken.remedy))
    })?;
    let party = open.party(context, open.client.clone(), &payload.config);
    let built = oauth2::mint_for_admin(scheme, &party, &scopes);
    let token_request = built.map_err(|problem| Failure::new("url_param_err", renewal::setting(problem)))?;
    ask(context, open, payload, token_request).await
}

pub(super) async fn ask(
    context: &Context,
    open: &OpenIntegration,
    payload: &Payload,
    request: TokenRequest,
) -> Result<TokenAnswer, Failure> {
    let answer = ask_and_log(context, open, request, &payload.log_id).await;
    context.faults.pass("callback:redeemed");
    answer.map_err(|problem| Failure::new("token_err", problem))
}

/// A connection that names its tenant gets tokens of that tenant or none.
fn check_tenant(scheme: &OAuth2, answer: &TokenAnswer, payload: &Payload) -> Result<(), Failure> {
    let wanted =
        ["tenant", "tenantId"].iter().find_map(|name| payload.config.get(*name).and_then(Value::as_str));
    let Some(wanted) = wanted.filter(|tenant| scheme.scope_rules == ScopeRules::Entra && is_guid(tenant))
    else {
        return Ok(());
    };
    let claims = answer.id_token.as_ref().and_then(|token| claims::peek(token.expose()));
    match claims.as_ref().and_then(|claims| claims::text(claims, "tid")) {
        Some(found) if !found.eq_ignore_ascii_case(wanted) => Err(wrong_tenant(wanted, found)),
        _ => Ok(()),
    }
}

/// After an administrator's consent the id_token decides: ours, for this flow, of the consented tenant.
fn check_proof(
    context: &Context,
    open: &OpenIntegration,
    proof: &TokenAnswer,
    payload: &Payload,
    tenant: &str,
) -> Result<(), Failure> {
    let client = authorize::client(open, payload);
    let expected =
        claims::Expected { client_id: &client.id, nonce: &payload.nonce, now_ms: context.now_ms() };
    let claims = proof.id_token.as_ref().and_then(|token| claims::peek(token.expose())).unwrap_or_default();
    if !claims::is_ours(&claims, expected) {
        let cause =
            "The sign-in after the consent gave no id_token for this flow, so the tenant is not proved.";
        return Err(Failure::again("token_err", "tenant_not_proved", cause));
    }
    match claims::text(&claims, "tid") {
        Some(found) if found.eq_ignore_ascii_case(tenant) => Ok(()),
        found => Err(wrong_tenant(tenant, found.unwrap_or("none"))),
    }
}

fn wrong_tenant(wanted: &str, found: &str) -> Failure {
    let cause = format!("The account is of tenant {found}, but the connection is for tenant {wanted}.");
    let mut failure = Failure::again("token_err", "wrong_tenant", &cause);
    failure.problem.remedy = "Sign in with an account of the right organisation.".to_owned();
    failure
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flow(says_iss: Value) -> McpFlow {
        let server = json!({
            "issuer": "https://a.example", "authorization_endpoint": "https://a.example/authorize",
            "token_endpoint": "https://a.example/token",
            "authorization_response_iss_parameter_supported": says_iss,
        });
        McpFlow {
            resource: "https://mcp.example".to_owned(),
            server: serde_json::from_value(server).unwrap(),
            client_id: "c".to_owned(),
            client_secret: String::new(),
            auth_method: "none".to_owned(),
            secret_expires_at_ms: None,
        }
    }

    /// RFC 9207 §2.4: the mix-up of two authorization servers is noticed before a code leaves.
    #[test]
    fn a_callback_of_another_server_is_refused() {
        let back = |iss: Option<&str>| {
            let params = iss.map(|iss| ("iss".to_owned(), iss.to_owned())).into_iter().collect();
            CallbackRequest { params, cookie: None }
        };
        for (says_iss, iss, good) in [
            (json!(true), Some("https://a.example"), true),
            (json!(true), Some("https://b.example"), false),
            (json!(true), None, false),
            (json!(false), None, true),
            (json!(false), Some("https://a.example"), true),
            (json!(false), Some("https://a.example.evil.example"), false),
        ] {
            assert_eq!(check_issuer(&back(iss), &flow(says_iss.clone())).is_ok(), good, "{says_iss} {iss:?}");
        }
    }
}
