//! Paths of Graph: decoded segments, keys in parentheses, function calls.

use percent_encoding::percent_decode_str;

/// Collections whose key may stand in parentheses: `worksheets('Sheet1')`.
const KEYED: [&str; 9] =
    ["worksheets", "tables", "columns", "names", "items", "drives", "users", "permissions", "charts"];

/// Cuts a percent-encoded path at its slashes and decodes each piece; `worksheets('A')` becomes two.
pub(crate) fn segments(path: &str) -> Vec<String> {
    let mut out = Vec::new();
    for raw in path.split('/').filter(|raw| !raw.is_empty()) {
        let text = percent_decode_str(raw).decode_utf8_lossy().into_owned();
        match keyed(&text) {
            Some((name, key)) => out.extend([name, key]),
            None => out.push(text),
        }
    }
    out
}

fn keyed(text: &str) -> Option<(String, String)> {
    let (name, rest) = text.split_once('(')?;
    let key = rest.strip_suffix(')')?;
    if !KEYED.contains(&name) || key.is_empty() {
        return None;
    }
    Some((name.to_owned(), unquote(key)))
}

/// A segment that calls a function: `range(address='A1:B2')`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    /// Without the namespace `microsoft.graph.`.
    pub name: String,
    args: Vec<(String, String)>,
}

impl Function {
    /// Reads a segment; one without parentheses is a function without arguments.
    pub fn parse(segment: &str) -> Self {
        let bare = segment.strip_prefix("microsoft.graph.").unwrap_or(segment);
        let (name, inside) = match bare.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')').unwrap_or(rest)),
            None => (bare, ""),
        };
        let args = split_arguments(inside)
            .into_iter()
            .map(|part| match part.split_once('=') {
                Some((key, value)) if !part.starts_with('\'') => (key.trim().to_owned(), unquote(value)),
                _ => (String::new(), unquote(&part)),
            })
            .collect();
        Self { name: name.to_owned(), args }
    }

    /// The argument of that name, or the only unnamed one.
    pub fn arg(&self, name: &str) -> Option<&str> {
        let named = self.args.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let unnamed = || self.args.iter().find(|(key, _)| key.is_empty());
        named.or_else(unnamed).map(|(_, value)| value.as_str())
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        self.arg(name)?.trim().parse().ok()
    }

    pub fn flag(&self, name: &str) -> bool {
        self.arg(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// Cuts at commas outside of quotes.
fn split_arguments(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                part.push(c);
            }
            ',' if !quoted => parts.push(std::mem::take(&mut part)),
            _ => part.push(c),
        }
    }
    parts.push(part);
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// `'It''s'` is `It's`; anything unquoted stays.
fn unquote(text: &str) -> String {
    let text = text.trim();
    match text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_and_decoded() {
        assert_eq!(
            segments("/me/drive/root:/a%20b/It%27s%20%23.xlsx:/workbook"),
            ["me", "drive", "root:", "a b", "It's #.xlsx:", "workbook"]
        );
        assert_eq!(
            segments("/worksheets('It''s')/range(address='A1:B2')"),
            ["worksheets", "It's", "range(address='A1:B2')"]
        );
        assert_eq!(segments("/worksheets%28%27S%27%29/tables"), ["worksheets", "S", "tables"]);
    }

    #[test]
    fn functions_have_arguments() {
        let call = Function::parse("range(address='It''s, here'!A1:B2')");
        assert_eq!(call.name, "range");
        let call = Function::parse("microsoft.graph.cell(row=0,column=3)");
        assert_eq!(
            (call.name.as_str(), call.number("row"), call.number("column")),
            ("cell", Some(0), Some(3))
        );
        assert_eq!(Function::parse("search(q='a,b''c')").arg("q"), Some("a,b'c"));
        assert_eq!(Function::parse("delta").arg("token"), None);
        assert!(Function::parse("usedRange(valuesOnly=true)").flag("valuesOnly"));
    }
}
