//! Lists as bodies: made portion by portion while they are sent, so that a grid of a hundred thousand
//! containers is never in memory as text.

use actix_web::{
    HttpResponse,
    web::{BufMut, Bytes, BytesMut},
};
use futures_util::stream;
use serde::Serialize;

use super::Answer;
use crate::http::error::ApiError;

/// Bytes of a portion, give or take an item. A list that fits into one is sent whole, with its length.
const PORTION: usize = 64 * 1024;

/// Answers `{"name": [items]}`.
pub(super) fn list<T: Serialize>(
    name: &'static str,
    items: impl Iterator<Item = T> + 'static,
) -> Answer {
    let mut writer = Writer { items: Some(items), is_first: true };
    let mut begin = BytesMut::from(format!("{{\"{name}\":[").as_bytes());
    writer.fill(&mut begin)?;
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    if writer.items.is_none() {
        return Ok(response.body(begin.freeze()));
    }
    let rest = stream::unfold((Some(begin.freeze()), writer), |(begun, mut writer)| async {
        if let Some(begun) = begun {
            return Some((Ok(begun), (None, writer)));
        }
        writer.items.as_ref()?;
        let mut portion = BytesMut::new();
        let filled: Result<Bytes, ApiError> = writer.fill(&mut portion).map(|()| portion.freeze());
        if filled.is_err() {
            // The client sees a body that is not whole.
            writer.items = None;
        }
        Some((filled, (None, writer)))
    });
    Ok(response.streaming(rest))
}

struct Writer<I> {
    /// None: the end was written.
    items: Option<I>,
    is_first: bool,
}

impl<T: Serialize, I: Iterator<Item = T>> Writer<I> {
    /// Writes until a portion is full or the list has ended.
    fn fill(&mut self, portion: &mut BytesMut) -> Result<(), ApiError> {
        while let Some(items) = &mut self.items
            && portion.len() < PORTION
        {
            match items.next() {
                Some(item) => {
                    if !std::mem::take(&mut self.is_first) {
                        portion.put_u8(b',');
                    }
                    serde_json::to_writer(portion.writer(), &item).map_err(|error| {
                        log::error!("an item of a list cannot be shown: {error}");
                        ApiError::Internal
                    })?;
                }
                None => {
                    portion.put_slice(b"]}");
                    self.items = None;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::{BodySize, MessageBody, to_bytes};
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test]
    async fn a_list_is_whole_however_long() {
        for count in [0, 1, 2, 20_000] {
            let items = (0..count).map(|number| json!({ "number": number }));
            let response = list("things", items).expect("a list");
            let body = response.into_body();
            let has_length = matches!(body.size(), BodySize::Sized(_));
            assert_eq!(has_length, count < 3, "{count}");
            let bytes = to_bytes(body).await.expect("a body");
            let read: Value = serde_json::from_slice(&bytes).expect("JSON");
            assert_eq!(read["things"].as_array().map(Vec::len), Some(count));
        }
    }

    #[tokio::test]
    async fn an_item_that_cannot_be_shown_ends_the_body_early() {
        struct Broken(usize);
        impl Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if self.0 == 15_000 {
                    return Err(serde::ser::Error::custom("broken"));
                }
                serializer.serialize_str("a thing of some length")
            }
        }
        let response = list("things", (0..20_000).map(Broken)).expect("begins");
        assert!(to_bytes(response.into_body()).await.is_err());
        assert!(list("things", (15_000..20_000).map(Broken)).is_err(), "500 before it began");
    }
}
