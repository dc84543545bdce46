//! Every definition, ours and the field's, from an integration to a call with a renewed token, against a fake that is
//! built from the definition itself (issue 3 (c)).

#![allow(missing_docs, reason = "a test binary")]

mod fake;
mod house;
mod installed;
mod samples;
mod walk;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use catalog::Catalog;
use house::House;
use walk::{Walked, walk};

/// Definitions of the field that cannot work, each with its reason (docs/providers.md "What the field's file cannot do").
const KNOWN: &[(&str, &str)] = &[
    ("aws", "the field's base URL names a placeholder without its `connectionConfig.`"),
    ("blackbaud-basic", "its base URL puts `https://` before a value that must begin with a scheme"),
    ("gerrit", "its base URL puts `https://` before a value that must begin with a scheme"),
    ("greenhouse-assessment", "its pattern allows no dot, so that no host fits"),
    ("klicktipp", "it does not say where the key goes"),
    ("private-api-generic", "where the key goes stands in code that belongs to that name"),
    ("sage-people", "the field's base URL puts `https://` before a value that is a whole URL"),
];

#[derive(Default)]
struct Counted {
    whole: usize,
    left: BTreeMap<&'static str, usize>,
    broken: usize,
}

/// What one definition may cost, processor time of the whole process, fake and debug build included: a bound that does
/// not depend on who else uses the machine. Measured: 13 to 16 ms.
const CPU: Duration = Duration::from_millis(50);

/// The processor time that this process has used; `None` where the system does not tell it so.
fn cpu_used() -> Option<Duration> {
    // Two numbers, user and system, in hundredths of a second (proc_pid_stat(5)).
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.map(|field| field.parse::<u64>().unwrap_or_default()).sum();
    Some(Duration::from_millis(ticks * 10))
}

async fn every_definition(what: &str, catalog: Catalog, known: &[(&str, &str)]) {
    let providers: Vec<_> = catalog.list().map(|entry| entry.provider.clone()).collect();
    let house = House::build(catalog).await;
    let mut counted: BTreeMap<&str, Counted> = BTreeMap::new();
    let (mut broken, mut times) = (Vec::new(), Vec::new());
    let used = cpu_used();
    for provider in &providers {
        let began = tokio::time::Instant::now();
        let outcome = walk(&house, provider).await;
        let row = counted.entry(provider.auth.mode().as_str()).or_default();
        match outcome {
            Ok(Walked::Whole) => {
                if known.iter().any(|(name, _)| *name == provider.name.as_str()) {
                    broken.push(format!("{} works, and stands among those that cannot", provider.name));
                }
                row.whole += 1;
                times.push((began.elapsed(), provider.name.to_string()));
            }
            Ok(Walked::Left(reason)) => *row.left.entry(reason).or_default() += 1,
            Err(problem) => {
                row.broken += 1;
                let told = format!("{} ({}): {problem}", provider.name, provider.auth.mode().as_str());
                match known.iter().find(|(name, _)| *name == provider.name.as_str()) {
                    Some((_, why)) => println!("  not walked: {told} ({why})"),
                    None => broken.push(told),
                }
            }
        }
    }
    report(what, &counted, &mut times);
    if let (Some(before), Some(after)) = (used, cpu_used()) {
        let each = (after - before) / u32::try_from(providers.len()).unwrap();
        println!("  processor time of each: {each:?}");
        assert!(each < CPU, "{each:?} of processor time a definition");
    }
    assert!(broken.is_empty(), "{} of {} do not work:\n{}", broken.len(), providers.len(), broken.join("\n"));
}

fn report(what: &str, counted: &BTreeMap<&str, Counted>, times: &mut [(Duration, String)]) {
    println!("{what}: connect, call, refresh");
    for (mode, row) in counted {
        let left: Vec<String> = row.left.iter().map(|(why, count)| format!("; {count} {why}")).collect();
        println!("  {mode:<20} {:>4} whole, {:>3} broken{}", row.whole, row.broken, left.concat());
    }
    times.sort();
    if let (Some(middle), Some(slowest)) = (times.get(times.len() / 2), times.last()) {
        println!("  median {:?}, slowest {:?} ({})", middle.0, slowest.0, slowest.1);
    }
}

#[tokio::test]
async fn our_definitions_connect_call_and_refresh() {
    every_definition("ours", Catalog::embedded().unwrap(), &[]).await;
}

#[tokio::test]
async fn the_field_s_definitions_connect_call_and_refresh() {
    let Some(shared) = std::env::var_os("SHEETBEND_SHARED") else {
        println!("skipped: SHEETBEND_SHARED is not set");
        return;
    };
    let file = PathBuf::from(shared).join("contract/providers.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let catalog = Catalog::embedded().unwrap().with_file("providers.yaml", &text).unwrap();
    every_definition("the field's", catalog, KNOWN).await;
}
