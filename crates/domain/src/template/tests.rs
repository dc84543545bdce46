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
fn functions_are_computed_from_their_innermost_argument_outwards() {
    struct Loud;
    impl Values for Loud {
        fn get(&self, path: &str) -> Option<String> {
            Some(path.rsplit('.').next().unwrap().to_owned())
        }
        fn now_ms(&self) -> Option<i64> {
            Some(86_400_000)
        }
        fn call(&self, name: &str, arguments: &[String]) -> Result<String, UnresolvedReason> {
            Ok(format!("{name}<{}>", arguments.join("|")))
        }
    }
    let resolve = |source: &str| Template::parse(source).unwrap().resolve(&Loud).unwrap();
    assert_eq!(resolve("Basic ${base64(${credentials.id}:${credentials.key})}"), "Basic aWQ6a2V5");
    assert_eq!(
        resolve("${hmacSha1Hex(${now:ddd, DD MMM}\n${method}, ${credentials.key})}"),
        "hmacSha1Hex<Fri, 02 Jan\nmethod|key>"
    );
    assert_eq!(resolve("${sha256Hex(${base64(${random})})}"), "sha256Hex<cmFuZG9t>");
    assert_eq!(resolve("${base64(a, b)}"), "YSwgYg==", "one argument keeps its commas");
    assert_eq!(resolve("${now}"), "1970-01-02T00:00:00.000Z");
}

#[test]
fn functions_without_anybody_to_compute_them_refuse() {
    let template = Template::parse("x ${base64(${credentials.id}:${sha1(${credentials.key}, x)})}").unwrap();
    assert_eq!(template.paths().collect::<Vec<_>>(), ["credentials.id", "credentials.key"]);
    assert_eq!(template.functions().collect::<Vec<_>>(), ["base64", "sha1"]);
    assert_eq!(template.unknown_function().unwrap(), "`sha1` is not a template function");
    let error = template.resolve(&|_: &str| Some("v".to_owned())).unwrap_err();
    assert_eq!(error.path, "sha1");
    assert!(error.to_string().contains("`sha1` is not supported"), "{error}");
    let template = Template::parse("${now:X}").unwrap();
    assert_eq!(template.functions().collect::<Vec<_>>(), ["now"]);
    assert!(template.resolve(&values).is_err(), "no clock");
    assert!(Template::parse("${hmacSha1Hex(a)}").unwrap().unknown_function().is_some());
}

#[test]
fn an_unsupported_function_does_not_fall_through_to_the_next_alternative() {
    let template = Template::parse("${sha256Hex(x)} || ${connectionConfig.tenant}").unwrap();
    assert_eq!(template.resolve(&values).unwrap_err().reason, UnresolvedReason::UnsupportedFunction);
    let template = Template::parse("${a.b}${sha256Hex(x)} || ${connectionConfig.tenant}").unwrap();
    assert_eq!(template.resolve(&values).unwrap(), "contoso");
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
