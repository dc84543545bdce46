//! The real clock and the real chance; the only ones in the program.

use std::cell::RefCell;

use domain::{Clock, Entropy};

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the composition root's one reading of the machine's clock"
    )]
    fn now_ms(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

/// The operating system's random bytes.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > NAME {
            return draw(bytes);
        }
        STOCK.with_borrow_mut(|stock| {
            if stock.len() < bytes.len() {
                stock.resize(STOCKED, 0);
                draw(stock);
            }
            let rest = stock.len() - bytes.len();
            bytes.copy_from_slice(&stock[rest..]);
            stock.truncate(rest);
        });
    }
}

/// Names of log rows and requests, drawn several times a call, are this long; keys and secrets are longer.
const NAME: usize = 8;
const STOCKED: usize = 64 * NAME;

thread_local! {
    /// Bytes for names, drawn together: a draw costs a microsecond, however short.
    static STOCK: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn draw(bytes: &mut [u8]) {
    // Without random bytes nothing here is safe: stopping is the only right answer.
    if aws_lc_rs::rand::fill(bytes).is_err() {
        std::process::abort();
    }
}
