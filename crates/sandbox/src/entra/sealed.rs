//! Values that leave and come back: cookies, pages' hidden fields, refresh tokens. Signed, so that the server keeps none.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest sealed value read, in bytes.
const LONGEST: usize = 64 * 1024;

/// What a sealed value is for; one kind never passes for another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Session,
    Pending,
    RefreshToken,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Session => "s",
            Self::Pending => "p",
            Self::RefreshToken => "1",
        }
    }
}

/// Signs and checks such values (HMAC-SHA256).
pub(crate) struct Sealer {
    key: hmac::Key,
}

impl Sealer {
    pub fn new(key: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// `prefix.value.mac`, all of it in the URL-safe alphabet.
    pub fn seal(&self, kind: Kind, value: &impl Serialize) -> String {
        let json = serde_json::to_vec(value).expect("sealed values serialise");
        let body = format!("{}.{}", kind.prefix(), URL_SAFE_NO_PAD.encode(json));
        let mac = hmac::sign(&self.key, body.as_bytes());
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// The value, when the seal is ours and of this kind.
    pub fn open<T: DeserializeOwned>(&self, kind: Kind, sealed: &str) -> Option<T> {
        if sealed.len() > LONGEST {
            return None;
        }
        let (body, mac) = sealed.rsplit_once('.')?;
        hmac::verify(&self.key, body.as_bytes(), &URL_SAFE_NO_PAD.decode(mac).ok()?).ok()?;
        let (prefix, value) = body.split_once('.')?;
        (prefix == kind.prefix()).then_some(())?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_keys_do_not_mix() {
        let sealer = Sealer::new(b"a");
        let sealed = sealer.seal(Kind::Session, &7);
        assert_eq!(sealer.open::<u8>(Kind::Session, &sealed), Some(7));
        assert_eq!(sealer.open::<u8>(Kind::RefreshToken, &sealed), None);
        assert_eq!(Sealer::new(b"b").open::<u8>(Kind::Session, &sealed), None);
    }
}
