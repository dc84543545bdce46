//! The whole internet in one process: an outbound proxy that ends every tunnel itself, with a certificate for whatever
//! host was asked for, and answers as the case at hand says.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;

/// What every answer sets, for definitions that send a session back.
pub const COOKIE: &str = "session=the-session";

/// One request as it came out of its tunnel.
#[derive(Debug, Clone)]
pub struct Seen {
    pub host: String,
    pub line: String,
    pub head: String,
    pub body: String,
    /// The caller showed a certificate of [`Fake::caller`]'s making.
    pub identified: bool,
}

impl Seen {
    /// Whether any part of the request holds a text, as it is or percent-encoded or base64-decoded.
    pub fn holds(&self, text: &str) -> bool {
        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        [&self.line, &self.head, &self.body].iter().any(|part| part.contains(text) || part.contains(&encoded))
            || self.basic().is_some_and(|pair| pair.contains(text) || pair.contains(&encoded))
            || self.base64_words().any(|word| word.contains(text))
    }

    /// What the words of the head are when they are read as base64.
    fn base64_words(&self) -> impl Iterator<Item = String> {
        use base64::Engine as _;
        let words = self.head.split_whitespace();
        let decoded = words.filter_map(|word| base64::engine::general_purpose::STANDARD.decode(word).ok());
        decoded.filter_map(|bytes| String::from_utf8(bytes).ok())
    }

    /// `user:password` of Basic authorization.
    pub fn basic(&self) -> Option<String> {
        use base64::Engine as _;
        let line =
            self.head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization: basic "))?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(line.split(' ').nth(2)?).ok()?;
        String::from_utf8(bytes).ok()
    }
}

/// What the case at hand answers: the same JSON to all, with a number where `#` stands in a text.
#[derive(Default)]
struct Script {
    answer: Value,
    /// What requests answer whose line has the text, in place of that.
    others: Vec<(String, Value)>,
    seen: Vec<Seen>,
}

pub struct Fake {
    pub port: u16,
    pub ca_file: std::path::PathBuf,
    script: Arc<Mutex<Script>>,
    authority: Arc<Authority>,
}

impl Fake {
    pub async fn start(dir: &Path) -> Self {
        let _ = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider().install_default();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = params.self_signed(&key).unwrap();
        let ca_file = dir.join("ca.pem");
        std::fs::write(&ca_file, ca.pem()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script: Arc<Mutex<Script>> = Arc::default();
        let mut callers = RootCertStore::empty();
        callers.add(ca.der().clone()).unwrap();
        let callers =
            WebPkiClientVerifier::builder(Arc::new(callers)).allow_unauthenticated().build().unwrap();
        let issuer = Issuer::new(params, key);
        let authority = Arc::new(Authority { issuer, callers, made: Mutex::default() });
        let (shared, house) = (script.clone(), authority.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, authority) = (shared.clone(), house.clone());
                tokio::spawn(async move { tunnel(stream, &shared, &authority).await });
            }
        });
        Self { port, ca_file, script, authority }
    }

    /// A certificate with its key, both PEM, that every host here knows.
    pub fn caller(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["caller.example".to_owned()]).unwrap();
        params.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ClientAuth);
        (params.signed_by(&key, &self.authority.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// Begins a case: what was seen is forgotten.
    pub fn answer(&self, answer: Value, others: Vec<(String, Value)>) {
        *self.script.lock().unwrap() = Script { answer, others, seen: Vec::new() };
    }

    /// The requests since the last look.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.script.lock().unwrap().seen)
    }
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    callers: Arc<dyn ClientCertVerifier>,
    made: Mutex<HashMap<String, TlsAcceptor>>,
}

impl Authority {
    fn acceptor(&self, host: &str) -> TlsAcceptor {
        let mut made = self.made.lock().unwrap();
        made.entry(host.to_owned())
            .or_insert_with(|| {
                let key = KeyPair::generate().unwrap();
                let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
                let certificate = params.signed_by(&key, &self.issuer).unwrap();
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
                let config = tokio_rustls::rustls::ServerConfig::builder()
                    .with_client_cert_verifier(self.callers.clone())
                    .with_single_cert(vec![certificate.der().clone()], key)
                    .unwrap();
                TlsAcceptor::from(Arc::new(config))
            })
            .clone()
    }
}

async fn tunnel(mut stream: TcpStream, script: &Mutex<Script>, authority: &Authority) {
    let Some((head, _)) = read(&mut stream).await else { return };
    let line = head.lines().next().unwrap_or_default().to_owned();
    let Some(target) = line.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else { return };
    let host = target.rsplit_once(':').map_or(target, |(host, _)| host).to_owned();
    if stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_err() {
        return;
    }
    let Ok(mut tls) = authority.acceptor(&host).accept(stream).await else { return };
    while let Some((head, body)) = read(&mut tls).await {
        let line = head.lines().next().unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(&body).into_owned();
        let identified = tls.get_ref().1.peer_certificates().is_some();
        let seen = Seen { host: host.clone(), line, head, body, identified };
        let answer = {
            let mut script = script.lock().unwrap();
            let other = script.others.iter().find(|(part, _)| seen.line.contains(part));
            let answer = numbered(other.map_or(&script.answer, |(_, answer)| answer)).to_string();
            script.seen.push(seen);
            answer
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nset-cookie: {COOKIE}; Path=/\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if tls.write_all(head.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Each answer has tokens of its own: `#` becomes a number that no other answer has.
fn numbered(answer: &Value) -> Value {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
    fn fill(value: &Value, number: &str) -> Value {
        match value {
            Value::String(text) => json!(text.replace('#', number)),
            Value::Array(items) => items.iter().map(|item| fill(item, number)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), fill(value, number))).collect(),
            other => other.clone(),
        }
    }
    fill(answer, &number)
}

async fn read(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length.unwrap_or(0) {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, body))
}
