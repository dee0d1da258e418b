//! The extractor that hands the caller on whom the gate has found.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};

use super::gate::in_words_of;
use crate::{auth::Caller, http::error::ApiError};

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        let nobody = || in_words_of(request.path(), ApiError::BadToken { expired: false });
        ready(caller.ok_or_else(nobody))
    }
}
