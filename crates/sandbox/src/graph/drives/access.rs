//! Who may see and change which drive.

use http::StatusCode;

use super::address::Target;
use crate::files::{Actor, Drive, DriveKind, Grant};
use crate::graph::reply::{Call, GraphError};
use crate::principal::require_scope;

/// What a call does to a drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Read,
    Write,
}

/// Permissions for the signed-in user's own drive; Microsoft Graph permissions reference, Files and Sites.
const READ_OWN: [&str; 2] = ["Files.Read", "Files.ReadWrite"];
const READ_ALL: [&str; 6] = [
    "Files.Read.All",
    "Files.ReadWrite.All",
    "Sites.Read.All",
    "Sites.ReadWrite.All",
    "Sites.Manage.All",
    "Sites.FullControl.All",
];
const WRITE_OWN: [&str; 1] = ["Files.ReadWrite"];
const WRITE_ALL: [&str; 4] =
    ["Files.ReadWrite.All", "Sites.ReadWrite.All", "Sites.Manage.All", "Sites.FullControl.All"];

/// The drive of the signed-in user.
pub(super) fn own_drive(call: &Call<'_>) -> Result<Drive, GraphError> {
    let Some(user_id) = call.request.principal.user_id.as_deref() else { return Err(not_delegated()) };
    drive_of(call, user_id)
}

/// Graph's answer to `/me` with an app-only token.
pub(super) fn not_delegated() -> GraphError {
    GraphError::new(
        StatusCode::BAD_REQUEST,
        "BadRequest",
        "/me request is only valid with delegated authentication flow.",
    )
}

/// The drive of a user of the caller's tenant, by id or principal name.
pub(super) fn drive_of(call: &Call<'_>, who: &str) -> Result<Drive, GraphError> {
    let directory = &call.world.directory;
    let user = directory.user(who).filter(|user| user.tenant_id == call.request.principal.tenant_id);
    let Some(user) = user else {
        let message = format!(
            "Resource '{who}' does not exist or one of its queried reference-property objects are not present."
        );
        return Err(GraphError::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message));
    };
    let tenant = directory.tenant(&user.tenant_id).ok_or_else(GraphError::not_found)?;
    let owner = Actor { id: user.id, display_name: user.display_name, email: Some(user.upn) };
    Ok(call.world.files.ensure_user_drive(&owner, &tenant.id, &tenant.name, call.now_ms())?)
}

/// Refuses a caller without the permission, from another tenant, or to whom the drive does not belong.
pub(super) fn check(call: &Call<'_>, drive: &Drive, need: Need) -> Result<(), GraphError> {
    permitted(call, drive, need, None)
}

/// Like [`check`], but an item shared with the caller opens another's drive.
pub(super) fn check_target(
    call: &Call<'_>,
    drive: &Drive,
    target: &Target,
    need: Need,
) -> Result<(), GraphError> {
    permitted(call, drive, need, Some(target))
}

fn permitted(call: &Call<'_>, drive: &Drive, need: Need, target: Option<&Target>) -> Result<(), GraphError> {
    let principal = &call.request.principal;
    if principal.tenant_id != drive.tenant_id {
        return Err(GraphError::not_found());
    }
    let own = match &drive.kind {
        DriveKind::Business { user_id } | DriveKind::Personal { user_id } => {
            principal.user_id.as_deref() == Some(user_id)
        }
        DriveKind::Library { .. } => false,
    };
    let mut any_of: Vec<&str> = match need {
        Need::Read => READ_ALL.to_vec(),
        Need::Write => WRITE_ALL.to_vec(),
    };
    if own {
        any_of.extend(if need == Need::Read { &READ_OWN[..] } else { &WRITE_OWN[..] });
    }
    require_scope(principal, &any_of).map_err(|_| GraphError::denied())?;
    let reachable = own
        || principal.is_app_only()
        || matches!(drive.kind, DriveKind::Library { .. })
        || target.is_some_and(|target| shared(call, target, need));
    if reachable { Ok(()) } else { Err(GraphError::denied()) }
}

/// Whether the item, or a folder above it, was shared with the caller.
fn shared(call: &Call<'_>, target: &Target, need: Need) -> bool {
    let Some(user_id) = call.request.principal.user_id.as_deref() else { return false };
    let mut at = target.item().ok().cloned();
    while let Some(item) = at {
        let opens = item.permissions.iter().any(|permission| {
            matches!(&permission.grant, Grant::Person(person) if person.id == user_id)
                && (need == Need::Read || permission.role == "write" || permission.role == "owner")
        });
        if opens {
            return true;
        }
        at = item.parent_id.and_then(|id| call.world.files.item(&id).ok());
    }
    false
}
