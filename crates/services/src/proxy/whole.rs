//! A forwarded call whose answer is wanted whole, for pages that show it.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use tokio::time::Instant;

use super::call::ProxyCall;
use super::service::Proxy;
use crate::error::Error;

/// An answer in memory.
#[derive(Debug)]
pub struct WholeAnswer {
    /// The provider's status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, or the beginning of it.
    pub body: Bytes,
    /// Whether the body was longer, or broke off.
    pub truncated: bool,
    /// From the call to the body's end, milliseconds.
    pub duration_ms: f64,
}

impl Proxy {
    /// Forwards a call and reads up to `most` bytes of its answer.
    ///
    /// # Errors
    /// As [`Proxy::call`].
    pub async fn call_whole(
        &self,
        call: ProxyCall,
        body: egress::Body,
        most: usize,
    ) -> Result<WholeAnswer, Error> {
        let begun = Instant::now();
        let (parts, mut answer) = self.call(call, body).await?.into_parts();
        let (mut read, mut truncated) = (BytesMut::new(), false);
        while let Some(frame) = answer.frame().await {
            let Ok(frame) = frame else {
                truncated = true;
                break;
            };
            let Ok(data) = frame.into_data() else { continue };
            let room = most - read.len();
            read.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                truncated = true;
                break;
            }
        }
        Ok(WholeAnswer {
            status: parts.status,
            headers: parts.headers,
            body: read.freeze(),
            truncated,
            duration_ms: begun.elapsed().as_secs_f64() * 1000.0,
        })
    }
}
