//! The called system: `/json` answers 1 KB, `/stream/{bytes}` that many, `POST /token` a token, `/tokens` how many.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

/// The size of the usual answer.
pub const JSON_BYTES: usize = 1024;
/// A piece of a long answer.
const PIECE: usize = 64 << 10;
/// How long a token takes to make: long enough that callers pile up behind it.
const TOKEN_TIME: Duration = Duration::from_millis(100);

type Answer = Response<UnsyncBoxBody<Bytes, std::io::Error>>;

/// Serves until the parent ends it.
pub async fn upstream() -> anyhow::Result<()> {
    let json = Bytes::from(format!("{{\"value\":\"{}\"}}", "x".repeat(JSON_BYTES - 12)));
    let tokens = Arc::new(AtomicU64::new(0));
    let listener = super::announce().await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (json, tokens) = (json.clone(), tokens.clone());
        let service = service_fn(move |request| answer(request, json.clone(), tokens.clone()));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    request: Request<Incoming>,
    json: Bytes,
    tokens: Arc<AtomicU64>,
) -> Result<Answer, std::convert::Infallible> {
    let stale = request.headers().get(AUTHORIZATION).is_some_and(|value| value == "Bearer stale");
    let path = request.uri().path();
    let mut answer = match (request.method(), path) {
        _ if stale => status(StatusCode::UNAUTHORIZED),
        (&Method::POST, "/token") => {
            let count = tokens.fetch_add(1, Ordering::Relaxed) + 1;
            tokio::time::sleep(TOKEN_TIME).await;
            whole(format!(
                "{{\"access_token\":\"fresh-{count}\",\"refresh_token\":\"next-{count}\",\"token_type\":\"Bearer\",\
                 \"expires_in\":3600}}"
            ))
        }
        (_, "/tokens") => whole(tokens.load(Ordering::Relaxed).to_string()),
        (_, path) => match path.strip_prefix("/stream/").and_then(|bytes| bytes.parse().ok()) {
            Some(bytes) => Response::new(long(bytes)),
            None => whole(json),
        },
    };
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}

fn whole(body: impl Into<Bytes>) -> Answer {
    Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed_unsync())
}

fn status(status: StatusCode) -> Answer {
    let mut answer = whole("{}");
    *answer.status_mut() = status;
    answer
}

fn long(bytes: usize) -> UnsyncBoxBody<Bytes, std::io::Error> {
    let piece = Bytes::from(vec![b' '; PIECE]);
    let pieces = stream::unfold(bytes, move |left| {
        let piece = piece.slice(..left.min(PIECE));
        let rest = left - piece.len();
        async move { (left > 0).then(|| (Ok(Frame::data(piece)), rest)) }
    });
    StreamBody::new(pieces).boxed_unsync()
}
