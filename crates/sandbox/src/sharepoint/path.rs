//! The grammar of `_api` paths: `web/lists/getbytitle('T')/items(3)/fields`.

use percent_encoding::percent_decode_str;

use super::query::QueryOptions;

/// One step of a path, with the arguments in its brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// As written; compare with [`Segment::is`].
    pub name: String,
    pub args: Vec<Arg>,
}

/// An argument, named or by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arg {
    pub name: Option<String>,
    pub value: ArgValue,
}

/// An argument's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ArgValue {
    Text(String),
    Guid(String),
    Number(i64),
    Bool(bool),
}

/// Longer paths are refused, as SharePoint does.
const MAX_PATH: usize = 8 * 1024;

impl Segment {
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The argument with this name, or the first one without any name.
    pub fn arg(&self, name: &str) -> Option<&ArgValue> {
        let named = |arg: &&Arg| arg.name.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(name));
        let found = self.args.iter().find(named).or_else(|| self.args.iter().find(|arg| arg.name.is_none()));
        found.map(|arg| &arg.value)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        match self.arg(name)? {
            ArgValue::Text(text) | ArgValue::Guid(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        match self.arg(name)? {
            ArgValue::Number(number) => Some(*number),
            ArgValue::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A named Boolean argument; the position does not count.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let named = |arg: &&Arg| arg.name.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(name));
        match self.args.iter().find(named)?.value {
            ArgValue::Bool(flag) => Some(flag),
            _ => None,
        }
    }
}

/// Parses the path after `_api`. The error is a sentence for the caller.
pub(super) fn parse(raw: &str, options: &QueryOptions) -> Result<Vec<Segment>, String> {
    if raw.len() > MAX_PATH {
        return Err("The length of the URL exceeds the configured maximum.".to_owned());
    }
    let decoded =
        percent_decode_str(raw).decode_utf8().map_err(|_| "The URL is not valid UTF-8.".to_owned())?;
    let mut rest = decoded.trim_matches('/');
    let mut segments = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(['/', '(']).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        let mut args = Vec::new();
        if let Some(inside) = rest.strip_prefix('(') {
            rest = arguments(inside, options, &mut args)?;
        }
        if !rest.is_empty() && !rest.starts_with('/') {
            return Err(format!("The expression \"{decoded}\" is not valid."));
        }
        rest = rest.trim_start_matches('/');
        segments.push(Segment { name, args });
    }
    Ok(segments)
}

fn arguments<'a>(mut rest: &'a str, options: &QueryOptions, args: &mut Vec<Arg>) -> Result<&'a str, String> {
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(')') {
            return Ok(after);
        }
        let (name, after_name) = argument_name(rest);
        let (value, after) = literal(after_name, Some(options))?;
        args.push(Arg { name, value });
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            rest = after;
        } else if !rest.starts_with(')') {
            return Err("A bracket in the URL is not closed.".to_owned());
        }
    }
}

fn argument_name(rest: &str) -> (Option<String>, &str) {
    let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
    match rest[end..].trim_start().strip_prefix('=') {
        Some(after) if end > 0 => (Some(rest[..end].to_owned()), after.trim_start()),
        _ => (None, rest),
    }
}

/// A value, and what follows it. Aliases such as `@u` are looked up in the query.
fn literal<'a>(rest: &'a str, options: Option<&QueryOptions>) -> Result<(ArgValue, &'a str), String> {
    if rest.starts_with('\'') {
        let (text, after) = quoted(rest)?;
        return Ok((ArgValue::Text(text), after));
    }
    if rest.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("guid'")) {
        let (text, after) = quoted(&rest[4..])?;
        return Ok((ArgValue::Guid(text), after));
    }
    let end = rest.find([',', ')']).unwrap_or(rest.len());
    let (word, after) = (rest[..end].trim(), &rest[end..]);
    if let (true, Some(options)) = (word.starts_with('@'), options) {
        let given = options.alias(word).ok_or_else(|| format!("The parameter alias {word} has no value."))?;
        return Ok((literal(given.trim(), None)?.0, after));
    }
    let value = match word.to_ascii_lowercase().as_str() {
        "true" => ArgValue::Bool(true),
        "false" => ArgValue::Bool(false),
        _ => match word.parse() {
            Ok(number) => ArgValue::Number(number),
            Err(_) => return Err(format!("The expression \"{word}\" is not valid.")),
        },
    };
    Ok((value, after))
}

fn quoted(rest: &str) -> Result<(String, &str), String> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if char != '\'' {
            text.push(char);
        } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
            text.push('\'');
        } else {
            return Ok((text, &rest[at + 1..]));
        }
    }
    Err("A text in the URL is not closed.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str, query: &str) -> Vec<Segment> {
        parse(path, &QueryOptions::parse(query)).expect(path)
    }

    #[test]
    fn methods_keys_and_doubled_quotes() {
        let path = parsed("/web/lists/GetByTitle('Tom''s%20list')/items(3)/fields", "");
        assert_eq!(
            path.iter().map(|part| part.name.as_str()).collect::<Vec<_>>(),
            ["web", "lists", "GetByTitle", "items", "fields"]
        );
        assert!(path[2].is("getbytitle"));
        assert_eq!(path[2].text("title"), Some("Tom's list"));
        assert_eq!(path[3].number("id"), Some(3));
    }

    #[test]
    fn slashes_in_texts_named_arguments_guids_and_aliases() {
        let path = parsed(
            "/web/GetFolderByServerRelativeUrl('/sites/x/Shared Documents')/Files/add(url='a.txt',overwrite=true)",
            "",
        );
        assert_eq!(path[1].text("serverRelativeUrl"), Some("/sites/x/Shared Documents"));
        assert_eq!((path[3].text("url"), path[3].flag("overwrite")), (Some("a.txt"), Some(true)));
        assert_eq!(parsed("/web/lists(guid'AB-1')", "")[1].args[0].value, ArgValue::Guid("AB-1".to_owned()));
        let aliased = parsed("/web/GetList(%40u)", "%40u='%2Fsites%2Fx%2Flists%2FT'&$top=1");
        assert_eq!(aliased[1].text("strUrl"), Some("/sites/x/lists/T"));
    }

    #[test]
    fn broken_paths_are_refused() {
        for bad in
            ["/web/lists('x", "/web/lists(1", "/web/GetList(@u)", "/web/lists('a')b", "/web/lists(x y)"]
        {
            assert!(parse(bad, &QueryOptions::parse("")).is_err(), "{bad}");
        }
    }
}
