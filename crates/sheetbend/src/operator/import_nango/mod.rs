//! `sheetbend import nango`: integrations, connections, variables and keys from a running Nango.
//!
//! A second run is harmless: an integration that is there already stays, a connection is written over with what the
//! other server says now.

mod convert;
mod source;

use anyhow::bail;
use clap::{Args, Subcommand};
use http::Method;
use serde::Serialize;
use serde_json::json;
use source::Source;

use super::output;
use super::progress::Progress;
use super::session::{OperatorOptions, Session, refusal};

/// `sheetbend import`.
#[derive(Args)]
pub struct ImportCommand {
    #[command(flatten)]
    pub server: OperatorOptions,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// From a running Nango, one environment at a time
    Nango(NangoOptions),
}

#[derive(Args)]
struct NangoOptions {
    /// Its address
    #[arg(long, value_name = "URL")]
    from: String,
    /// The secret key of the environment there
    #[arg(long, env = "NANGO_SECRET_KEY", value_name = "KEY", hide_env_values = true)]
    key: String,
    /// What webhooks are signed with from now on [default: the imported key, with which the SDK verifies them]
    #[arg(long, value_name = "KEY")]
    webhook_signing_key: Option<String>,
    /// Do not make the environment's secret key valid here
    #[arg(long)]
    without_key: bool,
}

/// What came over, and what did not.
#[derive(Debug, Default, Serialize)]
struct Report {
    integrations: u64,
    /// Were here already and stay as they are.
    integrations_kept: u64,
    connections: u64,
    variables: u64,
    notes: Vec<String>,
    missing: Vec<NotImported>,
}

#[derive(Debug, Serialize)]
struct NotImported {
    what: String,
    why: String,
}

/// Runs it.
pub async fn run(command: ImportCommand, session: &Session) -> anyhow::Result<()> {
    let What::Nango(options) = command.what;
    let source = Source::new(&options.from, &options.key)?;
    let mut report = Report::default();
    integrations(&source, session, &mut report).await?;
    connections(&source, session, &mut report).await?;
    variables(&source, session, &mut report).await?;
    settings(&options, &command.server.environment, session, &mut report).await?;
    if command.server.json {
        output::json(&report)?;
    } else {
        print(&report);
    }
    match report.missing.len() {
        0 => Ok(()),
        some => bail!("{some} things could not be imported; everything else is here and stays"),
    }
}

async fn integrations(source: &Source, session: &Session, report: &mut Report) -> anyhow::Result<()> {
    for theirs in source.integrations().await? {
        let name = format!("integration {}", theirs["unique_key"].as_str().unwrap_or_default());
        let body = match convert::integration(&theirs) {
            Ok(body) => body,
            Err(why) => {
                report.lack(name, why);
                continue;
            }
        };
        let path =
            format!("/integrations/{}", output::segment(theirs["unique_key"].as_str().unwrap_or_default()));
        if session.try_call(Method::GET, &path, None).await?.status == 200 {
            report.integrations_kept += 1;
            continue;
        }
        let answer = session.try_call(Method::POST, "/integrations", Some(&body)).await?;
        match answer.status {
            200..=299 => report.integrations += 1,
            _ => report.lack(name, refusal(&answer)),
        }
    }
    Ok(())
}

async fn connections(source: &Source, session: &Session, report: &mut Report) -> anyhow::Result<()> {
    let all = source.connections().await?;
    let mut progress = Progress::new(all.len() as u64, "connections");
    for one in &all {
        let text = |name: &str| one[name].as_str().unwrap_or_default();
        let name = format!("connection {}/{}", text("provider_config_key"), text("connection_id"));
        match take(source, session, text("connection_id"), text("provider_config_key")).await? {
            Ok(()) => report.connections += 1,
            Err(why) => report.lack(name, why),
        }
        progress.step();
    }
    progress.end();
    Ok(())
}

/// One connection; the inner error is a matter of this one alone.
async fn take(
    source: &Source,
    session: &Session,
    id: &str,
    integration: &str,
) -> anyhow::Result<Result<(), String>> {
    let theirs = match source.connection(id, integration).await {
        Ok(theirs) => theirs,
        Err(error) => return Ok(Err(format!("{error:#}"))),
    };
    let body = match convert::connection(&theirs) {
        Ok(body) => body,
        Err(why) => return Ok(Err(why)),
    };
    let answer = session.try_call(Method::POST, "/connections", Some(&body)).await?;
    Ok(if answer.status < 300 { Ok(()) } else { Err(refusal(&answer)) })
}

async fn variables(source: &Source, session: &Session, report: &mut Report) -> anyhow::Result<()> {
    let theirs = match source.variables().await {
        Ok(theirs) => theirs,
        Err(error) => {
            report.lack("environment variables".to_owned(), format!("{error:#}"));
            return Ok(());
        }
    };
    if theirs.is_empty() {
        return Ok(());
    }
    let own = session.call(Method::GET, "/environment-variables", None).await?;
    let mut merged = own.body.as_array().cloned().unwrap_or_default();
    merged.retain(|own| !theirs.iter().any(|one| one["name"] == own["name"]));
    merged.extend(theirs.iter().map(|one| json!({"name": one["name"], "value": one["value"]})));
    let body = json!({"variables": merged});
    let answer = session.try_call(Method::PUT, "/environment-variables", Some(&body)).await?;
    match answer.status {
        200..=299 => report.variables = theirs.len() as u64,
        _ => report.lack("environment variables".to_owned(), refusal(&answer)),
    }
    Ok(())
}

/// What makes the same calls work here: the key, the signing key, and base-URL overrides to any public host.
async fn settings(
    options: &NangoOptions,
    environment: &str,
    session: &Session,
    report: &mut Report,
) -> anyhow::Result<()> {
    if !options.without_key {
        let body = json!({"key": options.key, "display_name": "imported from Nango"});
        let answer = session.try_call(Method::POST, "/operator/api-keys", Some(&body)).await?;
        match answer.status {
            200..=299 => report.notes.push(format!("the secret key is valid here in {environment}")),
            409 => report.notes.push("the secret key was valid here already".to_owned()),
            _ => report.lack("the secret key".to_owned(), refusal(&answer)),
        }
    }
    let signing = options.webhook_signing_key.as_ref().unwrap_or(&options.key);
    let body = json!({"webhook_signing_key": signing});
    let answer = session.try_call(Method::PUT, "/environment/webhook-signing-key", Some(&body)).await?;
    match answer.status {
        200..=299 => report.notes.push(match options.webhook_signing_key {
            Some(_) => "webhooks are signed with the given key".to_owned(),
            None => {
                "webhooks are signed with the imported secret key, so that receivers verify them as before"
                    .to_owned()
            }
        }),
        _ => report.lack("the webhook signing key".to_owned(), refusal(&answer)),
    }
    let body = json!({"override_hosts": "any-public"});
    let answer = session.try_call(Method::PATCH, "/environment", Some(&body)).await?;
    match answer.status {
        200..=299 => report.notes.push(
            "base-URL overrides may lead to any public host, as there; PATCH /environment \
             {\"override_hosts\":\"listed\"} holds them to the hosts that you list"
                .to_owned(),
        ),
        _ => report.lack("the override_hosts setting".to_owned(), refusal(&answer)),
    }
    Ok(())
}

impl Report {
    fn lack(&mut self, what: String, why: String) {
        self.missing.push(NotImported { what, why });
    }
}

fn print(report: &Report) {
    println!(
        "{} integrations ({} were here already), {} connections, {} variables",
        report.integrations, report.integrations_kept, report.connections, report.variables
    );
    report.notes.iter().for_each(|note| println!("  {note}"));
    if !report.missing.is_empty() {
        println!("Not imported:");
    }
    for NotImported { what, why } in &report.missing {
        println!("  {what}: {why}");
    }
    println!(
        "Not part of the API: syncs and actions (deploy them with the nango CLI), webhook addresses, users."
    );
}
