//! TLS towards the called system: roots, configuration, and what a failed handshake means.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::aws_lc_rs;
use rustls::{CertificateError, ClientConfig, ConfigBuilder, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::{EgressError, TlsFault};
use crate::options::SystemRoots;
use crate::target::{Host, Target};

/// Whom we believe, and the configuration of connections that show nothing of ourselves.
pub(crate) struct Trust {
    roots: Arc<RootCertStore>,
    /// Without a client certificate.
    pub(crate) anonymous: Arc<ClientConfig>,
}

impl Trust {
    /// A configuration without its last part: what we show of ourselves.
    ///
    /// The crypto provider is passed explicitly: the process has no default one.
    pub(crate) fn builder(&self) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, EgressError> {
        builder(self.roots.clone())
    }
}

fn builder(roots: Arc<RootCertStore>) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, EgressError> {
    Ok(ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| EgressError::Config { reason: e.to_string() })?
        .with_root_certificates(roots))
}

/// The same, offering both versions of HTTP.
pub(crate) fn speaking_http(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// What all connections trust, or `None` when nothing is trusted.
pub(crate) fn trust(extra: &[PathBuf], system: SystemRoots) -> Result<Option<Trust>, EgressError> {
    let mut roots = RootCertStore::empty();
    if system == SystemRoots::Trust {
        let native = rustls_native_certs::load_native_certs();
        for error in &native.errors {
            tracing::warn!(%error, "a system CA file could not be read");
        }
        roots.add_parsable_certificates(native.certs);
    }
    for path in extra {
        add_file(&mut roots, path)?;
    }
    if roots.is_empty() {
        return Ok(None);
    }
    let roots = Arc::new(roots);
    let anonymous = Arc::new(speaking_http(builder(roots.clone())?.with_no_client_auth()));
    Ok(Some(Trust { roots, anonymous }))
}

fn add_file(roots: &mut RootCertStore, path: &PathBuf) -> Result<(), EgressError> {
    let config =
        |reason: String| EgressError::Config { reason: format!("extra CA {}: {reason}", path.display()) };
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|e| config(e.to_string()))?;
    if certificates.is_empty() {
        return Err(config("it holds no PEM certificate".to_owned()));
    }
    for certificate in certificates {
        roots.add(certificate).map_err(|e| config(e.to_string()))?;
    }
    Ok(())
}

/// Shakes hands over an open connection.
pub(crate) async fn handshake(
    config: Arc<ClientConfig>,
    target: &Target<'_>,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, EgressError> {
    let name = match target.host {
        Host::Ip(ip) => ServerName::from(ip),
        Host::Name(name) => {
            ServerName::try_from(name.to_owned()).map_err(|_| EgressError::InvalidTarget {
                reason: format!("{name:?} is not a name that a certificate can carry"),
            })?
        }
    };
    TlsConnector::from(config).connect(name, tcp).await.map_err(|error| {
        let (fault, reason) = classify(&error);
        let hint = match fault {
            TlsFault::UnknownIssuer => "; give the server the authority's certificate as an extra CA file",
            _ => "",
        };
        EgressError::Tls { authority: target.authority(), fault, reason, hint }
    })
}

fn classify(error: &io::Error) -> (TlsFault, String) {
    let reason = error.to_string();
    let Some(tls) = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) else {
        return (TlsFault::Closed, reason);
    };
    let fault = match tls {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsFault::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsFault::WrongName
            }
            _ => TlsFault::BadCertificate,
        },
        _ => TlsFault::Protocol,
    };
    (fault, reason)
}

/// What the other side says against the certificate that we showed, or did not show. In TLS 1.3 that comes after the
/// handshake, in place of an answer.
pub(crate) fn about_our_certificate(error: &io::Error) -> Option<String> {
    use rustls::AlertDescription as Alert;
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(
            alert @ (Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied),
        ) => Some(format!("{alert:?}")),
        _ => None,
    }
}
