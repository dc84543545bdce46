use super::*;

fn values(path: &str) -> Option<String> {
    (path == "connectionConfig.tenant").then(|| "contoso".to_owned())
}

#[test]
fn the_first_complete_alternative_wins() {
    let template =
        Template::parse("https://${connectionConfig.host} || https://${connectionConfig.tenant}.x").unwrap();
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
fn unknown_functions_and_wrong_numbers_of_arguments_are_told() {
    let problem = |source: &str| Template::parse(source).unwrap().unknown_function();
    assert_eq!(problem("${base64(${hmacSha1Hex(${a}, ${b})})}${now:X}"), None);
    assert_eq!(problem("${base64(${sha1(x)})}").unwrap(), "`sha1` is not a template function");
    assert_eq!(problem("${hmacSha1Hex(${a})}").unwrap(), "`hmacSha1Hex` does not take 1 argument(s)");
}

#[test]
fn alternatives_show_what_stands_where() {
    let template = Template::parse("https://${a.b}.x/${base64(y)} || ${now:X}").unwrap();
    let found: Vec<_> = template.alternatives().collect();
    use Piece::{Placeholder, Text};
    assert_eq!(
        found,
        [
            vec![Text("https://"), Placeholder("a.b"), Text(".x/"), Placeholder("base64")],
            vec![Placeholder("now")]
        ]
    );
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
