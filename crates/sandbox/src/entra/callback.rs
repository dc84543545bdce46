//! Going back to the app: success and refusal as query, fragment or posted form.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::failure::{Failure, Ids};
use super::pages;
use crate::web::{self, Reply};

/// Where and how the app wants its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Callback {
    pub uri: String,
    pub mode: ResponseMode,
    pub state: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

impl Callback {
    /// Sends `fields` and the state to the app.
    pub fn reply(&self, mut fields: Vec<(&'static str, String)>) -> Reply {
        if let Some(state) = &self.state {
            fields.push(("state", state.clone()));
        }
        if self.mode == ResponseMode::FormPost {
            return pages::form_post(&self.uri, &fields);
        }
        let Ok(mut url) = url::Url::parse(&self.uri) else {
            return web::typed(
                StatusCode::BAD_REQUEST,
                "text/plain; charset=utf-8",
                "The redirect URI is not a URL.",
            );
        };
        match self.mode {
            ResponseMode::Fragment => {
                let encoded = serde_urlencoded::to_string(&fields).unwrap_or_default();
                url.set_fragment(Some(&encoded));
            }
            _ => {
                url.query_pairs_mut().extend_pairs(&fields);
            }
        }
        web::redirect(url.as_str())
    }

    /// Sends a refusal to the app.
    pub fn refuse(&self, failure: &Failure, ids: &Ids) -> Reply {
        let (error, _) = failure.oauth();
        let mut fields = vec![("error", error.to_owned())];
        if failure.code == 65004 {
            fields.push(("error_subcode", "cancel".to_owned()));
        }
        fields.push(("error_description", failure.description(ids)));
        fields.push(("error_uri", format!("https://login.microsoftonline.com/error?code={}", failure.code)));
        self.reply(fields)
    }
}
