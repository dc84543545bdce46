//! Chance as an argument.

/// A source of unpredictable bytes; the only real one is made in the composition root.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with bytes that nobody can foretell.
    fn fill(&self, bytes: &mut [u8]);
}

const HEX: &[u8; 16] = b"0123456789abcdef";
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `count` random bytes in lower-case hexadecimal.
pub fn hex(entropy: &dyn Entropy, count: usize) -> String {
    let mut bytes = vec![0; count];
    entropy.fill(&mut bytes);
    to_hex(&bytes)
}

/// Bytes in lower-case hexadecimal.
pub fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    text
}

/// The bytes that a text of hexadecimal digits, upper- or lower-case, stands for; `None` for any other text.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect())?
}

/// `count` characters of `[0-9A-Za-z]`; slightly uneven, for names and not for keys.
pub fn name(entropy: &dyn Entropy, count: usize) -> String {
    let mut bytes = vec![0; count];
    entropy.fill(&mut bytes);
    bytes.iter().map(|byte| char::from(BASE62[usize::from(*byte) % BASE62.len()])).collect()
}

/// A random UUID (RFC 9562 version 4).
pub fn uuid(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = to_hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_there_and_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(from_hex(&to_hex(&bytes)), Some(bytes.clone()));
        assert_eq!(from_hex(&to_hex(&bytes).to_uppercase()), Some(bytes));
        assert_eq!(from_hex(""), Some(Vec::new()));
        for bad in ["0", "0g", "+f", " f", "0x", "ä", "0é0"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
