//! A value for every field that a definition asks for, from what the definition says of it.

use domain::provider::{Field, Presence};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use regex::Regex;
use serde_json::{Map, Value};

/// Values for every field that may not stay empty.
pub fn of(fields: &[Field]) -> Map<String, Value> {
    let needed =
        fields.iter().filter(|field| field.presence == Presence::Required && field.default_value.is_none());
    needed.map(|field| (field.name.clone(), Value::String(one(field)))).collect()
}

/// A value for one field.
pub fn one(field: &Field) -> String {
    if ["privatekey", "private_key"].contains(&field.name.to_lowercase().as_str()) && !has_halves(field) {
        return key_for(field);
    }
    if let Some(choice) = field.choices.first() {
        return choice.clone();
    }
    let bare = |text: &str| {
        let text = field.prefix.as_deref().and_then(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
        field.suffix.as_deref().and_then(|suffix| text.strip_suffix(suffix)).unwrap_or(text).to_owned()
    };
    let by_format = match field.format.as_deref() {
        Some("uri") => "https://acme.example",
        Some("hostname") => "acme.example",
        Some("uuid") => "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        Some("email") => "ada@acme.example",
        _ => "acme",
    };
    let example = field.example.as_deref().map(bare);
    let usual = ["12345", "acme.example", "https://acme.example"].map(|text| Some(text.to_owned()));
    let candidates = [Some(by_format.to_owned()), example].into_iter().chain(usual);
    let Some(pattern) = field.pattern.as_deref() else { return by_format.to_owned() };
    let takes_addresses = pattern.contains("https?");
    let Ok(regex) = Regex::new(pattern) else { return by_format.to_owned() };
    let fits = |text: &String| regex.is_match(text) && (!takes_addresses || text.starts_with("https://"));
    candidates.flatten().find(fits).unwrap_or_else(|| generated(pattern))
}

/// A text that matches; nothing of it is known to anybody.
fn generated(pattern: &str) -> String {
    let bare =
        pattern.trim_start_matches('^').trim_end_matches('$').replace(r"\b", "").replace(r"\d", "[0-9]");
    let mut runner = TestRunner::deterministic();
    // An anchor in the middle cannot be generated; the walk then tells that nothing fitted.
    let Ok(strategy) = proptest::string::string_regex(&bare) else { return "acme".to_owned() };
    let simple = |text: &String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let mut all = std::iter::repeat_with(|| strategy.new_tree(&mut runner).map(|tree| tree.current()));
    let found = all.by_ref().take(200).flatten().find(simple);
    found.unwrap_or_else(|| "acme".to_owned())
}

/// Two halves, of which the second signs.
fn has_halves(field: &Field) -> bool {
    field.pattern.as_deref().is_some_and(|pattern| pattern.contains(':'))
}

/// A private key, written as the field's pattern wants it: with line breaks, or with `\n` as a JSON file has them.
fn key_for(field: &Field) -> String {
    let pem = key(&rcgen::PKCS_RSA_SHA256);
    let written_out = pem.replace('\n', "\\n");
    let fits = |text: &str| {
        let regex = field.pattern.as_deref().and_then(|pattern| Regex::new(pattern).ok());
        regex.is_none_or(|regex| regex.is_match(text.trim()))
    };
    if !fits(pem) && fits(&written_out) { written_out } else { pem.to_owned() }
}

/// A private key, made once.
pub fn key(algorithm: &'static rcgen::SignatureAlgorithm) -> &'static str {
    static RSA: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    static EC: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let kept = if algorithm == &rcgen::PKCS_RSA_SHA256 { &RSA } else { &EC };
    kept.get_or_init(|| rcgen::KeyPair::generate_for(algorithm).unwrap().serialize_pem().replace('\r', ""))
}
