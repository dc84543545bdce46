//! The company's own sign-in for people at the dashboard.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use domain::person::Role;
use domain::{EnvironmentName, Secret};
use services::people::OidcSettings;
use services::people::oidc::{Admitted, Becomes, EmailTrust};
use url::Url;

/// The company's own sign-in for people at the dashboard.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sign-in")]
pub struct SignInOptions {
    /// Issuer of OpenID Connect; `<public URL>/internal/oidc/callback` is the redirect URI to register there
    #[arg(long, env = "SHEETBEND_OIDC_ISSUER", value_name = "URL", requires = "oidc_client_id")]
    pub oidc_issuer: Option<Url>,
    /// Our client id there
    #[arg(long, env = "SHEETBEND_OIDC_CLIENT_ID", value_name = "ID")]
    pub oidc_client_id: Option<String>,
    /// File with our client secret; without it we are a public client
    #[arg(long, env = "SHEETBEND_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// What the button on the sign-in page says after "Go on with"
    #[arg(long, env = "SHEETBEND_OIDC_NAME", value_name = "TEXT", default_value = "single sign-on")]
    pub oidc_name: String,
    /// Whose people may come in uninvited, and as what: `example.com=owner`, `example.com=developer`,
    /// `example.com=support:dev+prod`; may be repeated
    #[arg(
        long,
        env = "SHEETBEND_OIDC_ADMIT",
        value_name = "DOMAIN=ROLE[:ENVIRONMENTS]",
        value_delimiter = ','
    )]
    pub oidc_admit: Vec<String>,
    /// Which e-mail addresses are believed: those with `email_verified`, or all of an issuer that is the company's own
    #[arg(long, env = "SHEETBEND_OIDC_EMAILS", value_enum, default_value_t = EmailOption::Verified)]
    pub oidc_emails: EmailOption,
}

/// Which e-mail addresses are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EmailOption {
    /// Those that the issuer says it has verified.
    Verified,
    /// All.
    All,
}

impl SignInOptions {
    /// The settings, if an issuer is named.
    ///
    /// # Errors
    /// The secret's file cannot be read, or a rule is none.
    pub fn load(&self) -> anyhow::Result<Option<OidcSettings>> {
        let (Some(issuer), Some(client_id)) = (&self.oidc_issuer, &self.oidc_client_id) else {
            return Ok(None);
        };
        let client_secret = match &self.oidc_client_secret_file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("--oidc-client-secret-file {}", path.display()))?;
                Some(Secret::new(text.trim()))
            }
            None => None,
        };
        let admitted = self.oidc_admit.iter().map(|rule| admitted(rule)).collect::<anyhow::Result<_>>()?;
        Ok(Some(OidcSettings {
            issuer: issuer.clone(),
            client_id: client_id.clone(),
            client_secret,
            name: self.oidc_name.clone(),
            admitted,
            emails: match self.oidc_emails {
                EmailOption::Verified => EmailTrust::Verified,
                EmailOption::All => EmailTrust::All,
            },
        }))
    }
}

fn admitted(rule: &str) -> anyhow::Result<Admitted> {
    let (domain, becomes) =
        rule.split_once('=').with_context(|| format!("--oidc-admit {rule}: DOMAIN=ROLE"))?;
    let domain = domain.trim().trim_start_matches('@').to_lowercase();
    if domain.is_empty() || domain.contains('*') {
        bail!("--oidc-admit {rule}: a domain must be named; there is none for everybody");
    }
    let (role, environments) = becomes.split_once(':').unwrap_or((becomes, ""));
    let environments = environments.split('+').filter(|name| !name.is_empty());
    let environments: Result<Vec<EnvironmentName>, _> = environments.map(EnvironmentName::parse).collect();
    let environments = environments.map_err(|error| anyhow::anyhow!("--oidc-admit {rule}: {error}"))?;
    let becomes = match (role, Role::parse(role)) {
        ("owner", _) if environments.is_empty() => Becomes::Owner,
        ("owner", _) => bail!("--oidc-admit {rule}: an owner is one everywhere"),
        (_, Some(role)) => Becomes::Role(role, environments),
        _ => bail!("--oidc-admit {rule}: a role is owner, developer or support"),
    };
    Ok(Admitted { domain, becomes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_nobody_admits_everybody() {
        let dev = EnvironmentName::parse("dev").unwrap();
        assert_eq!(
            admitted("@Example.com=owner").unwrap(),
            Admitted { domain: "example.com".into(), becomes: Becomes::Owner }
        );
        let becomes = Becomes::Role(Role::Support, vec![dev]);
        assert_eq!(admitted("example.com=support:dev").unwrap().becomes, becomes);
        for bad in
            ["example.com", "=owner", "*=owner", "*.com=support", "example.com=king", "example.com=owner:dev"]
        {
            assert!(admitted(bad).is_err(), "{bad}");
        }
    }
}
