//! Reading and pruning the event log; entries are written as changes of their grid.

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

/// The last entry to go where a grid keeps its newest so many, and at most `most` go at once; none where it
/// has no more than it keeps.
///
/// # Errors
/// Where a query fails.
pub fn surplus(conn: &mut Conn, grid: GridId, kept: i64, most: i64) -> Result<Option<i64>> {
    let of_grid = || events::table.filter(events::grid_id.eq(grid.to_string())).select(events::id);
    let newest_to_go = of_grid().order(events::id.desc()).offset(kept).first::<i64>(conn);
    let Some(newest_to_go) = newest_to_go.optional()? else {
        return Ok(None);
    };
    let last_of_portion = of_grid().order(events::id).offset(most - 1).first::<i64>(conn);
    Ok(last_of_portion.optional()?.map_or(Some(newest_to_go), |last| Some(last.min(newest_to_go))))
}

/// Removes the entries of a grid up to one; says how many there were.
///
/// # Errors
/// Where the statement fails.
pub fn remove_up_to(conn: &mut Conn, grid: GridId, last: i64) -> Result<usize> {
    let rows =
        events::table.filter(events::grid_id.eq(grid.to_string())).filter(events::id.le(last));
    Ok(diesel::delete(rows).execute(conn)?)
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
