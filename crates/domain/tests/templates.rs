//! Properties of template interpolation over texts that nobody chose.

use domain::template::{Piece, Template, TemplateTree, UnresolvedReason};
use proptest::prelude::*;

/// A path as definitions have them.
fn path() -> impl Strategy<Value = String> {
    "(connectionConfig|credentials|cloud)\\.[a-zA-Z_][a-zA-Z0-9_-]{0,8}"
}

/// Text that is none of the grammar's own.
fn plain() -> impl Strategy<Value = String> {
    "[^$|{}()]{0,12}"
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,200}") {
        if let Ok(template) = Template::parse(&text) {
            prop_assert_eq!(template.source(), &text);
            let _ = template.unknown_function();
            let _ = template.resolve(&|_: &str| Some("v".to_owned()));
        }
    }

    #[test]
    fn text_without_placeholders_is_itself(text in plain()) {
        prop_assert_eq!(Template::parse(&text).unwrap().resolve(&|_: &str| None).unwrap(), text);
    }

    #[test]
    fn a_literal_is_never_interpreted(text in ".{0,200}") {
        let template = Template::literal(&text);
        prop_assert_eq!(template.resolve(&|_: &str| Some("x".to_owned())).unwrap(), text);
        prop_assert_eq!(template.paths().count(), 0);
    }

    #[test]
    fn values_stand_where_the_placeholders_stood(
        pieces in prop::collection::vec((plain(), path()), 1..6),
        end in plain(),
        value in ".{1,20}",
    ) {
        let source: String = pieces.iter().map(|(text, path)| format!("{text}${{{path}}}")).collect::<String>() + &end;
        let template = Template::parse(&source).unwrap();
        let paths: Vec<&str> = template.paths().collect();
        prop_assert_eq!(paths, pieces.iter().map(|(_, path)| path.as_str()).collect::<Vec<_>>());
        // A value is never read again, whatever it looks like.
        let value = format!("${{credentials.secret}} || {value}");
        let expected: String = pieces.iter().map(|(text, _)| format!("{text}{value}")).collect::<String>() + &end;
        prop_assert_eq!(template.resolve(&|_: &str| Some(value.clone())).unwrap(), expected);
    }

    #[test]
    fn what_is_missing_is_named_or_another_alternative_is_taken(
        given in path(), missing in path(), text in plain(),
    ) {
        prop_assume!(given != missing);
        let values = |asked: &str| (asked == given).then(|| "v".to_owned());
        let lacking = Template::parse(&format!("${{{missing}}}{text}")).unwrap();
        let error = lacking.resolve(&values).unwrap_err();
        prop_assert_eq!((error.path.as_str(), error.reason), (missing.as_str(), UnresolvedReason::NoValue));
        let with_fallback = Template::parse(&format!("${{{missing}}}{text} || ${{{given}}}")).unwrap();
        prop_assert_eq!(with_fallback.resolve(&values).unwrap(), "v");
    }

    #[test]
    fn every_value_passes_through_the_encoder(path in path(), before in plain(), value in ".{1,20}") {
        let template = Template::parse(&format!("{before}${{{path}}}")).unwrap();
        let encoded = template
            .resolve_encoded(&|_: &str| Some(value.clone()), &|asked, value| {
                assert_eq!(asked, path);
                format!("<{}>", value.len())
            })
            .unwrap();
        prop_assert_eq!(encoded, format!("{before}<{}>", value.len()));
    }

    #[test]
    fn pieces_are_the_text_and_the_paths(pieces in prop::collection::vec(path(), 0..5)) {
        let source: String = pieces.iter().map(|path| format!("a${{{path}}}")).collect();
        let template = Template::parse(&source).unwrap();
        let shown: String = template
            .alternatives()
            .flatten()
            .map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Placeholder(path) => format!("${{{path}}}"),
            })
            .collect();
        prop_assert_eq!(shown, source);
    }

    #[test]
    fn a_tree_keeps_its_shape(keys in prop::collection::btree_set("[a-z]{1,6}", 0..6), value in ".{0,20}") {
        let tree = TemplateTree::Map(
            keys.iter().map(|key| (key.clone(), TemplateTree::Text(Template::parse("${x}").unwrap()))).collect(),
        );
        let resolved = tree.resolve(&|_: &str| Some(value.clone())).unwrap();
        prop_assert_eq!(resolved.as_object().unwrap().len(), keys.len());
        prop_assert!(resolved.as_object().unwrap().values().all(|one| one == value.as_str()));
    }
}
