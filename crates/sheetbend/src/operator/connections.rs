//! `sheetbend connections`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use super::progress::Progress;
use super::rows::{self, Row};
use super::session::{OperatorOptions, Session, refusal};
use super::{output, table};

/// `sheetbend connections`.
#[derive(Args)]
pub struct ConnectionsCommand {
    #[command(flatten)]
    pub server: OperatorOptions,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List connections, newest first
    List(Filter),
    /// Show one connection; its credentials only with --credentials
    Show {
        #[command(flatten)]
        one: One,
        /// Show the credentials, which are secrets
        #[arg(long)]
        credentials: bool,
    },
    /// Renew a connection's token now
    Refresh(One),
    /// Delete a connection
    Delete(One),
    /// Import connections from a JSON or CSV file; a second run replaces and doubles nothing
    Import {
        /// `.json`: an array (or lines) of bodies of `POST /connections`; `.csv`: see docs/operating.md
        file: PathBuf,
    },
}

#[derive(Args)]
struct Filter {
    /// Only this integration
    #[arg(long, value_name = "KEY")]
    integration: Option<String>,
    /// Only connections in whose id or end user this text occurs
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only connections with this tag, `key=value`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    tag: Vec<String>,
    /// How many at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    limit: u32,
}

#[derive(Args)]
struct One {
    /// The connection's id
    id: String,
    /// Its integration
    #[arg(long, value_name = "KEY")]
    integration: String,
}

/// Runs it.
pub async fn run(command: ConnectionsCommand, session: &Session) -> anyhow::Result<()> {
    let json = command.server.json;
    match command.what {
        What::List(filter) => list(session, &filter, json).await,
        What::Show { one, credentials } => show(session, &one, credentials).await,
        What::Refresh(one) => refresh(session, &one, json).await,
        What::Delete(one) => delete(session, &one, json).await,
        What::Import { file } => import(session, &file, json).await,
    }
}

async fn list(session: &Session, filter: &Filter, json: bool) -> anyhow::Result<()> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &filter.limit.clamp(1, 2000).to_string());
    if let Some(integration) = &filter.integration {
        query.append_pair("integrationId", integration);
    }
    if let Some(search) = &filter.search {
        query.append_pair("search", search);
    }
    for tag in &filter.tag {
        let (key, value) = tag.split_once('=').with_context(|| format!("--tag {tag}: expected key=value"))?;
        query.append_pair(&format!("tags[{key}]"), value);
    }
    let answer = session.call(Method::GET, &format!("/connections?{}", query.finish()), None).await?;
    let connections = answer.body["connections"].as_array().cloned().unwrap_or_default();
    if json {
        return output::json(&connections);
    }
    let rows: Vec<Vec<String>> = connections.iter().map(row).collect();
    table::print(&["CONNECTION", "INTEGRATION", "END USER", "CREATED", "STATE"], &rows);
    Ok(())
}

fn row(one: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let errors = one["errors"].as_array().map_or(0, Vec::len);
    let state = if errors == 0 { "ok" } else { "needs attention" };
    let end_user = match text(&one["end_user"]["email"]) {
        email if email.is_empty() => text(&one["end_user"]["id"]),
        email => email,
    };
    vec![
        text(&one["connection_id"]),
        text(&one["provider_config_key"]),
        end_user,
        text(&one["created"]),
        state.to_owned(),
    ]
}

fn path(one: &One, extra: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("provider_config_key", &one.integration);
    query.extend_pairs(extra);
    format!("/connections/{}?{}", output::segment(&one.id), query.finish())
}

async fn show(session: &Session, one: &One, credentials: bool) -> anyhow::Result<()> {
    let extra: &[(&str, &str)] = if credentials { &[("refresh_token", "true")] } else { &[] };
    let mut answer = session.call(Method::GET, &path(one, extra), None).await?;
    if !credentials && let Some(map) = answer.body.as_object_mut() {
        map.remove("credentials");
    }
    output::json(&answer.body)
}

async fn refresh(session: &Session, one: &One, json: bool) -> anyhow::Result<()> {
    let answer = session.call(Method::GET, &path(one, &[("force_refresh", "true")]), None).await?;
    let expires = answer.body["credentials"]["expires_at"].clone();
    if json {
        return output::json(&json!({"connection_id": one.id, "expires_at": expires}));
    }
    match expires.as_str() {
        Some(at) => println!("{} has a new token, good until {at}", one.id),
        None => println!("{} has working credentials without an end", one.id),
    }
    Ok(())
}

async fn delete(session: &Session, one: &One, json: bool) -> anyhow::Result<()> {
    session.call(Method::DELETE, &path(one, &[]), None).await?;
    if json {
        return output::json(&json!({"success": true}));
    }
    println!("{} is deleted", one.id);
    Ok(())
}

/// How an import ended.
#[derive(Default)]
struct Tally {
    stored: u64,
    refused: Vec<Value>,
}

async fn import(session: &Session, file: &Path, json: bool) -> anyhow::Result<()> {
    let rows = rows::read(file)?;
    let mut tally = Tally::default();
    let mut progress = Progress::new(rows.len() as u64, "connections");
    for Row { line, body } in rows {
        if body["connection_id"].as_str().unwrap_or_default().is_empty() {
            tally.refuse(
                line,
                &body,
                "connection_id is missing; without it a second run would double the row",
            );
        } else {
            let answer = session.try_call(Method::POST, "/connections", Some(&body)).await?;
            match answer.status {
                200..=299 => tally.stored += 1,
                _ => tally.refuse(line, &body, &refusal(&answer)),
            }
        }
        progress.step();
    }
    progress.end();
    if json {
        output::json(&json!({"stored": tally.stored, "refused": tally.refused}))?;
    } else {
        println!("{} stored, {} refused", tally.stored, tally.refused.len());
        for one in &tally.refused {
            let text = |key: &str| one[key].as_str().unwrap_or_default();
            println!("  line {}: {} {}", one["line"], text("connection_id"), text("error"));
        }
    }
    if tally.refused.is_empty() {
        return Ok(());
    }
    bail!(
        "{} rows were refused; mend them and run the import again: what is stored stays",
        tally.refused.len()
    )
}

impl Tally {
    fn refuse(&mut self, line: usize, body: &Value, error: &str) {
        self.refused.push(json!({"line": line, "connection_id": body["connection_id"], "error": error}));
    }
}
