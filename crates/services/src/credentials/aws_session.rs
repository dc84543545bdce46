//! Sessions of AWS roles, bought where the operator said.

use domain::credentials::AwsSigV4Credentials;

use super::account::OpenIntegration;
use super::problem::TokenProblem;
use super::renewal;
use super::schemes::SettingProblem;
use super::schemes::aws_sigv4::{self, AwsSetup, Role};
use super::token_endpoint::{self, TokenCallFacts};
use crate::context::Context;
use crate::error::Error;
use crate::integration_secrets::IntegrationSecrets;

/// The name of our sessions in the customer's CloudTrail.
const SESSION_NAME: &str = "sheetbend";

/// The operator's settings, secrets opened.
///
/// # Errors
/// A setting is missing, or the secrets do not open.
pub fn setup(context: &Context, open: &OpenIntegration) -> Result<AwsSetup, Error> {
    let secrets = IntegrationSecrets::open(context, &open.integration)?;
    Ok(AwsSetup::read(&open.integration.settings.custom, &secrets.custom)?)
}

/// Opens a session of a role; `None` beside the outcome means that nobody was asked.
pub async fn obtain(
    context: &Context,
    open: &OpenIntegration,
    own: AwsSigV4Credentials,
) -> (Option<TokenCallFacts>, Result<AwsSigV4Credentials, TokenProblem>) {
    let request = match request(context, open, &own) {
        Ok(request) => request,
        Err(problem) => return (None, Err(problem)),
    };
    let (facts, answer) = token_endpoint::send(context, &request).await;
    let session =
        answer.and_then(|response| aws_sigv4::session(response.status().as_u16(), response.body(), own));
    (Some(facts), session)
}

fn request(
    context: &Context,
    open: &OpenIntegration,
    own: &AwsSigV4Credentials,
) -> Result<super::schemes::TokenRequest, TokenProblem> {
    let setup = setup(context, open).map_err(|error| match error {
        Error::Setting(SettingProblem::Missing(name)) => TokenProblem::developer(
            "invalid_setting",
            format!("`{name}` is not set on the integration."),
            "Set it with PATCH /integrations/{key} {\"integration_config\": {…}}.",
        ),
        other => TokenProblem::developer("invalid_setting", other.to_string(), "Correct the integration."),
    })?;
    let role = Role {
        arn: &own.role_arn,
        external_id: own.external_id.as_deref(),
        region: &own.region,
        session_name: SESSION_NAME,
    };
    aws_sigv4::session_request(&setup, &role, context.now_ms()).map_err(renewal::setting)
}
