//! `sheetbend dev`: everything for a first call, nothing to install, no account anywhere.

mod browser;
mod facts;
mod seed;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use egress::HostPort;
use server::listen::OwnUrl;
use server::tls::TlsSource;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{self, Additions, Built};
use crate::cli::DevOptions;
use crate::sandbox_command::OpenSandbox;
use crate::{files, shutdown};

/// Starts everything and serves until Ctrl-C.
pub async fn run(options: DevOptions) -> anyhow::Result<()> {
    app::start_log(&options.serve.log)?;
    let data_dir = options.serve.database.data_dir.clone();
    files::make_private_dir(&data_dir)?;
    let open = OpenSandbox::open(&options.sandbox, Some(data_dir.join("sandbox"))).await?;
    let additions = additions(&open);
    let built = app::build(options.serve.clone(), additions).await?;
    let shutdown = shutdown::on_signal();
    let tasks = TaskTracker::new();
    let sandbox = open.sandbox.clone();
    let facts = facts::Facts::about(&built, &open).await?;
    let authority = open.authority.clone();
    open.serve(&tasks, &shutdown)?;
    let connections = seed::seed(&built.app.services.context, built.scope, &sandbox, &facts).await?;
    let https = match options.tls {
        true => Some(serve_https(&built, &data_dir, &authority, &tasks, &shutdown).await?),
        false => None,
    };
    if let Some(key) = &built.api_key {
        app::leave_address(&data_dir, &built.app.edge.public_url, key)?;
    }
    facts.print(&connections, &sandbox.files(), https, options.json)?;
    let doorstep =
        if options.json || options.no_open { None } else { browser::open(&data_dir, &facts.dashboard) };
    let served = app::run(built, shutdown.clone()).await;
    shutdown.cancel();
    tasks.close();
    tasks.wait().await;
    drop(doorstep);
    served
}

/// The sandbox as a cloud, and its listeners as the only private destinations.
fn additions(open: &OpenSandbox) -> Additions {
    let port = open.http.port();
    let hosts = open.sandbox.hosts(port);
    let tenants = ["contoso", "contoso-my", "fabrikam", "fabrikam-my", "northwind", "northwind-my"];
    let mut exemptions: Vec<HostPort> = vec![HostPort::new(IpAddr::from([127, 0, 0, 1]), port)];
    let names = ["localhost".to_owned(), "graph.localhost".to_owned()];
    let sites = tenants.map(|tenant| format!("{tenant}.sharepoint.localhost"));
    exemptions.extend(names.iter().chain(&sites).filter_map(|name| format!("{name}:{port}").parse().ok()));
    Additions {
        sandbox_cloud: Some(vec![
            ("scheme", "http".to_owned()),
            ("login", hosts.login()),
            ("graph", hosts.graph()),
            ("sharepoint_domain", format!("sharepoint.localhost:{port}")),
        ]),
        exemptions,
        extra_ca: open.ca_file.iter().cloned().collect(),
    }
}

/// A second listener with the sandbox's certificate, for clients that refuse http.
async fn serve_https(
    built: &Built,
    data_dir: &std::path::Path,
    authority: &sandbox::CertificateAuthority,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> anyhow::Result<SocketAddr> {
    let (certificate, key) = (data_dir.join("dev-cert.pem"), data_dir.join("dev-key.pem"));
    files::replace_private(&certificate, authority.server_cert_pem.as_bytes())?;
    files::replace_private(&key, authority.server_key_pem.as_bytes())?;
    let listener = TcpListener::bind((built.address.ip(), 0)).await?;
    let address = listener.local_addr()?;
    let own_url = format!("https://localhost:{}{}", address.port(), built.app.edge.base_path);
    let listening = server::listen::Listening {
        door: server::door::Door::new(built.app.clone()),
        tls: Some(Arc::new(TlsSource::load(&certificate, &key)?)),
        drain: Duration::from_secs(2),
        own_url: Some(OwnUrl(own_url.into())),
    };
    tasks.spawn(server::listen::serve(listener, listening, shutdown.clone()));
    Ok(address)
}
