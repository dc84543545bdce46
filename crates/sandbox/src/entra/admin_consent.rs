//! Admin consent: an administrator agrees for a whole tenant, delegated and application permissions alike.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::authorize;
use super::callback::{Callback, ResponseMode};
use super::consent::{self, Wanted};
use super::failure::Failure;
use super::finish::declined;
use super::flow::{Actor, Pending, Purpose, Step};
use super::mint::Version;
use super::pages::{self, ConsentPage, ConsentScope};
use super::scopes::{Names, ScopeRequest};
use crate::directory::{App, ConsentBy, ResourceId, Standing};
use crate::web::{Params, Reply};

/// A request to `…/adminconsent` that is in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AdminConsent {
    pub authority: String,
    pub app: String,
    callback: Callback,
    /// v2 names scopes; v1 always means the whole registration.
    scope: Option<ScopeRequest>,
    /// `scope` as written, for the callback.
    written: String,
}

/// `GET /{tenant}/adminconsent` and `/{tenant}/v2.0/adminconsent`.
pub(super) fn start(step: Step<'_>, version: Version) -> Reply {
    let params = step.request.query();
    match read(&step, &params, version) {
        Ok(asked) => step.proceed(Purpose::AdminConsent(Box::new(asked)), None),
        Err(failure) => pages::error(&failure, &step.ids),
    }
}

fn read(step: &Step<'_>, params: &Params, version: Version) -> Result<AdminConsent, Failure> {
    let id = params.get("client_id").ok_or_else(|| Failure::missing("client_id"))?;
    let (app, _) = authorize::app_for(step.world, id, &step.request.authority)?;
    let redirect = authorize::redirect_uri(&app, params.get("redirect_uri"))?;
    let written = params.get("scope").unwrap_or_default();
    let scope = match (version, written) {
        (Version::V1, _) => None,
        (Version::V2, "") => return Err(Failure::missing("scope")),
        (Version::V2, written) => Some(ScopeRequest::parse(written)?),
    };
    let state = params.get("state").map(str::to_owned);
    Ok(AdminConsent {
        authority: step.request.authority.clone(),
        app: app.id,
        callback: Callback { uri: redirect.uri, mode: ResponseMode::Query, state },
        scope,
        written: written.to_owned(),
    })
}

/// The page for the administrator; anybody else is told to find one.
pub(super) fn show(step: &Step<'_>, asked: &AdminConsent, actor: &Actor, pending: &Pending) -> Reply {
    let (flow, action) = (step.seal(pending), step.action("consent"));
    if actor.user.standing != Standing::Admin {
        return pages::need_admin(&actor.app, &actor.user, &action, &flow, &step.ids);
    }
    let (scopes, roles) = match asked.wanted(&actor.app) {
        Ok(wanted) => wanted,
        Err(failure) => return pages::error(&failure, &step.ids),
    };
    let mut permissions = consent::shown(&scopes);
    permissions.extend(
        consent::shown(&roles)
            .into_iter()
            .map(|(title, name)| (format!("{title} (without a signed-in user)"), name)),
    );
    ConsentPage {
        action: &action,
        flow: &flow,
        app: &actor.app,
        user: &actor.user,
        permissions,
        scope: ConsentScope::Organisation,
    }
    .reply()
}

/// `admin_consent=True&tenant=…`, or the refusal.
pub(super) fn decided(step: &Step<'_>, asked: &AdminConsent, actor: &Actor, decision: &str) -> Reply {
    if decision != "accept" || actor.user.standing != Standing::Admin {
        let failure = declined(actor);
        return asked.callback.reply(vec![
            ("error", "access_denied".into()),
            ("error_description", failure.description(&step.ids)),
            ("admin_consent", "True".into()),
        ]);
    }
    let recorded = asked.wanted(&actor.app).and_then(|(scopes, roles)| {
        consent::record(
            &step.world.directory,
            &actor.tenant,
            &actor.app,
            &ConsentBy::Everyone,
            &scopes,
            &roles,
        )
        .map_err(|error| Failure::new(90033, format!("The sandbox cannot write: {error}.")))
    });
    if let Err(failure) = recorded {
        return pages::error(&failure, &step.ids);
    }
    let mut fields = vec![("admin_consent", "True".to_owned()), ("tenant", actor.tenant.id.clone())];
    if asked.scope.is_some() {
        fields.push(("scope", asked.written.clone()));
    }
    asked.callback.reply(fields)
}

impl AdminConsent {
    /// Delegated scopes and application roles that the administrator is asked for.
    fn wanted(&self, app: &App) -> Result<(Wanted, Wanted), Failure> {
        let listed = self.scope.iter().flat_map(|scope| &scope.resources);
        let whole = self.scope.is_none() || listed.clone().any(|asked| asked.names == Names::Default);
        let (mut scopes, mut roles) = (Wanted::new(), Wanted::new());
        if whole {
            for (resource, required) in &app.required {
                scopes.insert(*resource, required.delegated.clone());
                roles.insert(*resource, required.application.clone());
            }
        }
        for asked in listed {
            if let Names::Listed(names) = &asked.names {
                scopes.entry(asked.resource.id()).or_default().extend(names.iter().cloned());
            }
        }
        // offline_access and its kin are granted with the rest, or users would be asked for them one by one.
        let oidc = self.scope.iter().flat_map(|scope| &scope.oidc).cloned();
        scopes.entry(ResourceId::Graph).or_default().extend(oidc);
        scopes.retain(|_, names| !names.is_empty());
        roles.retain(|_, names: &mut BTreeSet<String>| !names.is_empty());
        match scopes.is_empty() && roles.is_empty() {
            true => {
                Err(Failure::new(650056, "Misconfigured application: its registration lists no permissions."))
            }
            false => Ok((scopes, roles)),
        }
    }
}
