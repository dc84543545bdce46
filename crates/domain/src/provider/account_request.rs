//! Requests of a definition's own to the API, around the life of a connection.

use super::token::BodyFormat;
use crate::template::{Template, TemplateTree};

/// A request to the API with the connection's credentials.
#[derive(Debug, Clone)]
pub struct AccountRequest {
    /// `GET` unless the definition says otherwise.
    pub method: String,
    /// A path on the base URL, or an absolute URL whose host stands there literally.
    pub url: Template,
    /// Headers besides those of the proxy block.
    pub headers: Vec<(String, Template)>,
    /// The body.
    pub data: Option<TemplateTree>,
    /// JSON, or a form of flat texts.
    pub format: BodyFormat,
}

/// What is learnt of an account when it is connected: values that calls need and that no person should have to find.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The question.
    pub request: AccountRequest,
    /// Where the answer has its list, dotted and perhaps empty; without it the answer itself is the one item.
    pub items_at: Option<String>,
    /// What the right item says: its dotted path, and the text there. One whose template has no value is not asked.
    pub matching: Vec<(String, Template)>,
    /// Which of several fitting items.
    pub several: Several,
    /// Keys of the connection config, each with its dotted path in the item.
    pub config: Vec<(String, String)>,
    /// Whether the connection is of no use without it.
    pub need: Need,
}

/// What several fitting items mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Several {
    /// The first is the account's usual one.
    #[default]
    First,
    /// Nobody knows which is meant: nothing is learnt.
    None,
}

/// Whether a connection works without what is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Need {
    /// Yes; the value is a help.
    #[default]
    Helpful,
    /// No: an account of which it cannot be learnt is not connected.
    Required,
}
