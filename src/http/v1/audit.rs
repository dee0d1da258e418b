//! The audit log of the master and of a grid.

use std::collections::BTreeSet;

use actix_web::web::{Data, Path, Query};
use kontena_protocol::api;
use kontena_store::{
    audit::{self, Recorded},
    grids,
};
use serde::Deserialize;

use super::{Answer, ok};
use crate::{
    auth::{self, Action, Caller},
    http::{App, extract},
};

const DEFAULT_LIMIT: i64 = 500;
const MOST: i64 = 3000;

/// How much of the log is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Page {
    /// How many, 1 to 3,000; 500 where absent.
    limit: Option<String>,
}

impl Page {
    /// What is no number from 1 to the most counts as not given.
    fn limit(&self) -> i64 {
        let given = self.limit.as_deref().and_then(|limit| limit.parse().ok());
        given.filter(|limit| (1..=MOST).contains(limit)).unwrap_or(DEFAULT_LIMIT)
    }
}

/// Shows who changed what, the newest entries, oldest first.
#[utoipa::path(
    get,
    path = "/v1/audit_logs",
    tag = "logs",
    params(Page),
    responses((status = 200, body = api::AuditLog)),
)]
pub(in crate::http) async fn of_master(
    app: Data<App>,
    caller: Caller,
    page: Query<Page>,
) -> Answer {
    auth::check(Action::ManageMaster, &caller.user, false)?;
    let limit = page.limit();
    let (entries, grids) = app
        .means
        .store
        .read(move |conn| Ok((audit::newest(conn, None, limit)?, grids::all(conn)?)))
        .await?;
    let known = grids.into_iter().map(|grid| grid.name).collect();
    render(entries, &known)
}

/// Shows who changed what in a grid, the newest entries, oldest first.
#[utoipa::path(
    get,
    path = "/v1/grids/{grid}/audit_log",
    tag = "logs",
    params(Page),
    responses((status = 200, body = api::AuditLog)),
)]
pub(in crate::http) async fn of_grid(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    page: Query<Page>,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    let (limit, since, name) = (page.limit(), grid.created_at, grid.name.clone());
    let read = app.means.store.read(move |conn| audit::newest(conn, Some((&name, since)), limit));
    render(read.await?, &BTreeSet::from([grid.name]))
}

fn render(entries: Vec<Recorded>, known: &BTreeSet<String>) -> Answer {
    let logs = entries.into_iter().map(|entry| view(entry, known)).collect();
    ok(&api::AuditLog { logs })
}

fn view(entry: Recorded, known: &BTreeSet<String>) -> api::AuditEntry {
    let is_service = entry.resource_type == "GridService";
    let grid = entry.grid.filter(|name| known.contains(name));
    api::AuditEntry {
        time: api::timestamp(entry.at),
        grid_id: grid.clone(),
        grid,
        service: if is_service { entry.resource_id.clone() } else { String::new() },
        resource_type: entry.resource_type,
        resource_name: entry.resource_name,
        resource_id: entry.resource_id,
        event_name: entry.event_name,
        event_status: entry.outcome,
        source_ip: entry.source_ip,
        user_agent: entry.user_agent,
        description: entry.description,
        user_identity: api::UserIdentity { id: entry.user, email: entry.user_email },
    }
}
