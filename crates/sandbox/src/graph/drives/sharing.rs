//! Permissions on items: list, links, invitations, removal.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::json::{identity, web_url};
use crate::files::{Actor, Drive, Grant, Item, Permission};
use crate::graph::reply::{Call, GraphError, Outcome, empty, entity, json_response, ok};

pub(super) fn handle(call: &Call<'_>, drive: &Drive, item: &Item, path: &[&str]) -> Outcome {
    match (&call.request.method, path) {
        (&Method::GET, ["permissions"]) => {
            let values = all(drive, item).iter().map(|p| shown(call, drive, item, p)).collect();
            Ok(call.collection("permissions", values, None))
        }
        (&Method::GET, ["permissions", id]) => {
            let found = all(drive, item).into_iter().find(|permission| permission.id == **id);
            let found = found.ok_or_else(GraphError::not_found)?;
            Ok(ok(&entity(call.context("permissions/$entity"), shown(call, drive, item, &found))))
        }
        (&Method::DELETE, ["permissions", id]) => {
            call.world.files.revoke(&item.id, id)?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        (&Method::POST, ["createLink"]) => create_link(call, drive, item),
        (&Method::POST, ["invite"]) => invite(call, drive, item),
        _ => Err(GraphError::method()),
    }
}

/// The stored permissions after the owner's, which is always there.
fn all(drive: &Drive, item: &Item) -> Vec<Permission> {
    let owner = Permission {
        id: crate::files::guid(&format!("owner/{}", drive.id)).to_lowercase(),
        role: "owner".into(),
        grant: Grant::Person(drive.owner.clone()),
    };
    std::iter::once(owner).chain(item.permissions.iter().cloned()).collect()
}

fn shown(call: &Call<'_>, drive: &Drive, item: &Item, permission: &Permission) -> Value {
    match &permission.grant {
        Grant::Person(person) => {
            json!({ "id": permission.id, "roles": [permission.role], "grantedToV2": identity(person), "grantedTo": identity(person) })
        }
        Grant::Link { kind, scope } => {
            let place = web_url(call, drive, &call.world.files.path(item));
            json!({
                "id": permission.id,
                "roles": [permission.role],
                "shareId": format!("u!{}", permission.id),
                "hasPassword": false,
                "link": { "type": kind, "scope": scope, "webUrl": format!("{place}?share={}", permission.id), "preventsDownload": false },
            })
        }
    }
}

fn create_link(call: &Call<'_>, drive: &Drive, item: &Item) -> Outcome {
    let body = call.body()?;
    let text =
        |name: &str, default: &str| body.get(name).and_then(Value::as_str).unwrap_or(default).to_owned();
    let (kind, scope) = (text("type", "view"), text("scope", "organization"));
    let role = match kind.as_str() {
        "view" | "embed" => "read",
        "edit" => "write",
        _ => return Err(GraphError::invalid("The link type is invalid.")),
    };
    if !["anonymous", "organization", "users"].contains(&scope.as_str()) {
        return Err(GraphError::invalid("The link scope is invalid."));
    }
    let (permission, new) = call.world.files.grant(&item.id, role, Grant::Link { kind, scope })?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let value = entity(call.context("permission"), shown(call, drive, item, &permission));
    Ok(json_response(status, &value))
}

fn invite(call: &Call<'_>, drive: &Drive, item: &Item) -> Outcome {
    let body = call.body()?;
    let role = body.get("roles").and_then(|roles| roles.get(0)).and_then(Value::as_str).unwrap_or("read");
    if !["read", "write"].contains(&role) {
        return Err(GraphError::invalid("The role is invalid."));
    }
    let recipients = body.get("recipients").and_then(Value::as_array).cloned().unwrap_or_default();
    if recipients.is_empty() {
        return Err(GraphError::invalid("At least one recipient is required."));
    }
    let mut values = Vec::new();
    for recipient in &recipients {
        let who =
            ["email", "objectId", "alias"].iter().find_map(|key| recipient.get(key)).and_then(Value::as_str);
        let who = who.ok_or_else(|| GraphError::invalid("A recipient must have an email or an objectId."))?;
        let person = match call.world.directory.user(who) {
            Some(user) => Actor { id: user.id, display_name: user.display_name, email: Some(user.upn) },
            None => Actor { id: String::new(), display_name: who.to_owned(), email: Some(who.to_owned()) },
        };
        let (permission, _) = call.world.files.grant(&item.id, role, Grant::Person(person))?;
        values.push(shown(call, drive, item, &permission));
    }
    Ok(call.collection("Collection(permission)", values, None))
}
