//! `/internal/connections`: the list that is searched as one types, what is known of one, a refresh asked for.

use axum::Json;
use axum::extract::{Path, State};
use domain::connection::Connection;
use domain::credentials::Credentials;
use domain::{ConnectionId, ConnectionRow, IntegrationKey, Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use services::credentials::account::Account;
use services::credentials::claims;
use services::credentials::keeper::Force;
use services::error::Error;
use services::store::{ConnectionFilter, ConnectionSummary, Standing};

use crate::api::connections::problem;
use crate::api::end_user;
use crate::app::SharedApp;
use crate::auth::{Granted, ListConnections, ReadConnection, UpdateConnection};
use crate::error::ApiError;
use crate::strict::{NoQuery, OneOrMore, QueryNumber, StrictJson, StrictQuery};
use crate::time::zulu;

const MOST: u32 = 200;

/// The query of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    search: Option<String>,
    integration: Option<String>,
    state: Option<String>,
    #[serde(default)]
    tag: OneOrMore,
    limit: Option<QueryNumber>,
    cursor: Option<String>,
}

/// Connections, newest first, page by page behind a cursor; `search` is part of an id, of the end user or of a tag.
pub async fn list(
    State(app): State<SharedApp>,
    caller: Granted<ListConnections>,
    StrictQuery(query): StrictQuery<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let filter = filter(query)?;
    let store = &app.services.context.store;
    let narrowed = filter.find.is_some()
        || filter.standing.is_some()
        || !filter.tags.is_empty()
        || !filter.integrations.is_empty();
    let found = store.list_connections(caller.scope(), &filter).await.map_err(Error::from)?;
    let full = found.len() == filter.limit as usize;
    let next = found.last().filter(|_| full).map(|last| format!("{}_{}", last.created_at_ms, last.row.0));
    // How many fit a search is known only when all of them are here.
    let total = match (narrowed, full || filter.before.is_some()) {
        (false, _) => Some(store.count_all_connections(caller.scope()).await.map_err(Error::from)?),
        (true, false) => Some(found.len() as u64),
        (true, true) => None,
    };
    let data: Vec<Value> = found.iter().map(row).collect();
    Ok(Json(json!({"data": data, "next": next, "total_estimate": total})))
}

fn filter(query: ListQuery) -> Result<ConnectionFilter, ApiError> {
    let limit = query.limit.map_or(50, |limit| limit.0);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::invalid_query("limit", format!("1 to {MOST}")));
    }
    let standing = match query.state.as_deref() {
        None | Some("") => None,
        Some("ok") => Some(Standing::Well),
        Some("error") => Some(Standing::InTrouble),
        Some(_) => return Err(ApiError::invalid_query("state", "`ok` or `error`")),
    };
    let mut tags = std::collections::BTreeMap::new();
    for tag in query.tag.0 {
        let (key, value) =
            tag.split_once(':').ok_or_else(|| ApiError::invalid_query("tag", "a key, a colon, a value"))?;
        tags.insert(key.trim().to_lowercase(), value.trim().to_owned());
    }
    let before = match query.cursor.as_deref() {
        None | Some("") => None,
        Some(cursor) => {
            let parts =
                cursor.split_once('_').and_then(|(at, row)| Some((at.parse().ok()?, row.parse().ok()?)));
            let (at, row) = parts.ok_or_else(|| ApiError::invalid_query("cursor", "not one of ours"))?;
            Some((at, ConnectionRow(row)))
        }
    };
    Ok(ConnectionFilter {
        find: query.search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
        integrations: query.integration.filter(|key| !key.is_empty()).into_iter().collect(),
        standing,
        tags,
        before,
        limit,
        ..ConnectionFilter::default()
    })
}

fn row(one: &ConnectionSummary) -> Value {
    json!({
        "id": one.row.0,
        "connection_id": one.id.as_str(),
        "integration": one.integration.as_str(),
        "provider": one.provider.as_str(),
        "end_user": end_user::shown(one.end_user.as_ref()),
        "tags": one.tags,
        "created_at": zulu(one.created_at_ms),
        "errors": one.error.iter().map(problem).collect::<Vec<_>>(),
    })
}

/// What is known of a connection, without its credentials.
pub async fn get(
    State(app): State<SharedApp>,
    caller: Granted<ReadConnection>,
    Path((integration, id)): Path<(String, String)>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let (key, id) = names(&integration, &id)?;
    let account = Account::load(&app.services.context, caller.scope(), &key, &id).await?;
    shown(&app, caller.scope(), &account).await.map(Json)
}

/// Refreshes a connection's token now; the answer is what is known of it afterwards.
pub async fn refresh(
    State(app): State<SharedApp>,
    caller: Granted<UpdateConnection>,
    Path((integration, id)): Path<(String, String)>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(NoBody {}): StrictJson<NoBody>,
) -> Result<Json<Value>, ApiError> {
    let (key, id) = names(&integration, &id)?;
    let account = app.services.accounts.get(caller.scope(), &key, &id).await?;
    if !account.is_renewable() {
        let message = "this connection has nothing to refresh: its credentials do not change by themselves";
        return Err(ApiError::refused("nothing_to_refresh", message));
    }
    let fresh = app.services.keeper.refresh(&account, Force::Yes).await?;
    shown(&app, caller.scope(), &fresh).await.map(Json)
}

/// An empty object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

fn names(integration: &str, id: &str) -> Result<(IntegrationKey, ConnectionId), ApiError> {
    let unknown = || ApiError::not_found(format!("Unknown connection {id}"));
    Ok((
        IntegrationKey::parse(integration).map_err(|_| unknown())?,
        ConnectionId::parse(id).map_err(|_| unknown())?,
    ))
}

async fn shown(app: &SharedApp, scope: Scope, account: &Account) -> Result<Value, ApiError> {
    let store = &app.services.context.store;
    let one = &account.connection;
    let refreshed_at = store.credentials_refreshed_at(scope, one.row).await.map_err(Error::from)?;
    Ok(json!({
        "id": one.row.0,
        "connection_id": one.id.as_str(),
        "integration": one.integration.as_str(),
        "provider": one.provider.as_str(),
        "account": signed_in(&account.credentials),
        "scopes": claims::granted_scopes(&account.credentials),
        "expires_at": one.expires_at_ms.map(zulu),
        "refreshed_at": refreshed_at.map(zulu),
        "created_at": zulu(one.created_at_ms),
        "updated_at": zulu(one.updated_at_ms),
        "last_used_at": one.last_fetched_at_ms.map(zulu),
        "refreshable": account.is_renewable(),
        "errors": errors(one),
        "config": one.config,
        "metadata": one.metadata,
        "tags": one.tags,
        "end_user": end_user::shown(one.end_user.as_ref()),
    }))
}

fn errors(one: &Connection) -> Vec<Value> {
    let at = one.health.last_failure_at_ms.map(zulu);
    let with_moment = |error| {
        let mut shown = problem(error);
        shown["at"] = at.clone().into();
        shown
    };
    one.health.error.iter().map(with_moment).collect()
}

/// Who signed in, as an id_token that came with the tokens says; null without one.
fn signed_in(credentials: &Credentials) -> Value {
    let claims = claims::of_id_token(credentials);
    let text = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| claims.as_ref().and_then(|claims| claims::text(claims, name)).map(str::to_owned))
    };
    if claims.is_none() {
        return Value::Null;
    }
    json!({
        "name": text(&["name"]),
        "login": text(&["preferred_username", "upn", "email"]),
        "id": text(&["oid", "sub"]),
        "tenant": text(&["tid"]),
    })
}
