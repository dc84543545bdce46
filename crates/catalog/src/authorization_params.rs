//! The extra parameters of an authorize URL: the definition's, overridden by the connect session's.

use domain::provider::OAuth2;
use domain::template::Template;

/// Parameters that carry the flow itself; a session that set them could redirect the code or unbind the state.
const RESERVED: &[&str] =
    &["client_id", "redirect_uri", "state", "response_type", "code_challenge", "code_challenge_method"];

/// A connect session tried to set a parameter that carries the flow itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("authorization_params.{name} cannot be overridden: it belongs to the authorization itself")]
pub struct ReservedParameter {
    /// The parameter.
    pub name: String,
}

/// The definition's parameters with the session's on top; `""` removes one, and so does `undefined`, which is what
/// the published front-end package sends for a removed key (contract §5.1).
///
/// `scope` is not among the results: see [`crate::effective_scopes`]. Session values are literals, never templates.
///
/// # Errors
/// A parameter that carries the flow itself.
pub fn merge_authorization_params<'a>(
    auth: &OAuth2,
    session: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<(String, Template)>, ReservedParameter> {
    let mut merged = auth.authorization_params.clone();
    for (name, value) in session {
        if RESERVED.contains(&name) {
            return Err(ReservedParameter { name: name.to_owned() });
        }
        merged.retain(|(key, _)| key != name);
        if name != "scope" && !matches!(value, "" | "undefined") {
            merged.push((name.to_owned(), Template::literal(value)));
        }
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use domain::ProviderName;
    use domain::provider::Auth;

    use super::*;
    use crate::catalog::Catalog;

    fn merged(provider: &str, session: &[(&str, &str)]) -> Result<Vec<String>, ReservedParameter> {
        let catalog = Catalog::embedded().unwrap();
        let entry = catalog.get(&ProviderName::parse(provider).unwrap()).unwrap();
        let Auth::OAuth2(auth) = &entry.provider.auth else { panic!("an OAuth2 provider") };
        let merged = merge_authorization_params(auth, session.iter().copied())?;
        Ok(merged.iter().map(|(key, value)| format!("{key}={value}")).collect())
    }

    #[test]
    fn the_session_adds_replaces_and_removes() {
        let provider = "microsoft-tenant-specific";
        assert_eq!(merged(provider, &[]).unwrap(), ["response_mode=query", "prompt=consent"]);
        assert_eq!(
            merged(provider, &[("prompt", "login"), ("login_hint", "a@b.c")]).unwrap(),
            ["response_mode=query", "prompt=login", "login_hint=a@b.c"]
        );
        let removed = [("prompt", ""), ("scope", ".default offline_access")];
        assert_eq!(merged(provider, &removed).unwrap(), ["response_mode=query"]);
        assert_eq!(merged(provider, &[("prompt", "undefined")]).unwrap(), ["response_mode=query"]);
    }

    #[test]
    fn a_session_cannot_redirect_the_code() {
        for name in RESERVED {
            assert_eq!(merged("microsoft", &[(name, "x")]).unwrap_err().name, *name);
        }
    }
}
