//! What went wrong at a token endpoint, classed by who is affected and who must act (DESIGN §5).

use domain::connection::Actor;
use serde_json::{Map, Value};

use super::entra_codes;

/// Whom a failed token request concerns; decides what is marked and what is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// This grant is dead (`invalid_grant` and interaction errors): only this connection needs a new authorization.
    Grant,
    /// The client is misconfigured (`invalid_client`, …): the developer must act, no connection is touched.
    Client,
    /// The other side or the way to it has a passing failure: retry, keep the old token.
    Passing,
    /// Not known: nothing is destroyed.
    Unknown,
}

/// A failed token request, in words for people and fields for support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenProblem {
    /// Whom it concerns.
    pub concern: Concern,
    /// `AADSTS…`, the OAuth `error`, or one of our own (`token_endpoint_unreachable`, …).
    pub code: String,
    /// What happened.
    pub cause: String,
    /// Who must act.
    pub actor: Actor,
    /// What they must do.
    pub remedy: String,
    /// The vendor's page.
    pub link: Option<String>,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// Entra's trace id, for Microsoft's support.
    pub trace_id: Option<String>,
    /// Entra's correlation id, for Microsoft's support.
    pub correlation_id: Option<String>,
    /// The OAuth `error` field.
    pub oauth_error: Option<String>,
    /// The claims challenge to pass to a new authorization, when one was given.
    pub claims: Option<String>,
}

impl TokenProblem {
    /// A failure without a usable answer.
    pub fn passing(code: &str, cause: impl Into<String>) -> Self {
        Self {
            concern: Concern::Passing,
            code: code.to_owned(),
            cause: cause.into(),
            actor: Actor::Nobody,
            remedy: "Nothing; it is retried by itself. If it lasts, check that the server reaches the token endpoint."
                .to_owned(),
            link: None,
            status: None,
            trace_id: None,
            correlation_id: None,
            oauth_error: None,
            claims: None,
        }
    }

    /// A failure that a developer's configuration caused, before or instead of an answer.
    pub fn developer(code: &str, cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            concern: Concern::Client,
            actor: Actor::Developer,
            remedy: remedy.into(),
            ..Self::passing(code, cause)
        }
    }

    /// Reads an OAuth error answer (RFC 6749 §5.2), with Entra's additions.
    pub fn from_answer(status: u16, answer: &Map<String, Value>) -> Self {
        // All of it is stored and told further, and whoever answers may be anybody (a discovered MCP server).
        const LONGEST: usize = 4_000;
        let at_most =
            |key: &str, most| Some(answer.get(key)?.as_str()?.chars().take(most).collect::<String>());
        let text = |key: &str| at_most(key, LONGEST);
        let oauth_error = at_most("error", 200);
        let description = text("error_description").unwrap_or_default();
        let entra = entra_code(answer, &description);
        let known = entra.and_then(entra_codes::find);
        let concern = concern(status, oauth_error.as_deref(), text("suberror").as_deref());
        let (actor, remedy) = match known {
            Some(entry) => (entry.actor, entry.remedy.to_owned()),
            None => generic_remedy(concern),
        };
        let cause = match known {
            Some(entry) => entry.cause.to_owned(),
            None if description.is_empty() => {
                format!(
                    "The token endpoint answered {status} {}.",
                    oauth_error.as_deref().unwrap_or("without a reason")
                )
            }
            None => first_sentence(&description),
        };
        Self {
            concern,
            code: entra.map_or_else(
                || oauth_error.clone().unwrap_or_else(|| format!("http_{status}")),
                |code| format!("AADSTS{code}"),
            ),
            cause,
            actor,
            remedy,
            link: entra.map(entra_codes::link),
            status: Some(status),
            trace_id: at_most("trace_id", 200),
            correlation_id: at_most("correlation_id", 200),
            oauth_error,
            claims: text("claims"),
        }
    }

    /// The fields of a callback's error query as a problem; nothing is concerned but this attempt.
    pub fn from_callback(error: &str, description: &str) -> Self {
        let mut answer = Map::new();
        answer.insert("error".into(), error.into());
        answer.insert("error_description".into(), description.into());
        let mut problem = Self::from_answer(400, &answer);
        problem.status = None;
        if error == "access_denied" && entra_code(&answer, description).is_none() {
            problem.actor = Actor::User;
            problem.remedy = "Connect again and accept the permissions.".to_owned();
        }
        problem
    }

    /// True when only a new authorization helps.
    pub fn needs_reconnect(&self) -> bool {
        self.concern == Concern::Grant
    }
}

/// The AADSTS number: from `error_codes`, else from the description's `AADSTSnnn:` prefix.
fn entra_code(answer: &Map<String, Value>, description: &str) -> Option<u32> {
    let listed = answer.get("error_codes").and_then(Value::as_array).and_then(|codes| codes.first());
    if let Some(code) = listed.and_then(Value::as_u64) {
        return u32::try_from(code).ok();
    }
    let digits = &description[description.find("AADSTS")? + "AADSTS".len()..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

fn concern(status: u16, error: Option<&str>, suberror: Option<&str>) -> Concern {
    const INTERACTION: [&str; 8] = [
        "message_only",
        "additional_action",
        "basic_action",
        "user_password_expired",
        "consent_required",
        "bad_token",
        "ui_not_allowed",
        "interrupted_user",
    ];
    if status >= 500 || status == 429 || status == 408 {
        return Concern::Passing;
    }
    match error {
        Some("temporarily_unavailable" | "server_error" | "slow_down") => Concern::Passing,
        Some(
            "invalid_grant"
            | "interaction_required"
            | "consent_required"
            | "login_required"
            | "bad_token"
            | "access_denied",
        ) => Concern::Grant,
        Some(
            "invalid_client"
            | "unauthorized_client"
            | "invalid_scope"
            | "invalid_resource"
            | "invalid_request",
        ) => Concern::Client,
        _ if suberror.is_some_and(|sub| INTERACTION.contains(&sub)) => Concern::Grant,
        _ => Concern::Unknown,
    }
}

fn generic_remedy(concern: Concern) -> (Actor, String) {
    let (actor, remedy) = match concern {
        Concern::Grant => (Actor::User, "Connect the account again."),
        Concern::Client => (Actor::Developer, "Check the integration's client id, secret, scopes and URLs."),
        Concern::Passing => (Actor::Nobody, "Nothing; it is retried by itself."),
        Concern::Unknown => (Actor::Developer, "Look at the operation's messages for the answer's details."),
    };
    (actor, remedy.to_owned())
}

/// Descriptions go on with trace ids and time stamps, which have fields of their own.
fn first_sentence(description: &str) -> String {
    let end = description.find(" Trace ID:").or_else(|| description.find('\r')).unwrap_or(description.len());
    description[..end].chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(json: Value) -> Map<String, Value> {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn a_dead_refresh_token_concerns_the_one_connection() {
        let problem = TokenProblem::from_answer(
            400,
            &answer(serde_json::json!({
                "error": "invalid_grant", "error_codes": [700_082], "trace_id": "t-1", "correlation_id": "c-1",
                "error_description": "AADSTS700082: The refresh token has expired. Trace ID: t-1"
            })),
        );
        assert_eq!((problem.concern, problem.actor), (Concern::Grant, Actor::User));
        assert_eq!(problem.code, "AADSTS700082");
        assert_eq!(problem.trace_id.as_deref(), Some("t-1"));
        assert!(problem.needs_reconnect());
    }

    #[test]
    fn a_wrong_secret_concerns_the_developer_and_no_connection() {
        let problem = TokenProblem::from_answer(
            401,
            &answer(serde_json::json!({"error": "invalid_client", "error_codes": [7_000_215]})),
        );
        assert_eq!((problem.concern, problem.actor), (Concern::Client, Actor::Developer));
        assert!(!problem.needs_reconnect());
    }

    #[test]
    fn passing_failures_and_unknown_errors_destroy_nothing() {
        for (status, json) in [
            (503, serde_json::json!({"error": "invalid_grant"})),
            (400, serde_json::json!({"error": "temporarily_unavailable"})),
            (429, serde_json::json!({})),
        ] {
            assert_eq!(TokenProblem::from_answer(status, &answer(json)).concern, Concern::Passing);
        }
        let unknown = TokenProblem::from_answer(400, &answer(serde_json::json!({"error": "odd"})));
        assert_eq!(unknown.concern, Concern::Unknown);
    }

    #[test]
    fn a_hostile_answer_is_cut() {
        let long = "ü".repeat(1 << 20);
        let hostile = serde_json::json!({"error": long, "error_description": long, "trace_id": long,
            "correlation_id": long, "claims": long});
        let problem = TokenProblem::from_answer(400, &answer(hostile));
        assert!(format!("{problem:?}").len() < 30_000);
        let silent = TokenProblem::from_answer(400, &answer(serde_json::json!({"error": long})));
        assert!(silent.code.len() + silent.cause.len() < 2_000);
    }

    #[test]
    fn the_callback_s_description_names_the_code() {
        let problem = TokenProblem::from_callback("access_denied", "AADSTS65004: User declined to consent.");
        assert_eq!(problem.code, "AADSTS65004");
        assert_eq!(problem.actor, Actor::User);
    }
}
