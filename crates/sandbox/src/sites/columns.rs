//! Columns and the values they take.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::{iso, parse_time, stable_guid};
use super::model::Site;

/// A list column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Column {
    pub id: String,
    /// Internal name.
    pub name: String,
    pub title: String,
    pub kind: ColumnKind,
    pub indexed: bool,
    pub required: bool,
    pub read_only: bool,
    pub hidden: bool,
}

/// The column types the sandbox knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ColumnKind {
    Text,
    Note,
    Number,
    DateTime,
    Choice(Vec<String>),
    Boolean,
    /// A person; the value is a site user id.
    Person,
    Counter,
    Guid,
    Attachments,
    ContentTypeId,
    Computed,
}

/// Why a value does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FieldError {
    #[error("Column '{0}' does not exist. It may have been deleted by another user.")]
    Unknown(String),
    #[error("Field '{0}' is read-only")]
    ReadOnly(String),
    #[error("The value of field '{field}' is not a valid {expected}")]
    Invalid { field: String, expected: &'static str },
}

impl Column {
    pub fn new(list: &str, name: &str, title: &str, kind: ColumnKind) -> Self {
        let id = stable_guid(&format!("column:{list}:{name}"));
        let (name, title) = (name.to_owned(), title.to_owned());
        Self { id, name, title, kind, indexed: false, required: false, read_only: false, hidden: false }
    }

    pub fn indexed(mut self) -> Self {
        self.indexed = true;
        self
    }

    fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// SharePoint's field type number and name (`SP.FieldType`).
    pub fn sharepoint_type(&self) -> (u32, &'static str) {
        match self.kind {
            ColumnKind::Text => (2, "Text"),
            ColumnKind::Note => (3, "Note"),
            ColumnKind::DateTime => (4, "DateTime"),
            ColumnKind::Counter => (5, "Counter"),
            ColumnKind::Choice(_) => (6, "Choice"),
            ColumnKind::Boolean => (8, "Boolean"),
            ColumnKind::Number => (9, "Number"),
            ColumnKind::Computed => (12, "Computed"),
            ColumnKind::Guid => (14, "Guid"),
            ColumnKind::Attachments => (19, "Attachments"),
            ColumnKind::Person => (20, "User"),
            ColumnKind::ContentTypeId => (25, "ContentTypeId"),
        }
    }
}

static BUILT_IN: LazyLock<Vec<Column>> = LazyLock::new(|| {
    let column = |name: &str, title: &str, kind| Column::new("built-in", name, title, kind);
    vec![
        column("ID", "ID", ColumnKind::Counter).indexed().read_only(),
        column("ContentType", "Content Type", ColumnKind::Computed).read_only(),
        column("ContentTypeId", "Content Type ID", ColumnKind::ContentTypeId).read_only(),
        column("Modified", "Modified", ColumnKind::DateTime).read_only(),
        column("Created", "Created", ColumnKind::DateTime).read_only(),
        column("Author", "Created By", ColumnKind::Person).read_only(),
        column("Editor", "Modified By", ColumnKind::Person).read_only(),
        column("_UIVersionString", "Version", ColumnKind::Text).read_only(),
        column("Attachments", "Attachments", ColumnKind::Attachments).read_only(),
        column("GUID", "GUID", ColumnKind::Guid).read_only(),
    ]
});

/// Columns that every list has.
pub(crate) fn built_in() -> &'static [Column] {
    &BUILT_IN
}

/// The stored form of a value given for a column; `Null` clears it.
pub(crate) fn coerce(site: &Site, column: &Column, value: &Value) -> Result<Value, FieldError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let converted = match &column.kind {
        ColumnKind::Text => text(value).filter(|text| text.chars().count() <= 255).map(Value::from),
        ColumnKind::Note | ColumnKind::Choice(_) => text(value).map(Value::from),
        ColumnKind::Number => number(value),
        ColumnKind::Boolean => boolean(value),
        ColumnKind::DateTime => value.as_str().and_then(parse_time).map(|ms| Value::from(iso(ms))),
        ColumnKind::Person => person(site, value),
        _ => return Err(FieldError::ReadOnly(column.name.clone())),
    };
    let expected = column.sharepoint_type().1;
    converted.ok_or_else(|| FieldError::Invalid { field: column.name.clone(), expected })
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) if text.is_empty() => Some(Value::Null),
        Value::String(text) => text.trim().parse::<f64>().ok().map(plain_number),
        _ => None,
    }
}

/// Whole numbers are written without a fraction.
fn plain_number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

fn boolean(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::Number(number) => Some(Value::from(number.as_f64()? != 0.0)),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Some(Value::from(true)),
            "false" | "no" | "0" => Some(Value::from(false)),
            _ => None,
        },
        _ => None,
    }
}

fn person(site: &Site, value: &Value) -> Option<Value> {
    let id = match value {
        Value::Number(number) => u32::try_from(number.as_u64()?).ok()?,
        Value::String(text) if text.is_empty() => return Some(Value::Null),
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    site.user(id).map(|user| Value::from(user.id))
}
