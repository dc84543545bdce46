//! A template of anybody: parsed or refused; what was parsed shows its own text and resolves without a panic.

use domain::template::Template;

pub fn check(text: &str) {
    let Ok(template) = Template::parse(text) else { return };
    assert_eq!(template.source(), text);
    let _ = template.unknown_function();
    let _ = template.resolve(&|_: &str| None);
    let filled = template.resolve(&|path: &str| Some(format!("<{path}>")));
    if template.functions().next().is_none() {
        assert!(filled.is_ok(), "every path has a value");
    }
}
