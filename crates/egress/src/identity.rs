//! What we show a server that wants to know who calls: a client certificate (RFC 8446 §4.3.2).

use std::fmt;
use std::sync::Arc;

use hyper_util::client::legacy::Client;
use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::body::Body;
use crate::client::{Egress, Pooling};
use crate::connect::Connector;
use crate::error::EgressError;
use crate::guard::PolicyClass;
use crate::tls;

/// The longest certificate chain.
const LONGEST_CHAIN: usize = 10;

/// A client certificate with its key, and the connections that were opened with it.
///
/// Goes with one request as an extension of it (`request.extensions_mut().insert(identity)`); clones share their
/// connections, and no request without the identity ever meets one of them. It is shown to the origin that the request
/// names and to no other: a redirect that leaves the origin leaves it behind.
#[derive(Clone)]
pub struct ClientIdentity {
    shared: Arc<Shared>,
}

struct Shared {
    public: Client<Connector, Body>,
    public_or_loopback: Client<Connector, Body>,
}

impl ClientIdentity {
    pub(crate) fn pool(&self, class: PolicyClass) -> &Client<Connector, Body> {
        match class {
            PolicyClass::Public => &self.shared.public,
            PolicyClass::PublicOrLoopback => &self.shared.public_or_loopback,
        }
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").finish_non_exhaustive()
    }
}

impl Egress {
    /// Makes an identity of a certificate (with what leads to its authority behind it) and its key, both PEM.
    ///
    /// # Errors
    /// `Config`: one of them is unreadable, or they do not belong together. No text of theirs is repeated.
    pub fn identity(&self, certificate: &str, private_key: &str) -> Result<ClientIdentity, EgressError> {
        let network = self.network();
        let config = match &network.tls {
            None => return Err(unusable("no certificate authority is known, so https is impossible")),
            Some(trust) => trust.config_with(chain(certificate)?, key(private_key)?)?,
        };
        let config: Arc<ClientConfig> = Arc::new(config);
        let pool = |class| {
            let connector = Connector { network: network.clone(), class, identity: Some(config.clone()) };
            // Most such systems are called now and then; no connection of theirs is worth keeping long.
            Pooling { idle_per_host: 8, ..self.pooling() }.client(connector)
        };
        let shared = Shared {
            public: pool(PolicyClass::Public),
            public_or_loopback: pool(PolicyClass::PublicOrLoopback),
        };
        Ok(ClientIdentity { shared: Arc::new(shared) })
    }
}

fn chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, EgressError> {
    let all = CertificateDer::pem_slice_iter(pem.as_bytes()).take(LONGEST_CHAIN);
    let all: Vec<_> =
        all.collect::<Result<_, _>>().map_err(|_| unusable("the client certificate is not PEM"))?;
    if all.is_empty() { Err(unusable("the client certificate is not PEM")) } else { Ok(all) }
}

fn key(pem: &str) -> Result<PrivateKeyDer<'static>, EgressError> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| unusable("the client certificate's private key is not PEM"))
}

pub(crate) fn unusable(reason: &str) -> EgressError {
    EgressError::Config { reason: reason.to_owned() }
}

impl tls::Trust {
    fn config_with(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<ClientConfig, EgressError> {
        let builder = self.builder()?;
        let config = builder.with_client_auth_cert(chain, key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                unusable("the client certificate and the private key do not belong together")
            }
            _ => unusable("the client certificate or its private key cannot be used"),
        })?;
        Ok(tls::speaking_http(config))
    }
}
