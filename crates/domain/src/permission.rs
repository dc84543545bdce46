//! What an API key may do (contract §1.3).

/// Scopes on one environment. The last four are ours: settings, variables and deliveries have no public route in the
/// contract.
const ENVIRONMENT_SCOPES: &[&str] = &[
    "environment:integrations:list",
    "environment:integrations:list_credentials",
    "environment:integrations:list_functions",
    "environment:integrations:read",
    "environment:integrations:read_credentials",
    "environment:integrations:create",
    "environment:integrations:update",
    "environment:integrations:delete",
    "environment:connections:list",
    "environment:connections:list_credentials",
    "environment:connections:read",
    "environment:connections:read_credentials",
    "environment:connections:create",
    "environment:connections:update",
    "environment:connections:delete",
    "environment:connect_sessions:write",
    "environment:syncs:read",
    "environment:syncs:execute",
    "environment:syncs:update",
    "environment:syncs:variant:create",
    "environment:syncs:variant:delete",
    "environment:functions:list",
    "environment:functions:read",
    "environment:functions:delete",
    "environment:functions:compile",
    "environment:functions:dryrun",
    "environment:functions:invocations",
    "environment:deploy",
    "environment:records:read",
    "environment:records:write",
    "environment:logs:read",
    "environment:actions:execute",
    "environment:proxy",
    "environment:variables:read",
    "environment:webhook_signing_key:rotate",
    "environment:mcp",
    "environment:variables:update",
    "environment:settings:read",
    "environment:settings:update",
    "environment:webhooks:replay",
];

/// Scopes on the account. The last four are ours: the contract has no public route for them.
const ACCOUNT_SCOPES: &[&str] = &[
    "account:environments:create",
    "account:environments:delete",
    "account:environments:set_production",
    "account:environments:api_keys:create",
    "account:environments:api_keys:delete",
    "account:environments:list",
    "account:environments:api_keys:list",
    "account:api_keys:create",
    "account:api_keys:delete",
    "account:operate",
];

/// The scopes granted to a key, with trailing `:*` wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants(Vec<String>);

impl Grants {
    /// Wraps granted scopes as stored.
    pub fn new(scopes: Vec<String>) -> Self {
        Self(scopes)
    }

    /// Every right on an environment.
    pub fn everything() -> Self {
        Self(vec!["environment:*".to_owned()])
    }

    /// Every right on the account.
    pub fn whole_account() -> Self {
        Self(vec!["account:*".to_owned()])
    }

    /// True when `required` is granted, literally or by a wildcard.
    pub fn allow(&self, required: &str) -> bool {
        self.0.iter().any(|granted| covers(granted, required))
    }

    /// The scopes as stored.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

fn covers(granted: &str, required: &str) -> bool {
    match granted.strip_suffix('*') {
        Some(prefix) if prefix.ends_with(':') => required.starts_with(prefix),
        _ => granted == required,
    }
}

/// Whether a text grants anything on an environment: a known scope, or a wildcard over known ones.
pub fn is_environment_scope(text: &str) -> bool {
    ENVIRONMENT_SCOPES.iter().any(|known| covers(text, known))
}

/// Whether a text grants anything on the account: a known scope, or a wildcard over known ones.
pub fn is_account_scope(text: &str) -> bool {
    ACCOUNT_SCOPES.iter().any(|known| covers(text, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_cover_their_prefix_only() {
        let grants = Grants::new(vec!["environment:connections:*".into(), "environment:proxy".into()]);
        assert!(grants.allow("environment:connections:read"));
        assert!(grants.allow("environment:proxy"));
        assert!(!grants.allow("environment:integrations:read"));
        assert!(!grants.allow("account:environments:create"));
        assert!(Grants::everything().allow("environment:proxy"));
        assert!(!Grants::everything().allow("account:environments:create"));
        assert!(!Grants::new(vec!["environment:proxy*".into()]).allow("environment:proxy"));
        assert!(!Grants::new(vec!["*".into()]).allow("environment:proxy"));
    }

    #[test]
    fn a_scope_that_grants_nothing_is_none() {
        for good in ["environment:*", "environment:syncs:variant:*", "environment:proxy"] {
            assert!(is_environment_scope(good) && !is_account_scope(good), "{good}");
        }
        for bad in
            ["*", "", ":*", "environment", "environment:", "environment:connection:*", "environment:proxy:*"]
        {
            assert!(!is_environment_scope(bad), "{bad}");
        }
        assert!(is_account_scope("account:*") && is_account_scope("account:environments:api_keys:create"));
        assert!(!is_account_scope("account:proxy") && !is_account_scope("environment:*"));
    }
}
