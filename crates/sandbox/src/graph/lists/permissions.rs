//! `Sites.Selected` grants of a site.

use http::StatusCode;
use serde_json::{Value, json};

use crate::sites::{Grant, Need, SiteKey, random_guid};

use super::Call;
use super::answer::{GraphError, Outcome, created, no_content, ok};

pub(super) fn route(call: &Call<'_>, key: &SiteKey, rest: &[&str]) -> Outcome {
    match (call.method(), rest) {
        ("GET", []) => call.read(key, Need::FullControl, |site| {
            let value: Value = site.grants.iter().map(grant_json).collect();
            let context = call.context(&format!("sites('{}')/permissions", call.site_id(site)));
            ok(&json!({"@odata.context": context, "value": value}))
        }),
        ("POST", []) => grant(call, key),
        ("GET", [id]) => call.read(key, Need::FullControl, |site| {
            let found = site.grants.iter().find(|grant| grant.id == *id);
            ok(&grant_json(found.ok_or_else(|| GraphError::not_found("permission"))?))
        }),
        ("PATCH", [id]) => {
            let roles = roles_of(&call.body()?)?;
            call.change(key, Need::FullControl, |site| {
                let found = site.grants.iter_mut().find(|grant| grant.id == *id);
                let grant = found.ok_or_else(|| GraphError::not_found("permission"))?;
                grant.roles = roles;
                ok(&grant_json(grant))
            })
        }
        ("DELETE", [id]) => call.change(key, Need::FullControl, |site| {
            let before = site.grants.len();
            site.grants.retain(|grant| grant.id != *id);
            if site.grants.len() == before { Err(GraphError::not_found("permission")) } else { no_content() }
        }),
        _ => Err(GraphError::new(StatusCode::METHOD_NOT_ALLOWED, "notAllowed", "The method is not allowed.")),
    }
}

fn grant(call: &Call<'_>, key: &SiteKey) -> Outcome {
    let body = call.body()?;
    let roles = roles_of(&body)?;
    let given = ["grantedToIdentitiesV2", "grantedToIdentities"].iter().find_map(|name| body[*name].get(0));
    let application = given.map(|identity| &identity["application"]);
    let app_id = application.and_then(|app| app["id"].as_str()).filter(|id| !id.is_empty());
    let app_id = app_id
        .ok_or_else(|| GraphError::bad_request("grantedToIdentities needs an application with an id"))?;
    let app_name = application.and_then(|app| app["displayName"].as_str()).unwrap_or_default();
    let grant = Grant { id: random_guid(), app_id: app_id.to_owned(), app_name: app_name.to_owned(), roles };
    call.change(key, Need::FullControl, |site| {
        let answer = grant_json(&grant);
        site.grants.push(grant);
        created(&answer)
    })
}

fn roles_of(body: &Value) -> Result<Vec<String>, GraphError> {
    let roles: Vec<String> =
        body["roles"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let known =
        |role: &String| matches!(role.as_str(), "read" | "write" | "manage" | "fullcontrol" | "owner");
    if roles.is_empty() || !roles.iter().all(known) {
        return Err(GraphError::bad_request("roles must name read, write, manage, owner or fullcontrol"));
    }
    Ok(roles)
}

fn grant_json(grant: &Grant) -> Value {
    let identity = json!({"application": {"id": grant.app_id, "displayName": grant.app_name}});
    json!({
        "id": grant.id,
        "roles": grant.roles,
        "grantedToIdentities": [identity],
        "grantedToIdentitiesV2": [identity],
    })
}
