//! Runs `checks/template_parser.rs` on what libFuzzer makes up.
#![no_main]

#[path = "../checks/template_parser.rs"]
mod template_parser;

libfuzzer_sys::fuzz_target!(|text: &str| template_parser::check(text));
