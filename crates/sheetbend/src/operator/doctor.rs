//! `sheetbend doctor`.

use std::process::ExitCode;

use clap::Args;
use http::Method;
use serde_json::Value;

use super::output;
use super::session::{OperatorOptions, Session};

/// `sheetbend doctor`.
#[derive(Args)]
pub struct DoctorCommand {
    #[command(flatten)]
    pub server: OperatorOptions,
}

/// Shows every finding; fails when one does.
pub async fn run(command: DoctorCommand, session: &Session) -> anyhow::Result<ExitCode> {
    let answer = session.call(Method::GET, "/operator/doctor", None).await?;
    let findings = answer.body["findings"].as_array().cloned().unwrap_or_default();
    if command.server.json {
        output::json(&answer.body)?;
    } else {
        findings.iter().for_each(print);
    }
    let failed = findings.iter().any(|finding| finding["level"] == "failure");
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(finding: &Value) {
    let text = |key: &str| finding[key].as_str().unwrap_or_default();
    let mark = match text("level") {
        "ok" => "ok     ",
        "warning" => "warning",
        _ => "FAILED ",
    };
    println!("{mark}  {:<16} {}", text("check"), text("text"));
    if !text("remedy").is_empty() {
        println!("         {:<16} -> {}", "", text("remedy"));
    }
}
