//! Recovery codes: for whoever lost the device that makes one-time passwords. Each is taken once.

use domain::Entropy;

use super::totp::base32;
use crate::api_keys;

/// How many a person gets.
const COUNT: usize = 10;
/// 80 random bits, so that a plain hash of one is as good as a slow one.
const BYTES: usize = 10;

/// New codes, each as four groups of four.
pub(super) fn generate(entropy: &dyn Entropy) -> Vec<String> {
    let one = || {
        let mut bytes = [0; BYTES];
        entropy.fill(&mut bytes);
        let text = base32(&bytes).to_lowercase();
        let groups: Vec<&str> = (0..text.len()).step_by(4).filter_map(|at| text.get(at..at + 4)).collect();
        groups.join("-")
    };
    (0..COUNT).map(|_| one()).collect()
}

/// What the database knows of a code, however it was typed; `None` for what cannot be one.
pub(super) fn hash(typed: &str) -> Option<String> {
    let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    (plain.len() == BYTES * 8 / 5).then(|| api_keys::hash(&plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let codes = generate(&Counting(1.into()));
        assert_eq!((codes.len(), codes[0].len()), (10, 19), "{codes:?}");
        let spaced = codes[0].replace('-', " ").to_uppercase();
        assert_eq!(hash(&codes[0]), hash(&spaced));
        assert!(hash(&codes[0]).is_some() && hash(&codes[0]) != hash(&codes[1]));
        assert_eq!(hash("123456"), None);
    }
}
