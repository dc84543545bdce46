//! What to do with an answer: pass it on, refresh once, or wait and try again. Pure.

use domain::provider::RetryHints;
use http::HeaderMap;

/// How often and on what a call may be repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Repetitions after the first attempt; 0 unless the caller asks (DESIGN §7: a client's own retries are never
    /// doubled).
    pub retries: u32,
    /// Further statuses to repeat on, the caller's `Retry-On`.
    pub retry_on: Vec<u16>,
}

/// What happened to an attempt.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// The provider answered.
    Answer {
        /// HTTP status.
        status: u16,
        /// Headers, for the provider's word on waiting.
        headers: &'a HeaderMap,
    },
    /// No answer; the failure may pass.
    PassingFailure,
    /// No answer; trying again is of no use.
    FinalFailure,
}

/// Whether the request can be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// The body is empty or at hand.
    Possible,
    /// The body was streamed and is gone.
    Impossible,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Attempts made so far, at least 1.
    pub attempts: u32,
    /// Whether this call already forced a refresh.
    pub refreshed: Refreshed,
    /// Whether the request can be sent again.
    pub replay: Replay,
}

/// Whether a refresh was forced by this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// Not yet.
    No,
    /// Yes, or the credentials cannot be refreshed.
    Yes,
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Hand the outcome to the caller.
    Done,
    /// The token is not accepted: refresh it, then send once more.
    Refresh,
    /// Wait, then send again.
    Retry {
        /// Milliseconds to wait.
        wait_ms: u64,
    },
}

const FIRST_WAIT_MS: u64 = 3_000;
const LONGEST_WAIT_MS: u64 = 600_000;

/// Decides about one outcome. `now_ms` is needed to read moments in headers.
pub fn decide(
    outcome: Outcome<'_>,
    policy: &RetryPolicy,
    hints: &RetryHints,
    progress: Progress,
    now_ms: i64,
) -> Decision {
    if progress.replay == Replay::Impossible {
        return Decision::Done;
    }
    if let Outcome::Answer { status: 401, .. } = outcome
        && progress.refreshed == Refreshed::No
    {
        return Decision::Refresh;
    }
    if progress.attempts > policy.retries {
        return Decision::Done;
    }
    let fallback = FIRST_WAIT_MS.saturating_mul(1 << (progress.attempts - 1).min(8)).min(LONGEST_WAIT_MS);
    match outcome {
        Outcome::FinalFailure => Decision::Done,
        Outcome::PassingFailure => Decision::Retry { wait_ms: fallback },
        Outcome::Answer { status, headers } if is_retryable(status, policy, hints) => {
            let wait_ms = stated_wait_ms(headers, hints, now_ms).unwrap_or(fallback).min(LONGEST_WAIT_MS);
            Decision::Retry { wait_ms }
        }
        Outcome::Answer { .. } => Decision::Done,
    }
}

fn is_retryable(status: u16, policy: &RetryPolicy, hints: &RetryHints) -> bool {
    let usual = if hints.error_codes.is_empty() {
        status >= 500 || status == 429
    } else {
        hints.error_codes.iter().any(|rule| covers(rule, status))
    };
    usual || policy.retry_on.contains(&status)
}

/// `429`, `5xx`, `500-502` (contract §3.6).
fn covers(rule: &str, status: u16) -> bool {
    if let Some(class) = rule.strip_suffix("xx") {
        return class.parse::<u16>().is_ok_and(|class| status / 100 == class);
    }
    if let Some((from, to)) = rule.split_once('-') {
        let bounds = from.parse::<u16>().ok().zip(to.parse::<u16>().ok());
        return bounds.is_some_and(|(from, to)| (from..=to).contains(&status));
    }
    rule.parse() == Ok(status)
}

/// The longest wait that the answer's headers ask for, milliseconds.
fn stated_wait_ms(headers: &HeaderMap, hints: &RetryHints, now_ms: i64) -> Option<u64> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let after = ["retry-after"].into_iter().chain(hints.after.iter().map(String::as_str));
    let waits = after.filter_map(|name| seconds_or_date(text(name)?, now_ms));
    let moments = hints.at.iter().filter_map(|name| until(text(name)?, now_ms));
    waits.chain(moments).max()
}

fn seconds_or_date(text: &str, now_ms: i64) -> Option<u64> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => Some((seconds.min(1e6) * 1000.0) as u64),
        Ok(_) => None,
        Err(_) => http_date_ms(text).and_then(|at| u64::try_from(at - now_ms).ok()),
    }
}

fn until(text: &str, now_ms: i64) -> Option<u64> {
    let at = match text.parse::<i64>() {
        Ok(number) if number > 100_000_000_000 => number,
        Ok(number) => number.saturating_mul(1000),
        Err(_) => http_date_ms(text)?,
    };
    u64::try_from(at.saturating_sub(now_ms)).ok()
}

/// An IMF-fixdate (RFC 9110 §5.6.7) as Unix milliseconds.
fn http_date_ms(text: &str) -> Option<i64> {
    let format = time::format_description::well_known::Rfc2822;
    let text = text.strip_suffix("GMT").map_or_else(|| text.to_owned(), |rest| format!("{rest}+0000"));
    let moment = time::OffsetDateTime::parse(&text, &format).ok()?;
    Some(moment.unix_timestamp() * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(attempts: u32) -> Progress {
        Progress { attempts, refreshed: Refreshed::Yes, replay: Replay::Possible }
    }

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, http::HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn nothing_is_repeated_unless_asked_for() {
        let headers = headers("retry-after", "5");
        let outcome = Outcome::Answer { status: 429, headers: &headers };
        let hints = RetryHints::default();
        assert_eq!(decide(outcome, &RetryPolicy::default(), &hints, progress(1), 0), Decision::Done);
        let twice = RetryPolicy { retries: 2, retry_on: vec![] };
        assert_eq!(decide(outcome, &twice, &hints, progress(1), 0), Decision::Retry { wait_ms: 5_000 });
        assert_eq!(decide(outcome, &twice, &hints, progress(3), 0), Decision::Done);
    }

    #[test]
    fn a_401_refreshes_once_and_only_with_a_body_at_hand() {
        let empty = HeaderMap::new();
        let outcome = Outcome::Answer { status: 401, headers: &empty };
        let policy = RetryPolicy::default();
        let hints = RetryHints::default();
        let first = Progress { attempts: 1, refreshed: Refreshed::No, replay: Replay::Possible };
        assert_eq!(decide(outcome, &policy, &hints, first, 0), Decision::Refresh);
        assert_eq!(decide(outcome, &policy, &hints, progress(2), 0), Decision::Done);
        let gone = Progress { replay: Replay::Impossible, ..first };
        assert_eq!(decide(outcome, &policy, &hints, gone, 0), Decision::Done);
    }

    #[test]
    fn waits_come_from_the_header_or_double() {
        let policy = RetryPolicy { retries: 9, retry_on: vec![404] };
        let hints = RetryHints { error_codes: vec!["5xx".into(), "420-422".into()], ..RetryHints::default() };
        let date = headers("retry-after", "Sat, 21 Nov 2026 00:00:10 GMT");
        let now = 1_795_219_200_000;
        let outcome = Outcome::Answer { status: 503, headers: &date };
        assert_eq!(decide(outcome, &policy, &hints, progress(1), now), Decision::Retry { wait_ms: 10_000 });
        let empty = HeaderMap::new();
        for (status, expected) in [(404, true), (421, true), (429, false), (500, true)] {
            let outcome = Outcome::Answer { status, headers: &empty };
            assert_eq!(
                decide(outcome, &policy, &hints, progress(1), now) != Decision::Done,
                expected,
                "{status}"
            );
        }
        assert_eq!(
            decide(Outcome::PassingFailure, &policy, &hints, progress(3), now),
            Decision::Retry { wait_ms: 12_000 }
        );
        assert_eq!(decide(Outcome::FinalFailure, &policy, &hints, progress(1), now), Decision::Done);
    }
}
