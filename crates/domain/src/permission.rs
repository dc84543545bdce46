//! What an API key may do (contract §1.3).

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

    /// True when `required` is granted, literally or by a wildcard.
    pub fn allow(&self, required: &str) -> bool {
        self.0.iter().any(|granted| match granted.strip_suffix('*') {
            Some(prefix) if prefix.ends_with(':') => required.starts_with(prefix),
            _ => granted == required,
        })
    }

    /// The scopes as stored.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
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
        assert!(!Grants::new(vec!["environment:proxy*".into()]).allow("environment:proxy"));
    }
}
