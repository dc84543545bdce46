//! The team, as an owner or the operator looks after it.

use std::collections::HashMap;

use domain::person::{Email, Role};
use domain::{EnvironmentName, Secret};
use store::{LinkPurpose, NewUser, RoleIn, StoreError, User};

use super::{People, roles_by_name};
use crate::error::Error;

/// Somebody, with what they are where.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who.
    pub user: User,
    /// What they are where.
    pub roles: Vec<RoleIn>,
}

/// Somebody to invite.
#[derive(Debug)]
pub struct NewMember {
    /// Where they get the link is the inviter's business; this is what they sign in with.
    pub email: Email,
    /// Whether they may do everything.
    pub owner: bool,
    /// What they are where.
    pub roles: Vec<(EnvironmentName, Role)>,
}

/// What to change about somebody; what is absent stays.
#[derive(Debug, Default)]
pub struct MemberChange {
    /// Whether they may do everything.
    pub owner: Option<bool>,
    /// All their roles.
    pub roles: Option<Vec<(EnvironmentName, Role)>>,
}

impl People {
    /// Everybody, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn members(&self) -> Result<Vec<Member>, Error> {
        let mut roles: HashMap<String, Vec<RoleIn>> = HashMap::new();
        for (user, role) in self.context.store.all_roles().await? {
            roles.entry(user).or_default().push(role);
        }
        let users = self.context.store.users().await?;
        let with_roles = |user: User| Member { roles: roles.remove(&user.id).unwrap_or_default(), user };
        Ok(users.into_iter().map(with_roles).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn member(&self, id: &str) -> Result<Member, Error> {
        let user = self.context.store.user(id).await?.ok_or_else(unknown)?;
        Ok(Member { roles: self.context.store.roles_of(&user.id).await?, user })
    }

    /// Adds a person and makes their invitation.
    ///
    /// # Errors
    /// The address is taken, or an environment does not exist.
    pub async fn invite(&self, new: NewMember) -> Result<(Member, Secret), Error> {
        let context = &self.context;
        if context.store.count_users().await? == 0 {
            let message =
                "There is nobody yet: the first person comes by a setup link (`sheetbend users setup-link`)";
            return Err(Error::Conflict(message.to_owned()));
        }
        let (token, link) = self.new_link(LinkPurpose::Invite);
        let user = NewUser {
            id: context.uuid(),
            name: new.email.as_str().to_owned(),
            email: new.email,
            owner: new.owner,
            password: None,
            oidc: None,
            roles: roles_by_name(context, &new.roles).await?,
        };
        let id = user.id.clone();
        match context.store.insert_user(user, Some(link), context.now_ms()).await {
            Err(StoreError::Duplicate(_)) => {
                Err(Error::Conflict("Somebody with this e-mail address is in the team already".to_owned()))
            }
            other => {
                other?;
                Ok((self.member(&id).await?, self.address("invitation", &token)))
            }
        }
    }

    /// Changes what a person may do, from their next call on.
    ///
    /// # Errors
    /// There is no such person or environment, or no owner would be left.
    pub async fn change_member(&self, id: &str, change: MemberChange) -> Result<Member, Error> {
        let context = &self.context;
        self.member(id).await?;
        let roles = match change.roles {
            Some(roles) => Some(roles_by_name(context, &roles).await?),
            None => None,
        };
        context.store.change_user(id, change.owner, roles, context.now_ms()).await.map_err(explain)?;
        self.member(id).await
    }

    /// Removes a person; their sessions end at once.
    ///
    /// # Errors
    /// There is no such person, or no owner would be left.
    pub async fn remove_member(&self, id: &str) -> Result<(), Error> {
        self.context.store.delete_user(id).await.map_err(explain)
    }

    /// Asks a person, who lost their device, for no one-time passwords any more.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn disable_totp(&self, id: &str) -> Result<(), Error> {
        self.member(id).await?;
        Ok(self.context.store.clear_user_totp(id, self.context.now_ms()).await?)
    }
}

fn unknown() -> Error {
    Error::NotFound("User not found".to_owned())
}

fn explain(error: StoreError) -> Error {
    match error {
        StoreError::NotFound(_) => unknown(),
        StoreError::LimitReached(_) => Error::Conflict(
            "This would leave no owner who can sign in; make somebody else an owner first".to_owned(),
        ),
        other => other.into(),
    }
}
