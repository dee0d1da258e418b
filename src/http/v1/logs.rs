//! What containers wrote: of a grid, a service, a stack, a container.

use actix_web::web::{Data, Path, Query};
use kontena_core::domain::{ContainerId, Grid, NodeId, Service, ServiceId};
use kontena_protocol::api::{LogLine, LogLines, Named, NodeOfLine, timestamp};
use kontena_store::{
    Conn, Result as Stored, containers as container_table, grids,
    logs::{self, Filter, Line, Portion},
    nodes, services,
};
use serde::Deserialize;

use super::{
    Answer, containers,
    stream::{self, Page, Source, listed},
};
use crate::{
    auth::{Action, Caller},
    http::{App, error::ApiError, extract},
};

/// Which containers of a grid are meant; all that each given list takes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct OfWhom {
    /// Names of containers, with commas between.
    containers: Option<String>,
    /// Names of nodes, with commas between.
    nodes: Option<String>,
    /// `STACK/SERVICE` or names of services, with commas between.
    services: Option<String>,
}

/// Which containers of a service or a stack are meant.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Which {
    /// Number of an instance.
    instance: Option<String>,
    /// Name of a container.
    container: Option<String>,
}

impl Which {
    /// A number that no instance has selects nothing.
    fn filter(&self) -> Filter {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let number = given(&self.instance).map(|number| number.parse().unwrap_or(0));
        let names = given(&self.container).map(|name| vec![name]);
        Filter { instance: number, names, ..Filter::default() }
    }
}

/// Shows what the containers of a grid wrote.
#[utoipa::path(
    get,
    path = "/v1/grids/{grid}/container_logs",
    tag = "logs",
    params(OfWhom, Page),
    responses((status = 200, body = LogLines)),
)]
pub(in crate::http) async fn of_grid(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    whom: Query<OfWhom>,
    page: Query<Page>,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    let id = grid.id;
    let filter = app
        .means
        .store
        .read(move |conn| {
            let mut filter = Filter::default();
            if let Some(wanted) = listed(whom.services.as_deref()) {
                let known = services::of_grid(conn, id)?;
                filter.services =
                    Some(wanted.iter().filter_map(|one| named(&known, one)).collect());
            }
            if let Some(wanted) = listed(whom.nodes.as_deref()) {
                filter.nodes = Some(node_ids(conn, id, &wanted)?);
            }
            let names = listed(whom.containers.as_deref());
            filter.names = names.map(|names| names.into_iter().map(str::to_owned).collect());
            Ok(filter)
        })
        .await?;
    render(&app, caller, grid, filter, &page).await
}

/// Shows what the containers of a service wrote.
#[utoipa::path(
    get,
    path = "/v1/services/{grid}/{stack}/{service}/container_logs",
    tag = "logs",
    params(Which, Page),
    responses((status = 200, body = LogLines)),
)]
pub(in crate::http) async fn of_service(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String, String)>,
    which: Query<Which>,
    page: Query<Page>,
) -> Answer {
    let (grid, stack, name) = path.into_inner();
    let grid = extract::grid(&app, &caller, &grid, Action::ReadGrid).await?;
    let service = extract::service(&app, &grid, &stack, &name).await?;
    let filter = Filter { services: Some(vec![service.id]), ..which.filter() };
    render(&app, caller, grid, filter, &page).await
}

/// Shows what the containers of a stack wrote.
#[utoipa::path(
    get,
    path = "/v1/stacks/{grid}/{stack}/container_logs",
    tag = "logs",
    params(Which, Page),
    responses((status = 200, body = LogLines)),
)]
pub(in crate::http) async fn of_stack(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String)>,
    which: Query<Which>,
    page: Query<Page>,
) -> Answer {
    let (grid, stack) = path.into_inner();
    let grid = extract::grid(&app, &caller, &grid, Action::ReadGrid).await?;
    stack_exists(&app, &grid, &stack).await?;
    render(&app, caller, grid, Filter { stack: Some(stack), ..which.filter() }, &page).await
}

/// Shows what a container wrote.
#[utoipa::path(
    get,
    path = "/v1/containers/{grid}/{node}/{container}/logs",
    tag = "containers",
    params(Page),
    responses((status = 200, body = LogLines)),
)]
pub(in crate::http) async fn of_container(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String, String)>,
    page: Query<Page>,
) -> Answer {
    let (grid, _, container) = containers::find(&app, &caller, &path, Action::ReadGrid).await?;
    let container: Option<ContainerId> = Some(container.id);
    render(&app, caller, grid, Filter { container, ..Filter::default() }, &page).await
}

async fn render(app: &App, caller: Caller, grid: Grid, filter: Filter, page: &Page) -> Answer {
    stream::answer(app, caller, grid.clone(), page, Lines { grid, filter }).await
}

/// Answers 404 for a stack that does not exist.
pub(super) async fn stack_exists(app: &App, grid: &Grid, name: &str) -> Result<(), ApiError> {
    let (id, name) = (grid.id, name.to_owned());
    let found = app.means.store.read(move |conn| grids::stack(conn, id, &name)).await?;
    found.map(drop).ok_or(ApiError::NOT_FOUND)
}

/// The nodes of a grid that have one of these names.
pub(super) fn node_ids(
    conn: &mut Conn,
    grid: kontena_core::domain::GridId,
    wanted: &[&str],
) -> Stored<Vec<NodeId>> {
    let mut found = Vec::new();
    for name in wanted {
        found.extend(nodes::by_name(conn, grid, name)?.map(|node| node.id));
    }
    Ok(found)
}

/// The service that `STACK/SERVICE` names, or the first of that name in any stack.
fn named(known: &[Service], wanted: &str) -> Option<ServiceId> {
    let found = match wanted.split_once('/') {
        Some((stack, name)) => {
            known.iter().find(|service| service.stack_name == stack && service.name == name)
        }
        None => known.iter().find(|service| service.name == wanted),
    };
    found.map(|service| service.id)
}

/// Lines of a grid that pass a filter.
#[derive(Clone)]
struct Lines {
    grid: Grid,
    filter: Filter,
}

impl Source for Lines {
    type Entry = LogLine;

    fn read(&self, conn: &mut Conn, portion: Portion) -> Stored<Vec<(i64, LogLine)>> {
        let found = logs::find(conn, self.grid.id, &self.filter, portion)?;
        let mut on: Vec<NodeId> = found.iter().map(|line| line.node).collect();
        on.sort_unstable();
        on.dedup();
        let names = nodes::names(conn, &on)?;
        let shown = found.into_iter().map(|line| {
            let node = names.get(&line.node).cloned();
            (line.id, shown(&self.grid.name, line, node))
        });
        Ok(shown.collect())
    }

    fn last(&self, conn: &mut Conn) -> Stored<i64> {
        logs::last(conn, self.grid.id)
    }

    fn is_over(&self, conn: &mut Conn) -> Stored<bool> {
        if let Some(container) = self.filter.container {
            return Ok(!container_table::exists(conn, container)?);
        }
        // A grid's log may name several; of one service it is over with it.
        match self.filter.services.as_deref() {
            Some([service]) => Ok(services::by_id(conn, *service)?.is_none()),
            _ => Ok(false),
        }
    }
}

fn shown(grid: &str, line: Line, node: Option<String>) -> LogLine {
    let stack = line.stack_name.map(|name| Named { id: format!("{grid}/{name}"), name });
    let service = stack
        .as_ref()
        .zip(line.service_name)
        .map(|(stack, name)| Named { id: format!("{}/{name}", stack.id), name });
    let of_instance = stack.as_ref().zip(service.as_ref()).zip(line.instance_number);
    let name = of_instance.map(|((stack, service), number)| {
        // Stock clients break on a name of a service's line without a number behind.
        format!("{}-{}-{number}", stack.name, service.name)
    });
    LogLine {
        id: line.id.to_string(),
        name: name.unwrap_or(line.container_name),
        container_id: line.container.to_string(),
        service,
        stack,
        grid: Named { id: grid.to_owned(), name: grid.to_owned() },
        node: node.map(|name| NodeOfLine { name }),
        created_at: timestamp(line.at),
        kind: if line.is_error { "stderr" } else { "stdout" }.to_owned(),
        data: line.data,
    }
}
