//! `sheetbend api-keys`.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use super::session::{OperatorOptions, Session};
use super::{output, table};

/// `sheetbend api-keys`.
#[derive(Args)]
pub struct ApiKeysCommand {
    #[command(flatten)]
    pub server: OperatorOptions,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make a key; it is shown once
    Create {
        /// What you call it
        name: String,
        /// What it may do, for example `environment:connections:read`; may be repeated [default: everything]
        #[arg(long, value_name = "SCOPE")]
        scope: Vec<String>,
        /// A key of the account instead of the environment
        #[arg(long)]
        account: bool,
    },
    /// List the keys in force
    List {
        /// Those of the account instead of the environment
        #[arg(long)]
        account: bool,
    },
    /// Revoke a key, everywhere within a second
    Revoke {
        /// Its number, as `list` shows it
        id: u32,
        /// It is the account's
        #[arg(long)]
        account: bool,
    },
}

/// Runs it.
pub async fn run(command: ApiKeysCommand, session: &Session) -> anyhow::Result<()> {
    let OperatorOptions { json, environment, .. } = command.server;
    match command.what {
        What::Create { name, scope, account } => {
            let owner = Owner::find(session, &environment, account).await?;
            create(session, &owner, &name, scope, json).await
        }
        What::List { account } => {
            list(session, &Owner::find(session, &environment, account).await?, json).await
        }
        What::Revoke { id, account } => {
            revoke(session, &Owner::find(session, &environment, account).await?, id, json).await
        }
    }
}

enum Owner {
    Account,
    Environment(i64),
}

impl Owner {
    async fn find(session: &Session, environment: &str, account: bool) -> anyhow::Result<Self> {
        if account {
            Ok(Self::Account)
        } else {
            environment_id(session, environment).await.map(Self::Environment)
        }
    }
}

/// The number of an environment.
async fn environment_id(session: &Session, name: &str) -> anyhow::Result<i64> {
    let answer = session.call(Method::GET, "/environments", None).await?;
    let all = answer.body["data"].as_array().cloned().unwrap_or_default();
    let found = all.iter().find(|one| one["name"] == name);
    match found.and_then(|one| one["id"].as_i64()) {
        Some(id) => Ok(id),
        None => {
            let names: Vec<&str> = all.iter().filter_map(|one| one["name"].as_str()).collect();
            bail!("there is no environment {name}; there are: {}", names.join(", "))
        }
    }
}

async fn create(
    session: &Session,
    owner: &Owner,
    name: &str,
    scopes: Vec<String>,
    json: bool,
) -> anyhow::Result<()> {
    let mut body = json!({"display_name": name});
    if !scopes.is_empty() {
        body["scopes"] = json!(scopes);
    }
    let path = match owner {
        Owner::Account => "/account/api-keys",
        Owner::Environment(id) => {
            body["environment_id"] = json!(id);
            "/environment/api-keys"
        }
    };
    let answer = session.call(Method::POST, path, Some(&body)).await?;
    if json {
        return output::json(&answer.body);
    }
    let data = &answer.body["data"];
    let key = data["secret"].as_str().context("the server answered without a key")?;
    println!("{key}");
    eprintln!("This is the only time that the key is shown (number {}).", data["id"]);
    Ok(())
}

async fn list(session: &Session, owner: &Owner, json: bool) -> anyhow::Result<()> {
    let path = match owner {
        Owner::Account => "/account/api-keys".to_owned(),
        Owner::Environment(id) => format!("/environment/api-keys?environment_id={id}"),
    };
    let answer = session.call(Method::GET, &path, None).await?;
    if json {
        return output::json(&answer.body);
    }
    let rows: Vec<Vec<String>> = answer.body["data"].as_array().into_iter().flatten().map(row).collect();
    table::print(&["NUMBER", "NAME", "BEGINS", "LAST USED", "SCOPES"], &rows);
    Ok(())
}

fn row(key: &Value) -> Vec<String> {
    let text = |name: &str| key[name].as_str().unwrap_or("-").to_owned();
    let scopes: Vec<&str> =
        key["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    vec![key["id"].to_string(), text("display_name"), text("prefix"), text("last_used_at"), scopes.join(", ")]
}

async fn revoke(session: &Session, owner: &Owner, id: u32, json: bool) -> anyhow::Result<()> {
    match owner {
        Owner::Account => session.call(Method::DELETE, &format!("/account/api-keys/{id}"), None).await?,
        Owner::Environment(environment) => {
            let body = json!({"environment_id": environment, "key_id": id});
            session.call(Method::DELETE, "/environment/api-keys", Some(&body)).await?
        }
    };
    if json {
        return output::json(&json!({"success": true}));
    }
    println!("key {id} is revoked");
    Ok(())
}
