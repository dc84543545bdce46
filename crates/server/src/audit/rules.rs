//! Which calls are written down, and under which name.

use std::borrow::Cow;

use axum::http::Method;
use services::api_keys::Caller;

/// Where a change belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The caller's environment.
    Environment,
    /// The account.
    Account,
}

/// Whose calls are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Everybody,
    People,
}

/// How a call is written down.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) action: Cow<'static, str>,
    pub(super) kind: Kind,
    /// The field of the body that names the target; else the parameters of the path do.
    pub(super) target: Option<&'static str>,
    who: Who,
}

impl Rule {
    /// The rule of a call; `None` for what changes nothing. `path` is the route's, without a base path.
    pub(super) fn find(method: &Method, path: &str, query: &str) -> Option<Self> {
        let known = LISTED.iter().find(|(verb, route, ..)| *verb == method.as_str() && *route == path);
        if let Some((_, _, action, who, kind, target)) = known {
            return Some(Self { action: Cow::Borrowed(action), who: *who, kind: *kind, target: *target });
        }
        if *method == Method::GET {
            let secret = path == "/integrations/{key}" && query.contains("credentials");
            return secret.then(|| Self::of_people("integration.read_secret".into(), path));
        }
        let silent = matches!(*method, Method::HEAD | Method::OPTIONS) || NO_CHANGE.contains(&path);
        (!silent).then(|| Self::of_people(format!("{method} {path}").into(), path))
    }

    /// What nobody listed: a person's changes are written down all the same.
    fn of_people(action: Cow<'static, str>, path: &str) -> Self {
        let account = ["/internal/users", "/internal/account", "/operator", "/account", "/environments"];
        let kind = match account.iter().any(|start| path.starts_with(start)) {
            true => Kind::Account,
            false => Kind::Environment,
        };
        Self { action, who: Who::People, kind, target: None }
    }

    /// Whether this caller's call is written down.
    pub(super) fn concerns(&self, caller: &Caller) -> bool {
        self.who == Who::Everybody || matches!(caller, Caller::Person { .. } | Caller::Operator)
    }
}

/// Posts that change nothing, or write themselves down because nobody is signed in yet.
const NO_CHANGE: &[&str] = &[
    "/internal/integrations/check",
    "/internal/sign-in",
    "/internal/sign-in/totp",
    "/internal/sign-out",
    "/internal/setup",
    "/internal/invitations/show",
    "/internal/invitations/accept",
];

type Listed = (&'static str, &'static str, &'static str, Who, Kind, Option<&'static str>);

const LISTED: &[Listed] = &[
    ("POST", "/integrations", "integration.create", Who::Everybody, Kind::Environment, Some("unique_key")),
    (
        "POST",
        "/integrations/{key}",
        "integration.create",
        Who::Everybody,
        Kind::Environment,
        Some("unique_key"),
    ),
    ("PATCH", "/integrations/{key}", "integration.update", Who::Everybody, Kind::Environment, None),
    ("DELETE", "/integrations/{key}", "integration.delete", Who::Everybody, Kind::Environment, None),
    ("POST", "/connections", "connection.import", Who::Everybody, Kind::Environment, Some("connection_id")),
    ("POST", "/connection", "connection.import", Who::Everybody, Kind::Environment, Some("connection_id")),
    ("DELETE", "/connections/{id}", "connection.delete", Who::Everybody, Kind::Environment, None),
    ("DELETE", "/connection/{id}", "connection.delete", Who::Everybody, Kind::Environment, None),
    ("DELETE", "/connection/admin/{id}", "connection.delete", Who::Everybody, Kind::Environment, None),
    ("PATCH", "/connections/{id}", "connection.update", Who::People, Kind::Environment, None),
    (
        "POST",
        "/connections/metadata",
        "connection.metadata",
        Who::People,
        Kind::Environment,
        Some("connection_id"),
    ),
    (
        "PATCH",
        "/connections/metadata",
        "connection.metadata",
        Who::People,
        Kind::Environment,
        Some("connection_id"),
    ),
    ("GET", "/connections/{id}", "connection.read", Who::People, Kind::Environment, None),
    ("GET", "/connections/{id}/token", "connection.read", Who::People, Kind::Environment, None),
    ("POST", "/connect/sessions", "connect_session.create", Who::People, Kind::Environment, None),
    (
        "POST",
        "/connect/sessions/reconnect",
        "connect_session.reconnect",
        Who::People,
        Kind::Environment,
        Some("connection_id"),
    ),
    ("POST", "/webhooks/deliveries/{id}/replay", "delivery.replay", Who::People, Kind::Environment, None),
    ("PATCH", "/environment", "environment.update", Who::Everybody, Kind::Environment, None),
    ("GET", "/environment/webhook-signing-key", "webhook_key.read", Who::People, Kind::Environment, None),
    ("PUT", "/environment/webhook-signing-key", "webhook_key.set", Who::Everybody, Kind::Environment, None),
    (
        "POST",
        "/environment/webhook-signing-key/rotate",
        "webhook_key.rotate",
        Who::Everybody,
        Kind::Environment,
        None,
    ),
    ("GET", "/environment-variables", "variables.read", Who::People, Kind::Environment, None),
    ("PUT", "/environment-variables", "variables.replace", Who::Everybody, Kind::Environment, None),
    ("POST", "/environment/api-keys", "api_key.create", Who::Everybody, Kind::Account, Some("display_name")),
    ("DELETE", "/environment/api-keys", "api_key.revoke", Who::Everybody, Kind::Account, Some("key_id")),
    ("POST", "/operator/api-keys", "api_key.import", Who::Everybody, Kind::Environment, Some("display_name")),
    ("POST", "/environments", "environment.create", Who::Everybody, Kind::Account, Some("name")),
    ("DELETE", "/environments/{id}", "environment.delete", Who::Everybody, Kind::Account, None),
    ("POST", "/account/api-keys", "account_key.create", Who::Everybody, Kind::Account, Some("display_name")),
    ("DELETE", "/account/api-keys/{id}", "account_key.revoke", Who::Everybody, Kind::Account, None),
    ("POST", "/operator/backup", "operator.backup", Who::Everybody, Kind::Account, Some("directory")),
    ("POST", "/operator/keys", "encryption_key.learn", Who::Everybody, Kind::Account, None),
    ("POST", "/operator/keys/rotation", "encryption_key.rotate", Who::Everybody, Kind::Account, Some("to")),
    ("PATCH", "/internal/account", "account.update", Who::Everybody, Kind::Account, None),
    ("POST", "/internal/account/totp", "account.totp_begin", Who::Everybody, Kind::Account, None),
    ("POST", "/internal/account/totp/confirm", "account.totp_on", Who::Everybody, Kind::Account, None),
    ("DELETE", "/internal/account/totp", "account.totp_off", Who::Everybody, Kind::Account, None),
    ("DELETE", "/internal/account/sessions/{id}", "session.end", Who::Everybody, Kind::Account, None),
    ("POST", "/internal/users", "user.invite", Who::Everybody, Kind::Account, Some("email")),
    ("PATCH", "/internal/users/{id}", "user.update", Who::Everybody, Kind::Account, None),
    ("DELETE", "/internal/users/{id}", "user.remove", Who::Everybody, Kind::Account, None),
    ("POST", "/internal/users/{id}/reset", "user.reset_link", Who::Everybody, Kind::Account, None),
    ("POST", "/internal/users/{id}/disable-totp", "user.disable_totp", Who::Everybody, Kind::Account, None),
    ("POST", "/internal/setup-link", "user.setup_link", Who::Everybody, Kind::Account, None),
    ("POST", "/internal/playground", "playground.call", Who::People, Kind::Environment, Some("connection")),
    ("POST", "/internal/logs/{id}/replay", "operation.replay", Who::People, Kind::Environment, None),
    (
        "POST",
        "/internal/connections/{integration}/{id}/refresh",
        "connection.refresh",
        Who::People,
        Kind::Environment,
        None,
    ),
    (
        "POST",
        "/internal/test-connection",
        "connect_session.create",
        Who::People,
        Kind::Environment,
        Some("integration"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_written_down_when_they_configure_and_people_whenever_they_change() {
        let key = Caller::Key { id: 1, name: "backend".to_owned() };
        let person = Caller::Person { id: "p".to_owned(), email: "ada@example.com".to_owned() };
        let rule = |method: Method, path: &str| Rule::find(&method, path, "");
        for (method, path, by_key) in [
            (Method::PATCH, "/integrations/{key}", true),
            (Method::DELETE, "/connections/{id}", true),
            (Method::POST, "/connections/metadata", false),
            (Method::POST, "/connect/sessions", false),
            (Method::POST, "/internal/some-day", false),
        ] {
            let rule = rule(method, path).unwrap();
            assert_eq!((rule.concerns(&key), rule.concerns(&person)), (by_key, true), "{path}");
        }
        assert_eq!(rule(Method::POST, "/internal/some-day").unwrap().action, "POST /internal/some-day");
        for silent in ["/integrations", "/internal/session", "/operations"] {
            assert!(rule(Method::GET, silent).is_none(), "{silent}");
        }
        assert!(rule(Method::POST, "/internal/sign-in").is_none());
        assert!(rule(Method::GET, "/integrations/{key}").is_none());
        assert!(Rule::find(&Method::GET, "/integrations/{key}", "include=credentials").is_some());
    }

    /// A route whose path changed would silently lose its name.
    #[test]
    fn every_listed_path_is_a_route() {
        let router = include_str!("../router.rs");
        // Those of the playground and its kin are their author's.
        let own = LISTED.iter().filter(|(_, path, ..)| {
            !["/internal/playground", "/internal/logs", "/internal/connections", "/internal/test-connection"]
                .iter()
                .any(|start| path.starts_with(start))
        });
        for (_, path, ..) in own {
            assert!(router.contains(&format!("\"{path}\"")), "{path}");
        }
    }
}
