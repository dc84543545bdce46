//! Throttling by resource units, a minute at a time, for each app in each tenant.
//!
//! Costs as SharePoint's throttling page gives them: 1 for a single item, 2 for lists and writes, 5 for permissions.
//! Off until `/_control/throttle` sets a budget.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::json;

use crate::principal::Principal;
use crate::web::{self, Reply};

const MINUTE_MS: i64 = 60_000;
/// From this share of the budget on, answers carry `RateLimit-*`.
const WARNING_PERCENT: i64 = 80;

/// Budgets and what was spent of them.
#[derive(Default)]
pub(crate) struct Throttle {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Resource units a minute; `None` sets no limit.
    budget: Option<i64>,
    /// By tenant and app: the minute, and the units spent in it.
    spent: HashMap<(String, String), (i64, i64)>,
}

/// How an app stands in the running minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    limit: i64,
    remaining: i64,
    /// Seconds until the minute ends.
    reset_s: i64,
}

impl Throttle {
    /// Sets the budget and forgets what was spent.
    pub fn set(&self, units_per_minute: Option<i64>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { budget: units_per_minute, spent: HashMap::new() };
    }

    /// Spends the units of one call. `None`: no limit is set.
    pub fn spend(&self, principal: &Principal, cost: i64, now_ms: i64) -> Option<Standing> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = state.budget?;
        let minute = now_ms.div_euclid(MINUTE_MS);
        let key = (principal.tenant_id.clone(), principal.app_id.clone());
        let entry = state.spent.entry(key).or_insert((minute, 0));
        if entry.0 != minute {
            *entry = (minute, 0);
        }
        // Throttled calls count too.
        entry.1 += cost;
        let reset_s = (MINUTE_MS - now_ms.rem_euclid(MINUTE_MS) + 999) / 1000;
        Some(Standing { limit, remaining: limit - entry.1, reset_s })
    }
}

impl Standing {
    pub fn is_over(self) -> bool {
        self.remaining < 0
    }

    /// Adds `RateLimit-*` when the budget is nearly gone.
    pub fn mark(self, headers: &mut HeaderMap) {
        let used = self.limit - self.remaining;
        if used * 100 < self.limit * WARNING_PERCENT {
            return;
        }
        headers.insert("ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("ratelimit-remaining", HeaderValue::from(self.remaining.max(0)));
        headers.insert("ratelimit-reset", HeaderValue::from(self.reset_s));
    }

    /// 429 in Graph's dress.
    pub fn graph_reply(self) -> Reply {
        let body = json!({ "error": {
            "code": "activityLimitReached",
            "message": "The request has been throttled.",
            "innerError": { "code": "throttledRequest" },
        }});
        self.reply(&body)
    }

    /// 429 in SharePoint's dress.
    pub fn sharepoint_reply(self) -> Reply {
        let body = json!({ "odata.error": {
            "code": "-2147429894, Microsoft.SharePoint.SPException",
            "message": { "lang": "en-US", "value": "The request has been throttled." },
        }});
        self.reply(&body)
    }

    fn reply(self, body: &serde_json::Value) -> Reply {
        let mut reply = web::json(StatusCode::TOO_MANY_REQUESTS, body);
        reply.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from(self.reset_s));
        self.mark(reply.headers_mut());
        reply
    }
}

/// What a call costs in resource units.
pub(crate) fn cost(method: &Method, path: &str, query: &str) -> i64 {
    let path = path.to_ascii_lowercase();
    if path.contains("/permissions") || query.to_ascii_lowercase().contains("permissions") {
        return 5;
    }
    let download = path.ends_with("/content") || path.ends_with("$value");
    let delta_with_token = path.contains("delta") && query.contains("token");
    let last = path.rsplit('/').next().unwrap_or_default();
    let lists =
        matches!(last, "children" | "items" | "lists" | "sites" | "drives" | "delta" | "rows" | "columns");
    match *method {
        Method::GET if delta_with_token || download || !lists => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::ClientProof;

    #[test]
    fn a_minute_has_a_budget() {
        let principal = Principal {
            tenant_id: "t".into(),
            app_id: "a".into(),
            user_id: None,
            scopes: vec![],
            roles: vec![],
            proof: ClientProof::Secret,
        };
        let throttle = Throttle::default();
        assert_eq!(throttle.spend(&principal, 1, 0), None);
        throttle.set(Some(3));
        assert!(!throttle.spend(&principal, 3, 10_000).unwrap().is_over());
        let over = throttle.spend(&principal, 1, 10_000).unwrap();
        assert!(over.is_over());
        assert_eq!(over.graph_reply().headers()["retry-after"], "50");
        assert!(!throttle.spend(&principal, 3, 60_000).unwrap().is_over());
    }

    #[test]
    fn costs() {
        assert_eq!(cost(&Method::GET, "/me/drive/items/1", ""), 1);
        assert_eq!(cost(&Method::GET, "/me/drive/root/children", ""), 2);
        assert_eq!(cost(&Method::GET, "/me/drive/root/delta", "token=1"), 1);
        assert_eq!(cost(&Method::GET, "/me/drive/items/1/permissions", ""), 5);
        assert_eq!(cost(&Method::DELETE, "/me/drive/items/1", ""), 2);
    }
}
