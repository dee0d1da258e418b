//! The event log of a grid and of a service.

use actix_web::web::{Data, Path, Query};
use kontena_core::domain::{Event, Grid, ServiceId};
use kontena_protocol::api;
use kontena_store::{events, nodes, services};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, ok, view};
use crate::{
    auth::{Action, Caller},
    http::{App, extract},
};

const DEFAULT_LIMIT: i64 = 100;
const MOST: i64 = 10_000;

/// How much of the log is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Page {
    /// How many, 1 to 10,000; 100 where absent.
    limit: Option<String>,
}

impl Page {
    /// What is no number above 0 counts as not given.
    fn limit(&self) -> i64 {
        let given = self.limit.as_deref().and_then(|limit| limit.parse().ok());
        given.filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT).min(MOST)
    }
}

/// Shows what happened in a grid.
#[utoipa::path(
    get,
    path = "/v1/grids/{grid}/event_logs",
    tag = "logs",
    params(Page),
    responses((status = 200, body = api::Events)),
)]
pub(in crate::http) async fn of_grid(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    page: Query<Page>,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    render(&app, &grid, None, page.limit()).await
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
    render(&app, &grid, Some(service.id), page.limit()).await
}

async fn render(app: &App, grid: &Grid, service: Option<ServiceId>, limit: i64) -> Answer {
    let id = grid.id;
    let (events, services, nodes) = app
        .means
        .store
        .read(move |conn| {
            let events = events::newest(conn, id, service, limit)?;
            Ok((events, services::of_grid(conn, id)?, nodes::of_grid(conn, id)?))
        })
        .await?;
    let relate = |kind: &str, id: String| api::Relationship { kind: kind.to_owned(), id };
    let related = |event: &Event| {
        let mut related = vec![relate("grid", grid.name.clone())];
        let service = services.iter().find(|service| Some(service.id) == event.service);
        if let Some(service) = service {
            let stack = format!("{}/{}", grid.name, service.stack_name);
            let path = format!("{stack}/{}", service.name);
            related.extend([relate("stack", stack), relate("service", path)]);
        }
        if let Some(node) = nodes.iter().find(|node| Some(node.id) == event.node) {
            related.push(relate("node", view::node_path(grid, node)));
        }
        related
    };
    let logs = events.iter().map(|(sequence, event)| api::Event {
        id: sequence.to_string(),
        created_at: api::timestamp(event.at),
        severity: event.severity as i16,
        kind: event.kind.clone(),
        message: event.message.clone(),
        meta: event.instance_number.map(|number| json!({ "instance_number": number })),
        relationships: related(event),
    });
    ok(&api::Events { logs: logs.collect() })
}
