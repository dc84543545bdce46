//! Buying one token for one resource with the connection's grant, and keeping it sealed.

use domain::credentials::Credentials;
use domain::operation::{OperationKind, OperationState};
use domain::provider::{Auth, CodeGrant, Resource};
use serde_json::json;
use store::ResourceToken;

use super::{Minted, Resources, is_fresh};
use crate::context::Context;
use crate::credentials::account::Account;
use crate::credentials::problem::TokenProblem;
use crate::credentials::schemes::{Party, TokenRequest, client_credentials, oauth2};
use crate::credentials::token_answer::TokenAnswer;
use crate::credentials::{renewal, token_endpoint};
use crate::error::Error;
use crate::operations::OperationFacts;

impl Resources {
    /// The token that this node or another one stored, while it is good.
    pub(super) async fn stored(
        &self,
        account: &Account,
        resource: &Resource,
        origin: &str,
    ) -> Result<Option<Minted>, Error> {
        let context = &self.context;
        let connection = &account.connection;
        let found =
            context.store.resource_token(account.integration.scope, connection.row, &resource.name).await?;
        let Some(found) = found.filter(|found| is_fresh(found.expires_at_ms, context.now_ms())) else {
            return Ok(None);
        };
        let row = sealed_row(account, resource, origin);
        // A token of another authorization or host does not open at this place; it is minted anew.
        let Ok(clear) =
            context.vault.open(&vault::Place::new("resource_tokens", &row, "sealed"), &found.token)
        else {
            return Ok(None);
        };
        let token =
            String::from_utf8(clear.to_vec()).map_err(|_| Error::Corrupt("a stored token is not text"))?;
        Ok(Some(Minted {
            token: token.into(),
            expires_at_ms: found.expires_at_ms,
            origin: origin.to_owned(),
            resource: resource.name.clone(),
            version: connection.credentials_version,
        }))
    }

    /// Buys a token and stores it.
    pub(super) async fn mint(
        &self,
        account: &Account,
        resource: &Resource,
        origin: String,
    ) -> Result<Minted, Error> {
        let context = &self.context;
        let started_at_ms = context.now_ms();
        let request = request(context, account, resource, &origin)?;
        let (facts, answer) = token_endpoint::ask(context, request).await;
        log(context, account, resource, &origin, started_at_ms, &facts, &answer);
        let answer = answer?;
        let row = sealed_row(account, resource, &origin);
        let place = vault::Place::new("resource_tokens", &row, "sealed");
        let sealed = context.vault.seal(&place, answer.access_token.expose().as_bytes())?;
        let stored = ResourceToken { token: sealed, expires_at_ms: answer.expires_at_ms };
        let scope = account.integration.scope;
        context
            .store
            .set_resource_token(scope, account.connection.row, &resource.name, &stored, context.now_ms())
            .await?;
        Ok(Minted {
            token: answer.access_token,
            expires_at_ms: answer.expires_at_ms,
            origin,
            resource: resource.name.clone(),
            version: account.connection.credentials_version,
        })
    }
}

/// A token is sealed to the authorization it came from and the origin it goes to.
fn sealed_row(account: &Account, resource: &Resource, origin: &str) -> String {
    format!("{} {} {origin}", account.connection.seal_id, resource.name)
}

fn request(
    context: &Context,
    account: &Account,
    resource: &Resource,
    origin: &str,
) -> Result<TokenRequest, Error> {
    let open = &account.integration;
    let named = [("origin", origin.to_owned())];
    let mut party: Party<'_> = open.party(context, account.client(), &account.connection.config);
    party.extra = &named;
    let scope = party.text(&resource.scope)?;
    let named = [("resource.origin", origin.to_owned()), ("resource.scope", scope.clone())];
    let mut party: Party<'_> = open.party(context, account.client(), &account.connection.config);
    party.extra = &named;
    let request = match (&open.entry.provider.auth, &account.credentials) {
        (Auth::OAuth2(scheme), Credentials::OAuth2(_)) if scheme.grant == CodeGrant::AdminConsent => {
            oauth2::mint_for_admin(scheme, &party, &[scope])?
        }
        (Auth::OAuth2(scheme), Credentials::OAuth2(own)) => {
            let token = own.refresh_token.as_ref().ok_or_else(|| {
                TokenProblem::developer(
                    "missing_refresh_token",
                    "A token for another resource needs a refresh token, and the connection has none.",
                    "Add `offline_access` to the integration's scopes, then the user connects again.",
                )
            })?;
            // Entra does not revoke a refresh token on use, so this one stays the connection's.
            oauth2::refresh(scheme, &party, token, Some(&scope))?
        }
        (Auth::OAuth2Cc(scheme), Credentials::OAuth2Cc(_)) => {
            client_credentials::request(scheme, &party, &[scope])?
        }
        (Auth::TwoStep(scheme), Credentials::TwoStep(own)) => {
            renewal::two_step_request(context, scheme, &party, own)?
        }
        _ => return Err(Error::refused("wrong_auth_mode", "these credentials cannot open another resource")),
    };
    Ok(request)
}

fn log(
    context: &Context,
    account: &Account,
    resource: &Resource,
    origin: &str,
    started_at_ms: i64,
    facts: &token_endpoint::TokenCallFacts,
    answer: &Result<TokenAnswer, TokenProblem>,
) {
    let operation = OperationFacts {
        kind: OperationKind::MintToken,
        integration: &account.integration.integration,
        connection: Some(account.connection.id.as_str()),
        created_at_ms: started_at_ms,
        detail: Some(json!({
            "resource": resource.name, "origin": origin,
            "request": {"method": facts.method.as_str(), "url": facts.url, "grant_type": facts.grant},
            "response": {"code": facts.status}, "duration_us": facts.duration.as_micros() as u64,
        })),
    };
    let state = if answer.is_ok() { OperationState::Success } else { OperationState::Failed };
    let error = answer.as_ref().err().map(|problem| format!("{}: {}", problem.code, problem.cause));
    context.log.ended(account.integration.scope, context.log.new_id(started_at_ms), &operation, state, error);
}
