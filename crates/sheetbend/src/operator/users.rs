//! `sheetbend users`.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Map, Value, json};

use super::session::{OperatorOptions, Session};
use super::{output, table};

/// `sheetbend users`.
#[derive(Args)]
pub struct UsersCommand {
    #[command(flatten)]
    pub server: OperatorOptions,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make a link with which the first person sets up the dashboard; it works once, for an hour
    SetupLink,
    /// List the people who may sign in
    List,
    /// Add a person and print the link with which they choose a password
    Invite {
        /// What they sign in with
        email: String,
        /// They may do everything
        #[arg(long)]
        owner: bool,
        /// What they are in an environment, `developer` or `support`; may be repeated
        #[arg(long, value_name = "ENVIRONMENT=ROLE")]
        role: Vec<String>,
    },
    /// Print a link with which a person chooses a new password
    Reset {
        /// Their e-mail address
        email: String,
    },
    /// Ask a person who lost their device for no one-time passwords any more
    DisableTotp {
        /// Their e-mail address
        email: String,
    },
    /// Remove a person; their sessions end at once
    Remove {
        /// Their e-mail address
        email: String,
    },
}

/// Runs it.
pub async fn run(command: UsersCommand, session: &Session) -> anyhow::Result<()> {
    let json = command.server.json;
    match command.what {
        What::SetupLink => {
            let answer = session.call(Method::POST, "/internal/setup-link", Some(&json!({}))).await?;
            link(&answer.body, "url", json, "It works once, for an hour.")
        }
        What::List => list(session, json).await,
        What::Invite { email, owner, role } => invite(session, &email, owner, &role, json).await,
        What::Reset { email } => {
            let path = format!("/internal/users/{}/reset", find(session, &email).await?);
            let answer = session.call(Method::POST, &path, Some(&json!({}))).await?;
            link(&answer.body, "url", json, "It works once, for a day; their sessions end when it is used.")
        }
        What::DisableTotp { email } => {
            let path = format!("/internal/users/{}/disable-totp", find(session, &email).await?);
            session.call(Method::POST, &path, Some(&json!({}))).await?;
            done(json, &format!("{email} signs in without one-time passwords"))
        }
        What::Remove { email } => {
            let path = format!("/internal/users/{}", find(session, &email).await?);
            session.call(Method::DELETE, &path, None).await?;
            done(json, &format!("{email} is removed"))
        }
    }
}

async fn find(session: &Session, email: &str) -> anyhow::Result<String> {
    let answer = session.call(Method::GET, "/internal/users", None).await?;
    let wanted = email.trim().to_lowercase();
    let all = answer.body["data"].as_array().cloned().unwrap_or_default();
    let found = all.iter().find(|one| one["email"] == wanted.as_str()).and_then(|one| one["id"].as_str());
    match found {
        Some(id) => Ok(id.to_owned()),
        None => bail!("nobody is known as {email}; `sheetbend users list` shows who is"),
    }
}

async fn list(session: &Session, json: bool) -> anyhow::Result<()> {
    let answer = session.call(Method::GET, "/internal/users", None).await?;
    if json {
        return output::json(&answer.body);
    }
    let rows: Vec<Vec<String>> = answer.body["data"].as_array().into_iter().flatten().map(row).collect();
    table::print(&["E-MAIL", "NAME", "ROLES", "ONE-TIME PASSWORDS", "LAST SEEN"], &rows);
    Ok(())
}

fn row(user: &Value) -> Vec<String> {
    let text = |name: &str| user[name].as_str().unwrap_or("-").to_owned();
    let roles: Vec<String> = match user["owner"].as_bool() {
        Some(true) => vec!["owner".to_owned()],
        _ => {
            let pairs = user["roles"].as_object().into_iter().flatten();
            pairs.map(|(name, role)| format!("{name}={}", role.as_str().unwrap_or("?"))).collect()
        }
    };
    let seen = if user["invited"] == true { "invited".to_owned() } else { text("last_seen_at") };
    let totp = if user["totp"] == true { "on" } else { "off" };
    vec![text("email"), text("name"), roles.join(", "), totp.to_owned(), seen]
}

async fn invite(
    session: &Session,
    email: &str,
    owner: bool,
    roles: &[String],
    json: bool,
) -> anyhow::Result<()> {
    let mut wanted = Map::new();
    for pair in roles {
        let (environment, role) = pair.split_once('=').context("--role is ENVIRONMENT=ROLE")?;
        wanted.insert(environment.to_owned(), role.into());
    }
    if !owner && wanted.is_empty() {
        bail!("say what they may do: --owner, or --role dev=developer");
    }
    let body = json!({"email": email, "owner": owner, "roles": wanted});
    let answer = session.call(Method::POST, "/internal/users", Some(&body)).await?;
    link(&answer.body, "invitation_url", json, "Pass it on; it works once, for a week.")
}

fn link(body: &Value, field: &str, json: bool, note: &str) -> anyhow::Result<()> {
    if json {
        return output::json(body);
    }
    println!("{}", body[field].as_str().context("the server answered without a link")?);
    eprintln!("{note}");
    Ok(())
}

fn done(json: bool, text: &str) -> anyhow::Result<()> {
    if json {
        return output::json(&json!({"success": true}));
    }
    println!("{text}");
    Ok(())
}
