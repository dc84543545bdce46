//! The answer's body, as it comes, with limits on standing still.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::{ClosedWhen, EgressError};
use crate::failure::of_hyper;

/// A streaming answer: never decompressed, never buffered.
pub struct ResponseBody {
    inner: Incoming,
    idle: Duration,
    total: Option<Deadline>,
    timer: Option<Pin<Box<Sleep>>>,
    /// When the current wait for a piece began; `None` while pieces flow.
    waiting_since: Option<Instant>,
}

/// The end of a call's time, with its length for the message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) after: Duration,
}

impl Deadline {
    pub(crate) fn after(after: Duration) -> Self {
        Self { at: Instant::now() + after, after }
    }

    pub(crate) fn error(self) -> EgressError {
        EgressError::TotalTimeout { after: self.after }
    }
}

impl ResponseBody {
    pub(crate) fn new(inner: Incoming, idle: Duration, total: Option<Deadline>) -> Self {
        Self { inner, idle, total, timer: None, waiting_since: None }
    }

    /// Called when no piece is ready: the timer is made at the first wait, so short answers never pay for it.
    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> Poll<EgressError> {
        let fresh = self.waiting_since.is_none();
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let idle_end = since + self.idle;
        let end = self.total.map_or(idle_end, |total| total.at.min(idle_end));
        let timer = match &mut self.timer {
            Some(timer) => {
                if fresh {
                    timer.as_mut().reset(end);
                }
                timer
            }
            none => none.insert(Box::pin(sleep_until(end))),
        };
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(match self.total {
            Some(total) if total.at <= idle_end => total.error(),
            _ => EgressError::IdleBodyTimeout { after: self.idle },
        })
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = EgressError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, EgressError>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(polled) => {
                this.waiting_since = None;
                Poll::Ready(polled.map(|frame| frame.map_err(|e| of_hyper(&e, ClosedWhen::InBody))))
            }
            Poll::Pending => this.poll_timeout(cx).map(|error| Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").field("size", &self.inner.size_hint()).finish_non_exhaustive()
    }
}
