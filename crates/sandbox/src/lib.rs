//! A simulated Microsoft tenant: Entra ID, Graph and SharePoint REST over real `.xlsx` files.

mod api;
mod bearer;
mod clock;
mod control;
mod directory;
mod entra;
mod faults;
mod files;
mod graph;
mod hosts;
mod options;
mod principal;
mod random;
mod router;
mod seen;
mod serve;
mod sharepoint;
mod sites;
mod snapshot;
mod stamps;
mod throttle;
mod tls;
mod web;
mod world;

use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use directory::AppCertificate;
pub use entra::TokenAnswer;
pub use faults::{Fault, FaultAction, FaultMatch};
pub use files::ListedFile;
pub use hosts::Hosts;
pub use options::{ExcelAppOnly, SandboxError, SandboxOptions};
pub use seen::{SeenRequest, SeenValue};
pub use tls::CertificateAuthority;
use world::World;

/// Client id of the app that signs in users of Contoso only.
pub const SINGLE_TENANT_APP: &str = directory::seed::SINGLE_TENANT_APP;
/// Client id of the app that signs in users of every organisation.
pub const MULTI_TENANT_APP: &str = directory::seed::MULTI_TENANT_APP;
/// Client id of the app that also signs in personal accounts.
pub const MULTI_AND_PERSONAL_APP: &str = directory::seed::MULTI_AND_PERSONAL_APP;
/// Client id of the app that acts as itself in Contoso.
pub const DAEMON_APP: &str = directory::seed::DAEMON_APP;
/// Contoso's tenant id: users may consent.
pub const CONTOSO: &str = directory::seed::CONTOSO;
/// Fabrikam's tenant id: users may not consent, the administrator has granted the multi-tenant apps.
pub const FABRIKAM: &str = directory::seed::FABRIKAM;
/// Northwind's tenant id: users may not consent, nothing is granted.
pub const NORTHWIND: &str = directory::seed::NORTHWIND;

/// A running world, reached over HTTP by [`serve`](Self::serve) and in process by the other methods. Clones share it.
#[derive(Clone)]
pub struct Sandbox {
    world: Arc<World>,
}

/// A user's sign-in that needs no browser.
#[derive(Debug, Clone)]
pub struct SignInRequest<'a> {
    /// Client id.
    pub app_id: &'a str,
    /// User principal name, for example `ada@contoso.example`.
    pub user: &'a str,
    /// The `scope` parameter; several resources may be named, the tokens are for the first.
    pub scope: &'a str,
    /// Entra ID's origin as clients know it ([`Hosts::login`]); the issuer of the id token.
    pub login: &'a str,
}

impl Sandbox {
    /// Reads the state directory, or seeds a new world. Takes a moment at first start: it makes an RSA key.
    pub fn open(options: SandboxOptions) -> Result<Self, SandboxError> {
        Ok(Self { world: Arc::new(World::open(options)?) })
    }

    /// The origins of a plain HTTP listener on `port`.
    pub fn hosts(&self, port: u16) -> Hosts {
        Hosts::new("http", port)
    }

    /// The origins of an HTTPS listener on `port`.
    pub fn https_hosts(&self, port: u16) -> Hosts {
        Hosts::new("https", port)
    }

    /// Serves plain HTTP until `shutdown`, then lets open connections finish for five seconds.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) {
        serve::serve(self.world.clone(), listener, "http", serve::plain, shutdown).await;
    }

    /// Serves HTTPS: `accept` makes the encrypted stream of a TCP connection. May run beside [`serve`](Self::serve).
    pub async fn serve_with<W, F, S>(&self, listener: TcpListener, accept: W, shutdown: CancellationToken)
    where
        W: Fn(TcpStream) -> F,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        serve::serve(self.world.clone(), listener, "https", accept, shutdown).await;
    }

    /// Records the user's consent and mints tokens, as the token endpoint would after a sign-in in the browser.
    pub fn sign_in(&self, request: &SignInRequest<'_>) -> Result<TokenAnswer, SandboxError> {
        let asked = entra::SignIn {
            app_id: request.app_id,
            upn: request.user,
            scope: request.scope,
            login: request.login,
        };
        entra::sign_in(&self.world, &asked)
            .map_err(|failure| SandboxError::Refused { code: failure.code, message: failure.message })
    }

    /// Registers a certificate (DER or PEM) for client assertions of an app. Registering one twice changes nothing.
    pub fn register_certificate(&self, app_id: &str, certificate: &[u8]) -> Result<(), SandboxError> {
        let read = AppCertificate::read(certificate)
            .map_err(|fault| SandboxError::Certificate(fault.to_string()))?;
        self.change_app(app_id, |app| {
            if !app.certificates.iter().any(|known| known.x5t_s256 == read.x5t_s256) {
                app.certificates.push(read);
            }
        })
    }

    /// Adds a redirect URI of type Web to an app. Adding one twice changes nothing.
    pub fn add_redirect_uri(&self, app_id: &str, uri: &str) -> Result<(), SandboxError> {
        self.change_app(app_id, |app| {
            if !app.redirect_uris.iter().any(|known| known.uri == uri) {
                let kind = directory::RedirectKind::Web;
                app.redirect_uris.push(directory::RedirectUri { uri: uri.to_owned(), kind });
            }
        })
    }

    /// The requests seen over HTTP, oldest first (at most 10,000); `/_control` itself is not among them.
    pub fn seen(&self) -> Vec<SeenRequest> {
        self.world.seen.list()
    }

    /// Adds a rule that fails requests on purpose.
    pub fn add_fault(&self, fault: Fault) -> Result<(), SandboxError> {
        self.world.faults.add(fault).map_err(|refused| SandboxError::State {
            part: "faults",
            source: io::Error::new(io::ErrorKind::InvalidInput, refused.to_string()),
        })
    }

    /// The files at the top of the drive of `ada@contoso.example`.
    pub fn files(&self) -> Vec<ListedFile> {
        self.world.files.listing()
    }

    /// Sandbox time in Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.world.clock.now_ms()
    }

    /// Moves sandbox time.
    pub fn advance_clock(&self, delta_ms: i64) {
        self.world.clock.advance(delta_ms);
    }

    fn change_app(&self, app_id: &str, change: impl FnOnce(&mut directory::App)) -> Result<(), SandboxError> {
        self.world
            .directory
            .change_app(app_id, change)
            .map_err(|source| SandboxError::State { part: "directory", source })?
            .map(drop)
            .ok_or_else(|| SandboxError::UnknownApp(app_id.to_owned()))
    }
}
