//! The authorization endpoint's parameters: what ends on a page here, what goes back to the app.

use serde::{Deserialize, Serialize};

use super::authority::Authority;
use super::callback::{Callback, ResponseMode};
use super::client_auth::unknown_app;
use super::code::Challenge;
use super::failure::Failure;
use super::mint::Version;
use super::request::EntraRequest;
use super::scopes::{Names, Resource, ScopeRequest, unknown_resource};
use crate::directory::{App, Audience, RedirectKind, RedirectUri, ResourceId, permissions};
use crate::web::Params;
use crate::world::World;

/// Longest `state` and its kin, in bytes.
const LONGEST: usize = 16 * 1024;

/// An authorization request that is in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Authorize {
    pub version: Version,
    pub authority: String,
    pub app: String,
    pub callback: Callback,
    pub redirect_kind: RedirectKind,
    pub wants: Wants,
    pub nonce: Option<String>,
    pub challenge: Option<Challenge>,
    pub scope: ScopeRequest,
    pub prompt: Prompt,
    pub login_hint: Option<String>,
    pub domain_hint: Option<String>,
    pub client_info: bool,
}

/// `response_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Wants {
    Code,
    IdToken,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Prompt {
    Unsaid,
    Login,
    None,
    Consent,
    SelectAccount,
}

/// Where a refused request ends.
pub(super) enum Stop {
    /// On a page here; the app never hears of it.
    Page(Failure),
    /// At the app.
    Callback(Box<Callback>, Failure),
}

/// The app of a request, if it may be used by this authority.
pub(super) fn app_for(world: &World, id: &str, segment: &str) -> Result<(App, Authority), Failure> {
    let authority = Authority::find(world, segment)?;
    let app = world.directory.app(id).ok_or_else(|| unknown_app(id, segment))?;
    authority.serve(&app)?;
    if app.audience == Audience::MultiTenant && matches!(authority, Authority::Consumers) {
        return Err(not_for_consumers());
    }
    Ok((app, authority))
}

/// What personal accounts meet at a work-only app.
pub(super) fn not_for_consumers() -> Failure {
    Failure::new(
        700016,
        "unauthorized_client: The client does not exist or is not enabled for consumers. If you are the application \
         developer, configure a new application through the App Registrations in the Azure Portal.",
    )
}

/// Checks the redirect URI of a request against the registration.
pub(super) fn redirect_uri(app: &App, given: Option<&str>) -> Result<RedirectUri, Failure> {
    let given = given.ok_or_else(|| Failure::new(900971, "No reply address provided."))?;
    if app.redirect_uris.is_empty() {
        return Err(Failure::new(500113, "No reply address is registered for the application."));
    }
    let known = app.redirect_uris.iter().find(|known| matches(&known.uri, given));
    known.map(|known| RedirectUri { uri: given.to_owned(), kind: known.kind }).ok_or_else(|| {
        Failure::new(
            50011,
            format!(
                "The redirect URI '{given}' specified in the request does not match the redirect URIs configured for the \
                 application '{}'. Make sure the redirect URI sent in the request matches one added to your application \
                 in the Azure portal.",
                app.id
            ),
        )
    })
}

/// Exact, but for localhost, where the port does not count.
fn matches(registered: &str, given: &str) -> bool {
    if registered == given {
        return true;
    }
    let (Ok(known), Ok(asked)) = (url::Url::parse(registered), url::Url::parse(given)) else { return false };
    let is_local = matches!(known.host_str(), Some("localhost" | "127.0.0.1"));
    is_local
        && known.scheme() == asked.scheme()
        && known.host_str() == asked.host_str()
        && known.path() == asked.path()
        && known.query() == asked.query()
        && asked.fragment().is_none()
        && asked.username().is_empty()
        && asked.password().is_none()
}

/// Reads an authorization request.
pub(super) fn read(world: &World, request: &EntraRequest, version: Version) -> Result<Authorize, Stop> {
    let params = match request.method {
        http::Method::POST => request.form(),
        _ => request.query(),
    };
    let page = Stop::Page;
    let id = params.get("client_id").ok_or_else(|| page(Failure::missing("client_id")))?;
    let (app, _) = app_for(world, id, &request.authority).map_err(page)?;
    let redirect = redirect_uri(&app, params.get("redirect_uri")).map_err(page)?;
    let response_type = params.get("response_type").ok_or_else(|| page(Failure::missing("response_type")))?;
    let scope = scope(&params, version);
    if let Err(failure) = &scope
        && failure.code == 70011
    {
        return Err(page(failure.clone()));
    }
    let mut callback = Callback {
        uri: redirect.uri,
        mode: ResponseMode::Query,
        state: params.get("state").map(|state| state.chars().take(LONGEST).collect()),
    };
    let to_app = |callback: &Callback, failure| Stop::Callback(Box::new(callback.clone()), failure);
    let wants = wants(response_type).map_err(|failure| to_app(&callback, failure))?;
    callback.mode = mode(params.get("response_mode"), wants).map_err(|failure| to_app(&callback, failure))?;
    let scope =
        scope.and_then(|scope| known_scopes(&app, scope)).map_err(|failure| to_app(&callback, failure))?;
    let challenge = challenge(&params, redirect.kind).map_err(|failure| to_app(&callback, failure))?;
    let prompt = prompt(params.get("prompt")).map_err(|failure| to_app(&callback, failure))?;
    let nonce = params.get("nonce").map(str::to_owned);
    if wants != Wants::Code && nonce.is_none() {
        return Err(to_app(&callback, Failure::missing("nonce")));
    }
    Ok(Authorize {
        version,
        authority: request.authority.clone(),
        app: app.id,
        callback,
        redirect_kind: redirect.kind,
        wants,
        nonce,
        challenge,
        scope,
        prompt,
        login_hint: params.get("login_hint").map(str::to_owned),
        domain_hint: params.get("domain_hint").map(str::to_owned),
        client_info: params.get("client_info") == Some("1"),
    })
}

fn wants(response_type: &str) -> Result<Wants, Failure> {
    let mut words: Vec<&str> = response_type.split_ascii_whitespace().collect();
    words.sort_unstable();
    match words.as_slice() {
        ["code"] => Ok(Wants::Code),
        ["id_token"] => Ok(Wants::IdToken),
        ["code", "id_token"] => Ok(Wants::Both),
        _ => Err(Failure::new(
            700054,
            format!("response_type '{response_type}' is not enabled for the application."),
        )),
    }
}

fn mode(given: Option<&str>, wants: Wants) -> Result<ResponseMode, Failure> {
    match (given, wants) {
        (None, Wants::Code) | (Some("query"), Wants::Code) => Ok(ResponseMode::Query),
        (None | Some("fragment"), _) => Ok(ResponseMode::Fragment),
        (Some("form_post"), _) => Ok(ResponseMode::FormPost),
        (Some(other), _) => Err(Failure::new(
            70007,
            format!("'{other}' is not a supported value of 'response_mode' when requesting a token."),
        )),
    }
}

fn scope(params: &Params, version: Version) -> Result<ScopeRequest, Failure> {
    match (version, params.get("scope"), params.get("resource")) {
        (Version::V2, Some(scope), _) => ScopeRequest::parse(scope),
        (Version::V2, None, _) => Err(Failure::missing("scope")),
        (Version::V1, _, Some(written)) => Resource::parse(written)
            .map(|resource| ScopeRequest::of_resource(resource, written))
            .ok_or_else(|| unknown_resource(written, "of the request")),
        (Version::V1, _, None) => Ok(ScopeRequest::of_resource(Resource::Graph, "")),
    }
}

/// Refuses scopes that a resource does not publish, and `.default` of one that the registration does not list.
fn known_scopes(app: &App, scope: ScopeRequest) -> Result<ScopeRequest, Failure> {
    for asked in &scope.resources {
        let id: ResourceId = asked.resource.id();
        match &asked.names {
            Names::Default if !app.required.contains_key(&id) => {
                return Err(Failure::new(
                    650057,
                    format!(
                        "Invalid resource. The client has requested access to a resource which is not listed in the \
                         requested permissions in the client's application registration. Client app ID: {}. Resource \
                         value from request: {}.",
                        app.id,
                        asked.resource.audience()
                    ),
                ));
            }
            Names::Default => {}
            Names::Listed(names) => {
                if let Some(unknown) = names.iter().find(|name| permissions::find(id, name).is_none()) {
                    return Err(Failure::new(
                        650053,
                        format!(
                            "The application '{}' asked for scope '{unknown}' that doesn't exist on the resource '{}'. \
                             Contact the app vendor.",
                            app.name,
                            id.app_id()
                        ),
                    ));
                }
            }
        }
    }
    Ok(scope)
}

/// RFC 7636 §4.3: no method means `plain`. Single-page apps must send one.
fn challenge(params: &Params, kind: RedirectKind) -> Result<Option<Challenge>, Failure> {
    let Some(challenge) = params.get("code_challenge") else {
        return match kind {
            RedirectKind::Spa => Err(Failure::new(
                9002325,
                "Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
            )),
            _ => Ok(None),
        };
    };
    if !(43..=128).contains(&challenge.len()) {
        return Err(Failure::new(501491, "Invalid size of Code_Challenge parameter."));
    }
    match params.get("code_challenge_method") {
        Some("S256") => Ok(Some(Challenge::S256(challenge.to_owned()))),
        None | Some("plain") => Ok(Some(Challenge::Plain(challenge.to_owned()))),
        Some(other) => Err(Failure::new(
            501491,
            format!("The code_challenge_method '{other}' is not supported; use S256 or plain."),
        )),
    }
}

fn prompt(given: Option<&str>) -> Result<Prompt, Failure> {
    match given {
        None => Ok(Prompt::Unsaid),
        Some("login") => Ok(Prompt::Login),
        Some("none") => Ok(Prompt::None),
        Some("consent" | "admin_consent") => Ok(Prompt::Consent),
        Some("select_account") => Ok(Prompt::SelectAccount),
        Some(other) => Err(Failure::new(90023, format!("Unsupported 'prompt' value '{other}'."))),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn the_port_is_ignored_for_localhost_only() {
        assert!(matches("http://localhost:3003/oauth/callback", "http://localhost:41234/oauth/callback"));
        assert!(matches("http://localhost/cb", "http://localhost:8080/cb"));
        assert!(!matches("http://localhost/cb", "http://localhost/CB"));
        assert!(!matches("http://localhost/cb", "https://localhost/cb"));
        assert!(!matches("http://localhost/cb", "http://localhost/cb?x=1"));
        assert!(!matches("http://localhost/cb", "http://user@localhost/cb"));
        assert!(!matches("https://app.example/cb", "https://app.example:8443/cb"));
    }
}
