//! How often somebody may guess. The database counts, so that all nodes together allow no more than one.

use std::net::IpAddr;

use store::GuessLimit;

use crate::api_keys::hash;
use crate::context::Context;
use crate::error::Error;

/// A window's length.
const WINDOW_MS: i64 = 15 * 60 * 1000;

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
    fn most(&self) -> i64 {
        match self {
            Self::Account(..) | Self::Code(_) => 10,
            Self::Network(_) => 50,
            Self::Everywhere(_) => 100,
        }
    }
    /// What it is counted under: neither addresses nor accounts that strangers tried are kept.
    fn key(&self) -> String {
        // An address of a person holds no blank.
        hash(&match self {
            Self::Account(account, network) => format!("account {account} {network}"),
            Self::Everywhere(account) => format!("everywhere {account}"),
            Self::Network(network) => format!("network {network}"),
            Self::Code(user) => format!("code {user}"),
        })
    }
}

/// Counts a guess before it is looked at, so that many at once are no more than many in a row.
///
/// # Errors
/// There were too many.
pub(super) async fn spend(context: &Context, guesses: &[Guess]) -> Result<(), Error> {
    let limits = guesses.iter().map(|one| GuessLimit { key: one.key(), most: one.most() }).collect();
    let now_ms = context.now_ms();
    match context.store.spend_guess(limits, now_ms, WINDOW_MS).await? {
        None => Ok(()),
        Some(ends_ms) => {
            let seconds = u32::try_from((ends_ms - now_ms) / 1000 + 1).unwrap_or(1);
            Err(Error::TooManyTries { seconds })
        }
    }
}

/// The guess was right: what was counted for it is forgotten. A network only has this one back, or whoever has an
/// account could try others without an end.
pub(super) async fn forgive(context: &Context, guesses: &[Guess]) -> Result<(), Error> {
    let (networks, others): (Vec<_>, Vec<_>) =
        guesses.iter().partition(|one| matches!(one, Guess::Network(_)));
    let keys = |guesses: Vec<&Guess>| guesses.into_iter().map(Guess::key).collect();
    Ok(context.store.forgive_guesses(keys(others), keys(networks)).await?)
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
    use super::*;

    #[test]
    fn a_network_is_a_64_and_everything_is_counted_apart() {
        let from = network("2001:db8::1".parse().unwrap());
        assert_eq!(from, network("2001:db8::ffff".parse().unwrap()));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), IpAddr::from([192, 0, 2, 1]));
        let ada = || "ada@example.com".to_owned();
        let all = [
            Guess::Account(ada(), from),
            Guess::Account(ada(), IpAddr::from([192, 0, 2, 1])),
            Guess::Everywhere(ada()),
            Guess::Network(from),
            Guess::Code(ada()),
        ];
        let mut keys: Vec<_> = all.iter().map(Guess::key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all.len());
        assert!(keys.iter().all(|key| key.len() == 64 && !key.contains("ada")));
    }
}
