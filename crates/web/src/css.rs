//! A face's style sheets as one, without comments and superfluous whitespace.

use crate::sources::Sources;

/// All sheets of a face in one: those of vendored modules, then `tokens.css`, `base.css`, and the rest by path. Sheets
/// of `shared/` come before the face's own.
pub(crate) fn sheet<'a>(
    sources: &Sources,
    folder: &str,
    vendored: impl Iterator<Item = &'a str>,
) -> Option<String> {
    let beside = vendored.map(|path| path.replace(".js", ".css")).filter(|path| sources.contains_key(path));
    let mut own: Vec<&String> = sources
        .keys()
        .filter(|path| path.ends_with(".css"))
        .filter(|path| path.starts_with("shared/") || path.starts_with(folder))
        .collect();
    own.sort_by_key(|path| (!path.starts_with("shared/"), rank(path), path.as_str()));
    let paths: Vec<String> = beside.chain(own.into_iter().cloned()).collect();
    if paths.is_empty() {
        return None;
    }
    let texts = paths.iter().filter_map(|path| std::str::from_utf8(sources.get(path)?).ok());
    Some(texts.map(minify).collect())
}

fn rank(path: &str) -> usize {
    let name = path.rsplit('/').next().unwrap_or(path);
    ["tokens.css", "base.css"].iter().position(|first| *first == name).unwrap_or(2)
}

/// Drops comments; collapses whitespace outside strings, and drops it beside `{`, `}`, `;` and `,`, where it never
/// means anything.
pub(crate) fn minify(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut space = false;
    while let Some(character) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("/*") {
            rest = after.split_once("*/").map_or("", |(_, after)| after);
            space = true;
            continue;
        }
        if character.is_ascii_whitespace() {
            space = true;
            rest = &rest[1..];
            continue;
        }
        let tight = |character: char| matches!(character, '{' | '}' | ';' | ',');
        if space && !tight(character) && !out.is_empty() && !out.ends_with(tight) {
            out.push(' ');
        }
        space = false;
        if character == '}' && out.ends_with(';') {
            out.pop();
        }
        let length = if matches!(character, '"' | '\'') {
            string_length(rest, character)
        } else {
            character.len_utf8()
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// Bytes of the string that the text begins with, quotes included.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        if character == quote && !escaped {
            return at + 1;
        }
        escaped = character == '\\' && !escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_goes_and_the_rest_stays() {
        let text = "/* why */\n:root {\n  --a: calc(1px + 2px);\n  color: red;\n}\n\n.a :hover , .b > c{ margin : 0 auto }\n";
        assert_eq!(minify(text), ":root{--a: calc(1px + 2px);color: red}.a :hover,.b > c{margin : 0 auto}");
        assert_eq!(
            minify("a::before { content: \"  /* ; } \\\" \" ; }"),
            "a::before{content: \"  /* ; } \\\" \"}"
        );
        assert_eq!(
            minify("@media (min-width: 3px) and (a) { b { c: d } }"),
            "@media (min-width: 3px) and (a){b{c: d}}"
        );
        assert_eq!(minify("/* open"), "");
        assert_eq!(minify("a{content:\"ü"), "a{content:\"ü");
    }

    #[test]
    fn sheets_come_in_a_known_order() {
        let sources: Sources = [
            "app/z.css",
            "app/styles/base.css",
            "app/styles/tokens.css",
            "app/a.css",
            "shared/s.css",
            "vendor/x.css",
            "other/o.css",
        ]
        .iter()
        .map(|path| {
            ((*path).to_owned(), format!("/**/ .{} {{}}", path.replace(['/', '.'], "-")).into_bytes().into())
        })
        .collect();
        let sheet = sheet(&sources, "app/", ["vendor/x.js", "vendor/y.js"].into_iter()).unwrap();
        let order = ".vendor-x-css{}.shared-s-css{}.app-styles-tokens-css{}.app-styles-base-css{}.app-a-css{}.app-z-css{}";
        assert_eq!(sheet, order);
    }
}
