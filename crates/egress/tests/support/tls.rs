//! Certificate authorities made for a test, and servers with certificates of theirs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use egress::{Egress, EgressOptions};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{Act, Names, Seen, converse, options};

pub struct Authority {
    pub issuer: CertifiedIssuer<'static, KeyPair>,
    directory: tempfile::TempDir,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("params");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("key")).expect("ca");
        let directory = tempfile::tempdir().expect("directory");
        std::fs::write(directory.path().join("ca.pem"), issuer.pem()).expect("write");
        Self { issuer, directory }
    }

    pub fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    pub fn acceptor(&self, name: &str, last_year: i32, alpn: &[&[u8]]) -> TlsAcceptor {
        self.acceptor_for(name, last_year, alpn, Arc::new(NoClientAuth))
    }

    /// One that wants a client certificate of `callers`.
    pub fn demanding(&self, name: &str, alpn: &[&[u8]], callers: &Authority) -> TlsAcceptor {
        let mut roots = RootCertStore::empty();
        roots.add(callers.issuer.der().clone()).expect("root");
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        self.acceptor_for(name, 2090, alpn, verifier.build().expect("verifier"))
    }

    /// A certificate of a caller with its key, both PEM.
    pub fn caller(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("params");
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        let key = KeyPair::generate().expect("key");
        (params.signed_by(&key, &self.issuer).expect("leaf").pem(), key.serialize_pem())
    }

    fn acceptor_for(
        &self,
        name: &str,
        last_year: i32,
        alpn: &[&[u8]],
        verifier: Arc<dyn ClientCertVerifier>,
    ) -> TlsAcceptor {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("params");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().expect("key");
        let leaf = params.signed_by(&key, &self.issuer).expect("leaf");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("key");
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![leaf.der().clone()], key)
            .expect("certificate");
        config.alpn_protocols = alpn.iter().map(|p| p.to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }

    pub fn client(&self) -> Egress {
        let names =
            Names::default().with("graph.test", &[&["127.0.0.1"]]).with("other.test", &[&["127.0.0.1"]]);
        Egress::new(EgressOptions {
            extra_ca_files: vec![self.file()],
            resolver: Arc::new(names),
            ..options()
        })
        .expect("client")
    }
}

pub async fn raw_tls(
    acceptor: TlsAcceptor,
    script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static,
) -> (SocketAddr, Arc<Mutex<Vec<Seen>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (record, script) = (seen.clone(), Arc::new(script));
    tokio::spawn(async move {
        for connection in 0.. {
            let (stream, _) = listener.accept().await.expect("accept");
            let (acceptor, record, script) = (acceptor.clone(), record.clone(), script.clone());
            tokio::spawn(async move {
                if let Ok(tls) = acceptor.accept(stream).await {
                    converse(tls, connection, &*script, &record).await;
                }
            });
        }
    });
    (address, seen)
}
