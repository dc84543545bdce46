//! Chance: everything unguessable or unique in the sandbox is made here.

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `N` random bytes of the operating system's quality.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0u8; N];
    // Invariant: aws-lc aborts on a broken entropy source, so an error here is a broken machine.
    rand::fill(&mut out).expect("the random source answers");
    out
}

/// A random (version 4) GUID in lower case.
pub(crate) fn guid() -> String {
    uuid::Builder::from_random_bytes(bytes::<16>()).into_uuid().to_string()
}

/// A GUID that the same `name` always yields, so that seeded things keep their id between starts.
pub(crate) fn guid_from(name: &str) -> String {
    let digest = digest::digest(&digest::SHA256, name.as_bytes());
    let mut raw = [0u8; 16];
    raw.copy_from_slice(&digest.as_ref()[..16]);
    uuid::Builder::from_random_bytes(raw).into_uuid().to_string()
}

/// A random string of the URL-safe alphabet made of `N` bytes.
pub(crate) fn token<const N: usize>() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<N>())
}

/// SHA-256 of `data` in lower-case hexadecimal.
pub(crate) fn sha256_hex(data: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, data).as_ref())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(data: &[u8]) -> String {
    use std::fmt::Write as _;
    data.iter().fold(String::with_capacity(data.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
