//! When the certificate of a connection ends.

use domain::credentials::Credentials;

use super::schemes::pem;

/// The end of the certificate among credentials, Unix milliseconds; `None` without one that can be read.
pub fn certificate_end_ms(credentials: &Credentials) -> Option<i64> {
    let pem = match credentials {
        Credentials::TwoStep(own) => own.field("certificate")?.clone(),
        Credentials::OAuth2Cc(own) => pem::certificates(own.client_certificate.as_ref()?).ok()?,
        _ => return None,
    };
    let (_, block) = x509_parser::pem::parse_x509_pem(pem.expose().as_bytes()).ok()?;
    let certificate = block.parse_x509().ok()?;
    certificate.validity().not_after.timestamp().checked_mul(1000)
}
