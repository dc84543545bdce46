//! The provider's answer on its way to the caller: streamed, its links rewritten, its end noted in the log.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use egress::{EgressError, ResponseBody};
use http_body::{Body, Frame, SizeHint};

use super::gunzip::Gunzip;
use super::links::LinkRewriter;
use super::record::CallRecord;

/// The body of a forwarded answer; dropped before its end, its record says that the caller went away.
pub struct AnswerBody {
    inner: ResponseBody,
    gunzip: Option<Box<Gunzip>>,
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
        gunzip: Option<Gunzip>,
        rewriter: Option<LinkRewriter>,
        record: Option<Box<CallRecord>>,
    ) -> Self {
        let (gunzip, rewriter) = (gunzip.map(Box::new), rewriter.map(Box::new));
        let mut body = Self { inner, gunzip, rewriter, record, finished: Finished::No };
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

    /// A piece as it goes to the caller.
    fn piece(&mut self, data: Bytes) -> Bytes {
        match &mut self.rewriter {
            Some(rewriter) => rewriter.push(&data),
            None => data,
        }
    }

    /// The next piece of what is unpacked already.
    fn unpacked(&mut self) -> Result<Option<Bytes>, EgressError> {
        match &mut self.gunzip {
            Some(gunzip) => gunzip.next(),
            None => Ok(None),
        }
    }

    /// What arrived from the provider: a piece for the caller, or nothing yet.
    fn arrived(&mut self, data: Bytes) -> Option<Bytes> {
        if let Some(record) = &mut self.record {
            record.received(&data);
        }
        match &mut self.gunzip {
            Some(gunzip) => {
                gunzip.push(data);
                None
            }
            None => Some(self.piece(data)),
        }
    }

    fn failed(&mut self, failure: EgressError) -> Poll<Option<Result<Frame<Bytes>, EgressError>>> {
        self.end(Some(&failure));
        Poll::Ready(Some(Err(failure)))
    }

    /// The provider's body has ended.
    fn ended(&mut self) -> Poll<Option<Result<Frame<Bytes>, EgressError>>> {
        if let Some(Err(failure)) = self.gunzip.as_ref().map(|gunzip| gunzip.finish()) {
            return self.failed(failure);
        }
        let rest = self.rewriter.as_mut().map(|rewriter| rewriter.finish()).filter(|rest| !rest.is_empty());
        self.end(None);
        Poll::Ready(rest.map(|rest| Ok(Frame::data(rest))))
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
        loop {
            match this.unpacked() {
                Ok(Some(data)) => return Poll::Ready(Some(Ok(Frame::data(this.piece(data))))),
                Ok(None) => {}
                Err(failure) => return this.failed(failure),
            }
            match std::task::ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let frame = match frame.into_data() {
                        Ok(data) => match this.arrived(data) {
                            Some(piece) => Frame::data(piece),
                            None => continue,
                        },
                        Err(frame) => frame,
                    };
                    if this.gunzip.is_none() && this.rewriter.is_none() && this.inner.is_end_stream() {
                        this.end(None);
                    }
                    return Poll::Ready(Some(Ok(frame)));
                }
                Some(Err(failure)) => return this.failed(failure),
                None => return this.ended(),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.finished == Finished::Yes
    }

    fn size_hint(&self) -> SizeHint {
        let as_it_comes = self.gunzip.is_none() && self.rewriter.is_none();
        if as_it_comes { self.inner.size_hint() } else { SizeHint::default() }
    }
}
