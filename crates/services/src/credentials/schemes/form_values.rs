//! What the templates of a token request draw on: the form's fields, the connection config, the clock, earlier answers.

use domain::Secret;
use domain::credentials::FormFields;
use domain::template::{Unresolved, UnresolvedReason, Values};
use serde_json::{Map, Value};

use super::{Party, SettingProblem, config_text};
use crate::credentials::lookup;
use crate::credentials::template_functions::TemplateFunctions;

/// The values of one token request, or of one chain of them.
pub struct FormValues<'a> {
    /// Connection config, cloud and integration.
    pub party: &'a Party<'a>,
    /// What the person submitted.
    pub fields: &'a FormFields,
    /// `${now}`, `${random}` and the functions, the same for the whole request.
    pub functions: TemplateFunctions,
    /// The moment of the request, Unix milliseconds; the functions' own.
    pub now_ms: i64,
    /// Values made for this request (`assertion`, `token`, `refresh_token`, `assertionOption.…`); strongest.
    pub made: Vec<(String, Secret)>,
    /// Earlier answers: `${step1.…}` is the first.
    pub answers: Vec<Map<String, Value>>,
}

impl<'a> FormValues<'a> {
    /// Values without anything made yet.
    pub fn new(
        party: &'a Party<'a>,
        fields: &'a FormFields,
        functions: TemplateFunctions,
        now_ms: i64,
    ) -> Self {
        Self { party, fields, functions, now_ms, made: Vec::new(), answers: Vec::new() }
    }

    fn made(&self, path: &str) -> Option<String> {
        let (_, value) = self.made.iter().find(|(name, _)| name == path)?;
        (!value.is_empty()).then(|| value.expose().to_owned())
    }

    fn answer(&self, path: &str) -> Option<String> {
        let (number, inner) = path.strip_prefix("step")?.split_once('.')?;
        let index = number.parse::<usize>().ok()?.checked_sub(1)?;
        config_text(self.answers.get(index)?, inner)
    }
}

impl Values for FormValues<'_> {
    fn get(&self, path: &str) -> Option<String> {
        self.made(path)
            .or_else(|| self.functions.get(path))
            .or_else(|| self.answer(path))
            .or_else(|| {
                let name = path.strip_prefix("credentials.")?;
                // What is made afresh is stronger than what was made before and stored.
                self.made(name).or_else(|| lookup::field(self.fields, name))
            })
            .or_else(|| self.party.get(path))
            .or_else(|| lookup::field(self.fields, path))
    }

    fn call(&self, name: &str, arguments: &[String]) -> Option<String> {
        self.functions.call(name, arguments)
    }
}

/// A placeholder without value as a setting that somebody must give.
pub(super) fn missing(unresolved: Unresolved) -> SettingProblem {
    match unresolved.reason {
        UnresolvedReason::NoValue => SettingProblem::Missing(unresolved.path),
        UnresolvedReason::UnsupportedFunction => SettingProblem::BadKey(
            "a function of the definition cannot take what it was given; check the key",
        ),
    }
}
