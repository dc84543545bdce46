//! How often somebody may guess. Counted in each process: a cluster of n nodes allows n times as much.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use domain::Clock;
use moka::sync::Cache;

use crate::error::Error;

/// A window's length.
const WINDOW_MS: i64 = 15 * 60 * 1000;
/// What is remembered: past this the least used are forgotten.
const REMEMBERED: u64 = 50_000;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Guess {
    /// A password of one account from one network: a stranger elsewhere does not lock the person out.
    Account(String, IpAddr),
    /// A password of one account from anywhere.
    Everywhere(String),
    /// Any account from one network.
    Network(IpAddr),
    /// A one-time password of one user.
    Code(String),
}

impl Guess {
    /// Wrong guesses in a window.
    fn most(&self) -> u32 {
        match self {
            Self::Account(..) | Self::Code(_) => 10,
            Self::Network(_) => 50,
            Self::Everywhere(_) => 100,
        }
    }
}

#[derive(Clone, Copy)]
struct Window {
    began_ms: i64,
    count: u32,
}

/// Counts guesses.
pub(super) struct Guesses {
    clock: Arc<dyn Clock>,
    windows: Cache<Guess, Arc<Mutex<Window>>>,
}

impl Guesses {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, windows: Cache::builder().max_capacity(REMEMBERED).build() }
    }

    /// Counts a guess before it is looked at, so that many at once are no more than many in a row.
    ///
    /// # Errors
    /// There were too many.
    pub(super) fn spend(&self, guesses: &[Guess]) -> Result<(), Error> {
        let now_ms = self.clock.now_ms();
        let windows: Vec<(u32, Arc<Mutex<Window>>)> = guesses
            .iter()
            .map(|one| {
                let new = || Arc::new(Mutex::new(Window { began_ms: now_ms, count: 0 }));
                (one.most(), self.windows.get_with(one.clone(), new))
            })
            .collect();
        for (most, window) in &windows {
            let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
            if now_ms - window.began_ms >= WINDOW_MS {
                *window = Window { began_ms: now_ms, count: 0 };
            }
            if window.count >= *most {
                let left_ms = window.began_ms + WINDOW_MS - now_ms;
                return Err(Error::TooManyTries { seconds: u32::try_from(left_ms / 1000 + 1).unwrap_or(1) });
            }
            window.count += 1;
        }
        Ok(())
    }

    /// The guess was right: what was counted for it is forgotten.
    pub(super) fn forgive(&self, guesses: &[Guess]) {
        guesses.iter().for_each(|one| self.windows.invalidate(one));
    }
}

/// IPv6 networks are given out as /64.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    struct Fake(AtomicI64);

    impl Clock for Fake {
        fn now_ms(&self) -> i64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn ten_wrong_guesses_and_a_pause() {
        let clock = Arc::new(Fake(AtomicI64::new(0)));
        let guesses = Guesses::new(clock.clone());
        let here = [Guess::Account("ada".into(), IpAddr::from([10, 0, 0, 1]))];
        let there = [Guess::Account("ada".into(), IpAddr::from([10, 0, 0, 2]))];
        (0..10).for_each(|_| guesses.spend(&here).unwrap());
        assert!(matches!(guesses.spend(&here), Err(Error::TooManyTries { seconds: 901 })));
        guesses.spend(&there).expect("another network is not locked out");
        clock.0.store(WINDOW_MS, Ordering::Relaxed);
        guesses.spend(&here).expect("the window is over");
        (0..9).for_each(|_| guesses.spend(&here).unwrap());
        guesses.forgive(&here);
        guesses.spend(&here).expect("a right one forgives");
    }

    #[test]
    fn one_network_has_one_allowance_whatever_the_account() {
        let guesses = Guesses::new(Arc::new(Fake(AtomicI64::new(0))));
        let from = network("2001:db8::1".parse().unwrap());
        assert_eq!(from, network("2001:db8::ffff".parse().unwrap()));
        let spent = (0..100).filter(|index| {
            guesses.spend(&[Guess::Network(from), Guess::Everywhere(format!("user{index}"))]).is_ok()
        });
        assert_eq!(spent.count(), 50);
    }
}
