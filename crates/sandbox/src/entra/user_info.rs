//! OpenID Connect's userinfo endpoint, which lives at Graph.

use http::StatusCode;
use serde_json::json;

use crate::principal::Principal;
use crate::web::{self, Reply};
use crate::world::World;

/// `/oidc/userinfo`. An app without a user has none.
pub(crate) fn user_info(world: &World, principal: &Principal) -> Reply {
    let user = principal.user_id.as_deref().and_then(|id| world.directory.user(id));
    match user {
        Some(user) => web::json(
            StatusCode::OK,
            &json!({
                "sub": user.id, "name": user.display_name, "given_name": user.given_name,
                "family_name": user.surname, "email": user.upn,
                "picture": "https://graph.microsoft.com/v1.0/me/photo/$value",
            }),
        ),
        None => {
            let error = json!({ "error": { "code": "UnknownError", "message": "The token names no user." } });
            web::json(StatusCode::FORBIDDEN, &error)
        }
    }
}
