//! How an operator's command reaches the server: by the socket in the data directory, by URL, or, where no server
//! runs, by one that this process starts for as long as the command takes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::{Args, FromArgMatches as _};
use egress::{LocalError, LocalLimits};
use http::{Method, Request, Response, header};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::socket::ADMIN_SOCKET;
use crate::app::{self, Additions};
use crate::config::{DatabaseOptions, KeyOptions, ServeOptions};
use crate::named_server::{Limits, NamedServer};

/// Which server a command is for.
#[derive(Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct OperatorOptions {
    #[command(flatten)]
    pub database: DatabaseOptions,
    #[command(flatten)]
    pub keys: KeyOptions,
    /// Address of a server elsewhere, instead of the one of the data directory; takes --account-key, a key of the
    /// account with the scope `account:*`
    #[arg(long, value_name = "URL", requires = "account_key")]
    pub url: Option<String>,
    /// The environment to work in
    #[arg(long, env = "SHEETBEND_ENVIRONMENT", value_name = "NAME", default_value = "dev")]
    pub environment: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// No answer of ours is longer.
const MAX_ANSWER: usize = 256 << 20;
/// A backup of a large database takes its time.
const TOTAL: Duration = Duration::from_secs(3600);

/// A way to a server.
pub struct Session {
    way: Way,
    environment: String,
    /// Started for this command.
    own: Option<OwnServer>,
}

enum Way {
    Socket(PathBuf),
    Url(Box<NamedServer>),
}

struct OwnServer {
    shutdown: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

/// An answer that is not an error.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; null when it was empty.
    pub body: Value,
}

impl Session {
    /// Finds the server, or starts one.
    ///
    /// # Errors
    /// No server answers and the database cannot be opened here.
    pub async fn open(options: &OperatorOptions) -> anyhow::Result<Self> {
        let environment = options.environment.clone();
        if let (Some(url), Some(key)) = (&options.url, &options.keys.account_key) {
            return Ok(Self {
                way: Way::Url(Box::new(NamedServer::new(url, key).context("--url")?)),
                environment,
                own: None,
            });
        }
        let socket = options.database.data_dir.join(ADMIN_SOCKET);
        let own = match tokio::net::UnixStream::connect(&socket).await {
            Ok(_) => None,
            Err(_) => Some(OwnServer::start(options, &socket).await?),
        };
        Ok(Self { way: Way::Socket(socket), environment, own })
    }

    /// Calls the server; an error answer becomes an error with its message and code.
    ///
    /// # Errors
    /// The server cannot be reached, or refused.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        let answer = self.try_call(method, path, body).await?;
        if answer.status >= 400 {
            bail!("{}", refusal(&answer));
        }
        Ok(answer)
    }

    /// As [`Self::call`], with error answers as answers.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn try_call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let mut request = Request::new(bytes);
        *request.method_mut() = method;
        let headers = request.headers_mut();
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        }
        headers.insert("sheetbend-environment", self.environment.parse().context("--environment")?);
        let answer = self.send(request, path).await?;
        let status = answer.status().as_u16();
        let body = match answer.body().is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(answer.body())
                .with_context(|| format!("{path} answered {status} without JSON; is it a Sheetbend?"))?,
        };
        Ok(Answer { status, body })
    }

    async fn send(&self, mut request: Request<Bytes>, path: &str) -> anyhow::Result<Response<Bytes>> {
        match &self.way {
            Way::Socket(socket) => {
                *request.uri_mut() = path.parse()?;
                request.headers_mut().insert(header::HOST, header::HeaderValue::from_static("localhost"));
                let limits = LocalLimits { max_bytes: MAX_ANSWER, total: TOTAL };
                Ok(egress::over_socket(socket, request, limits).await?)
            }
            Way::Url(server) => {
                server.send(request, path, Limits { max_bytes: MAX_ANSWER, total: TOTAL }).await
            }
        }
    }

    /// Lets go of the server; one that was started here writes what is queued and ends.
    ///
    /// # Errors
    /// The server started here ended badly.
    pub async fn close(self) -> anyhow::Result<()> {
        let Some(own) = self.own else { return Ok(()) };
        own.shutdown.cancel();
        own.task.await?
    }
}

/// What a refused call says.
pub fn refusal(answer: &Answer) -> String {
    let error = &answer.body["error"];
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    let mut message = text("message");
    if message.is_empty() {
        message = format!("the server answered {}", answer.status);
    }
    for issue in error["errors"].as_array().into_iter().flatten() {
        let path: Vec<&str> =
            issue["path"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        message.push_str(&format!("; {}: {}", path.join("."), issue["message"].as_str().unwrap_or_default()));
    }
    format!("{message} ({})", text("code"))
}

impl OwnServer {
    /// A server on the command's database, reachable by the socket; the data directory is locked for that long.
    async fn start(options: &OperatorOptions, socket: &Path) -> anyhow::Result<Self> {
        let directory = &options.database.data_dir;
        let named = options.database.database_url.is_some() || directory.join("sheetbend.db").exists();
        if !named {
            bail!(
                "no server runs and there is no database in {}; name it with --data-dir, or a server with --url",
                directory.display()
            );
        }
        let built = app::build(serve_options(options)?, Additions::default()).await?;
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(app::run(built, shutdown.clone()));
        let own = Self { shutdown, task };
        own.listens(socket).await?;
        Ok(own)
    }

    async fn listens(&self, socket: &Path) -> anyhow::Result<()> {
        const PATIENCE: Duration = Duration::from_secs(10);
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let probe = || {
            let request = Request::builder().uri("/health").body(Bytes::new());
            let limits = LocalLimits { max_bytes: 1 << 16, total: PATIENCE };
            async move { egress::over_socket(socket, request.unwrap_or_default(), limits).await }
        };
        loop {
            match probe().await {
                Ok(_) => return Ok(()),
                Err(LocalError::Connect { .. })
                    if tokio::time::Instant::now() < deadline && !self.task.is_finished() =>
                {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(error) => return Err(error).context("the server that this command started"),
            }
        }
    }
}

/// The defaults of `serve`, on a free port of this machine, with the command's database and keys.
fn serve_options(options: &OperatorOptions) -> anyhow::Result<ServeOptions> {
    let command = ServeOptions::augment_args(clap::Command::new("serve"));
    let matches = command.try_get_matches_from(["serve", "--listen", "127.0.0.1:0"])?;
    let mut serve = ServeOptions::from_arg_matches(&matches)?;
    serve.database = options.database.clone();
    serve.keys = options.keys.clone();
    Ok(serve)
}
