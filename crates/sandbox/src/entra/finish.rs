//! The end of an authorization request: consent where it is needed, then a code (or an id token) for the app.

use super::authorize::{Authorize, Prompt, Wants};
use super::code::CodeGrant;
use super::consent::{self, Insistence, Wanted};
use super::failure::Failure;
use super::flow::{Actor, Pending, Step};
use super::mint::{self, Subject};
use super::pages::{self, ConsentPage, ConsentScope};
use super::scopes::ScopeRequest;
use crate::directory::{ConsentBy, Standing, TenantKind};
use crate::principal::ClientProof;
use crate::random;
use crate::web::Reply;

/// Shows the consent page, or the lack of a right to it, or goes back to the app.
pub(super) fn authorize(step: &Step<'_>, asked: &Authorize, actor: &Actor, pending: &Pending) -> Reply {
    let scope = match in_tenant(asked, actor) {
        Ok(scope) => scope,
        Err(failure) => return asked.callback.refuse(&failure, &step.ids),
    };
    let wanted = wanted(step, asked, &scope, actor);
    if wanted.is_empty() {
        return issue(step, asked, scope, actor);
    }
    let allowed = consent::may_consent(&actor.tenant, &actor.user, &wanted);
    if asked.prompt == Prompt::None {
        let failure = match allowed {
            true => {
                Failure::new(65001, "The user or administrator has not consented to use the application.")
            }
            false => Failure::new(
                90094,
                "Admin consent is required for the permissions requested by this application.",
            ),
        };
        return asked.callback.reply(vec![
            ("error", "consent_required".into()),
            ("error_description", failure.description(&step.ids)),
        ]);
    }
    let flow = step.seal(pending);
    let action = step.action("consent");
    if !allowed {
        return pages::need_admin(&actor.app, &actor.user, &action, &flow, &step.ids);
    }
    let is_admin = actor.user.standing == Standing::Admin && actor.tenant.kind == TenantKind::Work;
    ConsentPage {
        action: &action,
        flow: &flow,
        app: &actor.app,
        user: &actor.user,
        permissions: consent::shown(&wanted),
        scope: if is_admin { ConsentScope::SelfOrOrganisation } else { ConsentScope::Self_ },
    }
    .reply()
}

/// What follows from the person's decision.
pub(super) fn decided(
    step: &Step<'_>,
    asked: &Authorize,
    actor: &Actor,
    decision: &str,
    whole: bool,
) -> Reply {
    let scope = match in_tenant(asked, actor) {
        Ok(scope) => scope,
        Err(failure) => return asked.callback.refuse(&failure, &step.ids),
    };
    let wanted = wanted(step, asked, &scope, actor);
    if decision == "return" {
        let failure = Failure::new(
            90094,
            "Admin consent is required for the permissions requested by this application.",
        );
        return asked.callback.refuse(&failure, &step.ids);
    }
    if decision != "accept" || !consent::may_consent(&actor.tenant, &actor.user, &wanted) {
        return asked.callback.refuse(&declined(actor), &step.ids);
    }
    let by = by(actor, whole);
    let directory = &step.world.directory;
    if let Err(error) = consent::record(directory, &actor.tenant, &actor.app, &by, &wanted, &Wanted::new()) {
        return asked
            .callback
            .refuse(&Failure::new(90033, format!("The sandbox cannot write: {error}.")), &step.ids);
    }
    issue(step, asked, scope, actor)
}

/// For whom an agreement counts.
pub(super) fn by(actor: &Actor, whole: bool) -> ConsentBy {
    match whole && actor.user.standing == Standing::Admin {
        true => ConsentBy::Everyone,
        false => ConsentBy::User(actor.user.id.clone()),
    }
}

/// AADSTS65004.
pub(super) fn declined(actor: &Actor) -> Failure {
    Failure::new(65004, format!("User declined to consent to access the app '{}'.", actor.app.name))
}

fn wanted(step: &Step<'_>, asked: &Authorize, scope: &ScopeRequest, actor: &Actor) -> Wanted {
    let insistence = match asked.prompt {
        Prompt::Consent => Insistence::All,
        _ => Insistence::Missing,
    };
    let directory = &step.world.directory;
    consent::wanted(directory, &actor.tenant, &actor.app, &actor.user, scope, asked.version, insistence)
}

/// The resources as they are in the person's tenant.
fn in_tenant(asked: &Authorize, actor: &Actor) -> Result<ScopeRequest, Failure> {
    let mut scope = asked.scope.clone();
    for of_resource in &mut scope.resources {
        of_resource.resource = of_resource.resource.in_tenant(&actor.tenant)?;
    }
    Ok(scope)
}

/// Back to the app with what it asked for.
fn issue(step: &Step<'_>, asked: &Authorize, scope: ScopeRequest, actor: &Actor) -> Reply {
    let world = step.world;
    let mut fields = vec![];
    let code = (asked.wants != Wants::IdToken).then(|| format!("1.{}", random::token::<800>()));
    if let Some(code) = &code {
        world.entra.put_code(
            code,
            CodeGrant {
                app: actor.app.id.clone(),
                tenant: actor.tenant.id.clone(),
                user: actor.user.id.clone(),
                seq: actor.account.seq,
                redirect_uri: asked.callback.uri.clone(),
                redirect_kind: asked.redirect_kind,
                challenge: asked.challenge.clone(),
                scope,
                nonce: asked.nonce.clone(),
                issued_ms: world.clock.now_ms(),
                redeemed: false,
            },
        );
        fields.push(("code", code.clone()));
    }
    if asked.wants != Wants::Code {
        let subject = Subject {
            tenant: &actor.tenant,
            app: &actor.app,
            user: Some(&actor.user),
            proof: ClientProof::None,
            login: &step.request.origin,
        };
        let token = mint::id_token(world, &subject, asked.version, asked.nonce.as_deref(), code.as_deref());
        fields.push(("id_token", token));
    }
    if asked.client_info {
        fields.push(("client_info", mint::client_info(&actor.user)));
    }
    fields.push(("session_state", random::guid()));
    asked.callback.reply(fields)
}
