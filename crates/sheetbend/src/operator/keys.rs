//! `sheetbend keys`: the encryption keys of the database.
//!
//! The key file is written before the server hears of a key, so that a process that dies in between starts again with
//! every key that anything is sealed with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};
use vault::{KeyId, KeyMaterial};

use super::progress::Progress;
use super::session::{OperatorOptions, Session};
use super::{output, table};
use crate::files;

/// `sheetbend keys`.
#[derive(Args)]
pub struct KeysCommand {
    #[command(flatten)]
    pub server: OperatorOptions,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Show which keys open, which one seals, and how much each one seals
    Status,
    /// Make a new key, seal everything with it while serving, and wait until that is done
    Rotate {
        /// A key that every server knows already, instead of a new one
        #[arg(long, value_name = "KEY-ID")]
        to: Option<String>,
    },
    /// Learn the keys of a file, as another server of the same database knows them
    Learn {
        /// Keys in base64, one a line
        file: PathBuf,
    },
    /// Take a key that seals nothing any more out of the key file; older backups still need it
    Retire {
        /// Its id, as `status` shows it
        id: String,
    },
}

/// Runs it.
pub async fn run(command: KeysCommand, session: &Session) -> anyhow::Result<()> {
    let server = &command.server;
    match command.what {
        What::Status => status(session, server.json).await,
        What::Rotate { to } => {
            let to = match to {
                Some(id) => id,
                None => new_key(session, &KeyFile::of(server)?).await?,
            };
            rotate(session, server, &to).await
        }
        What::Learn { file } => learn(session, &KeyFile::of(server)?, &file).await,
        What::Retire { id } => retire(session, &KeyFile::of(server)?, &id).await,
    }
}

async fn status(session: &Session, json: bool) -> anyhow::Result<()> {
    let answer = session.call(Method::GET, "/operator/keys", None).await?;
    if json {
        return output::json(&answer.body);
    }
    let rows: Vec<Vec<String>> = answer.body["keys"].as_array().into_iter().flatten().map(row).collect();
    table::print(&["KEY", "STATE", "SEALS"], &rows);
    let rotation = &answer.body["rotation"];
    if !rotation.is_null() && rotation["ended_at"].is_null() {
        println!("A rotation to {} is under way.", rotation["to"].as_str().unwrap_or_default());
    }
    Ok(())
}

fn row(key: &Value) -> Vec<String> {
    let text = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
    vec![text("id"), text("state"), format!("{} values", key["values"])]
}

/// Makes a key: first in the file, then in the server.
async fn new_key(session: &Session, file: &KeyFile) -> anyhow::Result<String> {
    let key = KeyMaterial::generate()?;
    let text = key.to_base64();
    file.append(&[text.to_string()])?;
    tell(session, &text).await?;
    Ok(key.id().to_string())
}

async fn tell(session: &Session, key: &str) -> anyhow::Result<()> {
    session.call(Method::POST, "/operator/keys", Some(&json!({"key": key}))).await.map(drop)
}

async fn rotate(session: &Session, server: &OperatorOptions, to: &str) -> anyhow::Result<()> {
    let began = session.call(Method::POST, "/operator/keys/rotation", Some(&json!({"to": to}))).await;
    let began = began.with_context(|| {
        format!(
            "the rotation has not begun; when every server knows the key (`sheetbend keys learn` on each), go on \
             with: sheetbend keys rotate --to {to}"
        )
    })?;
    let all = began.body["values"].as_u64().unwrap_or_default();
    let mut progress = Progress::new(all, "values sealed anew");
    let ended = loop {
        let answer = session.call(Method::GET, "/operator/keys", None).await?;
        progress.reach(sealed_by(&answer.body, to).min(all));
        if !answer.body["rotation"]["ended_at"].is_null() {
            break answer.body;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    progress.end();
    if let Ok(file) = KeyFile::of(server) {
        file.lead_with(to)?;
    }
    if server.json {
        return output::json(&ended);
    }
    println!(
        "{to} seals everything ({} values). Keep a copy of the key apart from the database.",
        sealed_by(&ended, to)
    );
    for old in ended["keys"].as_array().into_iter().flatten().filter(|key| key["id"] != to) {
        let id = old["id"].as_str().unwrap_or_default();
        println!(
            "{id} seals {} values; older backups need it. Take it away with: sheetbend keys retire {id}",
            old["values"]
        );
    }
    Ok(())
}

fn sealed_by(keys: &Value, id: &str) -> u64 {
    let all = keys["keys"].as_array().into_iter().flatten();
    all.filter(|key| key["id"] == id).filter_map(|key| key["values"].as_u64()).sum()
}

async fn learn(session: &Session, file: &KeyFile, from: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(from).with_context(|| from.display().to_string())?;
    let mut keys = Vec::new();
    for line in lines(&text) {
        let key = KeyMaterial::parse(&line).with_context(|| from.display().to_string())?;
        keys.push((key.id(), line));
    }
    let known = file.ids()?;
    let new: Vec<String> =
        keys.iter().filter(|(id, _)| !known.contains(id)).map(|(_, line)| line.clone()).collect();
    file.append(&new)?;
    for (id, line) in &keys {
        tell(session, line).await?;
        println!("{id} is known");
    }
    Ok(())
}

async fn retire(session: &Session, file: &KeyFile, id: &str) -> anyhow::Result<()> {
    let answer = session.call(Method::GET, "/operator/keys", None).await?;
    let key = answer.body["keys"].as_array().into_iter().flatten().find(|key| key["id"] == id);
    let key = key.with_context(|| format!("{id} is no key of this server"))?;
    if key["state"] == "seals" || key["values"] != 0 {
        bail!(
            "{id} {} and holds {} values; rotate to another key first",
            key["state"].as_str().unwrap_or_default(),
            key["values"]
        );
    }
    file.remove(id)?;
    println!("{id} is out of {}; the running server forgets it at its next start", file.path.display());
    Ok(())
}

/// The file with the keys, one a line; the first one seals at a start.
struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// The file that the server reads too.
    ///
    /// # Errors
    /// The keys come from the environment or the command line, where nobody but the operator can change them.
    fn of(server: &OperatorOptions) -> anyhow::Result<Self> {
        if !server.keys.encryption_key.is_empty() {
            bail!(
                "the keys are given by SHEETBEND_ENCRYPTION_KEY: add the new one there as the second on every \
                 server, restart them, then run `sheetbend keys rotate --to <its id>` (`keys status` shows it), \
                 and put it first"
            );
        }
        if server.url.is_some() {
            bail!("a key is written beside the server: run the command there, without --url");
        }
        let own = || server.database.data_dir.join("encryption.key");
        let path = server.keys.encryption_key_file.clone().unwrap_or_else(own);
        if !path.exists() {
            bail!("{} does not exist; name the key file with --encryption-key-file", path.display());
        }
        Ok(Self { path })
    }

    fn lines(&self) -> anyhow::Result<Vec<String>> {
        let text = std::fs::read_to_string(&self.path).with_context(|| self.path.display().to_string())?;
        Ok(lines(&text))
    }

    fn ids(&self) -> anyhow::Result<Vec<KeyId>> {
        self.lines()?.iter().map(|line| Ok(KeyMaterial::parse(line)?.id())).collect()
    }

    fn append(&self, keys: &[String]) -> anyhow::Result<()> {
        let mut all = self.lines()?;
        all.extend_from_slice(keys);
        self.write(&all)
    }

    /// Puts a key first, if the file has it.
    fn lead_with(&self, id: &str) -> anyhow::Result<()> {
        let (first, rest): (Vec<String>, Vec<String>) =
            self.lines()?.into_iter().partition(|line| is_key(line, id));
        self.write(&[first, rest].concat())
    }

    fn remove(&self, id: &str) -> anyhow::Result<()> {
        let mut all = self.lines()?;
        all.retain(|line| !is_key(line, id));
        self.write(&all)
    }

    fn write(&self, keys: &[String]) -> anyhow::Result<()> {
        files::replace_private(&self.path, keys.join("\n").as_bytes())
            .with_context(|| self.path.display().to_string())
    }
}

fn is_key(line: &str, id: &str) -> bool {
    KeyMaterial::parse(line).is_ok_and(|key| key.id().to_string() == id)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
