//! Services, their deploys and instances.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path, Query};
use kontena_core::{
    domain::{Deploy, Grid, Instance, Service, container::CONTAINER},
    validate::service as validate,
};
use kontena_protocol::{agent::method, api};
use kontena_store::{
    containers::{self as container_table, Health},
    deploys, instances as instance_table, nodes, services as table,
};
use rmpv::Value;
use serde::Deserialize;

use super::{Answer, created, done, list as list_of, ok, view};
use crate::{
    actors::grid::Notify,
    auth::{Action, Caller},
    commands::services,
    http::{
        App,
        error::ApiError,
        extract::{self, body::Body},
    },
};

pub(super) type OfStack = Path<(String, String, String)>;

/// Filters of the list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Filter {
    /// Only services of this stack.
    stack: Option<String>,
}

/// Lists the services of a grid, newest first.
#[utoipa::path(
    get,
    path = "/v1/grids/{grid}/services",
    tag = "services",
    params(Filter),
    responses((status = 200, body = api::Services)),
)]
pub(in crate::http) async fn list(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    filter: Query<Filter>,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    let stack = filter.into_inner().stack.filter(|stack| !stack.is_empty());
    let id = grid.id;
    let found = app
        .means
        .store
        .read(move |conn| {
            if let Some(stack) = &stack
                && kontena_store::grids::stack(conn, id, stack)?.is_none()
            {
                return Ok(None);
            }
            let mut services = table::of_grid(conn, id)?;
            services
                .retain(|service| stack.as_ref().is_none_or(|stack| service.stack_name == *stack));
            let instances = instance_table::of_grid(conn, id)?;
            Ok(Some((services, instances, container_table::health(conn, id, None)?)))
        })
        .await?;
    let (services, instances, health) = found.ok_or(ApiError::NotFound("Stack not found"))?;
    let mut of_service: BTreeMap<_, Vec<Instance>> = BTreeMap::new();
    for instance in instances {
        of_service.entry(instance.service).or_default().push(instance);
    }
    list_of(
        "services",
        services.into_iter().map(move |service| {
            let instances = of_service.get(&service.id).map(Vec::as_slice).unwrap_or_default();
            let health = health.get(&service.id).copied().unwrap_or_default();
            view::service(&grid, &service, instances, health)
        }),
    )
}

/// Creates a service; nothing is deployed yet.
#[utoipa::path(
    post,
    path = "/v1/grids/{grid}/services",
    tag = "services",
    request_body = api::ServiceCreate,
    responses((status = 201, body = api::Service)),
)]
pub(in crate::http) async fn create(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    body: Body,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ManageServices).await?;
    let draft = validate::create(&body.object()?)?;
    let service = services::create(&app.means, &caller, &grid, draft).await?;
    created(&view::service(&grid, &service, &[], Health::default()))
}

/// Shows a service.
#[utoipa::path(
    get,
    path = "/v1/services/{grid}/{stack}/{service}",
    tag = "services",
    responses((status = 200, body = api::Service)),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, path: OfStack) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ReadGrid).await?;
    render(&app, &grid, &service).await
}

/// Changes the fields of a service that are sent.
#[utoipa::path(
    put,
    path = "/v1/services/{grid}/{stack}/{service}",
    tag = "services",
    request_body = api::ServiceUpdate,
    responses((status = 200, body = api::Service)),
)]
pub(in crate::http) async fn update(
    app: Data<App>,
    caller: Caller,
    path: OfStack,
    body: Body,
) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ManageServices).await?;
    let edit = validate::update(&body.object()?)?;
    let service = services::update(&app.means, &caller, &grid, service.id, edit).await?;
    render(&app, &grid, &service).await
}

/// Removes a service that no other one links to.
#[utoipa::path(
    delete,
    path = "/v1/services/{grid}/{stack}/{service}",
    tag = "services",
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn remove(app: Data<App>, caller: Caller, path: OfStack) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ManageServices).await?;
    services::remove(&app.means, &caller, &grid, service.id).await?;
    done()
}

/// Deploys a service.
#[utoipa::path(
    post,
    path = "/v1/services/{grid}/{stack}/{service}/deploy",
    tag = "services",
    request_body = api::DeployRequest,
    responses((status = 200, body = api::ServiceDeploy)),
)]
pub(in crate::http) async fn deploy(
    app: Data<App>,
    caller: Caller,
    path: OfStack,
    body: Body,
) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ManageServices).await?;
    let force = validate::deploy(&body.object()?)?;
    let deployed = services::deploy(&app.means, &caller, &grid, service.id, force).await?;
    ok(&view::deploy(&grid, &deployed.0, &deployed.1))
}

/// Changes the number of instances and deploys.
#[utoipa::path(
    post,
    path = "/v1/services/{grid}/{stack}/{service}/scale",
    tag = "services",
    request_body = api::ScaleRequest,
    responses((status = 200, body = api::ServiceDeploy)),
)]
pub(in crate::http) async fn scale(
    app: Data<App>,
    caller: Caller,
    path: OfStack,
    body: Body,
) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ManageServices).await?;
    let instances = validate::scale(&body.object()?)?;
    let deployed = services::scale(&app.means, &caller, &grid, service.id, instances).await?;
    ok(&view::deploy(&grid, &deployed.0, &deployed.1))
}

/// Starts the instances of a service.
#[utoipa::path(
    post,
    path = "/v1/services/{grid}/{stack}/{service}/start",
    tag = "services",
    request_body = api::Done,
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn start(
    app: Data<App>,
    caller: Caller,
    path: OfStack,
    body: Body,
) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ManageServices).await?;
    body.object()?;
    services::set_state(&app.means, &caller, &grid, service.id, true).await?;
    done()
}

/// Stops the instances of a service.
#[utoipa::path(
    post,
    path = "/v1/services/{grid}/{stack}/{service}/stop",
    tag = "services",
    request_body = api::Done,
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn stop(
    app: Data<App>,
    caller: Caller,
    path: OfStack,
    body: Body,
) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ManageServices).await?;
    body.object()?;
    services::set_state(&app.means, &caller, &grid, service.id, false).await?;
    done()
}

/// Restarts the containers of a service where they are.
#[utoipa::path(
    post,
    path = "/v1/services/{grid}/{stack}/{service}/restart",
    tag = "services",
    request_body = api::Done,
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn restart(
    app: Data<App>,
    caller: Caller,
    path: OfStack,
    body: Body,
) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ManageServices).await?;
    body.object()?;
    let instances = services::restart(&app.means, &caller, &grid, service.id).await?;
    let actor = app.registry.grid(grid.id);
    for instance in instances {
        let Some(node) = instance.node else { continue };
        let params = vec![Value::from(service.id.to_string()), Value::from(instance.number)];
        actor.do_send(Notify { node, method: method::RESTART_POD, params });
    }
    done()
}

/// Shows a deploy of a service.
#[utoipa::path(
    get,
    path = "/v1/services/{grid}/{stack}/{service}/deploys/{deploy}",
    tag = "services",
    responses((status = 200, body = api::ServiceDeploy)),
)]
pub(in crate::http) async fn show_deploy(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String, String, String)>,
) -> Answer {
    let (grid, stack, name, deploy) = path.into_inner();
    let path = OfStack::from((grid, stack, name));
    let (grid, service) = find(&app, &caller, &path, Action::ReadGrid).await?;
    let id = deploy.parse().map_err(|_| ApiError::NOT_FOUND)?;
    let deploy: Option<Deploy> = app.means.store.read(move |conn| deploys::by_id(conn, id)).await?;
    let deploy = deploy.filter(|deploy| deploy.service == service.id);
    ok(&view::deploy(&grid, &service, &deploy.ok_or(ApiError::NOT_FOUND)?))
}

/// Lists the instances of a service by number.
#[utoipa::path(
    get,
    path = "/v1/services/{grid}/{stack}/{service}/instances",
    tag = "services",
    responses((status = 200, body = api::Instances)),
)]
pub(in crate::http) async fn instances(app: Data<App>, caller: Caller, path: OfStack) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ReadGrid).await?;
    let (service, of_grid) = (service.id, grid.id);
    let (instances, nodes) = app
        .means
        .store
        .read(move |conn| {
            let instances = instance_table::of_service(conn, service)?;
            Ok((instances, nodes::of_grid(conn, of_grid)?))
        })
        .await?;
    let instances =
        instances.iter().map(|instance| view::instance(&grid, instance, &nodes)).collect();
    ok(&api::Instances { instances })
}

/// Lists the containers of a service that exist, oldest first.
#[utoipa::path(
    get,
    path = "/v1/services/{grid}/{stack}/{service}/containers",
    tag = "services",
    responses((status = 200, body = api::Containers)),
)]
pub(in crate::http) async fn containers(app: Data<App>, caller: Caller, path: OfStack) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ReadGrid).await?;
    let (of_grid, id) = (grid.id, service.id);
    let read = app.means.store.read(move |conn| container_table::of_service(conn, of_grid, id));
    let mut found = read.await?;
    found.retain(|container| container.deleted_at.is_none() && container.kind == CONTAINER);
    super::containers::render(&app, grid, found).await
}

pub(super) async fn find(
    app: &App,
    caller: &Caller,
    path: &OfStack,
    action: Action,
) -> Result<(Grid, Service), ApiError> {
    let (grid, stack, name) = &**path;
    let grid = extract::grid(app, caller, grid, action).await?;
    let service = extract::service(app, &grid, stack, name).await?;
    Ok((grid, service))
}

async fn render(app: &App, grid: &Grid, service: &Service) -> Answer {
    let (of_grid, id) = (grid.id, service.id);
    let read = app.means.store.read(move |conn| {
        let instances = instance_table::of_service(conn, id)?;
        Ok((instances, container_table::health(conn, of_grid, Some(id))?))
    });
    let (instances, health) = read.await?;
    let health = health.get(&service.id).copied().unwrap_or_default();
    ok(&view::service(grid, service, &instances, health))
}
