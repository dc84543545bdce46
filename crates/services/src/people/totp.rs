//! One-time passwords by time (RFC 6238): SHA-1, six digits, thirty seconds, as every authenticator app knows them.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

/// Seconds of a step (RFC 6238 §4.1).
const STEP_S: i64 = 30;
const DIGITS: usize = 6;
/// Bytes of a secret: the length of the hash (RFC 4226 §4, R6).
pub(super) const SECRET_BYTES: usize = 20;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The time step of a moment, Unix milliseconds.
pub(super) fn step_at(now_ms: i64) -> i64 {
    now_ms.div_euclid(1000 * STEP_S)
}

/// The step whose code was typed: the present one, the one before or the one after (RFC 6238 §5.2), if later than
/// `last`, the last one that was taken.
pub(super) fn matching_step(secret: &[u8], code: &str, now_ms: i64, last: i64) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let now = step_at(now_ms);
    let fits = |step: &i64| {
        let expected = code_at(secret, *step, DIGITS);
        verify_slices_are_equal(expected.as_bytes(), code.as_bytes()).is_ok()
    };
    // Every step is looked at, so that the time tells nothing.
    let found: Vec<i64> = (now - 1..=now + 1).filter(fits).collect();
    found.into_iter().find(|step| *step > last)
}

/// HOTP of a step (RFC 4226 §5.3).
fn code_at(secret: &[u8], step: i64, digits: usize) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = bytes.last().map_or(0, |last| usize::from(last & 15));
    let mut number = 0_u32;
    for byte in bytes.iter().skip(offset).take(4) {
        number = number << 8 | u32::from(*byte);
    }
    let modulus = 10_u32.pow(u32::try_from(digits).unwrap_or(6));
    format!("{:0digits$}", (number & 0x7fff_ffff) % modulus)
}

/// RFC 4648 base32 without padding, as authenticator apps read secrets.
pub(super) fn base32(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    let mut push = |index: u32| text.push(char::from(BASE32[(index & 31) as usize]));
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(held >> bits);
        }
    }
    if bits > 0 {
        push(held << (5 - bits));
    }
    text
}

/// What an authenticator app reads from a QR code (Google Authenticator's Key URI format).
pub(super) fn uri(secret: &str, email: &str) -> String {
    let account = percent_encoding::utf8_percent_encode(email, percent_encoding::NON_ALPHANUMERIC);
    format!(
        "otpauth://totp/Sheetbend:{account}?secret={secret}&issuer=Sheetbend&algorithm=SHA1&digits=6&period=30"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// RFC 6238 Appendix B, the rows of SHA-1.
    #[test]
    fn the_vectors_of_rfc_6238() {
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code_at(SECRET, step_at(seconds * 1000), 8), code, "{seconds}");
        }
    }

    #[test]
    fn clocks_may_differ_by_a_step_and_a_code_is_taken_once() {
        let now_ms = 1_111_111_111_000;
        let step = step_at(now_ms);
        for near in [step - 1, step, step + 1] {
            let code = code_at(SECRET, near, DIGITS);
            assert_eq!(matching_step(SECRET, &code, now_ms, 0), Some(near));
            assert_eq!(matching_step(SECRET, &code, now_ms, near), None, "it was taken");
            assert_eq!(
                matching_step(SECRET, &format!("{} {}", &code[..3], &code[3..]), now_ms, 0),
                Some(near)
            );
        }
        for far in [step - 2, step + 2] {
            assert_eq!(matching_step(SECRET, &code_at(SECRET, far, DIGITS), now_ms, 0), None);
        }
        for bad in ["", "0", "0000000", "абвгде"] {
            assert_eq!(matching_step(SECRET, bad, now_ms, 0), None, "{bad}");
        }
    }

    /// RFC 4648 §10, padding left out.
    #[test]
    fn base32_as_in_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(base32(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
