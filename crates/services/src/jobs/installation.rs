//! A webhook brought the code of an installation: it is redeemed behind the vendor's back, who waits a second.

use std::sync::Arc;
use std::time::Duration;

use domain::retry::RetryPolicy;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use scheduler::{Handler, Kind, Outcome, Task};

use crate::connect::events::ConnectEvents;
use crate::connect::outbound::{self, Completion, INSTALLATION_TASK, Patience};
use crate::context::Context;

/// A person waits, and a code is good for minutes.
const PATIENCE_MS: i64 = 3 * 60_000;

/// Redeems codes that webhooks brought.
pub struct Installation {
    pub(super) context: Arc<Context>,
    pub(super) events: Arc<ConnectEvents>,
}

impl Handler for Installation {
    fn kind(&self) -> Kind {
        Kind {
            name: INSTALLATION_TASK,
            at_once: 8,
            limit: Duration::from_secs(60),
            // Beyond our own patience, so that the last try is always one that tells the person.
            retry: RetryPolicy {
                first_ms: 2_000,
                factor: 2,
                longest_ms: 30_000,
                give_up_ms: 2 * PATIENCE_MS,
            },
        }
    }

    fn run(&self, task: Task) -> BoxFuture<'_, Outcome> {
        async move {
            let Some(state) = task.payload.get("state").and_then(serde_json::Value::as_str) else {
                return Outcome::Hopeless("the task names no state".to_owned());
            };
            let age_ms = self.context.now_ms() - task.created_at_ms;
            let patience = if age_ms < PATIENCE_MS { Patience::More } else { Patience::Over };
            match outbound::complete(&self.context, &self.events, state, patience).await {
                Ok(Completion::Ended) => Outcome::Done,
                Ok(Completion::Again { cause }) => Outcome::Failed(cause),
                Err(error) => Outcome::Failed(error.to_string()),
            }
        }
        .boxed()
    }
}
