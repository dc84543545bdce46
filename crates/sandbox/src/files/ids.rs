//! Ids that look like Microsoft's: stable ones from names, fresh ones from randomness.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn hash(seed: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, seed.as_bytes()).as_ref());
    out
}

/// A seed that no other call gets.
pub(crate) fn fresh_seed() -> String {
    crate::random::guid()
}

/// Item id of OneDrive for Business and SharePoint: `01` and 32 base32 characters.
pub(crate) fn item_id(seed: &str) -> String {
    let mut id = String::with_capacity(34);
    id.push_str("01");
    id.extend(hash(seed).iter().map(|byte| BASE32[usize::from(*byte) % 32] as char));
    id
}

/// Drive id of OneDrive for Business and SharePoint: `b!` and 66 base64url characters.
pub(crate) fn business_drive_id(seed: &str) -> String {
    let mut bytes = hash(seed).to_vec();
    bytes.extend_from_slice(&hash(&format!("{seed}/2"))[..17]);
    format!("b!{}", &URL_SAFE_NO_PAD.encode(bytes)[..64])
}

/// Drive id of a personal OneDrive: 16 hexadecimal digits.
pub(crate) fn personal_drive_id(seed: &str) -> String {
    hash(seed)[..8].iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Item id of a personal OneDrive: the drive's id, `!` and a number.
pub(crate) fn personal_item_id(drive_id: &str, seed: &str) -> String {
    let h = hash(seed);
    format!("{drive_id}!{}", u32::from_be_bytes([0, h[0], h[1], h[2]]) + 100)
}

/// A GUID made from a name, upper case and without braces, as in SharePoint's entity tags.
pub(crate) fn guid(seed: &str) -> String {
    let h = hash(seed);
    let hex: String = h[..16].iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{}-{}-4{}-A{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_shaped_like_microsofts() {
        let id = item_id("ada/Sales.xlsx");
        assert_eq!(id, item_id("ada/Sales.xlsx"));
        assert_ne!(id, item_id("ada/Budget.xlsx"));
        assert_eq!(id.len(), 34);
        assert!(id.starts_with("01"));
        assert_eq!(business_drive_id("x").len(), 66);
        assert_eq!(guid("x").len(), 36);
        assert_eq!(personal_drive_id("x").len(), 16);
    }
}
