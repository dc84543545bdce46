//! TWO_STEP: form fields become a client assertion, the assertion a token. We hold the key and sign afresh for every
//! token request; a pasted assertion works until its own end.

use domain::Secret;
use domain::credentials::TwoStepCredentials;
use domain::provider::{Assertion, TwoStep};
use domain::template::Values;
use serde_json::Value;

use super::assertion::{self, AssertionRequest};
use super::{Party, SettingProblem, TokenRequest, at};
use crate::credentials::problem::TokenProblem;
use crate::credentials::token_answer::TokenAnswer;

/// Time and chance for one assertion.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Now, Unix milliseconds.
    pub now_ms: i64,
    /// A fresh UUID.
    pub id: &'a str,
}

/// Party and form fields as template values; `${assertion}` is made beforehand.
struct FormValues<'a> {
    party: &'a Party<'a>,
    credentials: &'a TwoStepCredentials,
    assertion: Option<&'a Secret>,
}

impl Values for FormValues<'_> {
    fn get(&self, path: &str) -> Option<String> {
        if path == "assertion" {
            return self.assertion.map(|secret| secret.expose().to_owned());
        }
        let field = path.strip_prefix("credentials.").unwrap_or(path);
        self.credentials
            .field(field)
            .map(|secret| secret.expose().to_owned())
            .or_else(|| self.party.get(path))
    }
}

/// The request for a token.
///
/// # Errors
/// A missing setting, or a key that cannot sign.
pub fn request(
    scheme: &TwoStep,
    party: &Party<'_>,
    credentials: &TwoStepCredentials,
    moment: Moment<'_>,
) -> Result<TokenRequest, SettingProblem> {
    let assertion = client_assertion(scheme, party, credentials, moment)?;
    let values = FormValues { party, credentials, assertion: assertion.as_ref() };
    let mut request =
        TokenRequest::new(party.url(&scheme.request.url, "token URL")?.into(), scheme.request.body_format);
    for (name, param) in &scheme.request.params {
        let value = param.resolve_text(&values).map_err(|missing| SettingProblem::Missing(missing.path))?;
        request.set(name, value.unwrap_or_default());
    }
    Ok(request)
}

fn client_assertion(
    scheme: &TwoStep,
    party: &Party<'_>,
    credentials: &TwoStepCredentials,
    moment: Moment<'_>,
) -> Result<Option<Secret>, SettingProblem> {
    let (Some(Assertion::Certificate(definition)), Some(key)) =
        (&scheme.assertion, credentials.field("privateKey"))
    else {
        return Ok(credentials.field("assertion").cloned());
    };
    let thumbprint = match (credentials.field("certificate"), credentials.field("certificateThumbprint")) {
        (Some(certificate), _) => assertion::thumbprint(certificate.expose())?,
        (None, Some(thumbprint)) => thumbprint.expose().to_owned(),
        (None, None) => {
            return Err(SettingProblem::BadKey("a private key needs its certificate or thumbprint"));
        }
    };
    let values = FormValues { party, credentials, assertion: None };
    let resolve = |template: &domain::template::Template| {
        template.resolve(&values).map_err(|missing| SettingProblem::Missing(missing.path))
    };
    let request = AssertionRequest {
        audience: &resolve(&definition.audience)?,
        issuer: &resolve(&definition.issuer)?,
        lifetime_seconds: definition.lifetime_seconds,
        now_ms: moment.now_ms,
        id: moment.id,
    };
    assertion::sign(&request, key, thumbprint).map(Some)
}

/// The new credentials: the form's fields with the token they bought.
///
/// # Errors
/// When the answer does not carry the token where the definition says.
pub fn credentials(
    scheme: &TwoStep,
    answer: TokenAnswer,
    previous: &TwoStepCredentials,
) -> Result<TwoStepCredentials, TokenProblem> {
    let token = at(&answer.raw.0, &scheme.answer.token).and_then(Value::as_str).map(Secret::new).ok_or_else(
        || {
            TokenProblem::passing(
                "token_answer_unreadable",
                format!("The token endpoint's answer has no text at `{}`.", scheme.answer.token),
            )
        },
    )?;
    Ok(TwoStepCredentials {
        fields: previous.fields.clone(),
        token,
        expires_at_ms: answer.expires_at_ms,
        refresh_token: None,
        refresh_token_expires_at_ms: None,
        raw: answer.raw,
    })
}
