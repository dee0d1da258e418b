//! The agents' upgrade on `/`, which is also the info page.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Data},
};
use kontena_protocol::{COMPAT_VERSION, api::Root};

use super::{App, error::ApiError};
use crate::actors::session::socket;

/// Names the product and its version; with a websocket upgrade, the channel of the agents.
#[utoipa::path(get, path = "/", tag = "master", responses((status = 200, body = Root)))]
pub(super) async fn root(
    request: HttpRequest,
    payload: web::Payload,
    app: Data<App>,
) -> Result<HttpResponse, actix_web::Error> {
    let is_upgrade = request
        .headers()
        .get(header::UPGRADE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("websocket"));
    if !is_upgrade {
        return Ok(HttpResponse::Ok().json(info()));
    }
    if !app.is_ready() {
        return Err(ApiError::Unavailable.into());
    }
    let slot = app.registry.admit_session().ok_or(ApiError::Unavailable)?;
    socket::upgrade(&request, payload, app.registry.clone(), slot)
}

fn info() -> Root {
    Root {
        name: "Kontena Master".to_owned(),
        tagline: "The Container Platform".to_owned(),
        version: COMPAT_VERSION.to_owned(),
        product_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
    }
}
