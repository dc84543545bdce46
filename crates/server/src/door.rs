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
use crate::app::SharedApp;
use crate::gate;
use crate::listen::OwnUrl;
use crate::middleware;

/// Any error of a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a listener lets in, and where to.
#[derive(Clone)]
pub struct Door {
    calls: Option<SharedApp>,
    router: Router,
}

impl Door {
    /// Every route of an app.
    pub fn new(app: SharedApp) -> Self {
        Self { router: crate::router::router(app.clone()), calls: Some(app) }
    }

    /// A router without the proxy.
    pub fn without_proxy(router: Router) -> Self {
        Self { calls: None, router }
    }

    /// The same for a listener with an address of its own.
    pub(crate) fn layered(self, own_url: OwnUrl) -> Self {
        Self { router: self.router.layer(axum::Extension(own_url)), ..self }
    }

    pub(crate) async fn enter(
        self,
        own_url: Option<OwnUrl>,
        peer: std::net::SocketAddr,
        mut request: Request<Incoming>,
    ) -> Response<DoorBody> {
        match self.calls.filter(|app| proxy::is_call(app, request.uri().path())) {
            Some(app) => match &app.rate_limits {
                None => proxy::forward(app, own_url, request).await,
                Some(_) => limited(app, own_url, peer, request).await,
            },
            None => {
                request.extensions_mut().insert(ConnectInfo(peer));
                let answer = self.router.oneshot(request.map(PageBody::new)).await;
                answer.unwrap_or_else(|never| match never {}).map(DoorBody::Page)
            }
        }
    }
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
