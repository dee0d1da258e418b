//! The body of a request: bounded in size and time, and read as Kontena's clients mean it.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::BytesMut};
use futures_util::StreamExt;
use serde_json::{Map, Value};

use crate::http::error::ApiError;

/// How large and how slow a body may be.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct BodyLimits {
    /// Bytes that are kept; more is 413.
    pub(in crate::http) bytes: usize,
    /// Bytes of a body that is too large that are read and dropped, so that its sender gets to read why.
    pub(in crate::http) dropped: usize,
    /// How long all of it may take; longer is 408.
    pub(in crate::http) time: Duration,
}

impl BodyLimits {
    /// What a master allows.
    pub(in crate::http) const DEFAULT: Self =
        Self { bytes: 2 * 1024 * 1024, dropped: 64 * 1024 * 1024, time: Duration::from_secs(30) };
}

/// A body, whole and not yet looked at.
#[derive(Debug)]
pub(in crate::http) struct Body(BytesMut);

impl Body {
    /// What was sent.
    pub(in crate::http) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads a JSON object whatever the content type; nothing is an empty one, anything else is refused.
    pub(in crate::http) fn object(&self) -> Result<Value, ApiError> {
        if self.0.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        match serde_json::from_slice(&self.0) {
            Ok(value @ Value::Object(_)) => Ok(value),
            Ok(_) => Err(ApiError::BadBody("The body must be a JSON object")),
            Err(_) => Err(ApiError::BadBody("Invalid json")),
        }
    }
}

impl FromRequest for Body {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limits = request.app_data::<BodyLimits>().copied().unwrap_or(BodyLimits::DEFAULT);
        let payload = payload.take();
        Box::pin(async move {
            let read = tokio::time::timeout(limits.time, read(payload, limits));
            read.await.unwrap_or(Err(ApiError::TooSlow))
        })
    }
}

async fn read(mut payload: Payload, limits: BodyLimits) -> Result<Body, ApiError> {
    let mut body = BytesMut::new();
    let mut seen = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| ApiError::BadBody("The body is not whole"))?;
        seen += chunk.len();
        if seen <= limits.bytes {
            body.extend_from_slice(&chunk);
        } else if seen > limits.dropped {
            break;
        }
    }
    if seen > limits.bytes { Err(ApiError::TooLarge) } else { Ok(Body(body)) }
}

#[cfg(test)]
mod tests {
    use actix_web::{ResponseError, error::PayloadError, test::TestRequest, web::Bytes};
    use futures_util::stream;

    use super::*;

    const LIMITS: BodyLimits =
        BodyLimits { bytes: 10, dropped: 100, time: Duration::from_millis(50) };

    async fn status(chunks: Vec<&'static str>, ends: bool) -> u16 {
        let (request, _) = TestRequest::default().app_data(LIMITS).to_http_parts();
        let chunks = stream::iter(chunks).map(|text| Ok::<_, PayloadError>(Bytes::from(text)));
        let rest = stream::pending().take(usize::from(!ends));
        let chunks: actix_web::dev::Payload =
            Payload::Stream { payload: Box::pin(chunks.chain(rest)) };
        let mut payload = chunks;
        match Body::from_request(&request, &mut payload).await {
            Ok(body) => body.object().map_or_else(|error| error.status_code().as_u16(), |_| 200),
            Err(error) => error.status_code().as_u16(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_an_object_of_bounded_size_that_comes_in_time() {
        assert_eq!(status(vec![], true).await, 200);
        assert_eq!(status(vec!["{\"a\"", ":1}"], true).await, 200);
        assert_eq!(status(vec!["[1]"], true).await, 400);
        assert_eq!(status(vec!["{"], true).await, 400);
        assert_eq!(status(vec!["0123456789a"], true).await, 413);
        assert_eq!(status(vec!["{}"], false).await, 408);
        assert_eq!(status(vec!["0123456789a"; 20], false).await, 413, "not read for ever");
    }
}
