//! The form of a key: `sb_<environment>_<26 base32>_<checksum>`, or a UUID v4 as migrated keys have (contract §1.3).

use aws_lc_rs::digest::{SHA256, digest};
use domain::entropy::{self, Entropy};
use domain::{EnvironmentName, Secret};

use super::Digest;

const PREFIX: &str = "sb_";
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const BODY: usize = 26;
const CHECKSUM: usize = 6;

/// Whether a text has the form of a key, its checksum included: what has not is never looked up.
pub fn is_key_shaped(key: &str) -> bool {
    key.len() <= PREFIX.len() + 255 + BODY + CHECKSUM + 2 && (is_own(key) || is_uuid_v4(key))
}

/// A key of ours. An environment's name may hold `_`, so the parts are read from the end.
fn is_own(key: &str) -> bool {
    let Some((signed, checksum)) = key.rsplit_once('_') else { return false };
    let Some((word, body)) = signed.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once('_')) else {
        return false;
    };
    EnvironmentName::parse(word).is_ok()
        && body.len() == BODY
        && body.bytes().all(|byte| BASE32.contains(&byte))
        && checksum_of(signed) == checksum
}

/// Whether a text is a UUID of version 4 in either case.
pub fn is_uuid_v4(key: &str) -> bool {
    let bytes = key.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            14 => *byte == b'4',
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A new key; `word` is the environment's name, or `account`.
pub(super) fn new_key(entropy: &dyn Entropy, word: &str) -> Secret {
    let mut bytes = [0; BODY];
    entropy.fill(&mut bytes);
    let body: String = bytes.iter().map(|byte| char::from(BASE32[usize::from(byte & 31)])).collect();
    let signed = format!("{PREFIX}{word}_{body}");
    let checksum = checksum_of(&signed);
    Secret::from(format!("{signed}_{checksum}"))
}

/// What people may see of a key: enough to recognise it.
pub(super) fn shown(key: &str) -> String {
    let most = if is_own(key) { key.len() - BODY - CHECKSUM - 1 + 4 } else { 8 };
    key.chars().take(most).collect()
}

fn checksum_of(signed: &str) -> String {
    let mut checksum = hash(signed);
    checksum.truncate(CHECKSUM);
    checksum
}

/// SHA-256 of a key, hex: what the database knows of it. A key has 122 random bits or more, so no slow hash is needed.
pub fn hash(key: &str) -> String {
    entropy::to_hex(&digest_of(key))
}

pub(super) fn digest_of(key: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
    bytes
}

pub(super) fn from_hex(text: &str) -> Option<Digest> {
    entropy::from_hex(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().zip(7_u8..).for_each(|(byte, value)| *byte = value);
        }
    }

    #[test]
    fn one_wrong_character_is_noticed_before_any_look_up() {
        for word in ["dev", "eu_west-1", "account"] {
            let key = new_key(&Counting, word);
            let key = key.expose();
            assert!(is_key_shaped(key), "{key}");
            for at in 0..key.len() {
                let mut other = key.as_bytes().to_vec();
                other[at] = if other[at] == b'a' { b'b' } else { b'a' };
                let other = String::from_utf8(other).unwrap();
                assert!(!is_key_shaped(&other), "{other} at {at}");
            }
            assert!(!is_key_shaped(&key[1..]) && !is_key_shaped(&key[..key.len() - 1]));
            assert!(shown(key).starts_with(&format!("sb_{word}_")) && shown(key).len() == word.len() + 8);
        }
    }

    #[test]
    fn migrated_keys_keep_their_form() {
        assert!(is_key_shaped("7b1f9f0e-7a2b-4c3d-8e9f-0a1b2c3d4e5f"));
        assert!(is_key_shaped("7B1F9F0E-7A2B-4C3D-BE9F-0A1B2C3D4E5F"));
        assert!(!is_key_shaped("7b1f9f0e-7a2b-1c3d-8e9f-0a1b2c3d4e5f"), "version 1");
        assert!(!is_key_shaped("7b1f9f0e-7a2b-4c3d-ce9f-0a1b2c3d4e5f"), "another variant");
        assert_eq!(shown("7b1f9f0e-7a2b-4c3d-8e9f-0a1b2c3d4e5f"), "7b1f9f0e");
        for odd in ["", "sb_", "sb__", "sb_dev__", "ключ", &"x".repeat(1000)] {
            assert!(!is_key_shaped(odd), "{odd}");
        }
    }
}
