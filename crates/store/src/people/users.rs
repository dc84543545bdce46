//! Users: read, added, and what each changes about themself.

use domain::person::{Email, Role};
use domain::{EnvironmentId, EnvironmentName, Sealed, Secret};

use super::links::{self, NewLink};
use crate::Store;
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::{FromValue, Row, Value, params};

/// A person.
#[derive(Debug, Clone)]
pub struct User {
    /// Row id.
    pub id: String,
    /// What they sign in with.
    pub email: Email,
    /// What they are called.
    pub name: String,
    /// Whether they may do everything.
    pub owner: bool,
    /// The argon2 hash of the password (PHC string).
    pub password: Option<Secret>,
    /// The secret of their one-time passwords.
    pub totp: Option<Totp>,
    /// Issuer and subject of OpenID Connect, with a space between.
    pub oidc: Option<String>,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds, coarse.
    pub last_seen_at_ms: Option<i64>,
}

/// A secret of one-time passwords.
#[derive(Debug, Clone)]
pub struct Totp {
    /// Sealed to `users`, the user's id, `totp`.
    pub sealed: Sealed,
    /// When a first code proved that the person has it, Unix milliseconds; until then nobody is asked for codes.
    pub confirmed_at_ms: Option<i64>,
    /// The last time step whose code was taken.
    pub step: i64,
}

impl User {
    /// Whether the person could sign in.
    pub fn may_sign_in(&self) -> bool {
        self.password.is_some() || self.oidc.is_some()
    }

    /// The secret, if codes are asked for.
    pub fn confirmed_totp(&self) -> Option<&Totp> {
        self.totp.as_ref().filter(|totp| totp.confirmed_at_ms.is_some())
    }
}

/// A person to add.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Row id.
    pub id: String,
    /// What they sign in with.
    pub email: Email,
    /// What they are called.
    pub name: String,
    /// Whether they may do everything.
    pub owner: bool,
    /// The argon2 hash of the password.
    pub password: Option<Secret>,
    /// Issuer and subject of OpenID Connect.
    pub oidc: Option<String>,
    /// What they are where.
    pub roles: Vec<(EnvironmentId, Role)>,
}

/// A role in an environment that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleIn {
    /// The environment.
    pub environment: EnvironmentId,
    /// Its name.
    pub name: EnvironmentName,
    /// The role.
    pub role: Role,
}

macro_rules! user_columns {
    () => {
        "u.id, u.email, u.name, u.owner, u.password, u.totp, u.totp_confirmed_at, u.totp_step, u.oidc, u.created_at, \
         u.last_seen_at"
    };
}
pub(super) use user_columns;

statements! {
    INSERT = "INSERT INTO users (id, email, name, owner, password, totp_step, oidc, created_at, updated_at) \
              VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $7)";
    GIVE_ROLE = "INSERT INTO user_roles (user_id, environment_id, role) \
                 SELECT $1, id, $3 FROM environments WHERE id = $2 AND deleted_at IS NULL RETURNING 1";
    COUNT = "SELECT COUNT(*) FROM users";
    BY_ID = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id = $1");
    BY_EMAIL = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.email = $1");
    BY_OIDC = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.oidc = $1");
    LIST = concat!("SELECT ", user_columns!(), " FROM users u ORDER BY u.created_at, u.id");
    ROLES = "SELECT r.user_id, r.environment_id, e.name, r.role FROM user_roles r \
             JOIN environments e ON e.id = r.environment_id \
             WHERE e.deleted_at IS NULL AND ($1 = '' OR r.user_id = $1) ORDER BY r.environment_id";
    RENAME = "UPDATE users SET name = $2, updated_at = $3 WHERE id = $1";
    LINK = "UPDATE users SET oidc = $2, updated_at = $3 WHERE id = $1";
}

pub(super) fn read_user(row: &mut Row) -> Result<User, StoreError> {
    let (id, email, name, owner) = (row.take()?, row.take()?, row.take()?, row.take::<i64>()? != 0);
    let password: Option<String> = row.take()?;
    let (sealed, confirmed_at_ms, step): (Option<Sealed>, Option<i64>, i64) =
        (row.take()?, row.take()?, row.take()?);
    let totp = sealed.map(|sealed| Totp { sealed, confirmed_at_ms, step });
    Ok(User {
        id,
        email,
        name,
        owner,
        password: password.map(Secret::from),
        totp,
        oidc: row.take()?,
        created_at_ms: row.take()?,
        last_seen_at_ms: row.take()?,
    })
}

impl FromValue for Email {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        Email::parse(&String::from_value(value)?).map_err(StoreError::corrupt)
    }
}

impl Store {
    /// How many people there are.
    pub async fn count_users(&self) -> Result<i64, StoreError> {
        self.pool.look_up_one(COUNT, Vec::new()).await?.map_or(Ok(0), |mut row| row.take())
    }

    /// The person of this id.
    pub async fn user(&self, id: &str) -> Result<Option<User>, StoreError> {
        self.one_user(BY_ID, id).await
    }

    /// The person of this e-mail address.
    pub async fn user_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        self.one_user(BY_EMAIL, email.as_str()).await
    }

    /// The person of this issuer and subject.
    pub async fn user_by_oidc(&self, oidc: &str) -> Result<Option<User>, StoreError> {
        self.one_user(BY_OIDC, oidc).await
    }

    async fn one_user(&self, sql: &str, by: &str) -> Result<Option<User>, StoreError> {
        self.pool.look_up_one(sql, params![by]).await?.map(|mut row| read_user(&mut row)).transpose()
    }

    /// Everybody, oldest first.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let rows = self.pool.scan(LIST.to_owned(), Vec::new()).await?;
        rows.into_iter().map(|mut row| read_user(&mut row)).collect()
    }

    /// Everybody's roles: `(user id, role)`.
    pub async fn all_roles(&self) -> Result<Vec<(String, RoleIn)>, StoreError> {
        self.pool.scan(ROLES.to_owned(), params![""]).await?.into_iter().map(read_role).collect()
    }

    /// What a person is where; deleted environments are absent.
    pub async fn roles_of(&self, user: &str) -> Result<Vec<RoleIn>, StoreError> {
        let rows = self.pool.look_up(ROLES, params![user]).await?;
        rows.into_iter().map(|row| read_role(row).map(|(_, role)| role)).collect()
    }

    /// Adds a person, with a link to come in by.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] for the e-mail address or the subject, [`StoreError::NotFound`] for an environment.
    pub async fn insert_user(
        &self,
        user: NewUser,
        link: Option<NewLink>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let id = user.id.clone();
                    insert(tx, user, now_ms).await?;
                    match link {
                        Some(link) => links::insert(tx, Some(&id), &link, now_ms).await,
                        None => Ok(()),
                    }
                })
            })
            .await
    }

    /// Changes what a person is called.
    pub async fn rename_user(&self, id: &str, name: &str, now_ms: i64) -> Result<(), StoreError> {
        self.pool.execute(RENAME, params![id, name, now_ms]).await.map(drop)
    }

    /// Notes the subject of OpenID Connect that a person signs in as.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when somebody else is that subject.
    pub async fn set_user_oidc(&self, id: &str, oidc: &str, now_ms: i64) -> Result<(), StoreError> {
        self.pool.execute(LINK, params![id, oidc, now_ms]).await.map(drop)
    }
}

fn read_role(mut row: Row) -> Result<(String, RoleIn), StoreError> {
    let (user, environment, name, role): (_, i64, _, String) =
        (row.take()?, row.take()?, row.take()?, row.take()?);
    let role = Role::parse(&role).ok_or_else(|| StoreError::corrupt("a role"))?;
    Ok((user, RoleIn { environment: EnvironmentId(environment), name, role }))
}

/// Adds a person within a transaction.
pub(super) async fn insert(tx: &mut Tx<'_>, user: NewUser, now_ms: i64) -> Result<(), StoreError> {
    let NewUser { id, email, name, owner, password, oidc, roles } = user;
    let password = password.as_ref().map(Secret::expose);
    let parameters = params![&id, email.as_str(), name, i64::from(owner), password, oidc, now_ms];
    tx.execute(INSERT, parameters).await?;
    give_roles(tx, &id, &roles).await
}

pub(super) async fn give_roles(
    tx: &mut Tx<'_>,
    user: &str,
    roles: &[(EnvironmentId, Role)],
) -> Result<(), StoreError> {
    let lists: Vec<_> =
        roles.iter().map(|(environment, role)| params![user, *environment, role.as_str()]).collect();
    let given = tx.each(GIVE_ROLE, &lists).await?;
    if given.iter().all(Option::is_some) { Ok(()) } else { Err(StoreError::NotFound("environment")) }
}

pub(super) async fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.row(COUNT, Vec::new()).await?.map_or(Ok(0), |mut row| row.take())
}
