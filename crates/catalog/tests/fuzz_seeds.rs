//! What the fuzz target `provider_reader` asserts, for its seeds and for all that it ever found (`fuzz/seeds/`).

#[path = "../../../fuzz/checks/provider_reader.rs"]
mod provider_reader;

#[test]
fn every_seed_passes() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/provider_reader");
    let mut count = 0;
    for seed in std::fs::read_dir(seeds).unwrap() {
        let path = seed.unwrap().path();
        println!("{}", path.display());
        // As libFuzzer's `&str` targets do, what is no text is left out.
        if let Ok(text) = String::from_utf8(std::fs::read(&path).unwrap()) {
            provider_reader::check(&text);
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} seeds");
}
