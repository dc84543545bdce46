//! `${a.b}` templates with `A || B` fallbacks (contract §4.4), parsed once when a definition is read.

use std::fmt;

/// Where a template's placeholders get their values.
pub trait Values {
    /// The value of a dotted path such as `connectionConfig.tenant`; `None` when absent or empty.
    fn get(&self, path: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<String>> Values for F {
    fn get(&self, path: &str) -> Option<String> {
        self(path)
    }
}

/// A parsed template: alternatives tried from left to right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    alternatives: Vec<Vec<Part>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Path(String),
}

/// A placeholder that has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no value for ${{{path}}}")]
pub struct Unresolved {
    /// The dotted path, for example `connectionConfig.tenant`.
    pub path: String,
}

/// A template that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template `{template}`: {problem}")]
pub struct TemplateError {
    /// The template as written.
    pub template: String,
    /// What is wrong.
    pub problem: &'static str,
}

impl Template {
    /// Parses a template. Nested `${…}` and unclosed placeholders are errors.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let error = |problem| TemplateError { template: source.to_owned(), problem };
        let alternatives =
            source.split(" || ").map(parse_parts).collect::<Result<Vec<_>, _>>().map_err(error)?;
        Ok(Self { source: source.to_owned(), alternatives })
    }

    /// The first alternative whose placeholders all have values.
    ///
    /// # Errors
    /// The first missing path of the last alternative.
    pub fn resolve(&self, values: &dyn Values) -> Result<String, Unresolved> {
        self.resolve_encoded(values, &|_, value| value)
    }

    /// As [`Self::resolve`], each value passed with its path through `encode` (for example URI-component encoding).
    ///
    /// # Errors
    /// The first missing path of the last alternative.
    pub fn resolve_encoded(
        &self,
        values: &dyn Values,
        encode: &dyn Fn(&str, String) -> String,
    ) -> Result<String, Unresolved> {
        let mut missing = None;
        for parts in &self.alternatives {
            match resolve_parts(parts, values, encode) {
                Ok(text) => return Ok(text),
                Err(unresolved) => missing = Some(unresolved),
            }
        }
        Err(missing.unwrap_or(Unresolved { path: self.source.clone() }))
    }

    /// Every placeholder's path, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().flatten().filter_map(|part| match part {
            Part::Path(path) => Some(path.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The template as written.
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

fn resolve_parts(
    parts: &[Part],
    values: &dyn Values,
    encode: &dyn Fn(&str, String) -> String,
) -> Result<String, Unresolved> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Path(path) => {
                let value = values.get(path).ok_or_else(|| Unresolved { path: path.clone() })?;
                text.push_str(&encode(path, value));
            }
        }
    }
    Ok(text)
}

fn parse_parts(source: &str) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = source;
    while let Some(start) = rest.find("${") {
        if start > 0 {
            parts.push(Part::Text(rest[..start].to_owned()));
        }
        let inner = &rest[start + 2..];
        let end = inner.find('}').ok_or("`${` without `}`")?;
        let path = inner[..end].trim();
        if path.is_empty() || path.contains("${") {
            return Err("empty or nested placeholder");
        }
        parts.push(Part::Path(path.to_owned()));
        rest = &inner[end + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(path: &str) -> Option<String> {
        (path == "connectionConfig.tenant").then(|| "contoso".to_owned())
    }

    #[test]
    fn the_first_complete_alternative_wins() {
        let template =
            Template::parse("https://${connectionConfig.host} || https://${connectionConfig.tenant}.x")
                .unwrap();
        assert_eq!(template.resolve(&values).unwrap(), "https://contoso.x");
        let missing = Template::parse("${a.b}").unwrap().resolve(&values).unwrap_err();
        assert_eq!(missing.path, "a.b");
    }

    #[test]
    fn broken_templates_are_refused() {
        assert!(Template::parse("${open").is_err());
        assert!(Template::parse("${}").is_err());
    }
}
