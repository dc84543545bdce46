//! PEM as people paste it: with `\n` written out, with spaces for line breaks, without a last line break.

use domain::Secret;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use super::SettingProblem;

/// The longest text that is looked at: an RSA key of 16384 bits has 13 KiB.
const LONGEST: usize = 16 << 10;

/// Reads a private key in PKCS #8, PKCS #1 or SEC 1 form.
///
/// # Errors
/// It is none; the text is never repeated.
pub fn private_key(text: &Secret) -> Result<PrivateKeyDer<'static>, SettingProblem> {
    let bad = SettingProblem::BadKey("the private key is not in PEM form (-----BEGIN PRIVATE KEY-----)");
    let Some(pem) = tidy(text.expose()) else { return Err(bad) };
    PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| bad)
}

/// A certificate and what leads to its authority, the way RFC 7468 §2 wants them written.
///
/// # Errors
/// There is none.
pub fn certificates(text: &Secret) -> Result<Secret, SettingProblem> {
    const MOST: usize = 10;
    const MARK: &str = "-----BEGIN CERTIFICATE-----";
    let begins = text.expose().match_indices(MARK).take(MOST);
    let blocks: Option<Vec<Secret>> = begins.map(|(at, _)| tidy(&text.expose()[at..])).collect();
    match blocks {
        Some(blocks) if !blocks.is_empty() => {
            Ok(Secret::from(blocks.iter().map(Secret::expose).collect::<String>()))
        }
        _ => Err(SettingProblem::BadKey("the client certificate is not PEM (-----BEGIN CERTIFICATE-----)")),
    }
}

/// The first block of the text, its lines broken as RFC 7468 §2 wants them.
pub fn tidy(text: &str) -> Option<Secret> {
    const LINE: usize = 64;
    if text.len() > LONGEST {
        return None;
    }
    let begin = text.find("-----BEGIN ")?;
    let label_at = begin + "-----BEGIN ".len();
    let label = &text[label_at..label_at + text[label_at..].find("-----")?];
    let body_at = label_at + label.len() + "-----".len();
    let end = body_at + text[body_at..].find("-----END ")?;
    let written_out = text[body_at..end].replace("\\n", "").replace("\\r", "");
    let body: String = written_out.chars().filter(|c| !c.is_whitespace()).collect();
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in body.as_bytes().chunks(LINE) {
        pem.push_str(std::str::from_utf8(line).ok()?);
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    Some(Secret::from(pem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_however_it_was_pasted() {
        let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let pem = pem.trim_end();
        let right = private_key(&Secret::new(pem)).unwrap();
        for pasted in [
            pem.replace('\n', "\\n"),
            pem.replace('\n', " "),
            pem.replace('\n', "\r\n"),
            format!("  my key:\n{pem}\n\nthanks"),
        ] {
            assert_eq!(private_key(&Secret::from(pasted)).unwrap().secret_der(), right.secret_der());
        }
    }

    #[test]
    fn a_chain_is_read_whole() {
        let key = rcgen::KeyPair::generate().unwrap();
        let of = |name: &str| rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        let pem = |name: &str| of(name).self_signed(&key).unwrap().pem().replace("\r\n", "\n");
        let chain = format!("{}{}", pem("a.example"), pem("b.example"));
        let pasted = Secret::from(chain.replace('\n', "\\n"));
        assert_eq!(certificates(&pasted).unwrap().expose(), chain);
        assert!(certificates(&Secret::new("hunter2")).is_err());
    }

    #[test]
    fn what_is_no_key_is_refused_without_its_text() {
        let long = format!("-----BEGIN PRIVATE KEY-----{}-----END PRIVATE KEY-----", "A".repeat(20_000));
        for none in
            ["", "hunter2", "-----BEGIN ", "-----BEGIN X-----é-----END X-----", "-----BEGIN X-----", &long]
        {
            let refused = private_key(&Secret::new(none)).unwrap_err().to_string();
            assert!(!refused.contains("hunter2") && refused.len() < 100, "{refused}");
        }
    }
}
