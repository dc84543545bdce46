//! The simulated tenant: its two listeners, alone or beside a server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use domain::Clock;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sandbox::{CertificateAuthority, Sandbox};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cli::{SandboxCommand, SandboxOptions};
use crate::ports::SystemClock;
use crate::shutdown;

/// A sandbox with its listeners bound.
pub struct OpenSandbox {
    /// The tenant.
    pub sandbox: Sandbox,
    /// Where it speaks http.
    pub http: SocketAddr,
    /// Where it speaks https.
    pub https: SocketAddr,
    /// What its https clients must trust.
    pub authority: CertificateAuthority,
    /// Where that is stored, when it is.
    pub ca_file: Option<PathBuf>,
    http_listener: TcpListener,
    https_listener: TcpListener,
}

/// `sheetbend sandbox`.
pub async fn run(command: SandboxCommand) -> anyhow::Result<()> {
    let shutdown = shutdown::on_signal();
    let open = OpenSandbox::open(&command.sandbox, command.state_dir).await?;
    let hosts = open.sandbox.hosts(open.http.port());
    println!("Sandbox: a simulated Microsoft tenant");
    println!("  Entra ID    {}", hosts.login());
    println!("  Graph       {}", hosts.graph());
    println!("  SharePoint  {}", hosts.sharepoint("contoso"));
    println!("  HTTPS       https://localhost:{}", open.https.port());
    match &open.ca_file {
        Some(path) => println!("  CA          {}", path.display()),
        None => println!("  CA          (in memory; use --state-dir to keep it in a file)"),
    }
    println!("  Control     {}/_control", hosts.login());
    let tasks = TaskTracker::new();
    open.serve(&tasks, &shutdown)?;
    tasks.close();
    tasks.wait().await;
    Ok(())
}

impl OpenSandbox {
    /// Opens the tenant and binds both listeners.
    ///
    /// # Errors
    /// The state cannot be used, or an address is taken.
    pub async fn open(options: &SandboxOptions, state_dir: Option<PathBuf>) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let authority = match &state_dir {
            Some(dir) => {
                crate::files::make_private_dir(dir)?;
                CertificateAuthority::load_or_create(dir, &*clock)?
            }
            None => CertificateAuthority::create(&*clock)?,
        };
        let ca_file = state_dir.as_ref().map(|dir| dir.join("ca.pem"));
        let sandbox = Sandbox::open(sandbox::SandboxOptions {
            state_dir,
            workbooks: options.workbook.clone(),
            control_token: options.control_token.clone(),
            ..sandbox::SandboxOptions::new(clock)
        })?;
        let bind = |address: SocketAddr| async move {
            TcpListener::bind(address)
                .await
                .with_context(|| format!("the sandbox cannot listen on {address}"))
        };
        let http_listener = bind(options.sandbox_listen).await?;
        let mut next = options.sandbox_listen;
        if next.port() != 0 {
            next.set_port(next.port().saturating_add(1));
        }
        let https_listener = bind(next).await?;
        let (http, https) = (http_listener.local_addr()?, https_listener.local_addr()?);
        Ok(Self { sandbox, http, https, authority, ca_file, http_listener, https_listener })
    }

    /// Serves both listeners until `shutdown`.
    ///
    /// # Errors
    /// The generated certificate cannot be used.
    pub fn serve(self, tasks: &TaskTracker, shutdown: &CancellationToken) -> anyhow::Result<()> {
        let acceptor = acceptor(&self.authority)?;
        let (sandbox, cancel) = (self.sandbox.clone(), shutdown.clone());
        let listener = self.http_listener;
        tasks.spawn(async move { sandbox.serve(listener, cancel).await });
        let (sandbox, cancel, listener) = (self.sandbox, shutdown.clone(), self.https_listener);
        tasks.spawn(async move {
            sandbox.serve_with(listener, move |stream| acceptor.accept(stream), cancel).await;
        });
        Ok(())
    }
}

fn acceptor(authority: &CertificateAuthority) -> anyhow::Result<TlsAcceptor> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(authority.server_cert_pem.as_bytes()).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(authority.server_key_pem.as_bytes())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
