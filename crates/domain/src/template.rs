//! `${a.b}` templates with `A || B` fallbacks (contract §4.4), parsed once when a definition is read.

mod parse;

use std::fmt;

/// Where a template's placeholders get their values.
pub trait Values {
    /// The value of a dotted path such as `connectionConfig.tenant`; `None` when absent or empty.
    fn get(&self, path: &str) -> Option<String>;

    /// The result of `${name(arguments)}`; `None` when the function is unknown or its arguments are of no use to it.
    ///
    /// A literal comma of the template separates arguments; commas inside values do not.
    fn call(&self, _name: &str, _arguments: &[String]) -> Option<String> {
        None
    }
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
    /// `${name(argument)}` or, with a format in place of an argument, `${now:FORMAT}`.
    Call {
        name: String,
        argument: Vec<Part>,
    },
}

/// A placeholder that has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.describe())]
pub struct Unresolved {
    /// The dotted path, for example `connectionConfig.tenant`, or the function's name.
    pub path: String,
    /// Why there is no value.
    pub reason: UnresolvedReason,
}

/// Why a placeholder has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnresolvedReason {
    /// Nobody gave one.
    NoValue,
    /// It is a function that cannot be computed here.
    UnsupportedFunction,
}

impl Unresolved {
    fn no_value(path: &str) -> Self {
        Self { path: path.to_owned(), reason: UnresolvedReason::NoValue }
    }

    fn function(name: &str) -> Self {
        Self { path: name.to_owned(), reason: UnresolvedReason::UnsupportedFunction }
    }

    fn describe(&self) -> String {
        match self.reason {
            UnresolvedReason::NoValue => format!("no value for ${{{}}}", self.path),
            UnresolvedReason::UnsupportedFunction => {
                format!("the template function `{}` has no result here: is its key usable?", self.path)
            }
        }
    }
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
    /// Parses a template. Unclosed, empty and needlessly nested placeholders are errors.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let error = |problem| TemplateError { template: source.to_owned(), problem };
        let alternatives = parse::alternatives(source).map_err(error)?;
        Ok(Self { source: source.to_owned(), alternatives })
    }

    /// A template that stands for exactly this text, `${` and ` || ` included.
    pub fn literal(text: &str) -> Self {
        Self { source: text.to_owned(), alternatives: vec![vec![Part::Text(text.to_owned())]] }
    }

    /// The first alternative whose placeholders all have values.
    ///
    /// # Errors
    /// The first missing path of the last alternative; a function of any alternative that was reached, because
    /// skipping it could silently choose another host or value than the definition means.
    pub fn resolve(&self, values: &dyn Values) -> Result<String, Unresolved> {
        self.resolve_encoded(values, &|_, value| value)
    }

    /// As [`Self::resolve`], each value passed with its path through `encode` (for example URI-component encoding).
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn resolve_encoded(
        &self,
        values: &dyn Values,
        encode: &dyn Fn(&str, String) -> String,
    ) -> Result<String, Unresolved> {
        let mut missing = None;
        for parts in &self.alternatives {
            match resolve_parts(parts, values, encode) {
                Ok(text) => return Ok(text),
                Err(unresolved) if unresolved.reason == UnresolvedReason::UnsupportedFunction => {
                    return Err(unresolved);
                }
                Err(unresolved) => missing = Some(unresolved),
            }
        }
        Err(missing.unwrap_or_else(|| Unresolved::no_value(&self.source)))
    }

    /// Every placeholder's path, in order, those inside function arguments included.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let mut found = Vec::new();
        self.alternatives.iter().for_each(|parts| collect_paths(parts, &mut found));
        found.into_iter()
    }

    /// Every function the template calls, in order.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        let mut found = Vec::new();
        self.alternatives.iter().for_each(|parts| collect_functions(parts, &mut found));
        found.into_iter()
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
                let value = values.get(path).ok_or_else(|| Unresolved::no_value(path))?;
                text.push_str(&encode(path, value));
            }
            Part::Call { name, argument } => {
                let arguments = resolve_arguments(argument, values)?;
                let result = values.call(name, &arguments).ok_or_else(|| Unresolved::function(name))?;
                text.push_str(&encode(name, result));
            }
        }
    }
    Ok(text)
}

/// The arguments of a call: split at the commas that the template itself has, so that a value with a comma stays one.
fn resolve_arguments(parts: &[Part], values: &dyn Values) -> Result<Vec<String>, Unresolved> {
    let mut arguments = vec![String::new()];
    for part in parts {
        match part {
            Part::Text(literal) => {
                let mut pieces = literal.split(',');
                append(&mut arguments, pieces.next().unwrap_or_default());
                arguments.extend(pieces.map(str::to_owned));
            }
            other => {
                let value = resolve_parts(std::slice::from_ref(other), values, &|_, value| value)?;
                append(&mut arguments, &value);
            }
        }
    }
    Ok(arguments)
}

fn append(arguments: &mut [String], text: &str) {
    if let Some(last) = arguments.last_mut() {
        last.push_str(text);
    }
}

fn collect_paths<'a>(parts: &'a [Part], found: &mut Vec<&'a str>) {
    for part in parts {
        match part {
            Part::Path(path) => found.push(path),
            Part::Call { argument, .. } => collect_paths(argument, found),
            Part::Text(_) => {}
        }
    }
}

fn collect_functions<'a>(parts: &'a [Part], found: &mut Vec<&'a str>) {
    for part in parts {
        if let Part::Call { name, argument } = part {
            found.push(name);
            collect_functions(argument, found);
        }
    }
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
        assert_eq!(missing.to_string(), "no value for ${a.b}");
    }

    #[test]
    fn broken_templates_are_refused() {
        for broken in ["${open", "${}", "${a${b}}", "${base64(${a}}", "${no space}", "${f(${a)}"] {
            assert!(Template::parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn functions_without_an_evaluator_do_not_resolve() {
        let template =
            Template::parse("Basic ${base64(${credentials.id}:${sha1(${credentials.key}, x)})}").unwrap();
        assert_eq!(template.paths().collect::<Vec<_>>(), ["credentials.id", "credentials.key"]);
        assert_eq!(template.functions().collect::<Vec<_>>(), ["base64", "sha1"]);
        let error = template.resolve(&|_: &str| Some("v".to_owned())).unwrap_err();
        assert_eq!(error.path, "sha1");
        assert!(error.to_string().contains("`sha1` has no result"), "{error}");
        for clock in ["${now:YYYY-MM-DDTHH:mm:ss[Z]}", "${now+7:days:X}", "${now:ddd, DD MMM ZZ}"] {
            let template = Template::parse(clock).unwrap();
            assert_eq!(template.functions().collect::<Vec<_>>(), ["now"], "{clock}");
            assert!(template.resolve(&values).is_err());
        }
    }

    #[test]
    fn an_unsupported_function_does_not_fall_through_to_the_next_alternative() {
        let template = Template::parse("${base64(x)} || ${connectionConfig.tenant}").unwrap();
        assert_eq!(template.resolve(&values).unwrap_err().reason, UnresolvedReason::UnsupportedFunction);
        let template = Template::parse("${a.b}${base64(x)} || ${connectionConfig.tenant}").unwrap();
        assert_eq!(template.resolve(&values).unwrap(), "contoso");
    }

    struct Joining;

    impl Values for Joining {
        fn get(&self, path: &str) -> Option<String> {
            Some(format!("<{path}, x>"))
        }

        fn call(&self, name: &str, arguments: &[String]) -> Option<String> {
            Some(format!("{name}[{}]", arguments.join("|")))
        }
    }

    #[test]
    fn only_commas_of_the_template_separate_arguments() {
        let template = Template::parse("${f(${g(${a})}${b}, k,${now:D, M})}").unwrap();
        assert_eq!(template.resolve(&Joining).unwrap(), "f[g[<a, x>]<b, x>| k|now[:D| M]]");
    }

    #[test]
    fn a_literal_is_not_interpreted() {
        let template = Template::literal("${connectionConfig.tenant} || x");
        assert_eq!(template.resolve(&values).unwrap(), "${connectionConfig.tenant} || x");
        assert_eq!(template.paths().count(), 0);
    }

    #[test]
    fn hostile_nesting_ends_in_an_error() {
        let deep = format!("{}x{}", "${f(".repeat(5_000), ")}".repeat(5_000));
        assert!(Template::parse(&deep).is_err());
    }
}
