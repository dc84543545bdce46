//! Who may do what: extractors that prove a scope, so that a handler without the right cannot be written.

mod rights;

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawQuery};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use domain::connect::ConnectSession;
use domain::permission::Grants;
use domain::person::Role;
use domain::{ConnectionId, EnvironmentId, Scope};
use services::api_keys::{self, ApiPrincipal, Caller};
use services::connect::sessions::{self, TOKEN_PREFIX};
use services::environments::{self, PublicKey};
use services::people::{Access, Person};
use services::store::KeyOwner;

use crate::app::{App, SharedApp};
use crate::error::ApiError;
use crate::operator::ByOperator;
use crate::person;
use crate::strict::parse_query;

pub use rights::*;

/// Names the environment in which an operator's call works.
const ENVIRONMENT: &str = "sheetbend-environment";
/// The environment of an operator who names none.
const FIRST_ENVIRONMENT: &str = "dev";
/// With it a key of the account works in every environment.
const OPERATE: &str = "account:operate";

/// Proof that the caller's key has a right.
pub struct Granted<R: Right> {
    /// The key's environment and rights.
    pub principal: Arc<ApiPrincipal>,
    scope: Scope,
    right: PhantomData<R>,
}

impl<R: Right> Granted<R> {
    /// The environment.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether the key also has another scope.
    pub fn also(&self, scope: &str) -> bool {
        self.principal.grants.allow(scope)
    }
}

impl<R: Right> FromRequestParts<SharedApp> for Granted<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        let principal = in_environment(app, parts).await?;
        Self::proven(principal)
    }
}

impl<R: Right> Granted<R> {
    /// As the extractor, by a key only: a browser's cookie opens nothing here.
    pub async fn by_key(parts: &Parts, app: &SharedApp) -> Result<Self, ApiError> {
        Self::proven(by_key(app, parts).await?)
    }

    fn proven(principal: Arc<ApiPrincipal>) -> Result<Self, ApiError> {
        let scope = environment(&principal)?;
        prove::<R>(&principal)?;
        Ok(Self { principal, scope, right: PhantomData })
    }
}

/// Proof that the caller's key is the account's and has a right there.
pub struct GrantedAccount<R: Right> {
    principal: Arc<ApiPrincipal>,
    right: PhantomData<R>,
}

impl<R: Right> GrantedAccount<R> {
    /// Whether the key also has another scope.
    pub fn also(&self, scope: &str) -> bool {
        self.principal.grants.allow(scope)
    }
}

impl<R: Right> FromRequestParts<SharedApp> for GrantedAccount<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        let principal = match parts.extensions.get::<ByOperator>() {
            Some(ByOperator) => Arc::new(ApiPrincipal::of_operator(KeyOwner::Account)),
            None => match person::find(app, parts).await? {
                Some(found) => owner_of_account::<R>(&found.person)?,
                None => authenticate(app, &parts.headers).await?,
            },
        };
        if principal.owner != KeyOwner::Account {
            return Err(ApiError::insufficient_scope(R::ANY_OF));
        }
        prove::<R>(&principal)?;
        Ok(Self { principal, right: PhantomData })
    }
}

/// Proof that the installation's operator calls: by their socket, or with a key of the account that may operate. A
/// browser's cookie proves nothing here, an owner's neither: these routes write files on the server's machine and change
/// what seals every secret.
pub struct Operating(());

impl FromRequestParts<SharedApp> for Operating {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        let principal = match parts.extensions.get::<ByOperator>() {
            Some(ByOperator) => Arc::new(ApiPrincipal::of_operator(KeyOwner::Account)),
            None => authenticate(app, &parts.headers).await?,
        };
        if principal.owner != KeyOwner::Account {
            return Err(ApiError::insufficient_scope(Operate::ANY_OF));
        }
        prove::<Operate>(&principal).map(|()| Self(()))
    }
}

/// Proof of a right of the account, or of being a developer, whose own environments' keys are theirs to look after.
pub struct KeyKeeper<R: Right> {
    developer: Option<Arc<Person>>,
    right: PhantomData<R>,
}

impl<R: Right> KeyKeeper<R> {
    /// Whether keys of this environment may be looked after.
    ///
    /// # Errors
    /// The person is no developer there.
    pub fn of(&self, environment: EnvironmentId) -> Result<(), ApiError> {
        let Some(person) = &self.developer else { return Ok(()) };
        match person.access(environment) {
            Some(Access::Role(Role::Developer)) => Ok(()),
            _ => Err(ApiError::beyond_role(R::ANY_OF)),
        }
    }
}

impl<R: Right> FromRequestParts<SharedApp> for KeyKeeper<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        if parts.extensions.get::<ByOperator>().is_none()
            && let Some(found) = person::find(app, parts).await?
            && !found.person.user.owner
        {
            return Ok(Self { developer: Some(found.person), right: PhantomData });
        }
        let _: GrantedAccount<R> = GrantedAccount::from_request_parts(parts, app).await?;
        Ok(Self { developer: None, right: PhantomData })
    }
}

fn prove<R: Right>(principal: &ApiPrincipal) -> Result<(), ApiError> {
    let allowed = R::ANY_OF.is_empty() || R::ANY_OF.iter().any(|scope| principal.grants.allow(scope));
    match (&principal.caller, allowed) {
        (_, true) => Ok(()),
        (Caller::Person { .. }, false) => Err(ApiError::beyond_role(R::ANY_OF)),
        (_, false) => Err(ApiError::insufficient_scope(R::ANY_OF)),
    }
}

/// The account is an owner's alone.
fn owner_of_account<R: Right>(person: &Person) -> Result<Arc<ApiPrincipal>, ApiError> {
    if !person.user.owner {
        return Err(ApiError::beyond_role(R::ANY_OF));
    }
    let grants = Grants::whole_account();
    Ok(Arc::new(ApiPrincipal::of_person(&person.user, KeyOwner::Account, grants)))
}

/// Who calls, as seen from an environment: whoever is signed in, a key of it, or the operator.
async fn in_environment(app: &SharedApp, parts: &mut Parts) -> Result<Arc<ApiPrincipal>, ApiError> {
    if parts.extensions.get::<ByOperator>().is_none()
        && let Some(found) = person::find(app, parts).await?
    {
        let (scope, access) = person::place(app, &parts.headers, &found.person).await?;
        let (user, grants) = (&found.person.user, access.grants());
        return Ok(Arc::new(ApiPrincipal::of_person(user, scope.into(), grants)));
    }
    by_key(app, parts).await
}

/// Who calls, as seen from an environment: a key of it, or the operator, who names it in a header.
async fn by_key(app: &SharedApp, parts: &Parts) -> Result<Arc<ApiPrincipal>, ApiError> {
    let named = parts.headers.get(ENVIRONMENT).and_then(|value| value.to_str().ok());
    let mut caller = Caller::Operator;
    if parts.extensions.get::<ByOperator>().is_none() {
        let principal = authenticate(app, &parts.headers).await?;
        let may = principal.owner == KeyOwner::Account && principal.grants.allow(OPERATE);
        if !may || named.is_none() {
            return Ok(principal);
        }
        caller = principal.caller.clone();
    }
    let name = named.unwrap_or(FIRST_ENVIRONMENT);
    let found = environments::by_name(&app.services.context, name).await?;
    let principal = ApiPrincipal::of_operator(KeyOwner::Environment(found.id));
    Ok(Arc::new(principal.with_caller(caller)))
}

/// Who calls and from which environment, whatever they may do; `None` for nobody.
pub async fn whoever(app: &SharedApp, parts: &mut Parts) -> Option<(Caller, Option<EnvironmentId>)> {
    if parts.extensions.get::<ByOperator>().is_none()
        && let Some(found) = person::find(app, parts).await.ok()?
    {
        let place = person::place(app, &parts.headers, &found.person).await.ok();
        let (id, email) = (found.person.user.id.clone(), found.person.user.email.as_str().to_owned());
        return Some((Caller::Person { id, email }, place.map(|(scope, _)| scope.environment)));
    }
    let operator = parts.extensions.get::<ByOperator>().is_some();
    let principal = match by_key(app, parts).await {
        Ok(principal) => principal,
        // An environment that is none; what is asked for may be the account's.
        Err(_) if operator => Arc::new(ApiPrincipal::of_operator(KeyOwner::Account)),
        Err(_) => authenticate(app, &parts.headers).await.ok()?,
    };
    Some((principal.caller.clone(), principal.scope().map(|scope| scope.environment)))
}

fn environment(principal: &ApiPrincipal) -> Result<Scope, ApiError> {
    principal.scope().ok_or_else(|| {
        ApiError::new(StatusCode::FORBIDDEN, "forbidden", "API key is not authorized for an environment")
    })
}

/// The key of a request (contract §1.3).
async fn authenticate(app: &SharedApp, headers: &HeaderMap) -> Result<Arc<ApiPrincipal>, ApiError> {
    let key = bearer(headers)?;
    if !api_keys::is_key_shaped(key) {
        return Err(ApiError::unauthorized(
            "invalid_secret_key_format",
            "Authentication failed. The API key does not have the form of one: it is neither a whole key of ours (sb_…) nor a UUID v4.",
        ));
    }
    app.services.keys.authenticate(key).await?.ok_or_else(|| {
        ApiError::unauthorized(
            "unknown_account",
            "Authentication failed. The API key is unknown or was revoked.",
        )
    })
}

/// Whose key or connect session a request carries, if any; an answer that it is wrong is left to the route.
pub async fn owner(app: &App, headers: &HeaderMap) -> Option<KeyOwner> {
    let token = bearer(headers).ok()?;
    if token.starts_with(TOKEN_PREFIX) {
        let session = sessions::find(&app.services.context, token).await.ok()??;
        return Some(KeyOwner::Environment(session.environment));
    }
    if !api_keys::is_key_shaped(token) {
        return None;
    }
    Some(app.services.keys.authenticate(token).await.ok()??.owner)
}

/// The text after `Bearer `, or the bare header (contract §1.3).
fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let value = headers.get(header::AUTHORIZATION).ok_or_else(|| {
        ApiError::unauthorized(
            "missing_auth_header",
            "Authentication failed. The request is missing the Authorization header.",
        )
    })?;
    let text = value.to_str().unwrap_or_default();
    let token = text.rsplit("Bearer ").next().unwrap_or_default().trim();
    if token.is_empty() || token == "Bearer" {
        return Err(ApiError::unauthorized(
            "malformed_auth_header",
            "Authentication failed. The Authorization header is malformed.",
        ));
    }
    Ok(token)
}

/// A connect session's bearer token.
pub struct BearerSession(pub ConnectSession);

impl FromRequestParts<SharedApp> for BearerSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)?;
        find_session(app, token).await.map(Self)
    }
}

/// A connect session named in the query (`connect_session_token`), as the front-end package sends it.
pub struct QuerySession(pub ConnectSession);

impl FromRequestParts<SharedApp> for QuerySession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        let RawQuery(query) = RawQuery::from_request_parts(parts, app).await.unwrap_or(RawQuery(None));
        let query = parse_query(query.as_deref().unwrap_or_default());
        match query.get("connect_session_token").and_then(serde_json::Value::as_str) {
            Some(_) if query.contains_key("connection_id") => Err(ApiError::invalid_query(
                "connection_id",
                "connection_id is forbidden when using session token",
            )),
            Some(token) => find_session(app, token).await.map(Self),
            None if query.contains_key("public_key") => {
                by_public_key(app, parts.uri.path(), &query).await.map(Self)
            }
            None => Err(ApiError::unauthorized(
                "missing_connect_session_token",
                "Authentication failed. The request carries no connect session token.",
            )),
        }
    }
}

/// An authorization without a session, as older code of the field begins it (contract §1.5, §1.7).
async fn by_public_key(
    app: &SharedApp,
    path: &str,
    query: &serde_json::Map<String, serde_json::Value>,
) -> Result<ConnectSession, ApiError> {
    let text = |name: &str| query.get(name).and_then(serde_json::Value::as_str);
    let key = text("public_key").unwrap_or_default();
    if key.is_empty() {
        return Err(ApiError::unauthorized(
            "missing_public_key",
            "Authentication failed. The public key is missing.",
        ));
    }
    if !api_keys::is_uuid_v4(key) {
        let message = "Authentication failed. The public key is not a UUID v4.";
        return Err(ApiError::unauthorized("invalid_public_key", message));
    }
    let context = &app.services.context;
    let environment = match environments::by_public_key(context, key).await? {
        PublicKey::Of(environment) => environment,
        PublicKey::Unknown => {
            let message = "Authentication failed. The public key is unknown.";
            return Err(ApiError::unauthorized("unknown_account", message));
        }
        PublicKey::NotAdmitted => {
            return Err(ApiError::unauthorized(
                "deprecated_authentication",
                "Public key authentication is deprecated. Please use connect session authentication instead.",
            ));
        }
    };
    // Every route that takes a public key ends with the integration's key.
    let integration = path.rsplit('/').next().unwrap_or_default();
    let integration = percent_encoding::percent_decode_str(integration).decode_utf8_lossy();
    let connection = text("connection_id").map(ConnectionId::parse).transpose();
    let connection =
        connection.map_err(|error| ApiError::invalid_query("connection_id", error.to_string()))?;
    Ok(sessions::by_public_key(context, &environment, &integration, connection, text("hmac")).await?)
}

async fn find_session(app: &SharedApp, token: &str) -> Result<ConnectSession, ApiError> {
    let digits = token.strip_prefix(TOKEN_PREFIX).filter(|digits| {
        digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    });
    if digits.is_none() {
        return Err(ApiError::unauthorized(
            "invalid_connect_session_token_format",
            "Authentication failed. The connect session token does not have the form of one.",
        ));
    }
    sessions::find(&app.services.context, token).await?.ok_or_else(|| {
        ApiError::unauthorized(
            "unknown_connect_session_token",
            "Authentication failed. The connect session is unknown or has ended; ask the app for a new one.",
        )
    })
}

/// An API key with the right to list integrations, or a connect session.
pub enum KeyOrSession {
    /// A key.
    Key(Arc<ApiPrincipal>, Scope),
    /// A session, which may see what it may connect.
    Session(Box<ConnectSession>),
}

impl KeyOrSession {
    /// The environment.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Key(_, scope) => *scope,
            Self::Session(session) => Scope { environment: session.environment },
        }
    }
}

impl FromRequestParts<SharedApp> for KeyOrSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        if parts.extensions.get::<ByOperator>().is_none() {
            let token = bearer(&parts.headers).unwrap_or_default();
            if token.starts_with(TOKEN_PREFIX) {
                return find_session(app, token).await.map(|session| Self::Session(Box::new(session)));
            }
        }
        let principal = in_environment(app, parts).await?;
        let scope = environment(&principal)?;
        Ok(Self::Key(principal, scope))
    }
}
