//! How many calls a minute a caller may make (contract §1.8); off unless the operator says a number.
//!
//! An environment's keys share one allowance and its functions another; whoever shows no key is known by address and
//! pays ten times, so that guessing keys is slow.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use domain::{Clock, EnvironmentId};
use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;

const WINDOW: Duration = Duration::from_secs(60);
/// What a call costs that shows no key.
const STRANGER: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// After so many calls, callers that were not seen for a minute are forgotten.
const SWEEP: u32 = 4096;

/// Who pays for a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Payer {
    /// An environment's keys and sessions.
    Environment(EnvironmentId),
    /// Functions of an environment (`Nango-Is-Script: true`).
    Script(EnvironmentId),
    /// The account's keys.
    Account,
    /// Somebody who is signed in, by their id.
    Person(String),
    /// Somebody without a key: an address, or the /64 network of one.
    Stranger(IpAddr),
}

impl Payer {
    /// Somebody without a key. Whoever has one IPv6 address has its whole /64.
    pub fn stranger(address: IpAddr) -> Self {
        Self::Stranger(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => v4.into(),
                None => Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)).into(),
            },
        })
    }

    fn cost(&self) -> NonZeroU32 {
        if matches!(self, Self::Stranger(_)) { STRANGER } else { NonZeroU32::MIN }
    }
}

/// Where a payer stands after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    limit: u32,
    remaining: u32,
    /// When the whole allowance is back, Unix seconds.
    reset: i64,
    /// Seconds to wait, when the call is refused.
    pub refused: Option<u32>,
}

impl Standing {
    /// Tells an answer; what a provider said about its own limits stays.
    pub fn mark(&self, headers: &mut HeaderMap) {
        for (name, value) in [
            ("x-ratelimit-limit", i64::from(self.limit)),
            ("x-ratelimit-remaining", i64::from(self.remaining)),
            ("x-ratelimit-reset", self.reset),
        ] {
            headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from(value));
        }
    }
}

type Limiter = RateLimiter<Payer, DashMapStateStore<Payer>, OurClock, StateInformationMiddleware>;

/// The allowances of everybody seen in the last minute, on this node.
pub struct RateLimits {
    limiter: Limiter,
    most: NonZeroU32,
    clock: OurClock,
    calls: AtomicU32,
}

#[derive(Clone)]
struct OurClock(Arc<dyn Clock>);

impl GovernorClock for OurClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(Duration::from_millis(u64::try_from(self.0.now_ms()).unwrap_or_default()))
    }
}

impl RateLimits {
    /// `most` calls a minute for each payer.
    pub fn new(most: NonZeroU32, clock: Arc<dyn Clock>) -> Self {
        let clock = OurClock(clock);
        let limiter =
            RateLimiter::dashmap_with_clock(Quota::per_minute(most), clock.clone()).with_middleware();
        Self { limiter, most, clock, calls: AtomicU32::new(0) }
    }

    /// Takes a call's cost from a payer's allowance.
    pub fn spend(&self, payer: &Payer) -> Standing {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        let now = self.clock.now();
        // One call must be possible however small the allowance is.
        let cost = payer.cost().min(self.most);
        let (remaining, wait) = match self.limiter.check_key_n(payer, cost) {
            Ok(Ok(state)) => (state.remaining_burst_capacity(), None),
            Ok(Err(not_until)) => (0, Some(not_until.wait_time_from(now))),
            Err(_) => (0, Some(WINDOW)),
        };
        let missing = f64::from(self.most.get() - remaining) / f64::from(self.most.get());
        let whole = Duration::from(now.saturating_sub(Nanos::default())) + WINDOW.mul_f64(missing);
        Standing {
            limit: self.most.get(),
            remaining,
            reset: i64::try_from(whole.as_secs()).unwrap_or(i64::MAX) + 1,
            refused: wait
                .map(|wait| u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1)),
        }
    }
}

/// Where a request comes from, after believing only trusted proxies: the last address that none of them is.
pub fn client_address(headers: &HeaderMap, peer: SocketAddr, trusted: &[IpNet]) -> IpAddr {
    let mut here = peer.ip().to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(&address));
    let lists = headers.get_all("x-forwarded-for");
    let text = lists.iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
    for hop in text.rsplit(',') {
        if !is_trusted(here) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => here = address.to_canonical(),
            Err(_) => break,
        }
    }
    here
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use super::*;

    struct Fake(AtomicI64);

    impl Clock for Fake {
        fn now_ms(&self) -> i64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn limits(most: u32) -> (RateLimits, Arc<Fake>) {
        let clock = Arc::new(Fake(AtomicI64::new(1_700_000_000_000)));
        (RateLimits::new(NonZeroU32::new(most).unwrap(), clock.clone()), clock)
    }

    #[test]
    fn an_allowance_is_spent_and_comes_back() {
        let (limits, clock) = limits(60);
        let payer = Payer::Environment(EnvironmentId(1));
        let first = limits.spend(&payer);
        assert_eq!((first.limit, first.remaining, first.refused), (60, 59, None));
        (0..59).for_each(|_| assert_eq!(limits.spend(&payer).refused, None));
        let over = limits.spend(&payer);
        assert_eq!((over.remaining, over.refused), (0, Some(1)));
        assert!((1_700_000_059..=1_700_000_061).contains(&over.reset), "{}", over.reset);
        assert_eq!(limits.spend(&Payer::Script(EnvironmentId(1))).refused, None, "functions have their own");
        clock.0.fetch_add(1_000, Ordering::Relaxed);
        assert_eq!(limits.spend(&payer).refused, None);
        assert!(limits.spend(&payer).refused.is_some());
        clock.0.fetch_add(60_000, Ordering::Relaxed);
        assert_eq!(limits.spend(&payer).remaining, 59);
    }

    #[test]
    fn strangers_pay_ten_times_and_share_a_network() {
        let (limits, _) = limits(20);
        let one = Payer::stranger("2001:db8::1".parse().unwrap());
        assert_eq!(one, Payer::stranger("2001:db8::ffff".parse().unwrap()));
        assert_ne!(one, Payer::stranger("2001:db8:0:1::1".parse().unwrap()));
        assert_eq!(
            Payer::stranger("::ffff:192.0.2.1".parse().unwrap()),
            Payer::stranger("192.0.2.1".parse().unwrap())
        );
        assert_eq!(limits.spend(&one).remaining, 10);
        assert_eq!(limits.spend(&one).remaining, 0);
        assert!(limits.spend(&one).refused.is_some());
        let (small, _) = self::limits(3);
        assert_eq!(small.spend(&one).refused, None, "a small allowance allows one call");
        assert!(small.spend(&one).refused.is_some());
    }

    #[test]
    fn an_address_is_believed_from_trusted_proxies_only() {
        let peer: SocketAddr = "10.0.0.1:1".parse().unwrap();
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        let from =
            |headers: &HeaderMap, trusted: &[IpNet]| client_address(headers, peer, trusted).to_string();
        assert_eq!(from(&headers, &trusted), "10.0.0.1");
        headers.insert("x-forwarded-for", HeaderValue::from_static("6.6.6.6, 198.51.100.7, 10.0.0.9"));
        assert_eq!(from(&headers, &trusted), "198.51.100.7", "what stands left of it anybody can write");
        assert_eq!(from(&headers, &[]), "10.0.0.1");
        headers.insert("x-forwarded-for", HeaderValue::from_static("nonsense"));
        assert_eq!(from(&headers, &trusted), "10.0.0.1");
    }
}
