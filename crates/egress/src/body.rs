//! Request bodies: nothing, bytes at hand, or a stream.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Duration, Instant};

use crate::error::WaitingFor;

/// Any error of a caller's stream.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an outbound request. Only a stream costs an allocation, and only a stream cannot be sent twice.
#[derive(Debug, Default)]
pub struct Body {
    kind: Kind,
}

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Full(Bytes),
    Stream(Pin<Box<dyn HttpBody<Data = Bytes, Error = BoxError> + Send>>, Option<Arc<UploadProgress>>),
}

impl Body {
    /// No body.
    #[must_use]
    pub const fn empty() -> Self {
        Self { kind: Kind::Empty }
    }

    /// A body that streams through: not replayable, not buffered, trailers kept.
    ///
    /// Its size hint decides the framing: an exact one gives `Content-Length`, else it is sent chunked.
    pub fn stream<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if body.is_end_stream() {
            return Self::empty();
        }
        Self { kind: Kind::Stream(Box::pin(http_body_util::BodyExt::map_err(body, Into::into)), None) }
    }

    /// A second body with the same bytes, unless this one is a stream.
    ///
    /// A retry needs a replayable body: this is where it is asked for.
    #[must_use]
    pub fn replay(&self) -> Option<Self> {
        match &self.kind {
            Kind::Empty => Some(Self::empty()),
            Kind::Full(bytes) => Some(Self { kind: Kind::Full(bytes.clone()) }),
            Kind::Stream(..) => None,
        }
    }

    /// The bytes, unless it is a stream or nothing.
    #[must_use]
    pub fn held(&self) -> Option<&Bytes> {
        match &self.kind {
            Kind::Full(bytes) => Some(bytes),
            Kind::Empty | Kind::Stream(..) => None,
        }
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.kind, Kind::Empty)
    }

    /// Starts watching a stream's movement; `None` for bodies that cannot stall at their source.
    pub(crate) fn watch(&mut self) -> Option<Arc<UploadProgress>> {
        match &mut self.kind {
            Kind::Stream(_, watch) => Some(watch.insert(Arc::new(UploadProgress::new())).clone()),
            _ => None,
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self { kind: if bytes.is_empty() { Kind::Empty } else { Kind::Full(bytes) } }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        match &mut this.kind {
            Kind::Empty => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                this.kind = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Stream(inner, watch) => {
                let polled = inner.as_mut().poll_frame(cx);
                if let Some(progress) = watch {
                    progress.note(&polled);
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Full(_) => false,
            Kind::Stream(inner, _) => inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Stream(inner, _) => inner.size_hint(),
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Stream(..) => f.write_str("Stream"),
        }
    }
}

/// When a streamed request body last moved, shared between the connection and the waiting `send`.
#[derive(Debug)]
pub(crate) struct UploadProgress {
    start: Instant,
    moved_ms: AtomicU64,
    state: AtomicU8,
}

const WAITS_FOR_UPSTREAM: u8 = 0;
const WAITS_FOR_CALLER: u8 = 1;
const FINISHED: u8 = 2;

impl UploadProgress {
    fn new() -> Self {
        Self { start: Instant::now(), moved_ms: AtomicU64::new(0), state: AtomicU8::new(WAITS_FOR_UPSTREAM) }
    }

    fn note<E>(&self, polled: &Poll<Option<Result<Frame<Bytes>, E>>>) {
        let state = match polled {
            Poll::Pending => WAITS_FOR_CALLER,
            Poll::Ready(Some(Ok(_))) => WAITS_FOR_UPSTREAM,
            Poll::Ready(_) => FINISHED,
        };
        self.state.store(state, Ordering::Relaxed);
        if polled.is_ready() {
            let elapsed = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.moved_ms.store(elapsed, Ordering::Relaxed);
        }
    }

    pub(crate) fn last_moved(&self) -> Instant {
        self.start + Duration::from_millis(self.moved_ms.load(Ordering::Relaxed))
    }

    /// Whom the upload waits for; `None` when it is over.
    pub(crate) fn waiting_for(&self) -> Option<WaitingFor> {
        match self.state.load(Ordering::Relaxed) {
            FINISHED => None,
            WAITS_FOR_CALLER => Some(WaitingFor::Caller),
            _ => Some(WaitingFor::Upstream),
        }
    }
}
