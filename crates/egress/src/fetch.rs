//! Small answers read whole: token calls, key sets, webhooks.

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use crate::body::Body;
use crate::client::Egress;
use crate::error::EgressError;
use crate::options::{FetchPolicy, SendPolicy};

impl Egress {
    /// Sends a request and reads its answer whole, within bounds; redirects are not followed.
    ///
    /// # Errors
    /// `AnswerTooLarge` past `max_bytes`, `FirstByteTimeout` when nothing was answered, `TotalTimeout` when the
    /// body did not end in time, `Closed { when: InBody }` when it was cut off.
    pub async fn fetch_bytes(
        &self,
        request: Request<Body>,
        policy: &FetchPolicy,
    ) -> Result<Response<Bytes>, EgressError> {
        let FetchPolicy { class, max_bytes, total } = *policy;
        let send = SendPolicy { class, first_byte: total, idle_body: total, total: Some(total) };
        let unanswered = |error| match error {
            EgressError::TotalTimeout { after } => EgressError::FirstByteTimeout { after },
            other => other,
        };
        let (parts, mut body) = self.send(request, &send).await.map_err(unanswered)?.into_parts();
        let too_large = || EgressError::AnswerTooLarge { status: parts.status.as_u16(), limit: max_bytes };
        if body.size_hint().lower() > max_bytes as u64 {
            return Err(too_large());
        }
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            if first.len() + rest.len() + data.len() > max_bytes {
                return Err(too_large());
            }
            if first.is_empty() {
                first = data;
            } else {
                rest.extend_from_slice(&data);
            }
        }
        if rest.is_empty() {
            return Ok(Response::from_parts(parts, first));
        }
        let mut whole = BytesMut::with_capacity(first.len() + rest.len());
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&rest);
        Ok(Response::from_parts(parts, whole.freeze()))
    }
}
