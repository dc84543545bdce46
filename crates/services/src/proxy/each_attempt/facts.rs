//! The request as template values (contract §3.4): `${method}`, `${host}`, `${path}`, `${params}`, …

use domain::template::Values;
use http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::super::values::SubjectValues;
use super::{Attempt, aws, content_type};
use crate::credentials::schemes::aws_sigv4::signing;
use crate::credentials::template_functions::TemplateFunctions;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A subject and one attempt as template values.
pub(super) struct AttemptValues<'a> {
    pub subject: SubjectValues<'a>,
    pub functions: &'a TemplateFunctions,
    pub attempt: &'a Attempt<'a>,
    pub headers: &'a HeaderMap,
}

impl Values for AttemptValues<'_> {
    fn get(&self, path: &str) -> Option<String> {
        let Attempt { method, uri, endpoint, .. } = self.attempt;
        Some(match path {
            "method" => method.as_str().to_owned(),
            "host" => aws::host(uri),
            "path" => uri.path().to_owned(),
            "endpoint" => (*endpoint).to_owned(),
            "contentType" => content_type(self.headers).to_owned(),
            "urlCanonicalParams" => sorted(uri.query().unwrap_or_default()),
            "params" if in_query(method) => sorted(uri.query().unwrap_or_default()),
            "params" => sorted(std::str::from_utf8(self.attempt.form(self.headers)?).ok()?),
            "bodyCanonicalParams" => self.body()?,
            _ => return self.functions.get(path).or_else(|| self.subject.get(path)),
        })
    }

    fn call(&self, name: &str, arguments: &[String]) -> Option<String> {
        if name == "awsSigV4" {
            let at = self.functions.moment_ms();
            return aws::by_template(arguments, &signing::moment(at), self.attempt, self.headers);
        }
        self.functions.call(name, arguments)
    }
}

impl AttemptValues<'_> {
    /// The body as it goes out; a form in the order of its names.
    fn body(&self) -> Option<String> {
        match (self.attempt.form(self.headers), self.attempt.bytes()) {
            (Some(form), _) => Some(sorted(std::str::from_utf8(form).ok()?)),
            (None, Some(bytes)) => std::str::from_utf8(bytes).ok().map(str::to_owned),
            (None, None) => matches!(self.attempt.payload, super::Payload::Empty).then(String::new),
        }
    }
}

/// Methods whose parameters stand in the query.
fn in_query(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::DELETE | Method::OPTIONS)
}

/// Pairs encoded after RFC 3986, in order of their names.
fn sorted(query: &str) -> String {
    let again = |part: &str| {
        let spaced = part.replace('+', " ");
        let plain = percent_decode_str(&spaced).decode_utf8_lossy().into_owned();
        utf8_percent_encode(&plain, RESERVED).to_string()
    };
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| format!("{}={}", again(name), again(value)))
        .collect();
    pairs.sort();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Duo's Admin API page: names and values encoded, sorted, a space as `%20`.
    #[test]
    fn parameters_are_sorted_and_encoded_one_way() {
        assert_eq!(sorted("username=root&realname=First+Last"), "realname=First%20Last&username=root");
        assert_eq!(sorted("b=%2f&a=~&c"), "a=~&b=%2F&c=");
        assert_eq!(sorted(""), "");
    }
}
