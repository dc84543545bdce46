//! Reading the certificates that apps prove themselves with.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::model::AppCertificate;

/// Longest certificate accepted, in bytes of DER.
const LONGEST: usize = 16 * 1024;

/// Why a certificate was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateFault {
    #[error("not an X.509 certificate in DER or PEM")]
    Unreadable,
    #[error("the key is not RSA")]
    NotRsa,
}

impl AppCertificate {
    /// Reads one certificate in DER, or the first in PEM.
    pub fn read(bytes: &[u8]) -> Result<Self, CertificateFault> {
        if bytes.len() > LONGEST {
            return Err(CertificateFault::Unreadable);
        }
        match x509_parser::pem::parse_x509_pem(bytes) {
            Ok((_, pem)) if pem.label == "CERTIFICATE" => Self::read_der(&pem.contents),
            _ => Self::read_der(bytes),
        }
    }

    fn read_der(der: &[u8]) -> Result<Self, CertificateFault> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| CertificateFault::Unreadable)?;
        let spki = certificate.public_key();
        match spki.parsed() {
            Ok(x509_parser::public_key::PublicKey::RSA(_)) => {}
            _ => return Err(CertificateFault::NotRsa),
        }
        let thumb = |algorithm| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, der));
        Ok(Self {
            x5t: thumb(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            x5t_s256: thumb(&digest::SHA256),
            subject: certificate.subject().to_string(),
            public_key: STANDARD.encode(&spki.subject_public_key.data),
        })
    }

    /// PKCS#1 `RSAPublicKey` in DER.
    pub fn public_key_der(&self) -> Vec<u8> {
        STANDARD.decode(&self.public_key).unwrap_or_default()
    }
}
