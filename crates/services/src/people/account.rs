//! What people change about themselves.

use domain::Secret;
use store::User;

use super::guesses::{self, Guess};
use super::passwords::check_new;
use super::sign_in::totp_place;
use super::{People, Person, PersonName, codes, totp};
use crate::error::Error;

/// What to change; what is absent stays.
#[derive(Debug, Default)]
pub struct AccountChange {
    /// Another name.
    pub name: Option<PersonName>,
    /// The present password and the next one.
    pub password: Option<(Secret, Secret)>,
}

/// For the authenticator app.
#[derive(Debug)]
pub struct Enrolment {
    /// The secret, base32.
    pub secret: Secret,
    /// The same as `otpauth:` URI.
    pub uri: Secret,
}

impl People {
    /// Changes a person's own account; with a new password every other session ends. `token` is the present one's.
    ///
    /// # Errors
    /// The present password is not right, or a field is not.
    pub async fn change_account(
        &self,
        person: &Person,
        token: &Secret,
        change: AccountChange,
    ) -> Result<(), Error> {
        let context = &self.context;
        if let Some((current, new)) = &change.password {
            check_new(new, &["password", "new"])?;
            self.prove(&person.user, current, &["password", "current"]).await?;
            let hash = self.hasher.hash(new, &*context.entropy).await?;
            let keep = crate::api_keys::hash(token.expose());
            context.store.set_user_password(&person.user.id, &hash, &keep, context.now_ms()).await?;
        }
        if let Some(name) = &change.name {
            context.store.rename_user(&person.user.id, name.as_str(), context.now_ms()).await?;
        }
        Ok(())
    }

    /// Checks the password of somebody who is signed in.
    async fn prove(&self, user: &User, password: &Secret, field: &[&str]) -> Result<(), Error> {
        let guesses = [Guess::Everywhere(user.email.as_str().to_owned())];
        guesses::spend(&self.context, &guesses).await?;
        if self.hasher.verify(password, user.password.as_ref()).await? {
            return Ok(());
        }
        Err(Error::field("the password is not right", field))
    }

    /// A new secret of one-time passwords; it counts once confirmed.
    ///
    /// # Errors
    /// One-time passwords are on already.
    pub async fn enrol(&self, person: &Person) -> Result<Enrolment, Error> {
        let context = &self.context;
        let mut bytes = zeroize::Zeroizing::new([0; totp::SECRET_BYTES]);
        context.entropy.fill(&mut *bytes);
        let sealed = context.vault.seal(&totp_place(&person.user.id), &*bytes)?;
        if !context.store.set_user_totp(&person.user.id, &sealed, context.now_ms()).await? {
            return Err(Error::Conflict(
                "One-time passwords are on already; switch them off first".to_owned(),
            ));
        }
        let secret = totp::base32(&*bytes);
        let uri = totp::uri(&secret, person.user.email.as_str()).into();
        Ok(Enrolment { secret: secret.into(), uri })
    }

    /// Asks for one-time passwords from now on; the recovery codes, shown once.
    ///
    /// # Errors
    /// The code is not right, or nothing waits for one.
    pub async fn confirm_totp(&self, person: &Person, code: &str) -> Result<Vec<String>, Error> {
        let context = &self.context;
        let nothing = || Error::Conflict("There is no new secret to confirm; begin again".to_owned());
        let pending = person.user.totp.as_ref().filter(|totp| totp.confirmed_at_ms.is_none());
        let pending = pending.ok_or_else(nothing)?;
        guesses::spend(context, &[Guess::Code(person.user.id.clone())]).await?;
        let secret = context.vault.open(&totp_place(&person.user.id), &pending.sealed)?;
        let now_ms = context.now_ms();
        let step = totp::matching_step(&secret, code, now_ms, 0)
            .ok_or_else(|| Error::field("the code is not right; check the device's clock", &["code"]))?;
        let codes = codes::generate(&*context.entropy);
        let hashes = codes.iter().filter_map(|code| codes::hash(code)).collect();
        match context.store.confirm_user_totp(&person.user.id, step, hashes, now_ms).await? {
            true => Ok(codes),
            false => Err(nothing()),
        }
    }

    /// Asks for no one-time passwords any more.
    ///
    /// # Errors
    /// The password is not right.
    pub async fn leave_totp(&self, person: &Person, password: &Secret) -> Result<(), Error> {
        self.prove(&person.user, password, &["password"]).await?;
        Ok(self.context.store.clear_user_totp(&person.user.id, self.context.now_ms()).await?)
    }
}
