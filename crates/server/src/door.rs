//! The door: a proxied call goes straight to its handler, everything else through the router.
//!
//! The router's boxes, clones and layers were a tenth of the processor time of a proxied call, and all that they do
//! for one is a request id and a preflight, which `api::proxy` does by the same functions.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body as PageBody;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use services::proxy::answer::AnswerBody;
use tower::ServiceExt as _;

use crate::api::proxy;
use crate::app::{App, SharedApp};
use crate::gate;
use crate::listen::OwnUrl;
use crate::middleware;

/// Any error of a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a listener lets in, and where to.
#[derive(Clone)]
pub struct Door {
    app: SharedApp,
    router: Router,
    calls: Calls,
}

/// Whether proxied calls pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calls {
    Pass,
    Stay,
}

impl Door {
    /// Every route of an app.
    pub fn new(app: SharedApp) -> Self {
        Self { router: crate::router::router(app.clone()), app, calls: Calls::Pass }
    }

    /// A router without the proxy.
    pub fn without_proxy(app: SharedApp, router: Router) -> Self {
        Self { app, router, calls: Calls::Stay }
    }

    pub(crate) async fn enter(
        self,
        own_url: Option<OwnUrl>,
        peer: std::net::SocketAddr,
        request: Request<Incoming>,
    ) -> Response<DoorBody> {
        let app = self.app;
        if self.calls == Calls::Stay || !proxy::is_call(&app, request.uri().path()) {
            return routed(&app, self.router, own_url, peer, request).await.map(DoorBody::Page);
        }
        match &app.rate_limits {
            None => proxy::forward(app, own_url, request).await,
            Some(_) => limited(app, own_url, peer, request).await,
        }
    }
}

/// What the router answers, with a request id: as a layer it would cost a box and a clone a call.
async fn routed(
    app: &App,
    router: Router,
    own_url: Option<OwnUrl>,
    peer: std::net::SocketAddr,
    mut request: Request<Incoming>,
) -> Response<PageBody> {
    let given = middleware::given_id(request.headers());
    let extensions = request.extensions_mut();
    extensions.insert(ConnectInfo(peer));
    if let Some(own_url) = own_url {
        extensions.insert(own_url);
    }
    let answer = router.oneshot(request.map(PageBody::new)).await;
    let mut answer = answer.unwrap_or_else(|never| match never {});
    middleware::put_id(answer.headers_mut(), given, &*app.services.context.entropy);
    answer
}

/// A proxied call that counts; what the provider says about its own limits stays as it is.
async fn limited(
    app: SharedApp,
    own_url: Option<OwnUrl>,
    peer: std::net::SocketAddr,
    request: Request<Incoming>,
) -> Response<DoorBody> {
    let (method, path) = (request.method(), request.uri().path());
    let preflight = middleware::is_preflight(method, request.headers());
    let standing = match app.rate_limits.as_ref().filter(|_| !preflight) {
        None => None,
        Some(limits) => match gate::pass(&app, limits, method, path, request.headers(), peer).await {
            Ok(standing) => Some(standing),
            Err(mut refused) => {
                let given = middleware::given_id(request.headers());
                middleware::put_id(refused.headers_mut(), given, &*app.services.context.entropy);
                middleware::mark(refused.headers_mut());
                return refused.map(DoorBody::Page);
            }
        },
    };
    let mut answer = proxy::forward(app, own_url, request).await;
    if let Some(standing) = standing {
        standing.mark(answer.headers_mut());
    }
    answer
}

/// The body of what goes out by the door.
pub enum DoorBody {
    /// Ours.
    Page(PageBody),
    /// A provider's.
    Answer(AnswerBody),
}

impl Body for DoorBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Page(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Answer(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Page(body) => body.is_end_stream(),
            Self::Answer(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Page(body) => body.size_hint(),
            Self::Answer(body) => body.size_hint(),
        }
    }
}
