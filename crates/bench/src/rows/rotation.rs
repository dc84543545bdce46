//! A change of the encryption key over everything stored, while reads go on.

use std::cell::Cell;
use std::path::Path;
use std::process::Stdio;

use anyhow::ensure;
use tokio::time::Instant;

use crate::http1::Call;
use crate::load;
use crate::product::Product;
use crate::report::{Bar, Report};

/// Reads of one round while the key changes.
const READS: u64 = 500;

/// Runs the operator's command beside the server and keeps reading until it has ended.
pub async fn rotate(
    product: &Product,
    dir: &Path,
    stored: u64,
    read: impl Fn(u64) -> Call,
    report: &mut Report,
) -> anyhow::Result<()> {
    let executable = std::env::current_exe()?.with_file_name("sheetbend");
    let mut command = tokio::process::Command::new(executable);
    command.args(["keys", "--data-dir"]).arg(dir).args(["--json", "rotate"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).env_remove("SHEETBEND_ENCRYPTION_KEY");
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let ended = Cell::new(false);
    let reading = async {
        let mut slowest: f64 = 0.0;
        while !ended.get() {
            let round = load::run(product.address, 4, READS, &read).await?;
            slowest = slowest.max(round.quantile_us(0.99) / 1000.0);
        }
        anyhow::Ok(slowest)
    };
    let rotating = async {
        let status = child.wait().await?;
        let seconds = begun.elapsed().as_secs_f64();
        ended.set(true);
        ensure!(status.success(), "keys rotate ended with {status}");
        anyhow::Ok(seconds)
    };
    let (seconds, slowest) = tokio::try_join!(rotating, reading)?;
    report.one(&format!("key rotation of {stored} connections while reading, s"), seconds, Bar::Most(30.0));
    report.one("p99 of a read while the key changes, ms", slowest, Bar::None);
    Ok(())
}
