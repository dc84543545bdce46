//! `GET /internal/logs/tail`: the log as it is written, as server-sent events (WHATWG HTML §9.2).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use domain::Scope;
use domain::operation::{Operation, OperationFilter};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use services::error::Error;
use services::operations::tail::{Follower, TailEvent};
use services::store::passes;
use tokio::time::{Instant, sleep_until};

use crate::api::operations::{Conditions, filter, shown};
use crate::app::SharedApp;
use crate::auth::{Granted, ReadLogs};
use crate::error::ApiError;
use crate::strict::StrictQuery;

/// A sign of life, at which the caller's right is looked at again.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// What a client that comes back is told of the time between; more is a gap.
const CAUGHT_UP: u32 = 500;

/// The list's conditions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TailQuery {
    integration: Option<String>,
    connection: Option<String>,
    r#type: Option<String>,
    state: Option<String>,
    status: Option<String>,
    search: Option<String>,
}

/// Operations from now on, or from `Last-Event-ID` on. `operation` carries a row of the list, again when it changes;
/// `gap` says that some were missed and the list should be read anew.
pub async fn tail(State(app): State<SharedApp>, request: Request) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    let caller = Granted::<ReadLogs>::from_request_parts(&mut parts, &app).await?;
    let StrictQuery(query) = StrictQuery::<TailQuery>::from_request_parts(&mut parts, &app).await?;
    let filter = filter(Conditions {
        integration: query.integration,
        connection: query.connection,
        kinds: query.r#type,
        states: query.state,
        statuses: query.status,
        from: None,
        to: None,
        search: query.search,
    })?;
    // Before the past is read, so that nothing falls between.
    let follower = app.services.tail.follow().ok_or_else(|| {
        let message = "too many live views of the log are open on this server; close one and try again";
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_live_views", message)
    })?;
    let mut waiting = VecDeque::from([Event::default().comment("the log, live")]);
    let last = parts.headers.get("last-event-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
    if let Some(last) = last {
        waiting.extend(missed(&app, caller.scope(), &filter, last).await?);
    }
    let due = Instant::now() + HEARTBEAT;
    let live = Live { app, parts, scope: caller.scope(), filter, follower, waiting, due };
    let mut response = Sse::new(events(live)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would hold back what it thinks is the beginning of a page.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// What was written since the client's last event.
async fn missed(
    app: &SharedApp,
    scope: Scope,
    filter: &OperationFilter,
    last: &str,
) -> Result<Vec<Event>, ApiError> {
    let since = OperationFilter { after: Some(last.to_owned()), limit: CAUGHT_UP, ..filter.clone() };
    let found = app.services.context.store.list_operations(scope, &since).await.map_err(Error::from)?;
    if found.len() == CAUGHT_UP as usize {
        return Ok(vec![gap()]);
    }
    Ok(found.iter().map(told).collect())
}

struct Live {
    app: SharedApp,
    /// Of the request, to ask again whether its caller may.
    parts: Parts,
    scope: Scope,
    filter: OperationFilter,
    follower: Follower,
    waiting: VecDeque<Event>,
    due: Instant,
}

fn events(live: Live) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(live, |mut live| async move { Some((Ok(live.next().await?), live)) })
}

impl Live {
    /// The next event; `None` when the stream is to end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            tokio::select! {
                event = self.follower.next() => match event {
                    TailEvent::Operations(operations) => {
                        let fitting = operations
                            .iter()
                            .filter(|(scope, one)| *scope == self.scope && passes(&self.filter, one));
                        self.waiting.extend(fitting.map(|(_, one)| told(one)));
                    }
                    TailEvent::Gap => return Some(gap()),
                    TailEvent::End => return None,
                },
                () = sleep_until(self.due) => {
                    self.due = Instant::now() + HEARTBEAT;
                    if !self.still_may().await {
                        return None;
                    }
                    return Some(Event::default().comment("alive"));
                }
            }
        }
    }

    /// A key may have been revoked, a session ended, a role taken away.
    async fn still_may(&mut self) -> bool {
        let again = Granted::<ReadLogs>::from_request_parts(&mut self.parts, &self.app).await;
        again.is_ok_and(|caller| caller.scope() == self.scope)
    }
}

fn told(one: &Operation) -> Event {
    // Ids hold no line breaks, which alone an event's id must not.
    Event::default().event("operation").id(&one.id).data(shown(one).to_string())
}

fn gap() -> Event {
    Event::default().event("gap").data("{}")
}
