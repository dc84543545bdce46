//! Where a person types a device's code and agrees to its sign-in.

use http::Method;
use serde::{Deserialize, Serialize};

use super::consent::{self, Insistence, Wanted};
use super::device::DeviceState;
use super::failure::Failure;
use super::finish::by;
use super::flow::{Actor, Pending, Purpose, Step};
use super::mint::Version;
use super::pages::{self, ConsentPage, ConsentScope};
use super::scopes::ScopeRequest;
use crate::web::Reply;

/// A device's sign-in on the person's browser.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DeviceFlow {
    user_code: String,
    pub app: String,
    pub authority: String,
    scope: ScopeRequest,
}

/// `/common/oauth2/deviceauth`: asks for the code, then for the person.
pub(super) fn enter(step: Step<'_>) -> Reply {
    let query = step.request.query();
    if step.request.method != Method::POST {
        return pages::device(None, query.get("otc").unwrap_or_default());
    }
    let form = step.request.form();
    let code: String =
        form.get("otc").unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    let code = code.to_ascii_uppercase();
    let now_ms = step.world.clock.now_ms();
    let flow = step.world.entra.with_device(&code, |grant| {
        let grant = grant.filter(|grant| grant.state == DeviceState::Waiting && now_ms < grant.ends_ms)?;
        Some(DeviceFlow {
            user_code: code.clone(),
            app: grant.app.clone(),
            authority: grant.authority.clone(),
            scope: grant.scope.clone(),
        })
    });
    match flow {
        Some(flow) => step.proceed(Purpose::Device(flow), None),
        None => pages::device(Some("That code didn't work. Check the code and try again."), &code),
    }
}

/// Always asks: somebody else may have made the person type this code.
pub(super) fn show(step: &Step<'_>, flow: &DeviceFlow, actor: &Actor, pending: &Pending) -> Reply {
    let wanted = match wanted(step, flow, actor, Insistence::Missing) {
        Ok(wanted) => wanted,
        Err(failure) => return pages::error(&failure, &step.ids),
    };
    let (sealed, action) = (step.seal(pending), step.action("consent"));
    if !consent::may_consent(&actor.tenant, &actor.user, &wanted) {
        return pages::need_admin(&actor.app, &actor.user, &action, &sealed, &step.ids);
    }
    let all = wanted_or_empty(step, flow, actor);
    ConsentPage {
        action: &action,
        flow: &sealed,
        app: &actor.app,
        user: &actor.user,
        permissions: consent::shown(&all),
        scope: ConsentScope::Self_,
    }
    .reply()
}

/// Lets the device in, or not.
pub(super) fn decided(
    step: &Step<'_>,
    flow: &DeviceFlow,
    actor: &Actor,
    decision: &str,
    whole: bool,
) -> Reply {
    let wanted = match wanted(step, flow, actor, Insistence::Missing) {
        Ok(wanted) => wanted,
        Err(failure) => return pages::error(&failure, &step.ids),
    };
    let accepted = decision == "accept" && consent::may_consent(&actor.tenant, &actor.user, &wanted);
    if accepted {
        let directory = &step.world.directory;
        let by = by(actor, whole);
        if let Err(error) =
            consent::record(directory, &actor.tenant, &actor.app, &by, &wanted, &Wanted::new())
        {
            return pages::error(
                &Failure::new(90033, format!("The sandbox cannot write: {error}.")),
                &step.ids,
            );
        }
    }
    let state = match accepted {
        true => DeviceState::Approved { user: actor.user.id.clone(), seq: actor.account.seq },
        false => DeviceState::Declined,
    };
    step.world.entra.with_device(&flow.user_code, |grant| {
        if let Some(grant) = grant.filter(|grant| grant.state == DeviceState::Waiting) {
            grant.state = state;
        }
    });
    match accepted {
        true => pages::notice("You're signed in on your device", "You can close this window now."),
        false => {
            pages::notice("Sign-in declined", "The device was not signed in. You can close this window now.")
        }
    }
}

fn wanted(
    step: &Step<'_>,
    flow: &DeviceFlow,
    actor: &Actor,
    insistence: Insistence,
) -> Result<Wanted, Failure> {
    let mut scope = flow.scope.clone();
    for asked in &mut scope.resources {
        asked.resource = asked.resource.in_tenant(&actor.tenant)?;
    }
    let directory = &step.world.directory;
    Ok(consent::wanted(directory, &actor.tenant, &actor.app, &actor.user, &scope, Version::V2, insistence))
}

fn wanted_or_empty(step: &Step<'_>, flow: &DeviceFlow, actor: &Actor) -> Wanted {
    wanted(step, flow, actor, Insistence::All).unwrap_or_default()
}
