//! The parties of a token request and the values their templates draw on.

use std::collections::BTreeMap;

use domain::Secret;
use domain::integration::Integration;
use domain::provider::{Field, Presence, Provider};
use domain::template::{Template, Values};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::credentials::template_functions::TemplateFunctions;

/// The OAuth client that asks for tokens.
#[derive(Debug, Clone)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// `client_secret`; empty for a public or certificate client.
    pub secret: Secret,
}

/// Everything that a request to the authorization server is made from.
pub struct Party<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// The integration.
    pub integration: &'a Integration,
    /// The client: the connection's own, or the integration's.
    pub client: Client,
    /// `${cloud.…}`.
    pub cloud: &'a BTreeMap<String, String>,
    /// `${connectionConfig.…}`; already validated.
    pub config: &'a Map<String, Value>,
    /// Where the provider sends the browser back.
    pub redirect_uri: &'a str,
    /// `${now}`, `${random}` and what is computed.
    pub functions: TemplateFunctions,
    /// Values of this one request, for example `resource.origin`; strongest.
    pub extra: &'a [(&'a str, String)],
}

/// A setting that is missing or wrong, named so that a person can mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingProblem {
    /// A placeholder of the definition has no value.
    #[error("`{0}` is not set; give it in the connection config, or set it on the integration")]
    Missing(String),
    /// A URL of the definition is no URL after its placeholders were filled.
    #[error("the {what} is not a valid URL; check the connection config")]
    BadUrl {
        /// Which URL.
        what: &'static str,
    },
    /// A host that a person chose and that may not have the integration's secret.
    #[error("{0}")]
    ForeignHost(String),
    /// The integration has no OAuth client.
    #[error("the integration has no client id; enter the OAuth app's client id and secret")]
    NoClient,
    /// The key or certificate cannot be used.
    #[error("{0}")]
    BadKey(&'static str),
}

/// Everything but what encodeURIComponent leaves alone.
pub(crate) const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'(')
    .remove(b')')
    .remove(b'\'');

impl Party<'_> {
    /// Fills a URL template; values that a person typed are encoded so that they stay one component, and those that
    /// form the host are checked (DESIGN §5 "Hosts that a person types").
    ///
    /// # Errors
    /// The missing setting, a host that may not have the integration's secret, or that the result is no http(s) URL.
    pub fn url(&self, template: &Template, what: &'static str) -> Result<url::Url, SettingProblem> {
        let allowed_hosts = &self.integration.settings.allowed_hosts;
        catalog::check_secret_host(self.provider, template, self, allowed_hosts)
            .map_err(|refused| SettingProblem::ForeignHost(refused.to_string()))?;
        let whole = |path: &str| {
            template.source().split(" || ").any(|one| one.trim().starts_with(&format!("${{{path}}}")))
        };
        let encode = |path: &str, value: String| {
            // The operator's own; a whole base such as `https://accounts.example` that stands where a URL begins; or
            // what can be nothing but a host, which cannot be encoded.
            let as_it_is = path.starts_with("cloud.")
                || (whole(path) && value.contains("://"))
                || (catalog::is_host_placeholder(template, path) && catalog::is_host_part(&value));
            if as_it_is { value } else { utf8_percent_encode(&value, COMPONENT).to_string() }
        };
        let text = template
            .resolve_encoded(self, &encode)
            .map_err(|missing| SettingProblem::Missing(missing.path))?;
        web_url(&text, what)
    }

    /// Fills a URL template with values as they are, for a value that spans several components.
    ///
    /// # Errors
    /// As [`Self::url`].
    pub fn url_verbatim(&self, template: &Template, what: &'static str) -> Result<url::Url, SettingProblem> {
        web_url(&self.text(template)?, what)
    }

    /// The declared field that a placeholder stands for.
    fn field(&self, path: &str) -> Option<&Field> {
        let name = path.strip_prefix("connectionConfig.")?;
        self.provider.connection_config.iter().find(|field| field.name == name)
    }

    /// Fills a parameter's value; `None`, which leaves the parameter out, where it stands for a field that may stay
    /// empty and nobody has filled.
    ///
    /// # Errors
    /// The missing setting.
    pub fn parameter(&self, template: &Template) -> Result<Option<String>, SettingProblem> {
        let may_stay_empty = |path: &str| {
            let empty = |field: &Field| field.default_value.as_deref() == Some("");
            self.field(path).is_some_and(|field| field.presence != Presence::Required || empty(field))
        };
        match template.resolve(self) {
            Ok(text) => Ok(Some(text)),
            Err(missing) if may_stay_empty(&missing.path) => Ok(None),
            Err(missing) => Err(SettingProblem::Missing(missing.path)),
        }
    }

    /// Fills a template without encoding.
    ///
    /// # Errors
    /// The missing setting.
    pub fn text(&self, template: &Template) -> Result<String, SettingProblem> {
        template.resolve(self).map_err(|missing| SettingProblem::Missing(missing.path))
    }
}

fn web_url(text: &str, what: &'static str) -> Result<url::Url, SettingProblem> {
    let url = url::Url::parse(text).map_err(|_| SettingProblem::BadUrl { what })?;
    if matches!(url.scheme(), "https" | "http") && url.has_host() {
        Ok(url)
    } else {
        Err(SettingProblem::BadUrl { what })
    }
}

impl Values for Party<'_> {
    fn get(&self, path: &str) -> Option<String> {
        if let Some((_, value)) = self.extra.iter().find(|(name, _)| *name == path) {
            return Some(value.clone());
        }
        if let Some(name) = path.strip_prefix("cloud.") {
            return self.cloud.get(name).cloned();
        }
        if let Some(name) =
            path.strip_prefix("connectionConfig.").or_else(|| path.strip_prefix("connection_config."))
        {
            return config_text(self.config, name)
                .or_else(|| self.integration.settings.connection_config.get(name).cloned())
                .filter(|value| !value.is_empty());
        }
        if let Some(value) = self.functions.get(path) {
            return Some(value);
        }
        match path {
            "clientId" => Some(self.client.id.clone()).filter(|id| !id.is_empty()),
            "integration.scopes" => {
                Some(self.integration.scopes.join(" ")).filter(|scopes| !scopes.is_empty())
            }
            _ => {
                let name = path.strip_prefix("integration.")?;
                self.integration
                    .settings
                    .connection_config
                    .get(name)
                    .cloned()
                    .filter(|value| !value.is_empty())
            }
        }
    }
    fn call(&self, name: &str, arguments: &[String]) -> Option<String> {
        self.functions.call(name, arguments)
    }
}

/// The value at a dotted path of a JSON object.
pub fn at<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let first = object.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

/// A value of a connection config as text, at a dotted path; objects and lists have none.
pub fn config_text(config: &Map<String, Value>, path: &str) -> Option<String> {
    // What a token answer brought from `team.id` stands under that very name.
    match config.get(path).or_else(|| at(config, path))? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
