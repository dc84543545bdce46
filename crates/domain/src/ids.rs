//! Identifiers, parsed once at the edge and trusted afterwards (contract §1.10).

use std::fmt;

/// Why a string is not a valid identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be 1 to 255 characters of {allowed}")]
pub struct InvalidId {
    /// The noun, for example `connection_id`.
    pub what: &'static str,
    /// The allowed characters, for people.
    pub allowed: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $allowed:literal, $ok:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Accepts the value when it keeps the rule of contract §1.10.
            pub fn parse(value: &str) -> Result<Self, InvalidId> {
                let ok: fn(char) -> bool = $ok;
                if !value.is_empty() && value.len() <= 255 && value.chars().all(ok) {
                    Ok(Self(value.to_owned()))
                } else {
                    Err(InvalidId { what: $what, allowed: $allowed })
                }
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The name of a provider definition, for example `microsoft-excel`.
    ProviderName, "provider", "letters, digits, _ and -",
    |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
);
text_id!(
    /// An integration's `unique_key`; the wire's `provider_config_key`.
    IntegrationKey, "unique_key", "letters, digits, space and ~ : . @ _ -",
    |c| c.is_ascii_alphanumeric() || matches!(c, '~' | ':' | '.' | '@' | ' ' | '_' | '-')
);
text_id!(
    /// The customer's name for a connection; unique within an integration.
    ConnectionId, "connection_id", "letters, digits, space and , . ; : = + ~ [ ] | @ $ { } \" ' \\ / _ -",
    |c| c.is_ascii_alphanumeric() || ",.;:=+~[]|@${}\"'\\/_ -".contains(c)
);
text_id!(
    /// The name of an environment, for example `dev`.
    EnvironmentName, "environment", "lower-case letters, digits, _ and -",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')
);

/// Row id of an environment; public, a number because the SDK's types say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnvironmentId(pub i64);

/// Row id of a connection; public, a number because the SDK's types say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionRow(pub i64);

/// The part of the world a caller may see: one environment.
///
/// Store functions take it first, so that a query without it does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The environment.
    pub environment: EnvironmentId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_keep_the_contract_s_alphabets() {
        assert!(IntegrationKey::parse("microsoft-excel 2").is_ok());
        assert!(IntegrationKey::parse("a/b").is_err());
        assert!(ConnectionId::parse("user:{\"a\"}/1").is_ok());
        assert!(ConnectionId::parse("a?b").is_err());
        assert!(ConnectionId::parse("").is_err());
        assert!(ProviderName::parse(&"x".repeat(256)).is_err());
        assert!(EnvironmentName::parse("Prod").is_err());
    }
}
