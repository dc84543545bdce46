//! TBA: NetSuite's token-based authentication, OAuth 1.0 headers with a realm and tokens that a person pasted.

use domain::provider::Tba;

use super::{Party, SettingProblem};

/// The header's realm: the account as NetSuite writes it, so that host label `1234567-sb1` becomes `1234567_SB1`.
///
/// # Errors
/// The connection names no account.
pub fn realm(scheme: &Tba, party: &Party<'_>) -> Result<String, SettingProblem> {
    party.text(&scheme.realm).map(|account| written(&account))
}

fn written(account: &str) -> String {
    account.trim().to_uppercase().replacen('-', "_", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_account_is_written_with_an_underscore() {
        assert_eq!(written("1234567-sb1"), "1234567_SB1");
        assert_eq!(written("1234567"), "1234567");
    }
}
