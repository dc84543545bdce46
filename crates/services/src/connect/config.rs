//! The connection config of a new authorization: what the page sent, what the customer's backend prescribes, and what
//! the operator set on the integration; validated before any of it becomes part of a URL.

use domain::connect::ConnectDefaults;
use domain::provider::Field;
use serde_json::{Map, Value};

use crate::credentials::account::OpenIntegration;
use crate::error::{Error, FieldIssue};

/// The config of a connection that a page makes: its `params`, and over them what the customer's backend prescribes.
///
/// # Errors
/// As [`checked`].
pub fn merged(
    open: &OpenIntegration,
    params: Map<String, Value>,
    defaults: Option<&ConnectDefaults>,
) -> Result<Map<String, Value>, Error> {
    let mut config = params;
    // Scopes are the backend's to choose: a page that could store others would change what the next sign-in asks.
    config.remove("oauth_scopes_override");
    // Nor is the webhook address the page's to choose (contract §5.1).
    config.remove("webhook_url");
    if let Some(defaults) = defaults {
        config.extend(defaults.connection_config.clone());
    }
    checked(open, config)
}

/// Validates. The integration's own values are used for validation and left out of the result: they are
/// looked up where they are used, so that a change of the integration reaches its connections.
///
/// # Errors
/// Each invalid field, with what it should be.
pub fn checked(open: &OpenIntegration, mut config: Map<String, Value>) -> Result<Map<String, Value>, Error> {
    config.retain(|_, value| value != "");
    let own = &open.integration.settings.connection_config;
    let mut whole: Map<String, Value> =
        own.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
    whole.extend(config.clone());
    let provider = &open.entry.provider;
    let validated = catalog::validate_connection_config(provider, &whole).map_err(|problems| {
        let issue = |problem: catalog::FieldProblem| {
            let label = field(&provider.connection_config, &problem.field);
            FieldIssue::custom(
                format!("{label}: {}", problem.message),
                &["connection_config", &problem.field],
            )
        };
        Error::Invalid(problems.into_iter().map(issue).collect())
    })?;
    check_hosts(open, &validated)?;
    config.extend(validated.into_iter().filter(|(name, _)| !own.contains_key(name)));
    if let Some(Value::String(list)) = config.get("oauth_scopes_override") {
        let scopes = catalog::parse_scope_list(list).into_iter().map(Value::String).collect();
        config.insert("oauth_scopes_override".into(), Value::Array(scopes));
    }
    Ok(config)
}

/// Refuses a value that would lead the integration's secret to a host nobody vouches for, while a person looks on;
/// [`crate::credentials::schemes::Party::url`] refuses it again when a request is made.
fn check_hosts(open: &OpenIntegration, config: &Map<String, Value>) -> Result<(), Error> {
    let values = |path: &str| match path.strip_prefix("connectionConfig.") {
        Some(name) => crate::credentials::schemes::config_text(config, name),
        // A cloud's hosts are the operator's; here they only have to be there.
        None => path.starts_with("cloud.").then(|| "https://cloud.invalid".to_owned()),
    };
    let provider = &open.entry.provider;
    catalog::check_secret_hosts(provider, &values, &open.integration.settings.allowed_hosts).map_err(
        |refused| {
            let label = field(&provider.connection_config, &refused.field).to_owned();
            let path = ["connection_config".to_owned(), refused.field.clone()];
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            Error::Invalid(vec![FieldIssue::custom(format!("{label}: {refused}"), &path)])
        },
    )
}

fn field<'a>(fields: &'a [Field], name: &'a str) -> &'a str {
    fields.iter().find(|field| field.name == name).map_or(name, |field| field.title.as_str())
}
