//! Authorizations without a redirect: the form's values take the place of a code (contract §5.6).

use std::sync::Arc;

use domain::connect::ConnectSession;
use domain::credentials::{ClientCredentialsToken, Credentials, RawAnswer, TwoStepCredentials};
use domain::operation::{OperationKind, OperationState};
use domain::provider::{Auth, ClientCredentials, TwoStep};
use domain::{ConnectionId, IntegrationKey, Scope, Secret};
use serde_json::{Map, Value};

use super::callback::ask_and_log;
use super::keep::{self, NewAuthorization, connection_name};
use super::signed_forms::{self, RoleForm, TbaForm};
use super::{certificates, config, sessions};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::renewal;
use crate::credentials::schemes::{Client, client_credentials};
use crate::error::{Error, FieldIssue};
use crate::operations::OperationFacts;

/// What a person typed.
pub enum Form {
    /// OAUTH2_CC.
    ClientCredentials {
        /// OAuth client id.
        client_id: String,
        /// OAuth client secret.
        client_secret: Secret,
    },
    /// TWO_STEP: the credential fields of the definition, or `certificateId` of a key pair made here.
    TwoStep(Map<String, Value>),
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

/// The new connection.
#[derive(Debug)]
pub struct Connected {
    /// The integration's key.
    pub integration: IntegrationKey,
    /// The connection's id.
    pub connection: ConnectionId,
}

/// Connects by form.
///
/// # Errors
/// What is missing or refused; the operation in the log tells it too.
pub async fn connect(
    context: &Context,
    session: &ConnectSession,
    key: &IntegrationKey,
    params: Map<String, Value>,
    form: Form,
) -> Result<Connected, Error> {
    connect_as(context, session, key, params, form, None).await
}

/// As [`connect`], under a name of the caller's choice.
///
/// # Errors
/// As [`connect`].
pub async fn connect_as(
    context: &Context,
    session: &ConnectSession,
    key: &IntegrationKey,
    params: Map<String, Value>,
    form: Form,
    name: Option<ConnectionId>,
) -> Result<Connected, Error> {
    let scope = Scope { environment: session.environment };
    let open = OpenIntegration::load(context, scope, key).await?;
    let began_at_ms = context.now_ms();
    let log_id = context.log.new_id(began_at_ms);
    let facts = OperationFacts {
        kind: OperationKind::CreateConnection,
        integration: &open.integration,
        connection: None,
        created_at_ms: began_at_ms,
        detail: None,
    };
    context.log.begun(scope, log_id.clone(), &facts);
    let outcome = authorize(context, session, &open, Request { params, form, name }, &log_id).await;
    let (state, connection, error) = match &outcome {
        Ok(connected) => (OperationState::Success, Some(connected.connection.to_string()), None),
        Err(error) => (OperationState::Failed, None, Some(error.to_string())),
    };
    context.log.finish(scope, log_id, state, connection, error);
    outcome
}

/// What one connect asks for.
struct Request {
    params: Map<String, Value>,
    form: Form,
    name: Option<ConnectionId>,
}

async fn authorize(
    context: &Context,
    session: &ConnectSession,
    open: &Arc<OpenIntegration>,
    request: Request,
    log_id: &str,
) -> Result<Connected, Error> {
    let Request { params, form, name } = request;
    sessions::check_allowed(session, &open.integration.key)?;
    let mut config = config::merged(open, params, session.defaults.get(open.integration.key.as_str()))?;
    let credentials = match (&open.entry.provider.auth, form) {
        (Auth::OAuth2Cc(scheme), Form::ClientCredentials { client_id, client_secret }) => {
            let client = Client { id: client_id, secret: client_secret };
            by_secret(context, open, scheme, client, &config, log_id).await?
        }
        (Auth::TwoStep(scheme), Form::TwoStep(fields)) => {
            by_assertion(context, session, open, scheme, fields, &config, log_id).await?
        }
        (Auth::None, Form::Unauthenticated) => Credentials::None,
        (Auth::Tba(scheme), Form::Tba(form)) => signed_forms::tba(context, open, scheme, form, &config)?,
        (Auth::Signature(protocol), Form::Signature { username, password }) => {
            signed_forms::wsse(context, protocol, &username, &password)
        }
        (Auth::AwsSigV4, Form::Role(form)) => {
            signed_forms::role(context, open, form, &mut config, log_id).await?
        }
        _ => return Err(Error::refused("invalid_auth_mode", "This integration authorizes in another way")),
    };
    let id = match name.or_else(|| session.connection.clone()) {
        Some(name) => name,
        None => connection_name(context, open.scope, session.reconnect).await?,
    };
    let new = NewAuthorization {
        integration: open.clone(),
        id,
        credentials,
        config,
        metadata: None,
        end_user: session.end_user.clone(),
        tags: session.tags.clone(),
        webhook_url_override: session.webhook_url_override.clone(),
    };
    let (connection, _) = keep::keep(context, new).await?;
    context.faults.pass("direct:stored");
    Ok(Connected { integration: open.integration.key.clone(), connection: connection.id })
}

async fn by_secret(
    context: &Context,
    open: &OpenIntegration,
    scheme: &ClientCredentials,
    client: Client,
    config: &Map<String, Value>,
    log_id: &str,
) -> Result<Credentials, Error> {
    let scopes = renewal::machine_scopes(context, open)
        .map_err(|broken| Error::refused("invalid_oauth_scopes", broken.to_string()))?;
    let party = open.party(context, client, config);
    let request = client_credentials::request(scheme, &party, &scopes)?;
    let answer = ask_and_log(context, open, request, log_id).await?;
    Ok(Credentials::OAuth2Cc(client_credentials::credentials(answer, &party, context.now_ms())))
}

async fn by_assertion(
    context: &Context,
    session: &ConnectSession,
    open: &OpenIntegration,
    scheme: &TwoStep,
    mut fields: Map<String, Value>,
    config: &Map<String, Value>,
    log_id: &str,
) -> Result<Credentials, Error> {
    fields.remove("type");
    let made_here = match fields.remove("certificateId") {
        Some(Value::String(id)) => {
            Some(certificates::find(context, session, &open.integration.key, &id).await?)
        }
        _ => None,
    };
    if let Some(pair) = &made_here {
        fields.insert("privateKey".into(), Value::String(pair.private_key.clone()));
        fields.insert("certificate".into(), Value::String(pair.certificate.clone()));
    }
    catalog::validate_credentials(&open.entry.provider, &fields).map_err(|problems| {
        let issue = |problem: catalog::FieldProblem| FieldIssue::custom(problem.message, &[&problem.field]);
        Error::Invalid(problems.into_iter().map(issue).collect())
    })?;
    let own = TwoStepCredentials {
        fields: fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, Secret::new(value.as_str()?.trim()))))
            .collect(),
        token: Secret::default(),
        expires_at_ms: None,
        refresh_token: None,
        refresh_token_expires_at_ms: None,
        raw: RawAnswer::default(),
    };
    let client_id = own.field("clientId").map(|id| id.expose().to_owned()).unwrap_or_default();
    let party = open.party(context, Client { id: client_id, secret: Secret::default() }, config);
    let request = renewal::two_step_request(context, scheme, &party, &own)?;
    let answer = ask_and_log(context, open, request, log_id).await?;
    let credentials = crate::credentials::schemes::two_step::credentials(scheme, answer, &own)?;
    if let Some(pair) = made_here {
        // The pair works: it belongs to this connection from now on and can be taken by no other.
        certificates::take(context, session, &pair.id).await?;
    }
    Ok(Credentials::TwoStep(credentials))
}

/// A token that was imported: nothing is asked, nothing is checked.
pub fn imported_client_credentials(
    token: Secret,
    client_id: String,
    client_secret: Secret,
    expires_at_ms: Option<i64>,
) -> Credentials {
    Credentials::OAuth2Cc(ClientCredentialsToken {
        token,
        expires_at_ms,
        client_id,
        client_secret,
        client_certificate: None,
        client_private_key: None,
        raw: RawAnswer::default(),
    })
}
