//! Renewal of installed apps' tokens: bought again with the app's own key, the user's part with its refresh token.

use domain::Secret;
use domain::credentials::{AppCredentials, Credentials, CustomCredentials, OAuth2Credentials};
use domain::provider::{App, Custom};
use serde_json::Value;

use super::account::Account;
use super::problem::{Concern, TokenProblem};
use super::renewal::{Fresh, Renewed, setting};
use super::schemes::app::{self, AppIdentity};
use super::schemes::{Party, SettingProblem, TokenRequest, oauth2};
use super::token_endpoint;
use crate::connect::install::waits_for_approval;
use crate::context::Context;

/// The user's token is renewed so long before its end.
const MARGIN_MS: i64 = 15 * 60 * 1000;

/// A new token of the same installation.
pub async fn app(context: &Context, account: &Account, scheme: &App, own: &AppCredentials) -> Renewed {
    let renewed = mint(context, account, scheme, &own.app_id, &own.installation_id).await;
    renewed.map(Credentials::App)
}

/// The part that is due: the user's tokens, else the app's. One at a time, because a rotated refresh token must be
/// stored before anything else can fail.
pub async fn custom(
    context: &Context,
    account: &Account,
    scheme: &Custom,
    own: &CustomCredentials,
) -> Renewed {
    let mut user = own.user.clone();
    if let Some((held, token)) = due_user(own, context.now_ms()) {
        let renewed = user_tokens(context, account, scheme, held, token).await;
        let dead = matches!(&renewed.outcome, Err(problem) if problem.concern == Concern::Grant);
        if !dead {
            return renewed.map(|user| {
                Credentials::Custom(CustomCredentials { app: own.app.clone(), user: Some(user) })
            });
        }
        // The installation goes on without its user; a dead refresh token is not tried again.
        if let Some(user) = &mut user {
            user.refresh_token = None;
        }
    }
    let installation = match own.app.installation_id.as_str() {
        "" => match approved(context, account, scheme, own).await {
            Ok(id) => id,
            Err(problem) => return Renewed::failed(problem),
        },
        id => id.to_owned(),
    };
    let minted = mint(context, account, &scheme.app, &own.app.app_id, &installation).await;
    let mut renewed = minted.map(|app| Credentials::Custom(CustomCredentials { app, user }));
    if let (Ok(fresh), true) = (&mut renewed.outcome, own.app.installation_id.is_empty()) {
        fresh.config_changes.insert("pending".to_owned(), Value::Null);
        fresh.config_changes.insert("installation_id".to_owned(), Value::String(installation));
    }
    renewed
}

/// What one request brought, before it is put in its place.
struct Bought<T> {
    facts: Option<token_endpoint::TokenCallFacts>,
    outcome: Result<T, TokenProblem>,
}

impl<T> Bought<T> {
    fn map(self, place: impl FnOnce(T) -> Credentials) -> Renewed {
        Renewed { facts: self.facts, outcome: self.outcome.map(place).map(Fresh::from) }
    }
}

async fn mint(
    context: &Context,
    account: &Account,
    scheme: &App,
    app_id: &str,
    installation: &str,
) -> Bought<AppCredentials> {
    let open = &account.integration;
    let mut identity = open.app_identity();
    if identity.id.is_empty() {
        identity = AppIdentity { id: app_id, ..identity };
    }
    let named = [("connectionConfig.installation_id", installation.to_owned())];
    let party = Party { extra: &named, ..open.party(context, account.client(), &account.connection.config) };
    let built = app::request(scheme, &party, &identity, context.now_ms());
    ask(context, built).await.map_answer(|answer| app::credentials(answer, identity.id, installation))
}

fn due_user(own: &CustomCredentials, now_ms: i64) -> Option<(&OAuth2Credentials, &Secret)> {
    let user = own.user.as_ref()?;
    let due = user.expires_at_ms.is_some_and(|end| end - now_ms <= MARGIN_MS);
    user.refresh_token.as_ref().filter(|_| due).map(|token| (user, token))
}

async fn user_tokens(
    context: &Context,
    account: &Account,
    scheme: &Custom,
    held: &OAuth2Credentials,
    token: &Secret,
) -> Bought<OAuth2Credentials> {
    let party = account.integration.party(context, account.client(), &account.connection.config);
    let built = oauth2::refresh(&scheme.user, &party, token, None);
    ask(context, built).await.map_answer(|answer| oauth2::credentials(answer, Some(held)))
}

/// The installation that an owner has approved meanwhile: the only one of our app that the user sees.
async fn approved(
    context: &Context,
    account: &Account,
    scheme: &Custom,
    own: &CustomCredentials,
) -> Result<String, TokenProblem> {
    let user = own.user.as_ref().ok_or_else(waits_for_approval)?;
    let party = account.integration.party(context, account.client(), &account.connection.config);
    let request = app::installations_request(&scheme.app, &party, &user.access_token).map_err(setting)?;
    let (_, answer) = token_endpoint::ask_json(context, request).await;
    let app_id = account.integration.app_identity().id.to_owned();
    let answer = answer?;
    let all = answer.get("installations").and_then(Value::as_array).cloned().unwrap_or_default();
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_i64).map(|id| id.to_string());
    let mut ours = all.iter().filter(|one| number(one, "app_id").as_deref() == Some(app_id.as_str()));
    match (ours.next().and_then(|one| number(one, "id")), ours.next()) {
        (Some(id), None) => Ok(id),
        _ => Err(waits_for_approval()),
    }
}

async fn ask(
    context: &Context,
    built: Result<TokenRequest, SettingProblem>,
) -> Bought<super::token_answer::TokenAnswer> {
    match built {
        Ok(request) => {
            let (facts, outcome) = token_endpoint::ask(context, request).await;
            Bought { facts: Some(facts), outcome }
        }
        Err(problem) => Bought { facts: None, outcome: Err(setting(problem)) },
    }
}

impl Bought<super::token_answer::TokenAnswer> {
    fn map_answer<T>(self, read: impl FnOnce(super::token_answer::TokenAnswer) -> T) -> Bought<T> {
        Bought { facts: self.facts, outcome: self.outcome.map(read) }
    }
}
