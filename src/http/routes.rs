//! Every route in one table: verb, path, who may call it, its handler, and for one that changes something
//! what the audit log calls that. What is not here is 404 with a token and 403 without.
//!
//! The table is what is installed, what is described (`description`) and what the tests walk through: a
//! route that is not in it does not exist.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use super::{
    App, agent, description,
    error::ApiError,
    extract::{body::BodyLimits, gate::gate},
    health, oauth, v1,
};
use crate::auth::Action;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody: a token is not even looked at.
    Open,
    /// Anybody: a token is used where it is valid.
    KnownOrNot,
    /// Whoever shows a grid's token in `Kontena-Grid-Token`.
    GridToken,
    /// Whoever has a valid token and may do this.
    Needs(Action),
}

/// How the audit log names what a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audited {
    /// Such as `HostNode`.
    pub resource: &'static str,
    /// Such as `create`.
    pub event: &'static str,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// In capitals.
    pub method: &'static str,
    /// With `{name}` for what varies.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Of a route that changes something.
    pub audited: Option<Audited>,
}

macro_rules! routes {
    (@method get) => { "GET" };
    (@method post) => { "POST" };
    (@method put) => { "PUT" };
    (@method patch) => { "PATCH" };
    (@method delete) => { "DELETE" };
    (@audited) => { None };
    (@audited $resource:literal $event:literal) => {
        Some(Audited { resource: $resource, event: $event })
    };
    ($($verb:ident $path:literal $access:expr => $($handler:ident)::+
        $([$resource:literal $event:literal])?;)*) => {
        /// The table.
        pub const ROUTES: &[Route] = &[$(Route {
            method: routes!(@method $verb),
            path: $path,
            access: $access,
            audited: routes!(@audited $($resource $event)?),
        }),*];

        fn install(config: &mut ServiceConfig) {
            $(config.route($path, web::$verb().to($($handler)::+));)*
        }

        /// What the handlers say of themselves.
        #[derive(utoipa::OpenApi)]
        #[openapi(
            paths($($($handler)::+),*),
            components(schemas(kontena_protocol::api::Failure))
        )]
        pub(super) struct OfHandlers;
    };
}

use Access::{Needs, Open};
use Action::{
    ManageGridUsers, ManageGrids, ManageMaster, ManageNodes, ManageRoles, ManageServices,
    ManageUsers, ProvisionNodes, ReadGrid, UpdateGrid, UseOwn,
};

#[rustfmt::skip]
routes! {
    // Agents, browsers, load balancers, monitoring.
    get "/" Open => agent::root;
    get "/ping" Open => health::ping;
    get "/healthz" Open => health::healthz;
    get "/readyz" Open => health::readyz;
    get "/metrics" Open => health::metrics;
    get "/openapi.json" Open => description::document;
    get "/docs" Open => description::page;

    // Logging in.
    post "/oauth2/token" Open => oauth::token::exchange;
    get "/authenticate" Open => oauth::browser::authenticate;
    get "/cb" Open => oauth::browser::callback;
    get "/code" Open => oauth::browser::page;
    post "/v1/auth" Open => oauth::browser::outdated;

    // Oneself.
    get "/v1/ping" Open => health::ping_v1;
    get "/v1/user" Needs(UseOwn) => v1::users::current;
    post "/oauth2/authorize" Needs(UseOwn) => oauth::authorize::authorize ["AccessToken" "create"];
    get "/oauth2/tokens" Needs(UseOwn) => oauth::tokens::list;
    get "/oauth2/tokens/{token}" Needs(UseOwn) => oauth::tokens::show;
    delete "/oauth2/tokens/{token}" Needs(UseOwn) => oauth::tokens::remove ["AccessToken" "revoke"];

    // Users and their roles.
    get "/v1/users" Needs(ManageUsers) => v1::users::list;
    delete "/v1/users/{email}" Needs(ManageUsers) => v1::users::remove ["User" "delete"];
    post "/v1/users/{email}/roles" Needs(ManageRoles) => v1::users::add_role ["User" "add role"];
    delete "/v1/users/{email}/roles/{role}" Needs(ManageRoles) => v1::users::remove_role ["User" "remove role"];

    // The master.
    get "/v1/config" Needs(ManageMaster) => v1::config::list;
    patch "/v1/config" Needs(ManageMaster) => v1::config::update ["config" "modify"];
    put "/v1/config" Needs(ManageMaster) => v1::config::replace ["config" "modify"];
    delete "/v1/config" Needs(ManageMaster) => v1::config::clear ["config" "remove"];
    get "/v1/config/{key}" Needs(ManageMaster) => v1::config::show;
    delete "/v1/config/{key}" Needs(ManageMaster) => v1::config::remove ["config" "remove"];
    get "/v1/audit_logs" Needs(ManageMaster) => v1::audit::of_master;

    // Grids.
    get "/v1/grids" Needs(UseOwn) => v1::grids::list;
    post "/v1/grids" Needs(ManageGrids) => v1::grids::create ["Grid" "create"];
    get "/v1/grids/{grid}" Needs(ReadGrid) => v1::grids::show;
    put "/v1/grids/{grid}" Needs(UpdateGrid) => v1::grids::update ["Grid" "update"];
    delete "/v1/grids/{grid}" Needs(ManageGrids) => v1::grids::remove ["Grid" "delete"];
    get "/v1/grids/{grid}/users" Needs(ReadGrid) => v1::users::of_grid;
    post "/v1/grids/{grid}/users" Needs(ManageGridUsers) => v1::users::assign ["User" "assign user"];
    delete "/v1/grids/{grid}/users/{email}" Needs(ManageGridUsers) => v1::users::unassign ["User" "unassign user"];
    get "/v1/grids/{grid}/audit_log" Needs(ReadGrid) => v1::audit::of_grid;
    get "/v1/grids/{grid}/stats" Needs(ReadGrid) => v1::stats::of_grid;
    get "/v1/grids/{grid}/event_logs" Needs(ReadGrid) => v1::events::of_grid;
    get "/v1/grids/{grid}/container_logs" Needs(ReadGrid) => v1::logs::of_grid;

    // Nodes.
    get "/v1/grids/{grid}/nodes" Needs(ReadGrid) => v1::nodes::list;
    post "/v1/grids/{grid}/nodes" Needs(ProvisionNodes) => v1::nodes::create ["HostNode" "create"];
    get "/v1/nodes/{grid}/{node}" Needs(ReadGrid) => v1::nodes::show;
    put "/v1/nodes/{grid}/{node}" Needs(ManageNodes) => v1::nodes::update ["HostNode" "update"];
    delete "/v1/nodes/{grid}/{node}" Needs(ManageNodes) => v1::nodes::remove ["HostNode" "remove node"];
    get "/v1/nodes/{grid}/{node}/token" Needs(ProvisionNodes) => v1::nodes::token::show;
    put "/v1/nodes/{grid}/{node}/token" Needs(ProvisionNodes) => v1::nodes::token::reset ["HostNode" "reset token"];
    delete "/v1/nodes/{grid}/{node}/token" Needs(ProvisionNodes) => v1::nodes::token::clear ["HostNode" "clear token"];
    put "/v1/nodes/{grid}/{again}/{node}" Needs(ManageNodes) => v1::nodes::legacy::update_twice ["HostNode" "update"];
    delete "/v1/nodes/{grid}/{again}/{node}" Needs(ManageNodes) => v1::nodes::legacy::remove_twice ["HostNode" "remove node"];
    get "/v1/nodes/{node}" Access::GridToken => v1::nodes::legacy::show_by_engine;
    put "/v1/nodes/{node}" Access::GridToken => v1::nodes::legacy::update_by_engine ["HostNode" "update"];
    get "/v1/nodes/{grid}/{node}/health" Needs(ReadGrid) => v1::nodes::health::show;
    get "/v1/nodes/{grid}/{node}/stats" Needs(ReadGrid) => v1::stats::of_node;
    get "/v1/nodes/{grid}/{node}/metrics" Needs(ReadGrid) => v1::nodes::metrics::show;

    // Services.
    get "/v1/grids/{grid}/services" Needs(ReadGrid) => v1::services::list;
    post "/v1/grids/{grid}/services" Needs(ManageServices) => v1::services::create ["GridService" "create"];
    get "/v1/services/{grid}/{stack}/{service}" Needs(ReadGrid) => v1::services::show;
    put "/v1/services/{grid}/{stack}/{service}" Needs(ManageServices) => v1::services::update ["GridService" "update"];
    delete "/v1/services/{grid}/{stack}/{service}" Needs(ManageServices) => v1::services::remove ["GridService" "delete"];
    post "/v1/services/{grid}/{stack}/{service}/deploy" Needs(ManageServices) => v1::services::deploy ["GridService" "deploy"];
    post "/v1/services/{grid}/{stack}/{service}/scale" Needs(ManageServices) => v1::services::scale ["GridService" "scale"];
    post "/v1/services/{grid}/{stack}/{service}/start" Needs(ManageServices) => v1::services::start ["GridService" "start"];
    post "/v1/services/{grid}/{stack}/{service}/stop" Needs(ManageServices) => v1::services::stop ["GridService" "stop"];
    post "/v1/services/{grid}/{stack}/{service}/restart" Needs(ManageServices) => v1::services::restart ["GridService" "restart"];
    get "/v1/services/{grid}/{stack}/{service}/deploys/{deploy}" Needs(ReadGrid) => v1::services::show_deploy;
    get "/v1/services/{grid}/{stack}/{service}/instances" Needs(ReadGrid) => v1::services::instances;
    get "/v1/services/{grid}/{stack}/{service}/instances/{instance}" Needs(ReadGrid) => v1::instances::show;
    delete "/v1/services/{grid}/{stack}/{service}/instances/{instance}" Needs(ManageServices) => v1::instances::remove ["GridService" "remove instance"];
    post "/v1/services/{grid}/{stack}/{service}/envs" Needs(ManageServices) => v1::instances::add_env ["GridService" "add_env"];
    delete "/v1/services/{grid}/{stack}/{service}/envs/{key}" Needs(ManageServices) => v1::instances::remove_env ["GridService" "remove_env"];
    get "/v1/services/{grid}/{stack}/{service}/containers" Needs(ReadGrid) => v1::services::containers;
    get "/v1/services/{grid}/{stack}/{service}/stats" Needs(ReadGrid) => v1::stats::of_service;
    get "/v1/services/{grid}/{stack}/{service}/event_logs" Needs(ReadGrid) => v1::events::of_service;
    get "/v1/services/{grid}/{stack}/{service}/container_logs" Needs(ReadGrid) => v1::logs::of_service;
    get "/v1/services/{grid}/{stack}/{service}/explain" Needs(ReadGrid) => v1::explain::show;
    post "/v1/services/{grid}/{stack}/{service}/plan" Needs(ReadGrid) => v1::explain::plan;

    // Stacks.
    get "/v1/stacks/{grid}/{stack}/event_logs" Needs(ReadGrid) => v1::events::of_stack;
    get "/v1/stacks/{grid}/{stack}/container_logs" Needs(ReadGrid) => v1::logs::of_stack;

    // Containers.
    get "/v1/containers/{grid}" Needs(ReadGrid) => v1::containers::list;
    get "/v1/containers/{grid}/{node}/{container}" Needs(ReadGrid) => v1::containers::show;
    get "/v1/containers/{grid}/{node}/{container}/logs" Needs(ReadGrid) => v1::logs::of_container;
    get "/v1/containers/{grid}/{node}/{container}/inspect" Needs(ManageServices) => v1::containers::inspect ["Container" "inspect"];
    get "/v1/containers/{grid}/{node}/{container}/top" Needs(ManageServices) => v1::exec::top;
    get "/v1/containers/{grid}/{node}/{container}/exec" Needs(ManageServices) => v1::exec::session ["Container" "exec"];
    post "/v1/containers/{grid}/{node}/{container}/exec" Needs(ManageServices) => v1::exec::run ["Container" "exec"];

    // The vault.
    get "/v1/grids/{grid}/secrets" Needs(ReadGrid) => v1::secrets::list;
    post "/v1/grids/{grid}/secrets" Needs(ManageServices) => v1::secrets::create ["GridSecret" "create"];
    put "/v1/grids/{grid}/secrets/{secret}" Needs(ManageServices) => v1::secrets::update_by_old_path ["GridSecret" "update"];
    get "/v1/secrets/{grid}/{secret}" Needs(ManageServices) => v1::secrets::show ["GridSecret" "show"];
    put "/v1/secrets/{grid}/{secret}" Needs(ManageServices) => v1::secrets::update ["GridSecret" "update"];
    delete "/v1/secrets/{grid}/{secret}" Needs(ManageServices) => v1::secrets::remove ["GridSecret" "delete"];
    get "/v1/grids/{grid}/external_registries" Needs(ReadGrid) => v1::registries::list;
    post "/v1/grids/{grid}/external_registries" Needs(ManageServices) => v1::registries::create ["Registry" "create"];
    get "/v1/external_registries/{grid}/{registry}" Needs(ReadGrid) => v1::registries::show;
    delete "/v1/external_registries/{grid}/{registry}" Needs(ManageServices) => v1::registries::remove ["Registry" "delete"];

    // Volumes.
    get "/v1/volumes/{grid}" Needs(ReadGrid) => v1::volumes::list;
    post "/v1/volumes/{grid}" Needs(ManageServices) => v1::volumes::create ["Volume" "create"];
    get "/v1/volumes/{grid}/{volume}" Needs(ReadGrid) => v1::volumes::show;
    delete "/v1/volumes/{grid}/{volume}" Needs(ManageServices) => v1::volumes::remove ["Volume" "delete"];
}

/// Installs every route and the gate in front of them.
pub fn configure(app: App) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(web::Data::new(app))
            .app_data(BodyLimits::DEFAULT)
            .app_data(queries())
            .service(
                web::scope("")
                    .wrap(from_fn(gate))
                    .configure(install)
                    .default_service(web::to(nowhere)),
            );
    }
}

/// A query that cannot be read is refused as a body is.
fn queries() -> web::QueryConfig {
    web::QueryConfig::default()
        .error_handler(|error, _| ApiError::BadQuery(error.to_string()).into())
}

/// Whether a path needs no token, whatever the verb.
pub(super) fn is_open(path: &str) -> bool {
    ROUTES.iter().any(|route| route.access == Open && route.path == path)
}

/// Whether a path takes a caller who is known, and one who is not.
pub(super) fn may_be_anonymous(path: &str) -> bool {
    ROUTES.iter().any(|route| route.access == Access::KnownOrNot && route.path == path)
}

/// The row of a path as it is written in the table.
pub(super) fn find(method: &str, pattern: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.method == method && route.path == pattern)
}

/// An unknown path, or a known one with another verb: 404 with an empty body, as clients know it.
async fn nowhere() -> HttpResponse {
    HttpResponse::build(StatusCode::NOT_FOUND).content_type("application/json").body("")
}
