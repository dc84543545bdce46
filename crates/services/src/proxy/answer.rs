//! The provider's answer on its way to the caller: streamed, its links rewritten, its end noted in the log.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use egress::{EgressError, ResponseBody};
use http_body::{Body, Frame, SizeHint};

use super::links::LinkRewriter;
use super::record::CallRecord;

/// The body of a forwarded answer; dropped before its end, its record says that the caller went away.
pub struct AnswerBody {
    inner: ResponseBody,
    rewriter: Option<Box<LinkRewriter>>,
    record: Option<Box<CallRecord>>,
    /// The body has ended for us, though the rewriter's last bytes may have gone out after it.
    finished: Finished,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finished {
    No,
    Yes,
}

impl AnswerBody {
    pub(super) fn new(
        inner: ResponseBody,
        rewriter: Option<LinkRewriter>,
        record: Option<Box<CallRecord>>,
    ) -> Self {
        let mut body = Self { inner, rewriter: rewriter.map(Box::new), record, finished: Finished::No };
        if body.inner.is_end_stream() {
            body.end(None);
        }
        body
    }

    fn end(&mut self, failure: Option<&EgressError>) {
        self.finished = Finished::Yes;
        if let Some(record) = self.record.take() {
            record.finish(failure);
        }
    }

    fn chunk(&mut self, data: Bytes) -> Bytes {
        if let Some(record) = &mut self.record {
            record.received(data.len());
        }
        match &mut self.rewriter {
            Some(rewriter) => rewriter.push(&data),
            None => data,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = EgressError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, EgressError>>> {
        let this = self.get_mut();
        if this.finished == Finished::Yes {
            return Poll::Ready(None);
        }
        match std::task::ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
            Some(Ok(frame)) => {
                let frame = match frame.into_data() {
                    Ok(data) => Frame::data(this.chunk(data)),
                    Err(frame) => frame,
                };
                if this.rewriter.is_none() && this.inner.is_end_stream() {
                    this.end(None);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(failure)) => {
                this.end(Some(&failure));
                Poll::Ready(Some(Err(failure)))
            }
            None => {
                let rest =
                    this.rewriter.as_mut().map(|rewriter| rewriter.finish()).filter(|rest| !rest.is_empty());
                this.end(None);
                Poll::Ready(rest.map(|rest| Ok(Frame::data(rest))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.finished == Finished::Yes
    }

    fn size_hint(&self) -> SizeHint {
        if self.rewriter.is_some() { SizeHint::default() } else { self.inner.size_hint() }
    }
}
