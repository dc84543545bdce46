//! Entra ID: sign-in pages, tokens, keys. Both the v2.0 and the v1.0 endpoints.
//!
//! Facts: Microsoft identity platform documentation; RFC 6749, 7636, 8628; OpenID Connect Core.

mod admin_consent;
mod authority;
mod authorize;
mod callback;
mod client_auth;
mod client_credentials;
mod code;
mod consent;
mod device;
mod device_page;
mod discovery;
pub(crate) mod failure;
mod finish;
mod flow;
mod grant;
pub(crate) mod jws;
mod logout;
mod mint;
mod pages;
mod request;
mod scopes;
mod sealed;
mod session;
mod sign_in;
mod state;
mod token;
mod user_info;

use http::StatusCode;

pub use mint::TokenAnswer;
pub(crate) use mint::Version;
pub(crate) use request::EntraRequest;
pub(crate) use scopes::Resource;
pub(crate) use sign_in::{SignIn, sign_in};
pub(crate) use state::{EVERYBODY, EntraState, TokenKind};
pub(crate) use user_info::user_info;

use flow::Step;

use crate::web::{self, Reply};
use crate::world::World;

/// Answers one request to Entra ID: every path under `/{authority}/`.
pub(crate) fn dispatch(world: &World, request: &EntraRequest) -> Reply {
    let step = || Step::new(world, request);
    match request.path.as_str() {
        "oauth2/v2.0/authorize" => step().authorize(Version::V2),
        "oauth2/authorize" => step().authorize(Version::V1),
        "v2.0/adminconsent" => admin_consent::start(step(), Version::V2),
        "adminconsent" => admin_consent::start(step(), Version::V1),
        "login" => step().login(),
        "consent" => step().decide(),
        "oauth2/deviceauth" => device_page::enter(step()),
        "oauth2/v2.0/logout" | "oauth2/logout" => logout::logout(&step()),
        "oauth2/v2.0/token" => token::endpoint(world, request, Version::V2),
        "oauth2/token" => token::endpoint(world, request, Version::V1),
        "oauth2/v2.0/devicecode" => device::endpoint(world, request, Version::V2),
        "oauth2/devicecode" => device::endpoint(world, request, Version::V1),
        "v2.0/.well-known/openid-configuration" => discovery::configuration(world, request, Version::V2),
        ".well-known/openid-configuration" => discovery::configuration(world, request, Version::V1),
        "discovery/v2.0/keys" | "discovery/keys" => discovery::keys(world, request),
        "discovery/instance" => discovery::instance(request),
        _ => web::typed(
            StatusCode::NOT_FOUND,
            "text/plain; charset=utf-8",
            "No such page at this sign-in service.",
        ),
    }
}
