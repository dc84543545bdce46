//! The address of a forwarded call: base and raw path joined byte for byte.

use std::borrow::Cow;

/// Where the caller points, as raw bytes of the request line after `/proxy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A path with its query, beginning with `/`, to be joined to the base URL.
    Path(String),
    /// An absolute URL; its origin must be the connection's base or an allowed host.
    Absolute(String),
}

/// A target that is refused before any byte leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetProblem {
    /// `.` or `..` as a segment, plain or as `%2e`: would leave the base path.
    #[error("the path has a dot segment (`.` or `..`, also as %2e); write the path without it")]
    DotSegment,
    /// A control byte or a byte outside ASCII.
    #[error("the path has a control or non-ASCII byte; percent-encode it")]
    ControlByte,
    /// Something after `/proxy/` that looks absolute but is not http(s).
    #[error("the URL after /proxy/ is not a valid http(s) URL without user info")]
    BadUrl,
}

impl Target {
    /// Reads the raw path and query that follow `/proxy`.
    ///
    /// # Errors
    /// Why the target is refused.
    pub fn parse(raw: &str) -> Result<Self, TargetProblem> {
        if raw.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
            return Err(TargetProblem::ControlByte);
        }
        let without_slash = raw.strip_prefix('/').unwrap_or(raw);
        if has_scheme(without_slash) {
            let path = absolute_path(without_slash).ok_or(TargetProblem::BadUrl)?;
            check_segments(path)?;
            return Ok(Self::Absolute(without_slash.to_owned()));
        }
        let path = raw.split(['?', '#']).next().unwrap_or_default();
        check_segments(path)?;
        Ok(Self::Path(if raw.starts_with('/') { raw.to_owned() } else { format!("/{raw}") }))
    }

    /// Joins the path to a base URL without a trailing slash.
    pub fn join(&self, base: &str) -> String {
        match self {
            Self::Path(path) => format!("{}{path}", base.trim_end_matches('/')),
            Self::Absolute(url) => url.clone(),
        }
    }
}

fn has_scheme(text: &str) -> bool {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

/// The path of an absolute URL; `None` when it is no acceptable http(s) URL.
fn absolute_path(url: &str) -> Option<&str> {
    let parsed = url::Url::parse(url).ok()?;
    if !parsed.username().is_empty() || parsed.password().is_some() || !parsed.has_host() {
        return None;
    }
    let after_scheme = &url[url.find("://")? + 3..];
    let authority_end = after_scheme.find(['/', '?', '#']).unwrap_or(after_scheme.len());
    // A backslash or `@` in the authority is read differently by different parsers.
    if after_scheme[..authority_end].contains(['\\', '@', '%']) {
        return None;
    }
    Some(after_scheme[authority_end..].split(['?', '#']).next().unwrap_or_default())
}

fn check_segments(path: &str) -> Result<(), TargetProblem> {
    let dotted = |segment: &str| matches!(segment, "." | "..");
    // Some servers also split at a backslash, and some decode `%2e`, `%2f` and `%5c` before they resolve dots.
    let plain = if path.contains('%') { decoded(path) } else { Cow::Borrowed(path) };
    if plain.split(['/', '\\']).any(dotted) { Err(TargetProblem::DotSegment) } else { Ok(()) }
}

/// The path with its encoded dots and slashes in clear, for judging only.
fn decoded(path: &str) -> Cow<'_, str> {
    let lower = path.to_ascii_lowercase();
    Cow::Owned(lower.replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\"))
}

/// The origin (`scheme://host[:port]`, default port left out) of an absolute URL.
pub fn origin(url: &str) -> Option<String> {
    let parsed = url::Url::parse(url).ok()?;
    parsed.has_host().then(|| parsed.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_but_legal_bytes_pass_untouched() {
        for raw in [
            "/v1.0/me/drive/root:/a%20b.xlsx:/workbook/worksheets('Sheet%201')/range(address='A1:B2')?$top=2&%24skip=1",
            "//double//slash",
            "/a%2Fb",
            "/_api/web/lists(guid'1')/items?$skiptoken=Paged%3dTRUE%26p_ID%3d2",
            "/file..name/..hidden",
            "/a%252e%252e/b%2F...%2Fc",
        ] {
            assert_eq!(Target::parse(raw).unwrap(), Target::Path(raw.to_owned()));
            assert_eq!(
                Target::parse(raw).unwrap().join("https://graph.microsoft.com/"),
                format!("https://graph.microsoft.com{raw}")
            );
        }
    }

    #[test]
    fn dot_segments_are_refused_in_every_spelling() {
        for raw in [
            "/a/../b",
            "/a/%2e%2E/b",
            "/./a",
            "/a/.%2e",
            "/..",
            "/a\\..\\b",
            "/https://x.example/a/../b",
            "/a/..%2Fb",
            "/a/%2e%2e%5cb",
            "/a%2f..%2fb",
        ] {
            assert_eq!(Target::parse(raw), Err(TargetProblem::DotSegment), "{raw}");
        }
    }

    #[test]
    fn control_bytes_and_user_info_are_refused() {
        assert_eq!(Target::parse("/a\u{1}b"), Err(TargetProblem::ControlByte));
        assert_eq!(Target::parse("/a b"), Err(TargetProblem::ControlByte));
        for raw in ["/https://u:p@x.example/", "/https://x.example\\@y.example/", "/https://"] {
            assert_eq!(Target::parse(raw), Err(TargetProblem::BadUrl), "{raw}");
        }
    }

    #[test]
    fn an_absolute_url_keeps_its_bytes() {
        let raw = "/https://graph.microsoft.com/v1.0/me?$select=id";
        assert_eq!(Target::parse(raw).unwrap(), Target::Absolute(raw[1..].to_owned()));
    }
}
