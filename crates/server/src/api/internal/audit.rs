//! `GET /internal/audit`: who changed what.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use domain::EnvironmentId;
use domain::person::Role;
use serde::Deserialize;
use serde_json::{Value, json};
use services::audit;
use services::environments;
use services::store::{Audit, AuditFilter};

use crate::app::{App, SharedApp};
use crate::auth::{GrantedAccount, Operate};
use crate::error::ApiError;
use crate::person;
use crate::strict::{QueryNumber, StrictQuery, page_limit};
use crate::time::zulu;

/// The query.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    limit: Option<QueryNumber>,
    before: Option<String>,
    user: Option<String>,
    environment: Option<String>,
    action: Option<String>,
}

/// Whose entries the caller may see: `None` for all.
pub struct Sees(Option<Vec<EnvironmentId>>);

impl axum::extract::FromRequestParts<SharedApp> for Sees {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        if let Some(found) = person::find(app, parts).await?
            && !found.person.user.owner
        {
            let roles = found.person.roles.iter().filter(|one| one.role == Role::Developer);
            let own: Vec<EnvironmentId> = roles.map(|one| one.environment).collect();
            if own.is_empty() {
                return Err(ApiError::beyond_role(&["the role developer in an environment"]));
            }
            return Ok(Self(Some(own)));
        }
        let _: GrantedAccount<Operate> = GrantedAccount::from_request_parts(parts, app).await?;
        Ok(Self(None))
    }
}

/// Entries, newest first.
pub async fn list(
    State(app): State<SharedApp>,
    Sees(sees): Sees,
    StrictQuery(query): StrictQuery<AuditQuery>,
) -> Result<Json<Value>, ApiError> {
    let limit = page_limit(query.limit)?;
    let before = query.before.map(|text| text.parse::<i64>()).transpose();
    let before = before.map_err(|_| ApiError::invalid_query("before", "must be an entry's id"))?;
    let environments = narrow(&app, sees, query.environment).await?;
    let filter =
        AuditFilter { before, actor: query.user, environments, action: query.action, limit: limit + 1 };
    let mut found = audit::list(&app.services.context, &filter).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|one| one.seq.to_string());
    Ok(Json(json!({"data": found.iter().map(shown).collect::<Vec<_>>(), "next": next})))
}

async fn narrow(
    app: &App,
    sees: Option<Vec<EnvironmentId>>,
    named: Option<String>,
) -> Result<Option<Vec<EnvironmentId>>, ApiError> {
    let Some(name) = named else { return Ok(sees) };
    let found = environments::by_name(&app.services.context, &name).await?;
    match sees {
        Some(own) if !own.contains(&found.id) => {
            Err(ApiError::beyond_role(&["the role developer in this environment"]))
        }
        _ => Ok(Some(vec![found.id])),
    }
}

fn shown(entry: &Audit) -> Value {
    let new = &entry.new;
    json!({
        "id": entry.seq.to_string(), "at": zulu(new.at_ms),
        "actor": {"kind": new.actor.kind, "id": new.actor.id, "name": new.actor.name},
        "environment": new.environment.as_ref().map(|(_, name)| name), "action": new.action,
        "target": new.target, "outcome": entry.status, "detail": new.detail,
    })
}
