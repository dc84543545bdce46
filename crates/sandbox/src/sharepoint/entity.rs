//! Answers before they are written in one of the flavours.

use http::StatusCode;
use serde_json::Value;

use crate::api::ApiResponse;

use super::error::{Outcome, SpError};

/// An entity such as `SP.List`.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    pub type_name: String,
    /// Path after `_api/`: `Web/Lists(guid'…')`.
    pub path: String,
    pub etag: Option<String>,
    pub props: Vec<(String, Prop)>,
    /// Properties that are given only when `$select` or the path names them.
    pub on_request: Vec<(String, Prop)>,
}

/// A property of an entity.
#[derive(Debug, Clone)]
pub(super) enum Prop {
    Value(Value),
    /// A collection of scalars with its element type.
    Scalars(&'static str, Vec<Value>),
    /// A complex value with its type.
    Complex(&'static str, Vec<(&'static str, Value)>),
    /// A navigation property that was not expanded.
    Deferred,
    One(Box<Entity>),
    Many(Vec<Entity>),
}

/// What a call answers.
pub(super) enum Answer {
    Entity(Entity),
    Created(Entity),
    Collection {
        entities: Vec<Entity>,
        next: Option<String>,
    },
    /// One property of an entity, or a function's scalar result.
    Scalar {
        name: String,
        value: Value,
    },
    /// A complex or free-form function result. Arrays inside become `results` in the verbose flavour.
    Result {
        name: &'static str,
        value: Value,
    },
    /// No body.
    Empty(StatusCode, Option<String>),
    Raw(ApiResponse),
}

impl Entity {
    pub fn new(type_name: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            type_name: type_name.into(),
            path: path.into(),
            etag: None,
            props: Vec::new(),
            on_request: Vec::new(),
        }
    }

    pub fn value(&mut self, name: &str, value: impl Into<Value>) {
        self.props.push((name.to_owned(), Prop::Value(value.into())));
    }

    pub fn values<const N: usize>(&mut self, pairs: [(&str, Value); N]) {
        self.props.extend(pairs.map(|(name, value)| (name.to_owned(), Prop::Value(value))));
    }

    pub fn path_value(&mut self, name: &str, decoded: &str) {
        self.props.push((name.to_owned(), resource_path(decoded)));
    }

    pub fn value_on_request(&mut self, name: &str, value: impl Into<Value>) {
        self.on_request.push((name.to_owned(), Prop::Value(value.into())));
    }

    pub fn path_on_request(&mut self, name: &str, decoded: &str) {
        self.on_request.push((name.to_owned(), resource_path(decoded)));
    }

    pub fn deferred(&mut self, names: &[&str]) {
        self.props.extend(names.iter().map(|name| ((*name).to_owned(), Prop::Deferred)));
    }

    pub fn get(&self, name: &str) -> Option<&Prop> {
        self.props.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, prop)| prop)
    }

    /// Puts an expanded navigation property in the place of the deferred one.
    pub fn expand(&mut self, name: &str, prop: Prop) {
        match self.props.iter_mut().find(|(found, _)| found.eq_ignore_ascii_case(name)) {
            Some((_, place)) => *place = prop,
            None => self.props.push((name.to_owned(), prop)),
        }
    }

    /// Keeps what `$select` names; `Author/Title` selects inside an expanded property.
    pub fn select(&mut self, select: &[String]) -> Outcome<()> {
        if select.is_empty() {
            return Ok(());
        }
        let named = |name: &str| select.iter().any(|chosen| top(chosen).eq_ignore_ascii_case(name));
        self.props.extend(self.on_request.extract_if(.., |(name, _)| named(name)));
        for name in select {
            self.check_selected(name)?;
        }
        self.props.retain(|(name, _)| named(name));
        for (name, prop) in &mut self.props {
            let inner: Vec<String> = select
                .iter()
                .filter_map(|chosen| chosen.split_once('/'))
                .filter(|(first, rest)| first.eq_ignore_ascii_case(name) && *rest != "*")
                .map(|(_, rest)| rest.to_owned())
                .collect();
            match prop {
                Prop::One(entity) => entity.select(&inner)?,
                Prop::Many(entities) => entities.iter_mut().try_for_each(|entity| entity.select(&inner))?,
                _ => {}
            }
        }
        Ok(())
    }

    fn check_selected(&self, name: &str) -> Outcome<()> {
        match (self.get(top(name)), name.contains('/')) {
            // Clients select `Id` on everything, also on files, which have none.
            (None, false) if name.eq_ignore_ascii_case("Id") => Ok(()),
            (None, _) => Err(SpError::no_field(name)),
            (Some(Prop::Deferred), true) => Err(SpError::new(
                StatusCode::BAD_REQUEST,
                "-1, Microsoft.SharePoint.SPException",
                format!(
                    "The query to field '{name}' is not valid. The $select query string must specify the target fields \
                     and the $expand query string must contains {}.",
                    top(name)
                ),
            )),
            _ => Ok(()),
        }
    }

    /// A property as filters see it.
    pub fn filter_value(&self, name: &str) -> Value {
        let (first, rest) = name.split_once('/').unwrap_or((name, ""));
        match self.get(first) {
            Some(Prop::Value(value)) => value.clone(),
            Some(Prop::One(entity)) => entity.filter_value(rest),
            Some(Prop::Complex(_, pairs)) => {
                pairs.iter().find(|(found, _)| *found == rest).map_or(Value::Null, |(_, value)| value.clone())
            }
            _ => Value::Null,
        }
    }
}

fn resource_path(decoded: &str) -> Prop {
    Prop::Complex("SP.ResourcePath", vec![("DecodedUrl", decoded.into())])
}

fn top(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}
