//! What a person typed, checked and put into the form that the connection will keep; nobody has been asked yet.

use domain::connect::ConnectSession;
use domain::credentials::{
    ApiKeyCredentials, BasicCredentials, BillCredentials, ClientCredentialsToken, Credentials, FormFields,
    JwtCredentials, RawAnswer,
};
use domain::provider::{Auth, Presence, Provider};
use domain::{IntegrationKey, Secret};
use serde_json::{Map, Value};

use super::certificates;
use super::signed_forms::{self, RoleForm, TbaForm};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::schemes::two_step;
use crate::error::{Error, FieldIssue};

/// What a person typed.
pub enum Form {
    /// API_KEY.
    ApiKey(Secret),
    /// BASIC; both may be empty.
    Basic(BasicCredentials),
    /// OAUTH2_CC.
    ClientCredentials {
        /// OAuth client id.
        client_id: String,
        /// OAuth client secret; empty where a key proves the client.
        client_secret: Secret,
        /// The client's certificate, PEM.
        client_certificate: Option<Secret>,
        /// The key that proves the client.
        client_private_key: Option<Secret>,
    },
    /// JWT: the credential fields of the definition.
    Jwt(Map<String, Value>),
    /// TWO_STEP: the credential fields of the definition, or `certificateId` of a key pair made here.
    TwoStep(Map<String, Value>),
    /// BILL.
    Bill(BillForm),
    /// NONE.
    Unauthenticated,
    /// TBA.
    Tba(TbaForm),
    /// SIGNATURE.
    Signature {
        /// The name.
        username: Secret,
        /// The password.
        password: Secret,
    },
    /// AWS_SIGV4.
    Role(RoleForm),
}

/// What a form stands beside.
pub(super) struct Place<'a> {
    /// The connection config; some forms move values from and to it.
    pub(super) config: &'a mut Map<String, Value>,
    /// The operation that tells of it.
    pub(super) log_id: &'a str,
}

/// A Bill.com login.
pub struct BillForm {
    /// The name.
    pub username: Secret,
    /// The password.
    pub password: Secret,
    /// The organisation to log in to.
    pub organization_id: Secret,
    /// The developer key.
    pub dev_key: Secret,
}

/// Credentials on trial.
pub(super) struct Trial {
    /// Complete, or without the token that they will buy.
    pub(super) credentials: Credentials,
    /// A key pair made here that goes with them.
    pub(super) pair: Option<String>,
}

impl From<Credentials> for Trial {
    fn from(credentials: Credentials) -> Self {
        Self { credentials, pair: None }
    }
}

/// Reads a form by the definition's rules.
///
/// # Errors
/// The integration authorizes in another way; each invalid field.
pub(super) async fn read(
    context: &Context,
    session: &ConnectSession,
    open: &OpenIntegration,
    form: Form,
    Place { config, log_id }: Place<'_>,
) -> Result<Trial, Error> {
    let provider = &open.entry.provider;
    Ok(match (&provider.auth, form) {
        (Auth::ApiKey, Form::ApiKey(api_key)) => {
            check(provider, &[("apiKey", &api_key)])?;
            Credentials::ApiKey(ApiKeyCredentials { api_key }).into()
        }
        (Auth::Basic, Form::Basic(own)) => {
            check(provider, &[("username", &own.username), ("password", &own.password)])?;
            Credentials::Basic(own).into()
        }
        (
            Auth::OAuth2Cc(_),
            Form::ClientCredentials { client_id, client_secret, client_certificate, client_private_key },
        ) => Credentials::OAuth2Cc(ClientCredentialsToken {
            token: Secret::default(),
            expires_at_ms: None,
            client_id,
            client_secret,
            client_certificate,
            client_private_key,
            raw: RawAnswer::default(),
        })
        .into(),
        (Auth::Jwt(_), Form::Jwt(given)) => {
            let fields = fields(provider, given)?;
            Credentials::Jwt(JwtCredentials { fields, token: Secret::default(), expires_at_ms: None }).into()
        }
        (Auth::TwoStep(_), Form::TwoStep(given)) => {
            two_step_fields(context, session, provider, &open.integration.key, given).await?
        }
        (Auth::Bill(_), Form::Bill(own)) => Credentials::Bill(BillCredentials {
            username: own.username,
            password: own.password,
            organization_id: own.organization_id,
            dev_key: own.dev_key,
            session_id: Secret::default(),
            user_id: String::new(),
            expires_at_ms: None,
            raw: RawAnswer::default(),
        })
        .into(),
        (Auth::Tba(scheme), Form::Tba(form)) => {
            signed_forms::tba(context, open, scheme, form, config)?.into()
        }
        (Auth::Signature(protocol), Form::Signature { username, password }) => {
            check(provider, &[("username", &username), ("password", &password)])?;
            signed_forms::wsse(context, protocol, &username, &password).into()
        }
        (Auth::AwsSigV4, Form::Role(form)) => {
            signed_forms::role(context, open, form, config, log_id).await?.into()
        }
        (Auth::None, Form::Unauthenticated) => Credentials::None.into(),
        _ => return Err(Error::refused("invalid_auth_mode", "This integration authorizes in another way")),
    })
}

/// Checks values against the patterns of their fields. An empty one is the vendor's to judge: a user name with an
/// empty password is usual.
pub(super) fn check(provider: &Provider, values: &[(&str, &Secret)]) -> Result<(), Error> {
    let wrong = values
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| catalog::check_credential(provider, name, value.expose()).err());
    refuse(wrong.collect())
}

async fn two_step_fields(
    context: &Context,
    session: &ConnectSession,
    provider: &Provider,
    key: &IntegrationKey,
    mut given: Map<String, Value>,
) -> Result<Trial, Error> {
    let pair = match given.remove("certificateId") {
        Some(Value::String(id)) => Some(certificates::find(context, session, key, &id).await?),
        _ => None,
    };
    if let Some(pair) = &pair {
        given.insert("privateKey".into(), Value::String(pair.private_key.clone()));
        given.insert("certificate".into(), Value::String(pair.certificate.clone()));
    }
    let options = given.remove("assertionOption");
    let options = options_for_one_use(provider, options)?;
    let fields = fields(provider, given)?;
    let fields = fields.iter().map(|(name, value)| (name.to_owned(), value.clone())).chain(options).collect();
    Ok(Trial {
        credentials: Credentials::TwoStep(two_step::unbought(fields)),
        pair: pair.map(|pair| pair.id),
    })
}

/// The declared fields of a free form, defaults filled in.
fn fields(provider: &Provider, mut given: Map<String, Value>) -> Result<FormFields, Error> {
    given.remove("type");
    for value in given.values_mut() {
        if let Some(halves) = halves(value) {
            *value = Value::String(halves);
        }
        // A key is pasted with the end of its last line, which no pattern expects.
        if let Value::String(text) = value
            && text.trim().len() < text.len()
        {
            *text = text.trim().to_owned();
        }
    }
    for field in &provider.credentials {
        let absent = given.get(&field.name).is_none_or(|value| value.is_null() || value == "");
        if let (true, Some(default)) = (absent, &field.default_value) {
            given.insert(field.name.clone(), Value::String(default.clone()));
        }
    }
    catalog::validate_credentials(provider, &given).or_else(refuse)?;
    // In the order of the definition; nothing else is left.
    let ordered = provider.credentials.iter().filter_map(|field| {
        let text = given.get(&field.name)?.as_str()?.trim();
        Some((field.name.clone(), Secret::new(text)))
    });
    Ok(ordered.collect())
}

/// `{id, secret}` is another way to write `id:secret`, which some clients send for such keys.
fn halves(value: &Value) -> Option<String> {
    let object = value.as_object().filter(|object| object.len() == 2)?;
    let text = |name| object.get(name).and_then(Value::as_str);
    Some(format!("{}:{}", text("id")?, text("secret")?))
}

/// `assertionOption`: what signs an assertion once; held until the first token is bought, never stored.
fn options_for_one_use(provider: &Provider, given: Option<Value>) -> Result<Vec<(String, Secret)>, Error> {
    let given = match given {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(given)) => given,
        Some(_) => return Err(Error::field("must be an object", &["assertionOption"])),
    };
    let mut issues = Vec::new();
    let mut options = Vec::new();
    for name in given.keys().filter(|name| !provider.assertion_option.iter().any(|one| one.name == **name)) {
        issues.push(FieldIssue::custom("is not an option of this provider", &["assertionOption", name]));
    }
    for field in &provider.assertion_option {
        match given.get(&field.name) {
            Some(Value::String(text)) if !text.is_empty() => {
                options.push((format!("assertionOption.{}", field.name), Secret::new(text.trim())));
            }
            None | Some(Value::Null | Value::String(_)) if field.presence != Presence::Required => {}
            _ => {
                let message = format!("{} is required and must be text", field.title);
                issues.push(FieldIssue::custom(message, &["assertionOption", &field.name]));
            }
        }
    }
    if issues.is_empty() { Ok(options) } else { Err(Error::Invalid(issues)) }
}

fn refuse(problems: Vec<catalog::FieldProblem>) -> Result<(), Error> {
    let issue = |problem: catalog::FieldProblem| FieldIssue::custom(problem.message, &[&problem.field]);
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid(problems.into_iter().map(issue).collect())),
    }
}
