//! Parameters and rows, the same for both databases.

use domain::{
    ConnectionId, ConnectionRow, EnvironmentId, EnvironmentName, IntegrationKey, ProviderName, Sealed,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;

/// One parameter or column. Times are `Int` (Unix milliseconds), JSON is `Text`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row whose columns are taken from left to right, in the order of the statement's list.
#[derive(Debug)]
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub(crate) fn new(columns: Vec<Value>) -> Self {
        Self(columns.into_iter())
    }

    /// The next column.
    pub(crate) fn take<T: FromValue>(&mut self) -> Result<T, StoreError> {
        T::from_value(self.0.next().unwrap_or(Value::Null))
    }

    /// The next column as it is.
    pub(crate) fn take_value(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Null)
    }

    /// The next column, read as JSON.
    pub(crate) fn take_json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        parse_json(&self.take::<String>()?)
    }

    /// The next column, read as JSON unless it is NULL.
    pub(crate) fn take_optional_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        self.take::<Option<String>>()?.map(|text| parse_json(&text)).transpose()
    }
}

fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    // The parser's own words may quote the stored text, so only the place is told.
    serde_json::from_str(text)
        .map_err(|error| StoreError::corrupt(format!("JSON column, position {}", error.column())))
}

/// A column that can be read from a row.
pub(crate) trait FromValue: Sized {
    fn from_value(value: Value) -> Result<Self, StoreError>;
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Int(number) => Ok(number),
            other => Err(unexpected("a number", &other)),
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(unexpected("text", &other)),
        }
    }
}

impl FromValue for Sealed {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Bytes(bytes) => Ok(Self::from_bytes(bytes)),
            other => Err(unexpected("bytes", &other)),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}

fn unexpected(wanted: &str, got: &Value) -> StoreError {
    let got = match got {
        Value::Null => "nothing",
        Value::Int(_) => "a number",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
    };
    StoreError::corrupt(format!("a column holds {got} where {wanted} belongs"))
}

macro_rules! id_columns {
    ($($name:ident),*) => {$(
        impl FromValue for $name {
            fn from_value(value: Value) -> Result<Self, StoreError> {
                $name::parse(&String::from_value(value)?).map_err(StoreError::corrupt)
            }
        }
        impl From<&$name> for Value {
            fn from(id: &$name) -> Self {
                Self::Text(id.as_str().to_owned())
            }
        }
    )*};
}
id_columns!(ConnectionId, EnvironmentName, IntegrationKey, ProviderName);

macro_rules! row_id_columns {
    ($($name:ident),*) => {$(
        impl FromValue for $name {
            fn from_value(value: Value) -> Result<Self, StoreError> {
                i64::from_value(value).map(Self)
            }
        }
        impl From<$name> for Value {
            fn from(id: $name) -> Self {
                Self::Int(id.0)
            }
        }
    )*};
}
row_id_columns!(ConnectionRow, EnvironmentId);

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<&Sealed> for Value {
    fn from(sealed: &Sealed) -> Self {
        Self::Bytes(sealed.as_bytes().to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A JSON column.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<Value, StoreError> {
    serde_json::to_string(value).map(Value::Text).map_err(|error| StoreError::Other(error.to_string()))
}

/// A JSON column that may be NULL.
pub(crate) fn optional_json<T: Serialize>(value: Option<&T>) -> Result<Value, StoreError> {
    value.map_or(Ok(Value::Null), json)
}

/// Refuses a text that only one of the two databases could store.
pub(crate) fn check_texts(parameters: &[Value]) -> Result<(), StoreError> {
    let nul = |value: &Value| matches!(value, Value::Text(text) if text.as_bytes().contains(&0));
    if parameters.iter().any(nul) { Err(StoreError::NulCharacter) } else { Ok(()) }
}

/// A list of parameters.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Value::from($value)),*] };
}
pub(crate) use params;
