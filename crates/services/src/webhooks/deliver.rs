//! Sends a webhook to its receiver, again and again until it is taken or given up.

use std::sync::Arc;
use std::time::Duration;

use domain::retry::RetryPolicy;
use egress::{Body, EgressError, PolicyClass, SendPolicy};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, Request, header};
use scheduler::{Handler, Kind, Outcome, Task, TaskEnd, after_failure};
use store::{DELIVERY_TASK, Delivery, Try};

use super::breaker::Breaker;
use super::signing::{self, Signers};
use crate::context::Context;
use crate::error::Error;

/// How webhooks are delivered.
#[derive(Debug, Clone, Copy)]
pub struct DeliverySettings {
    /// Which addresses may be called: `dev` allows loopback.
    pub class: PolicyClass,
    /// How long a receiver may take (contract §8.2: 20 s).
    pub timeout: Duration,
    /// How long a failing delivery is repeated, milliseconds.
    pub give_up_ms: i64,
}

impl DeliverySettings {
    /// 5 s, 15 s, 45 s, … up to four hours between two tries.
    pub fn retry(&self) -> RetryPolicy {
        RetryPolicy { first_ms: 5_000, factor: 3, longest_ms: 4 * 3_600_000, give_up_ms: self.give_up_ms }
    }
}

/// Redirects that keep the method are followed this often (contract §8.2).
const MOST_REDIRECTS: usize = 5;
/// Deliveries at the same time on one node.
const AT_ONCE: u32 = 32;

/// Delivers webhooks.
pub struct Deliverer {
    context: Arc<Context>,
    breaker: Breaker,
}

impl Deliverer {
    /// Over the settings of `context`.
    pub fn new(context: Arc<Context>) -> Self {
        Self { context, breaker: Breaker::default() }
    }

    async fn deliver(&self, task: &Task) -> Result<Outcome, Error> {
        let context = &self.context;
        let Some(id) = task.payload.get("delivery").and_then(serde_json::Value::as_str) else {
            return Ok(Outcome::Hopeless("a delivery task without a delivery".to_owned()));
        };
        // Its environment was deleted, or retention was faster.
        let Some(delivery) = context.store.delivery_to_send(id).await? else { return Ok(Outcome::Done) };
        let at_ms = context.now_ms();
        if let Some(until_ms) = self.breaker.open_until(&delivery.new.url, at_ms) {
            return self.spare(task, delivery, until_ms).await;
        }
        let signers = signing::signers(context, delivery.environment).await?;
        context.faults.pass("webhook:before_send");
        let started = tokio::time::Instant::now();
        let said = self.send(&delivery, &signers).await;
        context.faults.pass("webhook:sent");
        let took_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let verdict = judge(&said);
        match &verdict {
            Verdict::Taken | Verdict::Refused(_) => self.breaker.succeeded(&delivery.new.url),
            Verdict::Failed(_) => self.breaker.failed(&delivery.new.url, context.now_ms()),
        }
        let (end, error) = match verdict {
            Verdict::Taken => (TaskEnd::Done, None),
            Verdict::Refused(error) => {
                (TaskEnd::Dead { at_ms: context.now_ms(), error: error.clone() }, Some(error))
            }
            Verdict::Failed(error) => (self.after(task, error.clone()), Some(error)),
        };
        let one = Try { at_ms, took_ms, status: said.as_ref().ok().copied(), error };
        self.note(task, delivery, one, end).await
    }

    /// A receiver that is down is not asked; the wait counts towards giving up.
    async fn spare(&self, task: &Task, delivery: Delivery, until_ms: i64) -> Result<Outcome, Error> {
        let now_ms = self.context.now_ms();
        let text = "The receiver failed again and again and is spared for a minute.".to_owned();
        match self.after(task, text.clone()) {
            TaskEnd::Dead { at_ms, error } => {
                let one = Try { at_ms: now_ms, took_ms: 0, status: None, error: Some(text) };
                self.note(task, delivery, one, TaskEnd::Dead { at_ms, error }).await
            }
            _ => Ok(Outcome::Later(until_ms)),
        }
    }

    fn after(&self, task: &Task, error: String) -> TaskEnd {
        let policy = self.context.settings.webhooks.retry();
        after_failure(&policy, task, error, self.context.now_ms(), &*self.context.entropy)
    }

    async fn note(&self, task: &Task, delivery: Delivery, one: Try, end: TaskEnd) -> Result<Outcome, Error> {
        if let TaskEnd::Dead { error, .. } = &end {
            let (id, url) = (&delivery.new.id, crate::operations::redact::url(&delivery.new.url));
            tracing::warn!(delivery = id, receiver = url, %error, "a webhook was given up; replay it when the receiver works");
        }
        let counts = &self.context.counts;
        match &end {
            TaskEnd::Done => counts.webhooks_delivered.up(),
            TaskEnd::Retry { .. } | TaskEnd::Postpone { .. } => counts.webhooks_failed.up(),
            TaskEnd::Dead { .. } => counts.webhooks_given_up.up(),
        }
        if !self.context.store.note_try(task.lease, delivery, one, end).await? {
            tracing::debug!(task = task.lease.id, "another worker has this webhook now");
        }
        Ok(Outcome::Ended)
    }

    /// The receiver's status. Redirects that keep method and body are followed, each hop guarded.
    async fn send(&self, delivery: &Delivery, signers: &Signers) -> Result<u16, EgressError> {
        let settings = &self.context.settings.webhooks;
        let policy = SendPolicy {
            class: settings.class,
            first_byte: settings.timeout,
            idle_body: settings.timeout,
            total: Some(settings.timeout),
        };
        let invalid = |reason: &str| EgressError::InvalidTarget { reason: reason.to_owned() };
        let mut url = url::Url::parse(&delivery.new.url).map_err(|_| invalid("the receiver is no URL"))?;
        let headers = self.headers(delivery, signers)?;
        let sending = async {
            for _ in 0..=MOST_REDIRECTS {
                let mut request = Request::new(Body::from(delivery.new.body.clone()));
                *request.method_mut() = Method::POST;
                *request.headers_mut() = headers.clone();
                *request.uri_mut() = url.as_str().parse().map_err(|_| invalid("the receiver is no URL"))?;
                let answer = self.context.egress.send(request, &policy).await?;
                let status = answer.status().as_u16();
                let onward = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
                match onward.filter(|_| matches!(status, 307 | 308)).and_then(|place| url.join(place).ok()) {
                    Some(next) if url.scheme() == "https" && next.scheme() == "http" => {
                        let host = next.host_str().unwrap_or_default().to_owned();
                        return Err(EgressError::RedirectDowngrade { host });
                    }
                    Some(next) => url = next,
                    None => return Ok(status),
                }
            }
            Err(EgressError::TooManyRedirects { limit: MOST_REDIRECTS })
        };
        let late = |_| Err(EgressError::TotalTimeout { after: settings.timeout });
        tokio::time::timeout(settings.timeout, sending).await.unwrap_or_else(late)
    }

    /// Both signatures of the contract and those of Standard Webhooks, over the exact bytes of the body.
    fn headers(&self, delivery: &Delivery, signers: &Signers) -> Result<HeaderMap, EgressError> {
        let body = delivery.new.body.as_bytes();
        let seconds = self.context.now_ms().div_euclid(1000);
        let id = &delivery.new.event_id;
        let agent = concat!("sheetbend/", env!("CARGO_PKG_VERSION"));
        let values = [
            ("content-type", "application/json".to_owned()),
            ("user-agent", agent.to_owned()),
            ("x-nango-signature", signing::legacy_signature(&signers.current, body)),
            ("x-nango-hmac-sha256", signing::hmac_signature(&signers.current, body)),
            ("webhook-id", id.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signing::standard_signature(signers, id, seconds, body)),
        ];
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            let value = HeaderValue::from_str(&value)
                .map_err(|_| EgressError::InvalidTarget { reason: format!("{name} cannot be a header") })?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

enum Verdict {
    Taken,
    /// Repeating it helps nobody.
    Refused(String),
    Failed(String),
}

/// What an answer means: everything but 2xx is repeated, except where the receiver or we ourselves say never.
fn judge(said: &Result<u16, EgressError>) -> Verdict {
    match said {
        Ok(200..=299) => Verdict::Taken,
        Ok(410) => {
            Verdict::Refused("The receiver answered 410 Gone: it takes no webhooks any more.".to_owned())
        }
        Ok(status) => Verdict::Failed(format!("The receiver answered {status}.")),
        Err(error @ (EgressError::Refused { .. } | EgressError::InvalidTarget { .. })) => {
            Verdict::Refused(error.to_string())
        }
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

impl Handler for Deliverer {
    fn kind(&self) -> Kind {
        let settings = &self.context.settings.webhooks;
        Kind {
            name: DELIVERY_TASK,
            at_once: AT_ONCE,
            limit: settings.timeout + Duration::from_secs(10),
            retry: settings.retry(),
        }
    }

    fn run(&self, task: Task) -> BoxFuture<'_, Outcome> {
        async move {
            match self.deliver(&task).await {
                Ok(outcome) => outcome,
                Err(error) => Outcome::Failed(error.to_string()),
            }
        }
        .boxed()
    }
}
