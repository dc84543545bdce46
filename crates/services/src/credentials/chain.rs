//! TWO_STEP's chain of token requests, asked one after the other.

use domain::credentials::TwoStepCredentials;
use domain::provider::{TokenStep, TwoStep};
use http::header;
use serde_json::{Map, Value};

use super::problem::{Concern, TokenProblem};
use super::renewal::{Fresh, Renewed, setting};
use super::schemes::{FormValues, Party, two_step};
use super::template_functions::TemplateFunctions;
use super::token_endpoint::{self, TokenCallFacts};
use crate::context::Context;

/// Buys a token: by the refresh request where there is one and what it needs, else by the whole chain.
///
/// A refresh token that is refused is not the end: everything that the chain needs is stored.
pub async fn run(
    context: &Context,
    party: &Party<'_>,
    scheme: &TwoStep,
    own: &TwoStepCredentials,
) -> Renewed {
    if let (Some(step), Some(token)) = (&scheme.refresh, &own.refresh_token) {
        let mut attempt = Attempt::new(context, party, own);
        attempt.values.made.push(("refresh_token".to_owned(), token.clone()));
        let renewed = attempt.ask(scheme, std::slice::from_ref(step)).await;
        match &renewed.outcome {
            Err(problem) if problem.concern != Concern::Passing => {}
            _ => return renewed,
        }
    }
    let anew = TwoStepCredentials { refresh_token: None, ..own.clone() };
    let steps: Vec<TokenStep> =
        std::iter::once(&scheme.request).chain(&scheme.additional_steps).cloned().collect();
    Attempt::new(context, party, &anew).ask(scheme, &steps).await
}

/// One walk along the chain.
struct Attempt<'a> {
    context: &'a Context,
    own: &'a TwoStepCredentials,
    values: FormValues<'a>,
    facts: Option<TokenCallFacts>,
}

impl<'a> Attempt<'a> {
    fn new(context: &'a Context, party: &'a Party<'a>, own: &'a TwoStepCredentials) -> Self {
        let now_ms = context.now_ms();
        let functions = TemplateFunctions::at(now_ms, context.uuid());
        Self { context, own, values: FormValues::new(party, &own.fields, functions, now_ms), facts: None }
    }

    async fn ask(mut self, scheme: &TwoStep, steps: &[TokenStep]) -> Renewed {
        let outcome = self.walk(scheme, steps).await;
        Renewed { facts: self.facts, outcome }
    }

    async fn walk(&mut self, scheme: &TwoStep, steps: &[TokenStep]) -> Result<Fresh, TokenProblem> {
        two_step::prepare(scheme, &mut self.values).map_err(setting)?;
        let mut last = Map::new();
        for step in steps {
            last = self.step(scheme, step).await?;
            self.values.answers.push(last.clone());
        }
        let credentials = two_step::credentials(scheme, last, &self.values, self.own)?;
        let config_changes = two_step::metadata(scheme, &self.values.answers).into_iter().collect();
        Ok(Fresh { credentials: domain::credentials::Credentials::TwoStep(credentials), config_changes })
    }

    async fn step(&mut self, scheme: &TwoStep, step: &TokenStep) -> Result<Map<String, Value>, TokenProblem> {
        let request = two_step::request(step, &self.values).map_err(setting)?;
        let (mut facts, outcome) = token_endpoint::send(self.context, &request).await;
        // Some vendors want the credentials in the query.
        facts.url.truncate(facts.url.find('?').unwrap_or(facts.url.len()));
        self.facts = Some(facts);
        let response = outcome?;
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let mut answer = two_step::answer(response.status().as_u16(), kind, response.body())?;
        two_step::keep_headers(&scheme.answer.headers, response.headers(), &mut answer);
        Ok(answer)
    }
}
