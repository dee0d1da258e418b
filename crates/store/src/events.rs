//! Reading the event log; entries are written as changes of their grid.

use diesel::prelude::*;
use kontena_core::domain::{Event, GridId, ServiceId, Severity};

use crate::{
    Conn, Result,
    row::{id_opt, time, unsigned},
    schema::events,
};

type Row = (i64, i64, i16, String, String, Option<String>, Option<String>, Option<i32>);

/// The newest entries of a grid, or of one service of it, oldest first, with their sequence numbers.
///
/// # Errors
/// Where the query fails.
pub fn newest(
    conn: &mut Conn,
    grid: GridId,
    service: Option<ServiceId>,
    limit: i64,
) -> Result<Vec<(i64, Event)>> {
    let mut query = events::table
        .filter(events::grid_id.eq(grid.to_string()))
        .order(events::id.desc())
        .limit(limit)
        .select((
            events::id,
            events::at,
            events::severity,
            events::kind,
            events::message,
            events::service_id,
            events::node_id,
            events::instance_number,
        ))
        .into_boxed();
    if let Some(service) = service {
        query = query.filter(events::service_id.eq(service.to_string()));
    }
    let rows = query.load::<Row>(conn)?;
    rows.into_iter().rev().map(|row| read(grid, row)).collect()
}

fn read(grid: GridId, row: Row) -> Result<(i64, Event)> {
    const TABLE: &str = "events";
    let (sequence, at, severity, kind, message, service, node, number) = row;
    let event = Event {
        grid,
        at: time(TABLE, at)?,
        severity: match severity {
            0 => Severity::Debug,
            2 => Severity::Warn,
            3 => Severity::Error,
            _ => Severity::Info,
        },
        kind,
        message,
        service: id_opt(TABLE, service.as_deref())?,
        node: id_opt(TABLE, node.as_deref())?,
        instance_number: number.map(|number| unsigned(TABLE, number)).transpose()?,
    };
    Ok((sequence, event))
}
