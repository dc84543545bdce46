//! People who sign in, and what they may do.

use crate::permission::Grants;

/// What a person is in one environment; an owner is more than either, in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Every right on the environment.
    Developer,
    /// Sees integrations, connections without credentials, the log and deliveries; changes nothing, calls nothing.
    Support,
}

impl Role {
    /// The spelling of the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::Support => "support",
        }
    }

    /// Reads that spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Developer, Self::Support].into_iter().find(|role| role.as_str() == text)
    }

    /// The scopes that it stands for.
    pub fn grants(self) -> Grants {
        match self {
            Self::Developer => Grants::everything(),
            Self::Support => Grants::new(SUPPORT.iter().map(|&scope| scope.to_owned()).collect()),
        }
    }
}

const SUPPORT: &[&str] = &[
    "environment:integrations:list",
    "environment:integrations:read",
    "environment:connections:list",
    "environment:connections:read",
    "environment:logs:read",
];

/// The longest address that mail knows (RFC 5321 §4.5.3.1.3, without the brackets).
const LONGEST_EMAIL: usize = 254;

/// An e-mail address in lower case, as people are known by: something, `@`, a host with a dot or `localhost`.
///
/// Deliberately no more: only a mail could tell whether it exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim().to_lowercase();
        let Some((local, host)) = text.rsplit_once('@') else { return Err("an e-mail address has an @") };
        let plain =
            |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>' | ',' | ';' | '"');
        if text.len() > LONGEST_EMAIL {
            return Err("an e-mail address has at most 254 characters");
        }
        let host_fits =
            host == "localhost" || (host.contains('.') && host.split('.').all(|label| !label.is_empty()));
        if local.is_empty() || local.contains('@') || !host_fits || !text.chars().all(plain) {
            return Err("this is no e-mail address");
        }
        Ok(Self(text))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, host)| host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::is_environment_scope;

    #[test]
    fn support_sees_and_changes_nothing() {
        let grants = Role::Support.grants();
        assert!(grants.as_slice().iter().all(|scope| is_environment_scope(scope)));
        assert!(grants.allow("environment:connections:read") && grants.allow("environment:logs:read"));
        for refused in [
            "environment:connections:read_credentials",
            "environment:integrations:read_credentials",
            "environment:connections:update",
            "environment:variables:read",
            "environment:webhook_signing_key:rotate",
            "environment:webhooks:replay",
            "environment:connect_sessions:write",
            "environment:proxy",
        ] {
            assert!(!grants.allow(refused) && Role::Developer.grants().allow(refused), "{refused}");
        }
        assert_eq!(Role::parse("owner"), None);
    }

    #[test]
    fn an_address_is_read_as_people_type_it() {
        assert_eq!(Email::parse(" Ada@Example.COM ").unwrap().as_str(), "ada@example.com");
        assert_eq!(Email::parse("a@b@localhost"), Err("this is no e-mail address"));
        assert_eq!(Email::parse("ada@mail.example.com").unwrap().domain(), "mail.example.com");
        for bad in ["", "ada", "@example.com", "ada@", "ada@example", "a b@example.com", "a@.com", "<a@b.c>"]
        {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(250))).is_err());
    }
}
