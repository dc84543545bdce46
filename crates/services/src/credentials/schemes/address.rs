//! Addresses of token requests whose parts a person typed or an earlier answer gave.

use domain::template::{Piece, Template, Values};
use percent_encoding::utf8_percent_encode;
use url::Url;

use super::SettingProblem;
use super::party::COMPONENT;

/// Fills a URL template. A value that stands for a host must look like one; one that stands for the whole beginning
/// must be an http(s) URL; every other value is encoded, so that it stays one component.
///
/// # Errors
/// The missing setting, or that the result is no http(s) URL.
pub fn fill(template: &Template, values: &dyn Values, what: &'static str) -> Result<Url, SettingProblem> {
    let places = Places::of(template);
    let encode = |path: &str, value: String| {
        if path.starts_with("cloud.") || places.begins(path) || places.takes(path, &value) {
            value
        } else {
            utf8_percent_encode(&value, COMPONENT).to_string()
        }
    };
    let text = template.resolve_encoded(values, &encode).map_err(super::form_values::missing)?;
    let url = Url::parse(&text).map_err(|_| SettingProblem::BadUrl { what })?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if matches!(url.scheme(), "https" | "http") && url.has_host() && plain {
        Ok(url)
    } else {
        Err(SettingProblem::BadUrl { what })
    }
}

/// Which placeholders stand in the host, and which stand for scheme and host together.
struct Places<'a> {
    hosts: Vec<(&'a str, Place)>,
    beginnings: Vec<&'a str>,
}

/// Where in the host a placeholder stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// More of the host follows, so a path or port in the value would cut that off.
    Inside,
    /// The host ends with it.
    AtEnd,
}

impl<'a> Places<'a> {
    fn of(template: &'a Template) -> Self {
        let mut found = Self { hosts: Vec::new(), beginnings: Vec::new() };
        for pieces in template.alternatives() {
            let mut in_host = false;
            for (at, piece) in pieces.iter().enumerate() {
                let place = match pieces.get(at + 1) {
                    None => Place::AtEnd,
                    Some(Piece::Text(text)) if text.starts_with(['/', '?', '#']) => Place::AtEnd,
                    Some(_) => Place::Inside,
                };
                match *piece {
                    Piece::Placeholder(path) if at == 0 => found.beginnings.push(path),
                    Piece::Placeholder(path) if in_host => found.hosts.push((path, place)),
                    Piece::Placeholder(_) => {}
                    Piece::Text(text) => match text.split_once("://") {
                        Some((_, after)) if at == 0 => in_host = !after.contains(['/', '?']),
                        _ => in_host = in_host && !text.contains(['/', '?']),
                    },
                }
            }
        }
        found
    }

    /// Whether a value can stand in the host as it is.
    fn takes(&self, path: &str, value: &str) -> bool {
        let mut places =
            self.hosts.iter().filter(|(one, _)| *one == path).map(|(_, place)| *place).peekable();
        places.peek().is_some()
            && is_host(value)
            && places.all(|place| place == Place::AtEnd || !value.contains(['/', ':']))
    }

    fn begins(&self, path: &str) -> bool {
        self.beginnings.contains(&path)
    }
}

/// A host with an optional port and, where a person was asked for both in one (`login.example.com/auth/token`), a
/// path of plain segments.
fn is_host(value: &str) -> bool {
    let (authority, path) = value.split_once('/').unwrap_or((value, ""));
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
    let label = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let segment = |c: char| label(c) || matches!(c, '/' | '~');
    !host.is_empty()
        && host.chars().all(label)
        && port.parse::<u16>().is_ok()
        && path.chars().all(segment)
        && !path.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, value: &'static str) -> Result<String, SettingProblem> {
        let template = Template::parse(template).unwrap();
        fill(&template, &|_: &str| Some(value.to_owned()), "token URL").map(String::from)
    }

    #[test]
    fn values_keep_to_their_place() {
        let host = "https://${connectionConfig.domain}/token";
        assert_eq!(filled(host, "a.example:8443").unwrap(), "https://a.example:8443/token");
        assert_eq!(
            filled("https://${connectionConfig.u}", "a.example/x/y").unwrap(),
            "https://a.example/x/y"
        );
        assert_eq!(filled("https://${a.b}.example.com/x", "acme").unwrap(), "https://acme.example.com/x");
        assert_eq!(
            filled("https://x.example/${a.b}?p=${a.b}", "a/b?c&d#e").unwrap(),
            "https://x.example/a%2Fb%3Fc%26d%23e?p=a%2Fb%3Fc%26d%23e"
        );
        assert_eq!(
            filled("${step1.url}/token", "https://i.example/base").unwrap(),
            "https://i.example/base/token"
        );
    }

    #[test]
    fn a_typed_host_cannot_become_another_address() {
        for evil in [
            "evil.example#",
            "user:pw@evil.example",
            "evil.example?x=",
            "evil.example\\@a",
            "a b",
            "",
            "a/../b",
            "evil.example/x",
            "evil.example:8443/x",
        ] {
            let template = "https://${connectionConfig.domain}.vendor.com/token";
            let outcome = filled(template, evil);
            let stays = outcome.as_ref().is_ok_and(|url| {
                Url::parse(url)
                    .is_ok_and(|url| url.host_str().is_some_and(|host| host.ends_with(".vendor.com")))
            });
            assert!(outcome.is_err() || stays, "{evil}: {outcome:?}");
        }
        assert!(filled("${step1.url}/token", "file:///etc/passwd").is_err());
        assert!(filled("${step1.url}/token", "https://u:p@a.example").is_err());
    }
}
