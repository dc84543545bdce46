//! The composition root: options in, a running server out.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use domain::{Clock, Entropy, EnvironmentName, Scope, Secret};
use egress::{Egress, EgressOptions, HostPort, OutboundProxies, PolicyClass, SendPolicy};
use server::door::Door;
use server::rate_limit::RateLimits;
use server::tls::TlsSource;
use server::{App, EdgeSettings, SharedApp};
use services::context::{Context, LogProxy, NodeName, SandboxCloud, Settings, TOKEN_CALL};
use services::fault::FaultPoints;
use services::jobs::alive::AliveSettings;
use services::jobs::{self, JobSettings};
use services::operations::Recorder;
use services::proxy::room::Room;
use services::webhooks::deliver::DeliverySettings;
use services::{Retention, Services};
use store::{DatabaseUrl, Store, StoreOptions};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{
    DatabaseOptions, LogFormat, LogOptions, LogProxyOption, OutboundOptions, ServeOptions, TrustProxyOption,
};
use crate::encryption;
use crate::files::{self, DataDirLock};
use crate::house_keys;
use crate::operator::AdminSocket;
use crate::ports::{SystemClock, SystemEntropy};
use crate::provider_files::ProviderFiles;
use crate::shutdown;

/// What `dev` adds to a server.
#[derive(Default)]
pub struct Additions {
    /// Variables of the sandbox's cloud.
    pub sandbox_cloud: Option<Vec<(&'static str, String)>>,
    /// Destinations that the address guard lets pass.
    pub exemptions: Vec<HostPort>,
    /// Certificate authorities to trust besides the system's.
    pub extra_ca: Vec<std::path::PathBuf>,
}

/// A built server that does not accept yet.
pub struct Built {
    /// Edge and use-cases.
    pub app: SharedApp,
    /// The default environment.
    pub scope: Scope,
    /// The bound listener.
    pub listener: TcpListener,
    /// Its address.
    pub address: SocketAddr,
    /// A key with every right, when this process knows one in clear.
    pub api_key: Option<Secret>,
    /// A key with every right on the account, when this process knows one in clear.
    pub account_key: Option<Secret>,
    metrics: Option<TcpListener>,
    tls: Option<Arc<TlsSource>>,
    recorder: services::operations::RecorderTask,
    provider_files: ProviderFiles,
    options: ServeOptions,
    lock: DataDirLock,
}

/// `sheetbend serve`.
pub async fn serve(options: ServeOptions) -> anyhow::Result<()> {
    start_log(&options.log)?;
    let built = build(options, Additions::default()).await?;
    if let Some(key) = &built.api_key {
        leave_address(&built.options.database.data_dir, &built.app.edge.public_url, key)?;
    }
    if let Some(link) = built.app.services.people.setup_link().await? {
        // Not to the log: whoever reads it could come in first.
        let text = format!("Set up the dashboard (works once, for an hour): {}\n", link.expose());
        let _ = std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes());
    }
    tracing::info!(address = %built.address, public_url = built.app.edge.public_url, "listening");
    let shutdown = shutdown::on_signal();
    run(built, shutdown).await
}

/// The process's own log, on stderr.
pub fn start_log(options: &LogOptions) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&options.log_level)
        .with_context(|| format!("--log-level {}", options.log_level))?;
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let started = match options.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))
}

/// Opens everything and binds the listener.
///
/// # Errors
/// What is wrong and what to do about it; nothing has been served.
pub async fn build(options: ServeOptions, additions: Additions) -> anyhow::Result<Built> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let data_dir = &options.database.data_dir;
    files::make_private_dir(data_dir).with_context(|| format!("data directory {}", data_dir.display()))?;
    let url = database_url(&options.database)?;
    let lock = DataDirLock::take(data_dir)?;
    let given = options.keys.load(data_dir)?;
    let store =
        Store::open(StoreOptions::new(url.clone())).await.with_context(|| format!("database {url}"))?;
    let vault = encryption::settle(&store, &given).await?;
    let listener = bind(options.network.listen).await?;
    let tls = tls(&options)?;
    let metrics = match options.metrics.metrics_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let address = listener.local_addr()?;
    let (log, recorder) = Recorder::new(store.clone(), clock.clone(), entropy.clone());
    let name = lock.name(|| domain::entropy::hex(&*entropy, 8)).context("the lock file")?;
    let node = NodeName { home: name, start: domain::entropy::hex(&*entropy, 8) };
    let oidc = options.sign_in.load()?;
    let settings = Settings { oidc, ..settings(&options, address, node, additions.sandbox_cloud.is_some()) };
    let provider_files = ProviderFiles::of(
        Some(data_dir),
        &options.providers.provider_file,
        additions.sandbox_cloud.as_deref().unwrap_or_default(),
    )?;
    let context = Arc::new(Context {
        catalog: provider_files.load().context("--provider-file")?.into(),
        egress: egress(&options.outbound, &additions)?,
        background: TaskTracker::new(),
        key_making: tokio::sync::Semaphore::new(1),
        held: Room::new(options.limits.held_total_mb * 1_000_000),
        counts: Default::default(),
        faults: fault_points(),
        store,
        vault,
        clock,
        entropy,
        log,
        settings,
    });
    services::key_rotation::follow(&context).await.context("the encryption key was changed")?;
    let scope = default_environment(&context).await?;
    jobs::schedules(&context).await?;
    let api_key = house_keys::api_key(&context, scope, given.api_key, data_dir).await?;
    let account_key = house_keys::account_key(&context, given.account_key, data_dir).await?;
    house_keys::of_environments(&context, given.environments).await?;
    let edge = edge(&options, &context);
    let most = std::num::NonZeroU32::new(options.network.rate_limit);
    let app = App {
        rate_limits: most.map(|most| RateLimits::new(most, context.clock.clone())),
        services: Services::new(context),
        assets: web::Assets::new(&edge.base_path),
        edge,
        started: tokio::time::Instant::now(),
        metrics: Default::default(),
    };
    let app = Arc::new(app);
    Ok(Built {
        app,
        scope,
        listener,
        address,
        api_key,
        account_key,
        metrics,
        tls,
        recorder,
        provider_files,
        options,
        lock,
    })
}

/// Serves until `shutdown`, then drains, writes what is queued and closes the database.
pub async fn run(built: Built, shutdown: CancellationToken) -> anyhow::Result<()> {
    let Built { app, listener, metrics, tls, recorder, provider_files, options, lock, .. } = built;
    let drain = Duration::from_secs(options.network.drain_seconds);
    let background = background(&app, &options, tls.clone(), metrics, &shutdown);
    background.spawn(provider_files.run(app.clone(), shutdown.clone()));
    // The recorder ends last, after everything that writes to it.
    let recording = CancellationToken::new();
    let recorder = tokio::spawn(recorder.run(recording.clone()));
    let socket = AdminSocket::bind(&options.database.data_dir).map(|(socket, listener)| {
        background.spawn(server::listen::serve_operator(listener, app.clone(), drain, shutdown.clone()));
        socket
    });
    let listening = server::listen::Listening { door: Door::new(app.clone()), tls, drain, own_url: None };
    server::listen::serve(listener, listening, shutdown.clone()).await;
    shutdown.cancel();
    background.close();
    background.wait().await;
    let context = app.services.context.clone();
    context.background.close();
    if tokio::time::timeout(drain, context.background.wait()).await.is_err() {
        tracing::warn!("the drain time is over; what still ran in the background is left");
    }
    if let Err(error) = app.services.write_down().await {
        tracing::warn!(%error, "the last use of keys and connections was not written");
    }
    recording.cancel();
    if let Err(error) = recorder.await {
        tracing::error!(%error, "the log's writer broke off");
    }
    context.store.close().await;
    drop(socket);
    drop(lock);
    tracing::info!("stopped");
    Ok(())
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

fn background(
    app: &SharedApp,
    options: &ServeOptions,
    tls: Option<Arc<TlsSource>>,
    metrics: Option<TcpListener>,
    shutdown: &CancellationToken,
) -> TaskTracker {
    let tracker = TaskTracker::new();
    let retention = Retention {
        max_age_ms: i64::from(options.log.log_retention_days) * 24 * 3600 * 1000,
        max_bytes: i64::try_from(options.log.log_retention_mb.saturating_mul(1_000_000)).unwrap_or(i64::MAX),
        audit_ms: i64::from(options.log.audit_retention_days) * 24 * 3600 * 1000,
    };
    let jobs = JobSettings {
        retention,
        alive: AliveSettings { idle_ms: i64::from(options.background.refresh_idle_hours) * 3_600_000 },
        poll: Duration::from_secs(5),
        drain: Duration::from_secs(options.network.drain_seconds),
    };
    let (workers, _) = jobs::workers(&app.services, jobs);
    tracker.spawn(workers.run(shutdown.clone()));
    let (own, cancel) = (app.clone(), shutdown.clone());
    tracker.spawn(async move { own.services.run_notes(cancel).await });
    let (own, cancel) = (app.clone(), shutdown.clone());
    tracker.spawn(async move { own.services.run_indexing(cancel).await });
    let (own, cancel) = (app.clone(), shutdown.clone());
    tracker.spawn(async move { own.services.tail.run(cancel).await });
    let (own, cancel) = (app.clone(), shutdown.clone());
    tracker.spawn(async move { own.services.run_meter(cancel).await });
    let (rotation, cancel) = (app.services.rotation.clone(), shutdown.clone());
    tracker.spawn(async move { rotation.run(cancel).await });
    let (events, cancel) = (app.services.events.clone(), shutdown.clone());
    tracker.spawn(events.run(cancel));
    let (store, cancel) = (app.services.context.store.clone(), shutdown.clone());
    tracker.spawn(async move { store.run_listener(cancel).await });
    if let Some(tls) = tls {
        tracker.spawn(watch_certificate(tls, shutdown.clone()));
    }
    if let Some(listener) = metrics {
        let door = Door::without_proxy(app.clone(), server::metrics_router(app.clone()));
        let drain = Duration::from_secs(1);
        let listening = server::listen::Listening { door, tls: None, drain, own_url: None };
        tracker.spawn(server::listen::serve(listener, listening, shutdown.clone()));
    }
    tracker
}

/// Reads the certificate again when its files change; looks every two seconds.
async fn watch_certificate(tls: Arc<TlsSource>, shutdown: CancellationToken) {
    let mut known = tls.modified();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
        }
        let found = tls.modified();
        if found != known {
            known = found;
            match tls.reload() {
                Ok(()) => tracing::info!("the TLS certificate was read again"),
                Err(error) => {
                    tracing::error!(%error, "the new TLS certificate is unusable; the old one stays")
                }
            }
        }
    }
}

fn tls(options: &ServeOptions) -> anyhow::Result<Option<Arc<TlsSource>>> {
    match (&options.network.tls_cert, &options.network.tls_key) {
        (Some(certificate), Some(key)) => Ok(Some(Arc::new(TlsSource::load(certificate, key)?))),
        _ => Ok(None),
    }
}

/// Which database the options name.
pub fn database_url(options: &DatabaseOptions) -> anyhow::Result<DatabaseUrl> {
    match &options.database_url {
        Some(text) => Ok(text.parse()?),
        None => Ok(DatabaseUrl::Sqlite(options.data_dir.join("sheetbend.db"))),
    }
}

fn settings(options: &ServeOptions, address: SocketAddr, node: NodeName, sandbox: bool) -> Settings {
    let base_path = base_path(options);
    let scheme = scheme(options);
    let root = match &options.network.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("{scheme}://localhost:{}", address.port()),
    };
    let public_url = if root.ends_with(&base_path) { root } else { format!("{root}{base_path}") };
    let callback = options.network.callback_url.as_ref().map(|url| url.to_string());
    Settings {
        callback_url: callback.unwrap_or_else(|| format!("{public_url}/oauth/callback")),
        public_url,
        node,
        sandbox: if sandbox { SandboxCloud::Present } else { SandboxCloud::Absent },
        proxy: SendPolicy {
            class: PolicyClass::Public,
            first_byte: Duration::from_secs(options.outbound.first_byte_timeout),
            idle_body: Duration::from_secs(options.outbound.idle_body_timeout),
            total: None,
        },
        token: egress::FetchPolicy { class: PolicyClass::Public, max_bytes: 1 << 20, total: TOKEN_CALL },
        log_proxy: match options.log.log_proxy {
            LogProxyOption::All => LogProxy::All,
            LogProxyOption::Errors => LogProxy::Errors,
        },
        oidc: None,
        webhooks: DeliverySettings {
            // A developer's receiver runs on the same machine.
            class: if sandbox { PolicyClass::PublicOrLoopback } else { PolicyClass::Public },
            timeout: Duration::from_secs(options.background.webhook_timeout),
            give_up_ms: i64::from(options.background.webhook_retry_hours) * 3_600_000,
        },
    }
}

fn base_path(options: &ServeOptions) -> String {
    let path = options.network.base_path.trim_matches('/');
    if path.is_empty() { String::new() } else { format!("/{path}") }
}

fn scheme(options: &ServeOptions) -> &'static str {
    if options.network.tls_cert.is_some() { "https" } else { "http" }
}

fn edge(options: &ServeOptions, context: &Context) -> EdgeSettings {
    EdgeSettings {
        base_path: base_path(options),
        public_url: context.settings.public_url.clone(),
        trusted_proxies: options.network.trusted_proxy.clone(),
        metrics_token: options.metrics.metrics_token.clone().map(Secret::from),
        scheme: scheme(options),
        body_limit: options.limits.body_limit_mb << 20,
    }
}

fn egress(options: &OutboundOptions, additions: &Additions) -> anyhow::Result<Egress> {
    let mut exemptions = additions.exemptions.clone();
    for text in &options.exempt {
        exemptions.push(text.parse::<HostPort>().with_context(|| format!("--exempt {text}"))?);
    }
    let proxies = OutboundProxies::from_values(
        options.http_proxy.as_deref(),
        options.https_proxy.as_deref(),
        options.no_proxy.as_deref(),
    )?;
    Ok(Egress::new(EgressOptions {
        extra_ca_files: options.extra_ca.iter().chain(&additions.extra_ca).cloned().collect(),
        proxies,
        trust_proxy: match options.trust_proxy {
            TrustProxyOption::No => egress::TrustProxy::No,
            TrustProxyOption::Yes => egress::TrustProxy::Yes,
        },
        exemptions,
        connect_timeout: Duration::from_secs(options.connect_timeout),
        ..EgressOptions::default()
    })?)
}

async fn default_environment(context: &Context) -> anyhow::Result<Scope> {
    let name = EnvironmentName::parse("dev").map_err(|error| anyhow::anyhow!(error))?;
    let uuid = context.uuid();
    let environment = context.store.get_or_create_environment(&name, &uuid, context.now_ms()).await?;
    Ok(Scope { environment: environment.id })
}

/// Kill tests name a point in `SHEETBEND_STOP_AT`; the process ends there as if by `kill -9`.
fn fault_points() -> FaultPoints {
    match std::env::var("SHEETBEND_STOP_AT") {
        Ok(wanted) if !wanted.is_empty() => FaultPoints::with_hook(move |name| {
            if name == wanted {
                std::process::abort();
            }
        }),
        _ => FaultPoints::default(),
    }
}

/// Writes where this server is and a key for it, for `sheetbend logs`.
pub fn leave_address(data_dir: &Path, url: &str, key: &Secret) -> anyhow::Result<()> {
    let text = serde_json::json!({"url": url, "api_key": key.expose()}).to_string();
    files::replace_private(&data_dir.join("server.json"), text.as_bytes()).context("server.json")
}
