//! Certificates of an authority of the test's own, and a client that trusts it alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Answer;
use super::upstream::unchunked;

/// The files of an authority and of a certificate for `localhost` that it signed.
pub struct Authority {
    pub ca: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    /// Makes them in a directory.
    pub fn make(dir: &Path) -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Without a name of its own OpenSSL takes what it signed for self-signed.
        params.distinguished_name.push(DnType::CommonName, "The authority of a test");
        let ca = params.self_signed(&ca_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let cert = own.signed_by(&key, &Issuer::new(params, ca_key)).unwrap();
        let made = Self { ca: dir.join("ca.pem"), cert: dir.join("cert.pem"), key: dir.join("key.pem") };
        std::fs::write(&made.ca, ca.pem()).unwrap();
        std::fs::write(&made.cert, cert.pem()).unwrap();
        std::fs::write(&made.key, key.serialize_pem()).unwrap();
        made
    }
}

/// One request over TLS to this machine, on a connection of its own; `ca` is a PEM file.
pub async fn send(ca: &Path, method: &str, url: &str, headers: &[(&str, &str)], body: Bytes) -> Answer {
    let url = url::Url::parse(url).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", url.port().unwrap())).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", url.authority());
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    let mut bytes = Vec::new();
    // Not everybody says goodbye in TLS before closing.
    let _ = stream.read_to_end(&mut bytes).await;
    read(&bytes)
}

fn read(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer");
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let (first, lines) = head.split_once("\r\n").unwrap_or((head, ""));
    let status: u16 = first.split(' ').nth(1).unwrap().parse().unwrap();
    let headers: HeaderMap = lines
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value.trim()).unwrap())
        })
        .collect();
    let chunked = headers.get("transfer-encoding").is_some_and(|value| value == "chunked");
    let body = &bytes[end + 4..];
    let body = if chunked { unchunked(body) } else { body.to_vec() };
    Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() }
}
