//! What the control surface answers, and how it refuses.

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Call;
use crate::web::{self, Reply};

/// A JSON answer or a refusal.
pub(super) type Answer = Result<Value, Refused>;

/// Why a control request was refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// The body or the query is wrong.
    Invalid(String),
    NotFound(String),
    /// The caller may not drive this sandbox.
    Forbidden(&'static str),
    /// The state cannot be written.
    Storage(std::io::Error),
}

impl Refused {
    pub fn into_reply(self) -> Reply {
        let (status, message) = match self {
            Self::Invalid(message) => (StatusCode::BAD_REQUEST, message),
            Self::NotFound(message) => (StatusCode::NOT_FOUND, message),
            Self::Forbidden(message) => (StatusCode::FORBIDDEN, message.to_owned()),
            Self::Storage(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        };
        web::json(status, &json!({ "error": message }))
    }
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self::Storage(error)
    }
}

/// The answer of a control that has nothing to tell.
pub(super) fn done() -> Answer {
    Ok(json!({ "ok": true }))
}

impl Call<'_> {
    /// Reads the JSON body; an empty one counts as `{}`.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        let body = if self.body.is_empty() { b"{}" } else { self.body };
        serde_json::from_slice(body).map_err(|error| Refused::Invalid(error.to_string()))
    }
}
