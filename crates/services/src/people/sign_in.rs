//! Signing in: password, then the one-time password where there is one.

use domain::Secret;
use domain::person::Email;
use serde_json::json;
use store::{SessionStage, User};

use super::guesses::{self, Guess, network};
use super::{People, SignedIn, Visitor, codes, totp};
use crate::audit::{self, Entry};
use crate::error::Error;

/// What the vault binds a secret of one-time passwords to.
pub(super) fn totp_place(user: &str) -> vault::Place<'_> {
    vault::Place::new("users", user, "totp")
}

impl People {
    /// Checks a password. The answer to an unknown address takes as long and says the same.
    ///
    /// # Errors
    /// `wrong_credentials`, or too many tries.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &Secret,
        visitor: &Visitor,
    ) -> Result<SignedIn, Error> {
        let from = network(visitor.address);
        let parsed = Email::parse(email).ok();
        let account = parsed.as_ref().map_or_else(String::new, |email| email.as_str().to_owned());
        let guesses =
            [Guess::Account(account.clone(), from), Guess::Everywhere(account), Guess::Network(from)];
        guesses::spend(&self.context, &guesses).await?;
        let user = match &parsed {
            Some(email) => self.context.store.user_by_email(email).await?,
            None => None,
        };
        let hash = user.as_ref().and_then(|user| user.password.as_ref());
        let right = self.hasher.verify(password, hash).await?;
        // An address that nobody has leaves no trace, or strangers would write the log.
        let Some(user) = user else { return Err(wrong()) };
        if !right {
            self.note_sign_in(&user, 401, "password").await?;
            return Err(wrong());
        }
        guesses::forgive(&self.context, &guesses).await?;
        self.let_in(&user, visitor, "password").await
    }

    /// Begins the session of somebody who proved who they are: half where one-time passwords are on.
    pub(super) async fn let_in(&self, user: &User, visitor: &Visitor, by: &str) -> Result<SignedIn, Error> {
        let stage = match user.confirmed_totp() {
            Some(_) => SessionStage::Half,
            None => SessionStage::Full,
        };
        let signed_in = self.begin(&user.id, stage, visitor).await?;
        if stage == SessionStage::Full {
            self.note_sign_in(user, 200, by).await?;
        }
        Ok(signed_in)
    }

    /// Checks the one-time password, or a recovery code, of a half session.
    ///
    /// # Errors
    /// `not_signed_in` without a half session, `wrong_code`, or too many tries.
    pub async fn second_step(&self, code: &str, visitor: &Visitor) -> Result<SignedIn, Error> {
        let token = visitor.token.as_ref();
        let found = match token {
            Some(token) => self.find(token, SessionStage::Half).await?,
            None => None,
        };
        let Some((found, _)) = found else { return Err(begin_again()) };
        let guesses = [Guess::Code(found.user.id.clone())];
        guesses::spend(&self.context, &guesses).await?;
        let by = if self.take_code(&found.user, code).await? {
            "totp"
        } else if self.take_recovery(&found.user, code).await? {
            "recovery_code"
        } else {
            self.note_sign_in(&found.user, 401, "totp").await?;
            return Err(Error::NotSignedIn {
                code: "wrong_code",
                message: "This code is not right, or was used.",
            });
        };
        guesses::forgive(&self.context, &guesses).await?;
        let signed_in = self.begin(&found.user.id, SessionStage::Full, visitor).await?;
        self.note_sign_in(&found.user, 200, by).await?;
        Ok(signed_in)
    }

    /// Whether a code is of now and was not taken before; it is taken.
    async fn take_code(&self, user: &User, code: &str) -> Result<bool, Error> {
        let Some(totp) = user.confirmed_totp() else { return Ok(false) };
        let secret = self.context.vault.open(&totp_place(&user.id), &totp.sealed)?;
        match totp::matching_step(&secret, code, self.context.now_ms(), totp.step) {
            Some(step) => Ok(self.context.store.take_totp_step(&user.id, step).await?),
            None => Ok(false),
        }
    }

    async fn take_recovery(&self, user: &User, code: &str) -> Result<bool, Error> {
        match codes::hash(code) {
            Some(hash) => Ok(self.context.store.take_recovery_code(&user.id, &hash).await?),
            None => Ok(false),
        }
    }

    pub(super) async fn note_sign_in(&self, user: &User, status: u16, by: &str) -> Result<(), Error> {
        let entry = Entry {
            actor: audit::person(user),
            environment: None,
            action: "session.sign_in".to_owned(),
            target: user.email.as_str().to_owned(),
            detail: [("by".to_owned(), json!(by))].into_iter().collect(),
        };
        audit::done(&self.context, entry, status).await
    }
}

fn wrong() -> Error {
    Error::NotSignedIn { code: "wrong_credentials", message: "E-mail address or password is not right." }
}

fn begin_again() -> Error {
    Error::NotSignedIn {
        code: "not_signed_in",
        message: "The sign-in took too long or was not begun here; begin again with the password.",
    }
}
