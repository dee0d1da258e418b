//! The event log of a grid, of a service, of a stack.

use std::collections::HashMap;

use actix_web::web::{Data, Path, Query};
use kontena_core::domain::{DEFAULT_STACK, Grid, NodeId};
use kontena_protocol::api;
use kontena_store::{
    Conn, Result as Stored,
    events::{self, Entry, Filter},
    logs::Portion,
    nodes, services,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Answer,
    logs::{node_ids, stack_exists},
    stream::{self, Page, Source, listed},
};
use crate::{
    auth::{Action, Caller},
    http::{App, extract},
};

/// What the entries of a grid's log are about; all that each given list takes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct AboutWhat {
    /// Names of nodes, with commas between.
    nodes: Option<String>,
    /// Names of stacks, with commas between.
    stacks: Option<String>,
    /// `STACK/SERVICE`, or names of services without a stack, with commas between.
    services: Option<String>,
}

/// Shows what happened in a grid.
#[utoipa::path(
    get,
    path = "/v1/grids/{grid}/event_logs",
    tag = "logs",
    params(AboutWhat, Page),
    responses((status = 200, body = api::Events)),
)]
pub(in crate::http) async fn of_grid(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    about: Query<AboutWhat>,
    page: Query<Page>,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    let mut filter = Filter {
        services: listed(about.services.as_deref())
            .map(|names| names.into_iter().map(stack_and_name).collect()),
        stacks: listed(about.stacks.as_deref()).map(owned),
        ..Filter::default()
    };
    if about.nodes.as_ref().is_some_and(|nodes| !nodes.is_empty()) {
        let id = grid.id;
        let read = app.means.store.read(move |conn| {
            let names = listed(about.nodes.as_deref()).unwrap_or_default();
            node_ids(conn, id, &names)
        });
        filter.nodes = Some(read.await?);
    }
    render(&app, caller, grid, filter, &page).await
}

/// Shows what happened to a service.
#[utoipa::path(
    get,
    path = "/v1/services/{grid}/{stack}/{service}/event_logs",
    tag = "logs",
    params(Page),
    responses((status = 200, body = api::Events)),
)]
pub(in crate::http) async fn of_service(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String, String)>,
    page: Query<Page>,
) -> Answer {
    let (grid, stack, name) = path.into_inner();
    let grid = extract::grid(&app, &caller, &grid, Action::ReadGrid).await?;
    let service = extract::service(&app, &grid, &stack, &name).await?;
    render(&app, caller, grid, Filter { service: Some(service.id), ..Filter::default() }, &page)
        .await
}

/// Shows what happened to the services of a stack.
#[utoipa::path(
    get,
    path = "/v1/stacks/{grid}/{stack}/event_logs",
    tag = "logs",
    params(Page),
    responses((status = 200, body = api::Events)),
)]
pub(in crate::http) async fn of_stack(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String)>,
    page: Query<Page>,
) -> Answer {
    let (grid, stack) = path.into_inner();
    let grid = extract::grid(&app, &caller, &grid, Action::ReadGrid).await?;
    stack_exists(&app, &grid, &stack).await?;
    render(&app, caller, grid, Filter { stacks: Some(vec![stack]), ..Filter::default() }, &page)
        .await
}

/// A service's stack and plain name; without a stack it is in the default one.
fn stack_and_name(text: &str) -> (String, String) {
    let (stack, name) = text.split_once('/').unwrap_or((DEFAULT_STACK, text));
    (stack.to_owned(), name.to_owned())
}

async fn render(app: &App, caller: Caller, grid: Grid, filter: Filter, page: &Page) -> Answer {
    stream::answer(app, caller, grid.clone(), page, Entries { grid, filter }).await
}

/// Entries of a grid's log that pass a filter.
#[derive(Clone)]
struct Entries {
    grid: Grid,
    filter: Filter,
}

impl Source for Entries {
    type Entry = api::Event;

    fn read(&self, conn: &mut Conn, portion: Portion) -> Stored<Vec<(i64, api::Event)>> {
        let found = events::find(conn, self.grid.id, &self.filter, portion)?;
        let mut on: Vec<NodeId> = found.iter().filter_map(|entry| entry.event.node).collect();
        on.sort_unstable();
        on.dedup();
        let names = nodes::names(conn, &on)?;
        Ok(found.into_iter().map(|entry| (entry.id, shown(&self.grid, entry, &names))).collect())
    }

    fn last(&self, conn: &mut Conn) -> Stored<i64> {
        events::last(conn, self.grid.id)
    }

    fn is_over(&self, conn: &mut Conn) -> Stored<bool> {
        match self.filter.service {
            Some(service) => Ok(services::by_id(conn, service)?.is_none()),
            None => Ok(false),
        }
    }
}

fn shown(grid: &Grid, entry: Entry, nodes: &HashMap<NodeId, String>) -> api::Event {
    let Entry { id, event, service } = entry;
    let relate = |kind: &str, id: String| api::Relationship { kind: kind.to_owned(), id };
    let mut related = vec![relate("grid", grid.name.clone())];
    if let Some((stack, name)) = service {
        let stack = format!("{}/{stack}", grid.name);
        let path = format!("{stack}/{name}");
        related.extend([relate("stack", stack), relate("service", path)]);
    }
    let node = event.node.and_then(|node| nodes.get(&node));
    related.extend(node.map(|name| relate("node", format!("{}/{name}", grid.name))));
    api::Event {
        id: id.to_string(),
        created_at: api::timestamp(event.at),
        severity: event.severity as i16,
        kind: event.kind,
        message: event.message,
        meta: event.instance_number.map(|number| json!({ "instance_number": number })),
        relationships: related,
    }
}
