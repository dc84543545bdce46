//! Microsoft's QuickXorHash, the only content hash that OneDrive for Business gives.
//!
//! Source: Microsoft Graph documentation, "Code Snippets: QuickXorHash Algorithm": 160 bits, each byte is XORed in
//! at a position that moves 11 bits a byte; the length is XORed into the last 64 bits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const WIDTH_BITS: usize = 160;
const SHIFT_BITS: usize = 11;

/// The hash of `bytes`, in base64 as Graph shows it.
pub(crate) fn quick_xor_hash(bytes: &[u8]) -> String {
    let mut cells = [0u8; WIDTH_BITS / 8];
    for (index, byte) in bytes.iter().enumerate() {
        let bit = (index * SHIFT_BITS) % WIDTH_BITS;
        let (cell, offset) = (bit / 8, bit % 8);
        let wide = u16::from(*byte) << offset;
        cells[cell] ^= (wide & 0xff) as u8;
        cells[(cell + 1) % cells.len()] ^= (wide >> 8) as u8;
    }
    for (index, byte) in (bytes.len() as u64).to_le_bytes().iter().enumerate() {
        cells[WIDTH_BITS / 8 - 8 + index] ^= byte;
    }
    STANDARD.encode(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        // rclone's quickxorhash test vectors (backend/onedrive/quickxorhash).
        assert_eq!(quick_xor_hash(b""), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        assert_eq!(quick_xor_hash(&[0x4a]), "SgAAAAAAAAAAAAAAAQAAAAAAAAA=");
    }
}
