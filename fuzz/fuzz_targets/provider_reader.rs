//! Runs `checks/provider_reader.rs` on what libFuzzer makes up.
#![no_main]

#[path = "../checks/provider_reader.rs"]
mod provider_reader;

libfuzzer_sys::fuzz_target!(|text: &str| provider_reader::check(text));
