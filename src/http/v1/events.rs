//! The event log of a grid and of a service.

use actix_web::web::{Data, Path, Query};
use kontena_core::domain::{Event, Grid, ServiceId};
use kontena_store::{events, nodes, services};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ok, view};
use crate::{
    auth::{Action, Caller},
    http::{App, extract},
};

const DEFAULT_LIMIT: i64 = 100;
const MOST: i64 = 10_000;

/// How much of the log is wanted.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct Page {
    limit: Option<String>,
}

impl Page {
    /// What is no number above 0 counts as not given.
    fn limit(&self) -> i64 {
        let given = self.limit.as_deref().and_then(|limit| limit.parse().ok());
        given.filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT).min(MOST)
    }
}

/// `GET /v1/grids/:grid/event_logs`.
pub(in crate::http) async fn of_grid(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    page: Query<Page>,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    render(&app, &grid, None, page.limit()).await
}

/// `GET /v1/services/:grid/:stack/:service/event_logs`.
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
    let related = |event: &Event| {
        let mut related = vec![json!({ "type": "grid", "id": grid.name })];
        let service = services.iter().find(|service| Some(service.id) == event.service);
        if let Some(service) = service {
            let stack = format!("{}/{}", grid.name, service.stack_name);
            related.push(json!({ "type": "stack", "id": stack }));
            let service = format!("{stack}/{}", service.name);
            related.push(json!({ "type": "service", "id": service }));
        }
        if let Some(node) = nodes.iter().find(|node| Some(node.id) == event.node) {
            related.push(json!({ "type": "node", "id": view::node_path(grid, node) }));
        }
        related
    };
    let logs: Vec<Value> = events
        .iter()
        .map(|(sequence, event)| {
            json!({
                "id": sequence.to_string(),
                "created_at": kontena_protocol::api::timestamp(event.at),
                "severity": event.severity as i16,
                "type": event.kind,
                "message": event.message,
                "meta": event.instance_number.map(|number| json!({ "instance_number": number })),
                "relationships": related(event),
            })
        })
        .collect();
    ok(&json!({ "logs": logs }))
}
