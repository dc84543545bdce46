//! HTTPS with a generated certificate authority: clients such as MSAL refuse plain http.

use std::io;
use std::path::Path;

use domain::Clock;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::options::SandboxError;
use crate::snapshot;

const FILE: &str = "tls.json";
/// The authority's certificate as a file of its own, for `NODE_EXTRA_CA_CERTS` and its kin.
pub(crate) const CA_FILE: &str = "ca.pem";

const LIFE: Duration = Duration::days(3650);
/// Made anew when it has less than this left.
const RENEW: Duration = Duration::days(60);

const NAMES: [&str; 17] = [
    "localhost",
    "*.localhost",
    "login.localhost",
    "graph.localhost",
    "*.sharepoint.localhost",
    "contoso.sharepoint.localhost",
    "fabrikam.sharepoint.localhost",
    "northwind.sharepoint.localhost",
    "127.0.0.1",
    "::1",
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "graph.microsoft.com",
    "contoso.sharepoint.com",
    "fabrikam.sharepoint.com",
    "northwind.sharepoint.com",
];

/// The sandbox's own certificate authority and the server certificate it signed.
#[derive(Clone, Serialize, Deserialize)]
pub struct CertificateAuthority {
    /// What clients must trust.
    pub ca_pem: String,
    /// The server's certificate, signed by the authority itself (no intermediate).
    pub server_cert_pem: String,
    /// The server's private key (PKCS#8).
    pub server_key_pem: String,
    /// When both certificates end, Unix seconds.
    pub not_after_s: i64,
}

impl CertificateAuthority {
    /// The authority stored in `state_dir`, or a new one, which is stored. `ca.pem` beside it holds `ca_pem`.
    pub fn load_or_create(state_dir: &Path, clock: &dyn Clock) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::State { part: "tls", source };
        let now_s = clock.now_ms().div_euclid(1000);
        let stored: Option<Self> = snapshot::read(state_dir, FILE).map_err(failed)?;
        if let Some(stored) = stored.filter(|stored| stored.not_after_s - now_s > RENEW.whole_seconds()) {
            return Ok(stored);
        }
        let made = Self::create(clock)?;
        snapshot::write(state_dir, FILE, &made).map_err(failed)?;
        snapshot::write_bytes(state_dir, CA_FILE, made.ca_pem.as_bytes()).map_err(failed)?;
        Ok(made)
    }

    /// A new authority that is stored nowhere.
    pub fn create(clock: &dyn Clock) -> Result<Self, SandboxError> {
        let failed = |error: String| SandboxError::State { part: "tls", source: io::Error::other(error) };
        let now = OffsetDateTime::from_unix_timestamp(clock.now_ms().div_euclid(1000))
            .map_err(|error| failed(error.to_string()))?;
        make(now).map_err(|error| failed(error.to_string()))
    }
}

impl std::fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertificateAuthority").field("not_after_s", &self.not_after_s).finish_non_exhaustive()
    }
}

fn make(now: OffsetDateTime) -> Result<CertificateAuthority, rcgen::Error> {
    let (not_before, not_after) = (now - Duration::days(1), now + LIFE);
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::new(Vec::<String>::new())?;
    ca.distinguished_name.push(DnType::CommonName, "Sheetbend sandbox authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (ca.not_before, ca.not_after) = (not_before, not_after);
    let ca_certificate = ca.self_signed(&ca_key)?;
    let issuer = Issuer::new(ca, ca_key);

    let key = KeyPair::generate()?;
    let mut server = CertificateParams::new(NAMES.map(str::to_owned).to_vec())?;
    server.distinguished_name.push(DnType::CommonName, "Sheetbend sandbox");
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    (server.not_before, server.not_after) = (not_before, not_after);
    let certificate = server.signed_by(&key, &issuer)?;
    Ok(CertificateAuthority {
        ca_pem: ca_certificate.pem(),
        server_cert_pem: certificate.pem(),
        server_key_pem: key.serialize_pem(),
        not_after_s: not_after.unix_timestamp(),
    })
}
