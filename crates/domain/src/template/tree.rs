//! A JSON value whose texts are templates; keeps the order of the file, which XML and some vendors care for.

use serde_json::{Map, Value};

use super::{Template, Unresolved, UnresolvedReason, Values};

/// A JSON value whose texts are templates.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplateTree {
    /// A template.
    Text(Template),
    /// A number, a boolean or null.
    Literal(Value),
    /// A list.
    List(Vec<TemplateTree>),
    /// An object in the file's order.
    Map(Vec<(String, TemplateTree)>),
}

impl Default for TemplateTree {
    fn default() -> Self {
        Self::Map(Vec::new())
    }
}

impl TemplateTree {
    /// The value with every template filled.
    ///
    /// # Errors
    /// The first placeholder without value.
    pub fn resolve(&self, values: &dyn Values) -> Result<Value, Unresolved> {
        self.each(&mut |template| template.resolve(values).map(Some)).map(Option::unwrap_or_default)
    }

    /// As [`Self::resolve`], but a template without value leaves out its key or item, and `None` is nothing at all.
    ///
    /// # Errors
    /// A function that cannot be computed.
    pub fn resolve_present(&self, values: &dyn Values) -> Result<Option<Value>, Unresolved> {
        self.each(&mut |template| match template.resolve(values) {
            Err(unresolved) if unresolved.reason == UnresolvedReason::NoValue => Ok(None),
            outcome => outcome.map(Some),
        })
    }

    fn each(
        &self,
        fill: &mut dyn FnMut(&Template) -> Result<Option<String>, Unresolved>,
    ) -> Result<Option<Value>, Unresolved> {
        Ok(match self {
            Self::Text(template) => fill(template)?.map(Value::String),
            Self::Literal(value) => Some(value.clone()),
            Self::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.extend(item.each(fill)?);
                }
                // A list that lost all it had says nothing.
                (items.is_empty() || !list.is_empty()).then_some(Value::Array(list))
            }
            Self::Map(entries) => {
                let mut map = Map::new();
                for (key, entry) in entries {
                    if let Some(value) = entry.each(fill)? {
                        map.insert(key.clone(), value);
                    }
                }
                Some(Value::Object(map))
            }
        })
    }

    /// The text of a leaf as it would stand in a form: templates filled, numbers and booleans written out.
    ///
    /// `None` for null, lists and objects.
    ///
    /// # Errors
    /// A placeholder without value.
    pub fn resolve_text(&self, values: &dyn Values) -> Result<Option<String>, Unresolved> {
        match self {
            Self::Text(template) => template.resolve(values).map(Some),
            Self::Literal(Value::Null) | Self::List(_) | Self::Map(_) => Ok(None),
            Self::Literal(value) => Ok(Some(value.to_string())),
        }
    }

    /// Every template, in order, with the dotted path to it.
    pub fn templates(&self) -> Vec<(String, &Template)> {
        let mut found = Vec::new();
        self.collect(String::new(), &mut found);
        found
    }

    fn collect<'a>(&'a self, path: String, found: &mut Vec<(String, &'a Template)>) {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match self {
            Self::Text(template) => found.push((path, template)),
            Self::Literal(_) => {}
            Self::List(items) => {
                items.iter().enumerate().for_each(|(n, item)| item.collect(below(&n.to_string()), found));
            }
            Self::Map(entries) => entries.iter().for_each(|(key, entry)| entry.collect(below(key), found)),
        }
    }

    /// A value under a key of an object.
    pub fn get(&self, key: &str) -> Option<&TemplateTree> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The template of a leaf.
    pub fn as_template(&self) -> Option<&Template> {
        match self {
            Self::Text(template) => Some(template),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(source: &str) -> TemplateTree {
        TemplateTree::Text(Template::parse(source).unwrap())
    }

    fn tree() -> TemplateTree {
        TemplateTree::Map(vec![
            ("iss".to_owned(), text("${id}")),
            ("n".to_owned(), TemplateTree::Literal(json!(7))),
            ("scope".to_owned(), TemplateTree::List(vec![text("${scope}")])),
        ])
    }

    #[test]
    fn a_missing_value_is_an_error_or_left_out() {
        let all = |path: &str| Some(path.to_uppercase());
        assert_eq!(tree().resolve(&all).unwrap(), json!({"iss": "ID", "n": 7, "scope": ["SCOPE"]}));
        let some = |path: &str| (path == "id").then(|| "x".to_owned());
        assert_eq!(tree().resolve(&some).unwrap_err().path, "scope");
        assert_eq!(tree().resolve_present(&some).unwrap(), Some(json!({"iss": "x", "n": 7})));
        let named: Vec<_> = tree().templates().into_iter().map(|(path, _)| path).collect();
        assert_eq!(named, ["iss", "scope.0"]);
    }
}
