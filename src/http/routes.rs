//! Every route, grouped by who calls it. What is not here is 404 with a token and 403 without.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use super::{App, agent, extract::caller::gate, health, oauth, v1};

/// Largest body of a call.
const MOST_BODY_BYTES: usize = 2 * 1024 * 1024;

/// Installs every route and the gate in front of them.
pub fn configure(app: App) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(web::Data::new(app))
            .app_data(web::PayloadConfig::new(MOST_BODY_BYTES))
            .service(web::scope("").wrap(from_fn(gate)).configure(everything));
    }
}

fn everything(config: &mut ServiceConfig) {
    // Agents, browsers, load balancers, monitoring.
    config
        .route("/", web::get().to(agent::root))
        .route("/ping", web::get().to(health::ping))
        .route("/healthz", web::get().to(health::healthz))
        .route("/readyz", web::get().to(health::readyz))
        .route("/metrics", web::get().to(health::metrics));
    // Logging in.
    config.route("/oauth2/token", web::post().to(oauth::token));
    // Administrators.
    config
        .route("/v1/ping", web::get().to(health::ping_v1))
        .route("/v1/user", web::get().to(v1::users::current))
        .route("/v1/grids", web::get().to(v1::grids::list))
        .route("/v1/grids", web::post().to(v1::grids::create))
        .route("/v1/grids/{grid}", web::get().to(v1::grids::show))
        .route("/v1/grids/{grid}", web::put().to(v1::grids::update))
        .route("/v1/grids/{grid}", web::delete().to(v1::grids::remove))
        .route("/v1/grids/{grid}/nodes", web::get().to(v1::nodes::list))
        .route("/v1/grids/{grid}/nodes", web::post().to(v1::nodes::create))
        .route("/v1/grids/{grid}/services", web::get().to(v1::services::list))
        .route("/v1/grids/{grid}/services", web::post().to(v1::services::create))
        .route("/v1/grids/{grid}/event_logs", web::get().to(v1::events::of_grid))
        .route("/v1/nodes/{grid}/{node}", web::get().to(v1::nodes::show))
        .route("/v1/nodes/{grid}/{node}", web::put().to(v1::nodes::update))
        .route("/v1/nodes/{grid}/{node}", web::delete().to(v1::nodes::remove))
        .route("/v1/nodes/{grid}/{node}/token", web::get().to(v1::nodes::token::show))
        .route("/v1/nodes/{grid}/{node}/token", web::put().to(v1::nodes::token::reset))
        .route("/v1/nodes/{grid}/{node}/token", web::delete().to(v1::nodes::token::clear))
        .route("/v1/nodes/{grid}/{node}/health", web::get().to(v1::nodes::health::show))
        .route("/v1/nodes/{grid}/{node}/metrics", web::get().to(v1::nodes::metrics::show))
        .route("/v1/containers/{grid}", web::get().to(v1::containers::list))
        .route("/v1/containers/{grid}/{node}/{container}", web::get().to(v1::containers::show))
        .route(
            "/v1/containers/{grid}/{node}/{container}/inspect",
            web::get().to(v1::containers::inspect),
        )
        .route("/v1/volumes/{grid}", web::get().to(v1::volumes::list))
        .route("/v1/volumes/{grid}", web::post().to(v1::volumes::create))
        .route("/v1/volumes/{grid}/{volume}", web::get().to(v1::volumes::show))
        .route("/v1/volumes/{grid}/{volume}", web::delete().to(v1::volumes::remove))
        .service(
            web::scope("/v1/services/{grid}/{stack}/{service}")
                .route("", web::get().to(v1::services::show))
                .route("", web::put().to(v1::services::update))
                .route("", web::delete().to(v1::services::remove))
                .route("/deploy", web::post().to(v1::services::deploy))
                .route("/scale", web::post().to(v1::services::scale))
                .route("/start", web::post().to(v1::services::start))
                .route("/stop", web::post().to(v1::services::stop))
                .route("/restart", web::post().to(v1::services::restart))
                .route("/deploys/{deploy}", web::get().to(v1::services::show_deploy))
                .route("/instances", web::get().to(v1::services::instances))
                .route("/containers", web::get().to(v1::services::containers))
                .route("/event_logs", web::get().to(v1::events::of_service))
                .route("/explain", web::get().to(v1::explain::show))
                .route("/plan", web::post().to(v1::explain::plan)),
        );
    config.default_service(web::to(nowhere));
}

/// An unknown path, or a known one with another verb: 404 with an empty body, as clients know it.
async fn nowhere() -> HttpResponse {
    HttpResponse::build(StatusCode::NOT_FOUND).content_type("application/json").body("")
}
