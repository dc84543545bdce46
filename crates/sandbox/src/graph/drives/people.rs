//! `/me` and `/users`.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::access::not_delegated;
use crate::directory::User;
use crate::graph::reply::{Call, GraphError, Outcome, entity, ok};
use crate::principal::require_scope;

const READ_SELF: [&str; 8] = [
    "User.Read",
    "User.ReadWrite",
    "User.ReadBasic.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "openid",
];
const READ_OTHERS: [&str; 5] = [
    "User.ReadBasic.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];

pub(super) fn me(call: &Call<'_>) -> Outcome {
    only_get(call)?;
    let Some(id) = call.request.principal.user_id.as_deref() else { return Err(not_delegated()) };
    require_scope(&call.request.principal, &READ_SELF).map_err(|_| refused())?;
    let user = call.world.directory.user(id).ok_or_else(|| absent(id))?;
    Ok(ok(&entity(call.context("users/$entity"), call.select(json_of(&user)))))
}

pub(super) fn one(call: &Call<'_>, who: &str) -> Outcome {
    only_get(call)?;
    let principal = &call.request.principal;
    let found = call.world.directory.user(who).filter(|user| user.tenant_id == principal.tenant_id);
    let is_self = found.as_ref().is_some_and(|user| principal.user_id.as_deref() == Some(&user.id));
    let any_of: &[&str] = if is_self { &READ_SELF } else { &READ_OTHERS };
    require_scope(principal, any_of).map_err(|_| refused())?;
    let user = found.ok_or_else(|| absent(who))?;
    Ok(ok(&entity(call.context("users/$entity"), call.select(json_of(&user)))))
}

pub(super) fn list(call: &Call<'_>) -> Outcome {
    only_get(call)?;
    require_scope(&call.request.principal, &READ_OTHERS).map_err(|_| refused())?;
    let users = call.world.directory.users_of(&call.request.principal.tenant_id);
    let (users, next) = call.page(users, 100)?;
    let values = users.iter().map(|user| call.select(json_of(user))).collect();
    Ok(call.collection("users", values, next))
}

fn json_of(user: &User) -> Value {
    json!({
        "businessPhones": [],
        "displayName": user.display_name,
        "givenName": user.given_name,
        "jobTitle": user.job_title,
        "mail": user.upn,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": user.surname,
        "userPrincipalName": user.upn,
        "id": user.id,
    })
}

fn only_get(call: &Call<'_>) -> Result<(), GraphError> {
    if call.request.method == Method::GET { Ok(()) } else { Err(GraphError::method()) }
}

fn refused() -> GraphError {
    let message = "Insufficient privileges to complete the operation.";
    GraphError::new(StatusCode::FORBIDDEN, "Authorization_RequestDenied", message)
}

fn absent(who: &str) -> GraphError {
    let message = format!(
        "Resource '{who}' does not exist or one of its queried reference-property objects are not present."
    );
    GraphError::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
}
