//! Controls over time, tokens, failures and the list of requests.

use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Call;
use super::answers::{Answer, Refused, done};
use crate::entra::{self, EVERYBODY, SignIn, TokenKind};
use crate::faults::Fault;
use crate::seen::SeenRequest;

/// Most requests listed at once.
const MOST: usize = 10_000;

pub(super) fn requests(call: &Call<'_>) -> Answer {
    let number = |name: &str| -> Result<Option<u64>, Refused> {
        let read = |text: &str| text.parse().map_err(|_| Refused::Invalid(format!("{name} is not a number")));
        call.params.get(name).map(read).transpose()
    };
    let since = number("since")?.unwrap_or_default();
    let limit = number("limit")?.map_or(MOST, |limit| usize::try_from(limit).unwrap_or(MOST));
    let get = |name: &str| call.params.get(name);
    let fits = |request: &SeenRequest| {
        request.number >= since
            && get("method").is_none_or(|method| request.method.eq_ignore_ascii_case(method))
            && get("host").is_none_or(|host| crate::hosts::split_port(&request.host).0 == host)
            && get("path_prefix").is_none_or(|prefix| request.path.starts_with(prefix))
            && get("path_contains").is_none_or(|part| request.path.contains(part))
            && get("contains_authorization_sha256").is_none_or(|hash| request.carries_sha256(hash))
    };
    let list: Vec<SeenRequest> = call.world.seen.list().into_iter().filter(fits).take(limit).collect();
    Ok(json!({ "requests": list }))
}

pub(super) fn forget_requests(call: &Call<'_>) -> Answer {
    call.world.seen.clear();
    done()
}

pub(super) fn clock(call: &Call<'_>) -> Answer {
    Ok(json!({ "now_ms": call.world.clock.now_ms() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: i64,
}

pub(super) fn advance(call: &Call<'_>) -> Answer {
    let Advance { advance_ms } = call.read()?;
    call.world.clock.advance(advance_ms);
    clock(call)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    app: Option<String>,
    #[serde(default)]
    all: bool,
    #[serde(default)]
    access_tokens: bool,
}

impl Subject {
    fn id(&self, call: &Call<'_>) -> Result<String, Refused> {
        let missing = |what: &str| Refused::NotFound(format!("no such {what}"));
        match (&self.user, &self.app, self.all) {
            (Some(user), None, false) => {
                call.world.directory.user(user).map(|user| user.id).ok_or_else(|| missing("user"))
            }
            (None, Some(app), false) => {
                call.world.directory.app(app).map(|app| app.id).ok_or_else(|| missing("app"))
            }
            (None, None, true) => Ok(EVERYBODY.to_owned()),
            _ => Err(Refused::Invalid("name one of user, app, all".into())),
        }
    }
}

pub(super) fn revoke(call: &Call<'_>) -> Answer {
    let subject: Subject = call.read()?;
    let (id, now_ms) = (subject.id(call)?, call.world.clock.now_ms());
    call.world.entra.revoke(TokenKind::Refresh, &id, now_ms)?;
    if subject.access_tokens {
        call.world.entra.revoke(TokenKind::Access, &id, now_ms)?;
    }
    done()
}

pub(super) fn expire(call: &Call<'_>) -> Answer {
    let subject: Subject = call.read()?;
    let id = subject.id(call)?;
    call.world.entra.revoke(TokenKind::Access, &id, call.world.clock.now_ms())?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lives {
    access_life_s: u32,
}

pub(super) fn lives(call: &Call<'_>) -> Answer {
    let Lives { access_life_s } = call.read()?;
    call.world.entra.access_life_s.store(i64::from(access_life_s), Ordering::Relaxed);
    done()
}

pub(super) fn faults(call: &Call<'_>) -> Answer {
    Ok(json!({ "faults": call.world.faults.list() }))
}

pub(super) fn add_fault(call: &Call<'_>) -> Answer {
    let fault: Fault = call.read()?;
    call.world.faults.add(fault).map_err(|refused| Refused::Invalid(refused.to_string()))?;
    done()
}

pub(super) fn forget_faults(call: &Call<'_>) -> Answer {
    call.world.faults.clear();
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    resource_units_per_minute: Option<u32>,
}

pub(super) fn throttle(call: &Call<'_>) -> Answer {
    let Budget { resource_units_per_minute } = call.read()?;
    call.world.throttle.set(resource_units_per_minute.map(i64::from));
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInBody {
    app: String,
    user: String,
    scope: String,
}

pub(super) fn sign_in(call: &Call<'_>) -> Result<Value, Refused> {
    let body: SignInBody = call.read()?;
    let asked = SignIn { app_id: &body.app, upn: &body.user, scope: &body.scope, login: &call.origin };
    entra::sign_in(call.world, &asked)
        .map(|answer| answer.raw)
        .map_err(|failure| Refused::Invalid(format!("AADSTS{}: {}", failure.code, failure.message)))
}
