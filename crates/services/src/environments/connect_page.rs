//! How an environment's connect page looks, and on whose pages it may stand.

use serde::{Deserialize, Serialize};

use crate::error::FieldIssue;

/// A page with its logo stays far below a second on a slow line.
const LARGEST_LOGO: usize = 32 << 10;
/// A header names them all.
const MOST_ORIGINS: usize = 50;

/// What `connect_ui` of an environment's settings says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectUi {
    /// What the page wears unless the embedding page says otherwise.
    pub default_theme: Appearance,
    /// Colour of buttons and links on light ground, `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub light_primary: Option<String>,
    /// The same on dark ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dark_primary: Option<String>,
    /// A `data:` address of a PNG, JPEG, WebP or SVG image, at most 32 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
}

/// Light, dark, or what the visitor's system says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Appearance {
    /// What the system says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl ConnectUi {
    pub(super) fn check(&self) -> Vec<FieldIssue> {
        let mut issues = Vec::new();
        for (name, color) in [("light_primary", &self.light_primary), ("dark_primary", &self.dark_primary)] {
            if color.as_deref().is_some_and(|color| !is_color(color)) {
                issues.push(issue(&["connect_ui", name], "Must be a colour such as #2b59d9"));
            }
        }
        if self.logo.as_deref().is_some_and(|logo| !is_logo(logo)) {
            let message =
                "Must be a data: address of a PNG, JPEG, WebP or SVG image in base64, at most 32 KiB";
            issues.push(issue(&["connect_ui", "logo"], message));
        }
        issues
    }
}

/// Origins as browsers write them: nothing else may enter a policy header.
pub(super) fn check_origins(origins: &[String]) -> Vec<FieldIssue> {
    if origins.len() > MOST_ORIGINS {
        return vec![issue(&["connect_origins"], "At most 50 origins")];
    }
    let wrong = origins.iter().enumerate().filter(|(_, origin)| !is_origin(origin));
    let message = "Must be an origin such as https://app.example.com: no path, no slash at the end";
    wrong.map(|(at, _)| issue(&["connect_origins", &at.to_string()], message)).collect()
}

/// A host may hold other characters by the URL standard, among them `*`, which in a policy means every host.
fn is_origin(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/[]".contains(&byte);
    text.bytes().all(plain)
        && url::Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
        })
}

fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An image is only ever the source of an `img` element, where scripts inside an SVG do not run.
fn is_logo(text: &str) -> bool {
    let kinds = ["png", "jpeg", "webp", "svg+xml"];
    let data = kinds.iter().find_map(|kind| text.strip_prefix(&format!("data:image/{kind};base64,")));
    text.len() <= LARGEST_LOGO
        && data.is_some_and(|data| {
            !data.is_empty()
                && data.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
        })
}

fn issue(path: &[&str], message: &str) -> FieldIssue {
    FieldIssue::custom(message, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_enter_the_policy() {
        let good = ["https://app.example.com", "http://localhost:3000", "https://xn--bcher-kva.example:8443"];
        assert!(check_origins(&good.map(str::to_owned)).is_empty());
        for bad in [
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://app.example.com:443",
            "https://a.example; script-src *",
            "https://a.example\nx",
            "*",
            "https://*.example.com",
            "javascript:alert(1)",
            "https://user@a.example",
            "HTTPS://A.example",
            "",
        ] {
            assert_eq!(check_origins(&[bad.to_owned()]).len(), 1, "{bad}");
        }
        assert_eq!(check_origins(&vec!["https://a.example".to_owned(); 51]).len(), 1);
    }

    #[test]
    fn colours_and_logos_are_what_they_say() {
        let ui = |color: &str, logo: &str| ConnectUi {
            light_primary: Some(color.to_owned()),
            logo: Some(logo.to_owned()),
            ..ConnectUi::default()
        };
        assert!(ui("#0a5Cff", "data:image/png;base64,iVBORw0KGgo=").check().is_empty());
        let large = format!("data:image/png;base64,{}", "A".repeat(LARGEST_LOGO));
        for logo in
            ["https://a.example/x.png", "data:text/html;base64,PGI+", "data:image/png;base64,<b>", &large]
        {
            assert_eq!(ui("red", logo).check().len(), 2, "{logo}");
        }
    }
}
