//! Documents that clients read before they speak: OpenID configuration, keys, instance discovery.

use http::StatusCode;
use serde_json::json;

use super::authority::Authority;
use super::failure::Ids;
use super::mint::Version;
use super::request::EntraRequest;
use crate::directory::seed;
use crate::hosts::Hosts;
use crate::web::{self, Reply};
use crate::world::World;

/// `/.well-known/openid-configuration` of either version. An unknown tenant is 400 `invalid_tenant`.
pub(super) fn configuration(world: &World, request: &EntraRequest, version: Version) -> Reply {
    let tenant = match Authority::find(world, &request.authority) {
        Ok(Authority::Tenant(tenant)) => tenant.id,
        Ok(Authority::Consumers) => seed::CONSUMERS.to_owned(),
        Ok(Authority::Common | Authority::Organizations) => "{tenantid}".to_owned(),
        Err(failure) => {
            let ids = Ids::of(world, &request.headers);
            let body = json!({
                "error": "invalid_tenant", "error_description": failure.description(&ids),
                "error_codes": [failure.code], "timestamp": ids.timestamp, "trace_id": ids.trace,
                "correlation_id": ids.correlation, "error_uri": format!("{}/error?code=90002", request.origin),
            });
            return web::json(StatusCode::BAD_REQUEST, &body);
        }
    };
    let hosts = Hosts::of_origin(&request.origin);
    let base = format!("{}/{}", request.origin, request.authority);
    let (oauth, keys, issuer) = match version {
        Version::V2 => ("oauth2/v2.0", "discovery/v2.0/keys", format!("{}/{tenant}/v2.0", request.origin)),
        Version::V1 => ("oauth2", "discovery/keys", format!("https://sts.windows.net/{tenant}/")),
    };
    let host = |origin: String| origin.split_once("://").map_or(origin.clone(), |(_, rest)| rest.to_owned());
    let body = json!({
        "token_endpoint": format!("{base}/{oauth}/token"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic", "self_signed_tls_client_auth"],
        "jwks_uri": format!("{base}/{keys}"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("{}/oidc/userinfo", hosts.graph()),
        "authorization_endpoint": format!("{base}/{oauth}/authorize"),
        "device_authorization_endpoint": format!("{base}/{oauth}/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": format!("{base}/{oauth}/logout"),
        "claims_supported": ["sub", "iss", "cloud_instance_name", "cloud_instance_host_name",
            "cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat", "auth_time", "acr", "nonce",
            "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"],
        "tenant_region_scope": null,
        "cloud_instance_name": host(request.origin.clone()),
        "cloud_graph_host_name": host(hosts.graph()),
        "msgraph_host": host(hosts.graph()),
        "rbac_url": format!("{}/rbac", hosts.graph()),
    });
    web::json(StatusCode::OK, &body)
}

/// `/discovery/v2.0/keys`: the keys that sign our tokens.
pub(super) fn keys(world: &World, request: &EntraRequest) -> Reply {
    let issuer = format!("{}/{{tenantid}}/v2.0", request.origin);
    web::json(StatusCode::OK, &json!({ "keys": [world.entra.signing.jwk(&issuer)] }))
}

/// `/common/discovery/instance`: which host names mean the same authority.
pub(super) fn instance(request: &EntraRequest) -> Reply {
    let own = request.origin.split_once("://").map_or(request.origin.as_str(), |(_, rest)| rest);
    let body = json!({
        "tenant_discovery_endpoint": format!("{}/common/v2.0/.well-known/openid-configuration", request.origin),
        "api-version": "1.1",
        "metadata": [
            { "preferred_network": own, "preferred_cache": own, "aliases": [own] },
            { "preferred_network": "login.microsoftonline.com", "preferred_cache": "login.windows.net",
              "aliases": ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"] },
        ],
    });
    web::json(StatusCode::OK, &body)
}
