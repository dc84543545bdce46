//! The body of a call between its attempts, and the signer of each.

use std::sync::Arc;

use egress::{Arrival, Body, HopOrigin};
use http::Request;
use http::header::{self, HeaderMap};

use super::call::ProxyCall;
use super::destination::Destination;
use super::each_attempt::EachAttempt;
use super::held::Held;
use super::target::Target;
use super::values::Subject;
use crate::context::Context;
use crate::credentials::account::Account;
use crate::error::Error;

/// The body of a call between its attempts.
pub(super) enum Source {
    /// As the caller sent it.
    Plain(Body),
    /// Taken whole, because it is part of what is signed.
    Held(Arc<Held>),
}

impl Default for Source {
    fn default() -> Self {
        Self::Plain(Body::empty())
    }
}

impl Source {
    /// The body of one attempt, and what the next one would send; `None` when it cannot be sent again.
    pub(super) fn split(self) -> (Body, Option<Self>) {
        match self {
            Self::Plain(body) => {
                let replay = body.replay().map(Self::Plain);
                (body, replay)
            }
            Self::Held(held) => (held.body(), Some(Self::Held(held))),
        }
    }
}

/// Signs the attempts of a call whose connection needs it.
pub(super) struct AttemptSigner<'a> {
    context: &'a Context,
    each: &'a EachAttempt,
    subject: Subject<'a>,
    call: &'a ProxyCall,
}

impl<'a> AttemptSigner<'a> {
    /// `None` where every call is the same, and for a host that gets a token of its own.
    pub(super) fn of(
        context: &'a Context,
        account: &'a Account,
        destination: &Destination,
        call: &'a ProxyCall,
    ) -> Option<Self> {
        let each = account.plan(context).ok()?.each_attempt.as_deref()?;
        destination.minted.is_none().then(|| Self { context, each, subject: Subject::of(account), call })
    }

    /// Signs a request that is otherwise ready; gives what the next attempt would send.
    pub(super) async fn sign(
        &self,
        request: &mut Request<Body>,
        replay: Option<Source>,
    ) -> Result<Option<Source>, Error> {
        let (held, plain) = match replay {
            Some(Source::Held(held)) => (Some(held), None),
            plain => (None, plain),
        };
        let (payload, held) = self.each.payload(request, held, &self.context.held).await?;
        let replay = held.map(Source::Held).or(plain);
        let endpoint = match &self.call.target {
            Target::Path(path) => path.clone(),
            Target::Absolute(_) => {
                request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned()
            }
        };
        self.each.apply(self.context, &self.subject, request, &payload, &endpoint)?;
        Ok(replay)
    }

    /// At a redirect: within the origin the request is signed again, beyond it nothing of ours goes along.
    pub(super) fn at_hop(&self, arrival: Arrival<'_>, headers: &mut HeaderMap) {
        if self.call.authorizes_itself() {
            return;
        }
        match arrival.origin {
            HopOrigin::Same => {
                self.each.resign(self.context, &self.subject, (arrival.method, arrival.to), headers)
            }
            HopOrigin::Other => {
                headers.remove(header::AUTHORIZATION);
            }
        }
    }
}
