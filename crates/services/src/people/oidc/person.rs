//! Whom an issuer vouches for, and whether they may come in.

use domain::EnvironmentId;
use domain::person::{Email, Role};
use serde_json::{Map, Value, json};
use store::{NewUser, StoreError, User};

use super::flow::refused;
use super::{Becomes, EmailTrust, OidcSettings};
use crate::audit::{self, Entry};
use crate::credentials::claims;
use crate::error::Error;
use crate::people::{People, roles_by_name};

impl People {
    /// The person of these claims: known by subject, else by a believed address, else admitted by the address's domain.
    pub(super) async fn vouched(
        &self,
        settings: &OidcSettings,
        issuer: &str,
        claims: &Map<String, Value>,
    ) -> Result<User, Error> {
        let store = &self.context.store;
        let subject = claims::text(claims, "sub").filter(|sub| !sub.is_empty() && sub.len() <= 255);
        let subject =
            subject.ok_or_else(|| refused("oidc_refused", "The company's sign-in named nobody."))?;
        let oidc = format!("{issuer} {subject}");
        if let Some(user) = store.user_by_oidc(&oidc).await? {
            return Ok(user);
        }
        let believed = settings.emails == EmailTrust::All
            || matches!(claims.get("email_verified"), Some(Value::Bool(true)))
            || claims::text(claims, "email_verified") == Some("true");
        let email =
            claims::text(claims, "email").filter(|_| believed).and_then(|text| Email::parse(text).ok());
        let email = email.ok_or_else(|| {
            refused("oidc_unverified", "The company's sign-in gave no verified e-mail address.")
        })?;
        if let Some(user) = store.user_by_email(&email).await? {
            if user.oidc.is_some() {
                // The address went to somebody else since; they are not the person we know.
                return Err(refused(
                    "oidc_taken",
                    "Somebody else is known by this e-mail address. Ask an owner.",
                ));
            }
            store.set_user_oidc(&user.id, &oidc, self.context.now_ms()).await?;
            return Ok(user);
        }
        self.admit(settings, email, oidc, claims::text(claims, "name")).await
    }

    async fn admit(
        &self,
        settings: &OidcSettings,
        email: Email,
        oidc: String,
        name: Option<&str>,
    ) -> Result<User, Error> {
        let context = &self.context;
        let rule = settings.admitted.iter().find(|rule| rule.domain == email.domain());
        let rule = rule.ok_or_else(|| {
            refused("oidc_not_invited", "You are not in the team yet. Ask an owner for an invitation.")
        })?;
        let (owner, roles) = match &rule.becomes {
            Becomes::Owner => (true, Vec::new()),
            Becomes::Role(role, names) => (false, self.admitted_to(*role, names).await?),
        };
        let name: String = name.unwrap_or_default().chars().filter(|c| !c.is_control()).take(100).collect();
        let name = if name.trim().is_empty() { email.as_str().to_owned() } else { name };
        let user = NewUser {
            id: context.uuid(),
            email: email.clone(),
            name,
            owner,
            password: None,
            oidc: Some(oidc),
            roles,
        };
        let id = user.id.clone();
        match context.store.insert_user(user, None, context.now_ms()).await {
            Err(StoreError::Duplicate(_)) => {
                return Err(refused(
                    "oidc_refused",
                    "Two of your browsers came in at the same time. Begin again.",
                ));
            }
            other => other?,
        }
        let user = context.store.user(&id).await?.ok_or(Error::Corrupt("a person who was just added"))?;
        let entry = Entry {
            actor: audit::person(&user),
            environment: None,
            action: "user.admit".to_owned(),
            target: email.as_str().to_owned(),
            detail: [("domain".to_owned(), json!(rule.domain)), ("owner".to_owned(), json!(owner))]
                .into_iter()
                .collect(),
        };
        audit::done(context, entry, 201).await?;
        Ok(user)
    }

    async fn admitted_to(
        &self,
        role: Role,
        names: &[domain::EnvironmentName],
    ) -> Result<Vec<(EnvironmentId, Role)>, Error> {
        if names.is_empty() {
            let all = self.context.store.environments().await?;
            return Ok(all.into_iter().map(|one| (one.id, role)).collect());
        }
        let named: Vec<_> = names.iter().map(|name| (name.clone(), role)).collect();
        roles_by_name(&self.context, &named).await
    }
}
