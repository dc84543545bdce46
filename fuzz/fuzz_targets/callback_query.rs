//! Runs `checks/callback_query.rs` on what libFuzzer makes up.
#![no_main]

#[path = "../checks/callback_query.rs"]
mod callback_query;

libfuzzer_sys::fuzz_target!(|text: &str| callback_query::check(text));
