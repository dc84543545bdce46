//! Links to come in by. The token stands in the fragment, which browsers send to nobody.

use domain::Secret;
use domain::person::Email;
use serde_json::Map;
use store::{LinkPurpose, NewLink, NewUser, StoreError};

use super::passwords::check_new;
use super::{People, PersonName, SignedIn, Visitor, new_token};
use crate::api_keys;
use crate::audit::{self, Entry};
use crate::error::Error;

/// How long a setup link works, milliseconds.
pub const SETUP_LINK_MS: i64 = 3600 * 1000;
const INVITATION_MS: i64 = 7 * 24 * 3600 * 1000;
const RESET_MS: i64 = 24 * 3600 * 1000;

/// What a link says before it is used.
#[derive(Debug, Clone)]
pub struct ShownLink {
    /// Whose it is.
    pub email: Email,
    /// What they are called so far.
    pub name: String,
    /// Invitation or reset.
    pub purpose: LinkPurpose,
}

/// What somebody fills in who comes by a link.
#[derive(Debug)]
pub struct ComeIn {
    /// The link's token.
    pub token: Secret,
    /// What they want to be called.
    pub name: Option<PersonName>,
    /// Their new password.
    pub password: Secret,
}

impl People {
    /// A new link for the first person; `None` when there is somebody.
    ///
    /// # Errors
    /// The database failed.
    pub async fn setup_link(&self) -> Result<Option<Secret>, Error> {
        let context = &self.context;
        if context.store.count_users().await? > 0 {
            return Ok(None);
        }
        let (token, link) = self.new_link(LinkPurpose::Setup);
        context.store.insert_setup_link(link, context.now_ms()).await?;
        Ok(Some(self.address("setup", &token)))
    }

    /// Whether there is nobody yet.
    ///
    /// # Errors
    /// The database failed.
    pub async fn setup_needed(&self) -> Result<bool, Error> {
        Ok(self.context.store.count_users().await? == 0)
    }

    /// Makes the first person, an owner, and signs them in.
    ///
    /// # Errors
    /// The link does not work (any more), or a field is not right.
    pub async fn set_up(&self, email: &str, come: ComeIn, visitor: &Visitor) -> Result<SignedIn, Error> {
        let context = &self.context;
        let email = Email::parse(email).map_err(|why| Error::field(why, &["email"]))?;
        let Some(name) = &come.name else {
            return Err(Error::field("a name has 1 to 100 characters", &["name"]));
        };
        check_new(&come.password, &["password"])?;
        let password = self.hasher.hash(&come.password, &*context.entropy).await?;
        let user = NewUser {
            id: context.uuid(),
            email,
            name: name.as_str().to_owned(),
            owner: true,
            password: Some(password),
            oidc: None,
            roles: Vec::new(),
        };
        let (id, hash) = (user.id.clone(), api_keys::hash(come.token.expose()));
        if !context.store.set_up(&hash, user, context.now_ms()).await? {
            return Err(Error::refused(
                "invalid_link",
                "This setup link was used or is older than an hour, or somebody is set up already. \
                 `sheetbend users setup-link` makes another while nobody is.",
            ));
        }
        self.came_in(&id, "user.setup", visitor).await
    }

    /// What an invitation or reset says.
    ///
    /// # Errors
    /// The link does not work (any more).
    pub async fn show_link(&self, token: &Secret) -> Result<ShownLink, Error> {
        let hash = api_keys::hash(token.expose());
        let now_ms = self.context.now_ms();
        let found = self.context.store.find_user_link(&hash).await?;
        let found = found.filter(|link| link.expires_at_ms > now_ms).ok_or_else(dead)?;
        Ok(ShownLink { email: found.user.email, name: found.user.name, purpose: found.purpose })
    }

    /// Takes an invitation or reset: the password is the new one, every session ends, and this visitor comes in.
    ///
    /// # Errors
    /// The link does not work (any more), or a field is not right.
    pub async fn accept(&self, come: ComeIn, visitor: &Visitor) -> Result<SignedIn, Error> {
        let context = &self.context;
        let shown = self.show_link(&come.token).await?;
        check_new(&come.password, &["password"])?;
        let name = come.name.as_ref().map_or("", PersonName::as_str);
        let password = self.hasher.hash(&come.password, &*context.entropy).await?;
        let hash = api_keys::hash(come.token.expose());
        let taken = context.store.take_user_link(&hash, name, &password, context.now_ms()).await?;
        let id = taken.ok_or_else(dead)?;
        let action = match shown.purpose {
            LinkPurpose::Reset => "user.reset_password",
            _ => "user.accept",
        };
        self.came_in(&id, action, visitor).await
    }

    async fn came_in(&self, id: &str, action: &str, visitor: &Visitor) -> Result<SignedIn, Error> {
        let user = self.context.store.user(id).await?;
        let user = user.ok_or_else(|| Error::NotFound("User not found".to_owned()))?;
        let entry = Entry {
            actor: audit::person(&user),
            environment: None,
            action: action.to_owned(),
            target: user.email.as_str().to_owned(),
            detail: Map::new(),
        };
        audit::done(&self.context, entry, 200).await?;
        self.let_in(&user, visitor, "link").await
    }

    /// A new link with which a person chooses a password; earlier ones end.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn reset_link(&self, id: &str) -> Result<Secret, Error> {
        let context = &self.context;
        let user = context.store.user(id).await?;
        let user = user.ok_or_else(|| Error::NotFound("User not found".to_owned()))?;
        let purpose = if user.may_sign_in() { LinkPurpose::Reset } else { LinkPurpose::Invite };
        let (token, link) = self.new_link(purpose);
        match context.store.insert_user_link(id, link, context.now_ms()).await {
            Err(StoreError::Other(_)) => Err(Error::NotFound("User not found".to_owned())),
            other => Ok(other.map(|()| self.address("invitation", &token))?),
        }
    }

    /// A token and what the database keeps of it.
    pub(super) fn new_link(&self, purpose: LinkPurpose) -> (Secret, NewLink) {
        let token = new_token(&self.context);
        let life = match purpose {
            LinkPurpose::Setup => SETUP_LINK_MS,
            LinkPurpose::Invite => INVITATION_MS,
            LinkPurpose::Reset => RESET_MS,
        };
        let hash = api_keys::hash(token.expose());
        let link = NewLink { hash, purpose, expires_at_ms: self.context.now_ms() + life };
        (token, link)
    }

    pub(super) fn address(&self, page: &str, token: &Secret) -> Secret {
        let public_url = &self.context.settings.public_url;
        Secret::from(format!("{public_url}/app/{page}#token={}", token.expose()))
    }
}

fn dead() -> Error {
    Error::refused("invalid_link", "This link was used or is too old. Ask an owner for another one.")
}
