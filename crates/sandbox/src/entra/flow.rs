//! A browser's way through sign-in: who is it, may they come in, do they agree, and what then.
//!
//! Between pages the whole of it travels in a sealed form field, so the server remembers nothing.

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::admin_consent::{self, AdminConsent};
use super::authority::Authority;
use super::authorize::{self, Authorize, Prompt, Stop};
use super::device_page::{self, DeviceFlow};
use super::failure::{Failure, Ids};
use super::mint::Version;
use super::pages::{self, Choice, SignInPage};
use super::request::EntraRequest;
use super::sealed::Kind;
use super::session::{Session, SignedIn};
use super::{finish, grant};
use crate::directory::{App, Tenant, TenantKind, User};
use crate::web::Reply;
use crate::world::World;

/// What is escaped in a path's segment: all but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// How long a person may look at a page.
const PATIENCE_MS: i64 = 60 * 60 * 1000;

/// What the sign-in is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Purpose {
    Authorize(Box<Authorize>),
    AdminConsent(Box<AdminConsent>),
    Device(DeviceFlow),
}

/// A sign-in between two pages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Pending {
    pub purpose: Purpose,
    /// Who signed in, once they did.
    pub account: Option<SignedIn>,
    pub ends_ms: i64,
}

/// One step of a browser's way.
pub(super) struct Step<'a> {
    pub world: &'a World,
    pub request: &'a EntraRequest,
    pub ids: Ids,
    pub session: Session,
}

/// Everything known once a person is chosen.
pub(super) struct Actor {
    pub app: App,
    pub user: User,
    pub tenant: Tenant,
    pub account: SignedIn,
}

impl<'a> Step<'a> {
    pub fn new(world: &'a World, request: &'a EntraRequest) -> Self {
        let ids = Ids::of(world, &request.headers);
        Self { world, request, ids, session: Session::read(world, &request.headers) }
    }

    /// `GET` (or `POST`) `…/authorize`.
    pub fn authorize(self, version: Version) -> Reply {
        match authorize::read(self.world, self.request, version) {
            Ok(asked) => self.proceed(Purpose::Authorize(Box::new(asked)), None),
            Err(Stop::Page(failure)) => pages::error(&failure, &self.ids),
            Err(Stop::Callback(callback, failure)) => callback.refuse(&failure, &self.ids),
        }
    }

    /// Goes on as far as it can without the person.
    pub fn proceed(self, purpose: Purpose, account: Option<SignedIn>) -> Reply {
        let account = match account {
            Some(account) => account,
            None => match self.choose(&purpose) {
                Ok(account) => account,
                Err(reply) => return *reply,
            },
        };
        let actor = match self.actor(&purpose, account.clone()) {
            Ok(actor) => actor,
            Err(failure) => return pages::error(&failure, &self.ids),
        };
        let pending = Pending { purpose, account: Some(account), ends_ms: self.ends_ms() };
        match &pending.purpose {
            Purpose::Authorize(asked) => finish::authorize(&self, asked, &actor, &pending),
            Purpose::AdminConsent(asked) => admin_consent::show(&self, asked, &actor, &pending),
            Purpose::Device(flow) => device_page::show(&self, flow, &actor, &pending),
        }
    }

    /// `POST /{authority}/login`: somebody was picked or typed.
    pub fn login(mut self) -> Reply {
        let form = self.request.form();
        let Some(pending) = self.open(form.get("flow")) else { return self.lost() };
        let name = form.get("username").unwrap_or_default().trim().to_owned();
        let Some(user) = self.world.directory.user(&name) else {
            let message =
                "We couldn't find an account with that username. Pick one of the sandbox's accounts.";
            return self.sign_in_page(&pending.purpose, &name, Some(message));
        };
        // The second factor is simulated by the sign-in itself: a new sign-in satisfies the rule.
        let account = self.session.add(self.world, &user);
        if let Err(failure) = grant::check_user(&user, account.seq) {
            return pages::error(&failure, &self.ids);
        }
        let (world, origin, session) = (self.world, self.request.origin.clone(), self.session.clone());
        let mut reply = self.proceed(pending.purpose, Some(account));
        session.write(world, &origin, &mut reply);
        reply
    }

    /// `POST /{authority}/consent`: the person decided.
    pub fn decide(self) -> Reply {
        let form = self.request.form();
        let Some(pending) = self.open(form.get("flow")) else { return self.lost() };
        // The page's field alone is not enough: the browser must hold the session it was made for.
        let account =
            pending.account.clone().filter(|account| self.session.of(&account.user) == Some(account));
        let Some(account) = account else { return self.lost() };
        let decision = form.get("decision").unwrap_or_default();
        if decision == "switch" {
            return self.sign_in_page(&pending.purpose, "", None);
        }
        let actor = match self.actor(&pending.purpose, account) {
            Ok(actor) => actor,
            Err(failure) => return pages::error(&failure, &self.ids),
        };
        let whole = form.get("organization") == Some("1");
        match &pending.purpose {
            Purpose::Authorize(asked) => finish::decided(&self, asked, &actor, decision, whole),
            Purpose::AdminConsent(asked) => admin_consent::decided(&self, asked, &actor, decision),
            Purpose::Device(flow) => device_page::decided(&self, flow, &actor, decision, whole),
        }
    }

    pub fn seal(&self, pending: &Pending) -> String {
        self.world.entra.sealer.seal(Kind::Pending, pending)
    }

    pub fn ends_ms(&self) -> i64 {
        self.world.clock.now_ms() + PATIENCE_MS
    }

    /// The page's form target.
    pub fn action(&self, what: &str) -> String {
        format!("/{}/{what}", utf8_percent_encode(&self.request.authority, SEGMENT))
    }

    fn open(&self, flow: Option<&str>) -> Option<Pending> {
        (self.request.method == Method::POST).then_some(())?;
        let pending: Pending = self.world.entra.sealer.open(Kind::Pending, flow?)?;
        (self.world.clock.now_ms() < pending.ends_ms).then_some(pending)
    }

    fn lost(&self) -> Reply {
        let failure =
            Failure::new(50089, "Authentication failed due to flow token expired. Start again from the app.");
        pages::error(&failure, &self.ids)
    }

    /// Picks the account by what the app said and what the browser holds, or asks.
    fn choose(&self, purpose: &Purpose) -> Result<SignedIn, Box<Reply>> {
        let (prompt, hint) = match purpose {
            Purpose::Authorize(asked) => (asked.prompt, asked.login_hint.as_deref()),
            _ => (Prompt::Unsaid, None),
        };
        let page = || Box::new(self.sign_in_page(purpose, hint.unwrap_or_default(), None));
        if matches!(prompt, Prompt::Login | Prompt::SelectAccount) {
            return Err(page());
        }
        let fitting: Vec<SignedIn> = self
            .choices(purpose)
            .into_iter()
            .filter(|choice| hint.is_none_or(|hint| choice.user.upn.eq_ignore_ascii_case(hint)))
            .filter_map(|choice| self.session.of(&choice.user.id).cloned())
            .collect();
        match (fitting.as_slice(), prompt, purpose) {
            ([only], ..) => Ok(only.clone()),
            (sessions, Prompt::None, Purpose::Authorize(asked)) => {
                let failure = match sessions.is_empty() {
                    true => {
                        Failure::new(50058, "A silent sign-in request was sent but no user is signed in.")
                    }
                    false => Failure::new(
                        16000,
                        "Either multiple user identities are available for the current request or selected account is \
                         not supported for the scenario.",
                    ),
                };
                Err(Box::new(asked.callback.refuse(&failure, &self.ids)))
            }
            _ => Err(page()),
        }
    }

    fn sign_in_page(&self, purpose: &Purpose, hint: &str, message: Option<&str>) -> Reply {
        let pending = Pending { purpose: purpose.clone(), account: None, ends_ms: self.ends_ms() };
        let app = self.world.directory.app(purpose.app());
        SignInPage {
            action: &self.action("login"),
            flow: &self.seal(&pending),
            app: app.as_ref(),
            hint,
            message,
            choices: self.choices(purpose),
        }
        .reply()
    }

    /// The accounts that the sign-in page offers: those the authority and the domain hint admit.
    fn choices(&self, purpose: &Purpose) -> Vec<Choice> {
        let Ok(authority) = Authority::find(self.world, purpose.authority()) else { return vec![] };
        let hint = match purpose {
            Purpose::Authorize(asked) => asked.domain_hint.as_deref(),
            _ => None,
        };
        let hinted = |tenant: &Tenant| match hint {
            Some("organizations") => tenant.kind == TenantKind::Work,
            Some("consumers") => tenant.kind == TenantKind::Personal,
            Some(domain) => match self.world.directory.tenant(domain) {
                Some(named) => named.id == tenant.id,
                None => true,
            },
            None => true,
        };
        self.world
            .directory
            .tenants()
            .into_iter()
            .filter(|tenant| authority.admits(tenant) && hinted(tenant))
            .flat_map(|tenant| {
                self.world.directory.users_of(&tenant.id).into_iter().map(move |user| (tenant.clone(), user))
            })
            .map(|(tenant, user)| Choice { signed_in: self.session.of(&user.id).is_some(), tenant, user })
            .collect()
    }

    /// Loads everything about the chosen account and refuses those that may not come in here.
    fn actor(&self, purpose: &Purpose, account: SignedIn) -> Result<Actor, Failure> {
        let directory = &self.world.directory;
        let (app, authority) = authorize::app_for(self.world, purpose.app(), purpose.authority())?;
        let user = directory.user(&account.user);
        let user =
            user.ok_or_else(|| Failure::new(50034, "The user account does not exist in the directory."))?;
        let tenant = directory.tenant(&user.tenant_id);
        let tenant = tenant.ok_or_else(|| Failure::new(90002, "The user's tenant was not found."))?;
        grant::check_user(&user, account.seq)?;
        if !authority.admits(&tenant) {
            return Err(super::authority::not_in_tenant(&user, purpose.authority()));
        }
        let work_only = app.audience != crate::directory::Audience::MultiTenantAndPersonal;
        if tenant.kind == TenantKind::Personal && work_only {
            return Err(authorize::not_for_consumers());
        }
        Ok(Actor { app, user, tenant, account })
    }
}

impl Purpose {
    fn app(&self) -> &str {
        match self {
            Self::Authorize(asked) => &asked.app,
            Self::AdminConsent(asked) => &asked.app,
            Self::Device(flow) => &flow.app,
        }
    }

    fn authority(&self) -> &str {
        match self {
            Self::Authorize(asked) => &asked.authority,
            Self::AdminConsent(asked) => &asked.authority,
            Self::Device(flow) => &flow.authority,
        }
    }
}
