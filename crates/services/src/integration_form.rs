//! A form for an integration: what it asks, and what is wrong with what was typed so far.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::Entry;
use domain::integration::{Integration, IntegrationSettings};
use domain::provider::{Auth, ClientRegistration, Display, Field, GuideStep, Presence, Provider, ScopeRules};
use domain::{IntegrationKey, ProviderName, Scope};

use crate::context::{Context, SandboxCloud};
use crate::error::{Error, FieldIssue};
use crate::integrations::{self, required_client_fields};

/// A form as far as it is filled in.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The provider's name.
    pub provider: String,
    /// The key.
    pub key: Option<String>,
    /// The integration that is edited.
    pub editing: Option<String>,
    /// Texts of the client; `scopes` are separated by spaces or commas.
    pub credentials: BTreeMap<String, String>,
    /// Values that all connections share.
    pub connection_config: BTreeMap<String, String>,
    /// The cloud.
    pub cloud: Option<String>,
    /// Hosts a base-URL override may name.
    pub allowed_hosts: Vec<String>,
}

/// Whether something can be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, and is probably not meant.
    Warning,
}

impl Severity {
    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field, its parts joined by dots.
    pub field: String,
    /// Whether it keeps the form from being saved.
    pub severity: Severity,
    /// A stable code.
    pub code: String,
    /// In words.
    pub message: String,
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A line.
    Text,
    /// A line typed blind.
    Secret,
    /// One of some values.
    Select,
    /// Scopes.
    Scopes,
    /// Lines typed blind.
    Multiline,
}

impl FieldKind {
    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Secret => "secret",
            Self::Select => "select",
            Self::Scopes => "scopes",
            Self::Multiline => "multiline",
        }
    }
}

/// One thing that the form asks.
#[derive(Debug, Clone)]
pub struct FormField {
    /// Its name.
    pub name: String,
    /// Where it stands in the body of `POST /integrations`, dotted.
    pub path: String,
    /// The label.
    pub title: String,
    /// What it takes.
    pub kind: FieldKind,
    /// Whether it must be given.
    pub required: bool,
    /// A sentence.
    pub help: Option<String>,
    /// An example.
    pub example: Option<String>,
    /// An anchored regular expression.
    pub pattern: Option<String>,
    /// Allowed values; empty means any.
    pub options: Vec<String>,
}

/// A provider's form.
#[derive(Debug)]
pub struct Form {
    /// The definition.
    pub entry: Arc<Entry>,
    /// What is asked, in order.
    pub fields: Vec<FormField>,
    /// What is asked of the provider where no scopes are configured.
    pub default_scopes: Vec<String>,
    /// The clouds of its family; empty without a family.
    pub clouds: Vec<String>,
    /// How the provider's side is set up, with our addresses filled in.
    pub guide: Vec<GuideStep>,
}

/// The form of a provider; `None` when it is unknown.
pub fn form(context: &Context, provider: &str) -> Option<Form> {
    let entry = ProviderName::parse(provider).ok().and_then(|name| context.catalog.get(&name))?;
    let provider = &entry.provider;
    let mut fields = client_fields(provider);
    let own = |field: &Field| form_field(field, "integration_config");
    fields.extend(provider.integration_config.iter().filter(|field| is_asked(field)).map(own));
    let catalog = &context.catalog;
    let clouds = match &provider.cloud_family {
        None => Vec::new(),
        Some(family) => {
            let here = context.settings.sandbox == SandboxCloud::Present;
            catalog
                .clouds()
                .names(family)
                .filter(|name| here || *name != "sandbox")
                .map(str::to_owned)
                .collect()
        }
    };
    let filled = |step: &GuideStep| GuideStep {
        title: step.title.clone(),
        text: step.text.replace("${callback_url}", &context.settings.callback_url),
    };
    Some(Form {
        guide: provider.setup_guide.iter().map(filled).collect(),
        default_scopes: default_scopes(provider),
        fields,
        clouds,
        entry,
    })
}

fn is_asked(field: &Field) -> bool {
    field.presence != Presence::Automated && field.display != Display::Hidden
}

fn default_scopes(provider: &Provider) -> Vec<String> {
    match &provider.auth {
        Auth::OAuth2(scheme) => scheme.default_scopes.clone(),
        Auth::McpOAuth2(scheme) => scheme.oauth2.default_scopes.clone(),
        Auth::OAuth2Cc(scheme) => scheme.default_scopes.clone(),
        _ => Vec::new(),
    }
}

fn client_fields(provider: &Provider) -> Vec<FormField> {
    let required = required_client_fields(provider);
    let names: &[&str] = match &provider.auth {
        Auth::OAuth2(_) | Auth::OAuth1(_) | Auth::Tba(_) => &["client_id", "client_secret", "scopes"],
        Auth::McpOAuth2(scheme) => match scheme.registration {
            ClientRegistration::Static => &["client_id", "client_secret", "scopes"],
            _ => &["scopes"],
        },
        Auth::OAuth2Cc(_) => &["scopes"],
        Auth::App(_) => &["app_id", "app_link", "private_key"],
        Auth::Custom(_) => &["client_id", "client_secret", "app_id", "app_link", "private_key", "scopes"],
        _ => &[],
    };
    names.iter().map(|name| client_field(name, required.contains(name))).collect()
}

fn client_field(name: &str, required: bool) -> FormField {
    let (title, kind, help) = match name {
        "client_id" => {
            ("Client ID", FieldKind::Text, "The id of the app that you registered with the provider.")
        }
        "client_secret" => ("Client secret", FieldKind::Secret, "Stored sealed; it is never shown again."),
        "scopes" => {
            ("Scopes", FieldKind::Scopes, "What connections are asked for. Empty means the defaults.")
        }
        "app_id" => ("App ID", FieldKind::Text, "The number that the provider gave to your app."),
        "app_link" => ("App link", FieldKind::Text, "The app's public page, where it is installed."),
        _ => ("Private key", FieldKind::Multiline, "The key that the app signs with, PEM. Stored sealed."),
    };
    FormField {
        name: name.to_owned(),
        path: format!("credentials.{name}"),
        title: title.to_owned(),
        kind,
        required,
        help: Some(help.to_owned()),
        example: None,
        pattern: None,
        options: Vec::new(),
    }
}

fn form_field(field: &Field, below: &str) -> FormField {
    let kind = match (field.choices.is_empty(), field.display) {
        (false, _) => FieldKind::Select,
        (true, Display::Secret) => FieldKind::Secret,
        _ => FieldKind::Text,
    };
    FormField {
        name: field.name.clone(),
        path: format!("{below}.{}", field.name),
        title: field.title.clone(),
        kind,
        required: field.presence == Presence::Required,
        help: field.description.clone(),
        example: field.example.clone(),
        pattern: field.pattern.clone(),
        options: field.choices.clone(),
    }
}

/// What is wrong with a form, or probably not meant.
///
/// # Errors
/// The provider is unknown, or the database failed.
pub async fn problems(context: &Context, scope: Scope, draft: Draft) -> Result<Vec<Problem>, Error> {
    let entry = integrations::entry(context, &draft.provider)?;
    let mut found = Vec::new();
    let key = key(context, scope, &draft, &mut found).await?;
    for name in required_client_fields(&entry.provider) {
        if draft.credentials.get(*name).is_none_or(|text| text.trim().is_empty()) && draft.editing.is_none() {
            found.push(error(&format!("credentials.{name}"), "required", "This is needed."));
        }
    }
    shapes(&entry.provider, &draft, &mut found);
    let scopes = draft.credentials.get("scopes").map(String::as_str).unwrap_or_default();
    let integration = Integration {
        id: String::new(),
        key,
        provider: entry.provider.name.clone(),
        display_name: None,
        client_id: draft.credentials.get("client_id").cloned(),
        client_secret: None,
        scopes: scopes
            .split([' ', ',', '\n', '\t'])
            .filter(|one| !one.is_empty())
            .map(str::to_owned)
            .collect(),
        settings: IntegrationSettings {
            cloud: draft.cloud.filter(|cloud| !cloud.is_empty()),
            allowed_hosts: draft.allowed_hosts,
            connection_config: draft.connection_config,
            ..IntegrationSettings::default()
        },
        created_at_ms: 0,
        updated_at_ms: 0,
    };
    match integrations::check(context, &entry, &integration) {
        Ok(warnings) => found.extend(warnings.into_iter().map(|warning| Problem {
            field: "credentials.scopes".to_owned(),
            severity: Severity::Warning,
            code: warning.code.to_owned(),
            message: warning.message,
        })),
        Err(Error::Invalid(issues)) => found.extend(issues.into_iter().map(of_issue)),
        Err(other) => return Err(other),
    }
    Ok(found)
}

fn of_issue(issue: FieldIssue) -> Problem {
    let field = issue.path.join(".");
    error(&field, issue.code, issue.message)
}

fn error(field: &str, code: &str, message: impl Into<String>) -> Problem {
    Problem {
        field: field.to_owned(),
        severity: Severity::Error,
        code: code.to_owned(),
        message: message.into(),
    }
}

fn warning(field: &str, code: &str, message: &str) -> Problem {
    Problem { severity: Severity::Warning, ..error(field, code, message) }
}

/// The key, or one in its place while it is none.
async fn key(
    context: &Context,
    scope: Scope,
    draft: &Draft,
    found: &mut Vec<Problem>,
) -> Result<IntegrationKey, Error> {
    let text = draft.key.as_deref().filter(|key| !key.is_empty());
    match IntegrationKey::parse(text.unwrap_or("draft")) {
        Ok(key) => {
            let taken = text.is_some() && text != draft.editing.as_deref();
            if taken && context.store.integration(scope, &key).await?.is_some() {
                found.push(error("key", "taken", "Another integration of this environment has this key."));
            }
            Ok(key)
        }
        Err(problem) => {
            found.push(error("key", "invalid_format", problem.to_string()));
            IntegrationKey::parse("draft").map_err(|_| Error::Corrupt("a fixed key is no key"))
        }
    }
}

/// Mistakes of the clipboard that a provider would tell only at the first sign-in.
fn shapes(provider: &Provider, draft: &Draft, found: &mut Vec<Problem>) {
    for name in ["client_id", "client_secret"] {
        let text = draft.credentials.get(name).map(String::as_str).unwrap_or_default();
        if text != text.trim() {
            let message = "There is a space or a line break at the beginning or the end.";
            found.push(warning(&format!("credentials.{name}"), "surrounding_space", message));
        }
    }
    let rules = match &provider.auth {
        Auth::OAuth2(scheme) => scheme.scope_rules,
        Auth::OAuth2Cc(scheme) => scheme.scope_rules,
        _ => ScopeRules::None,
    };
    if rules != ScopeRules::Entra {
        return;
    }
    let given =
        |name: &str| draft.credentials.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    if given("client_id").is_some_and(|id| !is_uuid(id)) {
        let message = "An Entra application (client) ID is a UUID; it is on the app's Overview page.";
        found.push(warning("credentials.client_id", "not_a_uuid", message));
    }
    if given("client_secret").is_some_and(is_uuid) {
        let message = "This looks like the secret's ID. Copy the Value, which Entra shows only right after the \
                       secret was made (else sign-in fails with AADSTS7000215).";
        found.push(warning("credentials.client_secret", "secret_id_instead_of_value", message));
    }
}

fn is_uuid(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}
