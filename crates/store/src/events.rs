//! Reading and pruning the event log; entries are written as changes of their grid.

use diesel::prelude::*;
use kontena_core::domain::{Event, GridId, NodeId, ServiceId, Severity};

use crate::{
    Conn, Result,
    logs::{Portion, later},
    row::{id_opt, time, unsigned},
    schema::events,
};

type Row = (
    i64,
    i64,
    i16,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<i32>,
    Option<String>,
    Option<String>,
);

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Grows in the order of commits.
    pub id: i64,
    /// What was logged.
    pub event: Event,
    /// The stack and the plain name of the service it was about, which may be gone.
    pub service: Option<(String, String)>,
}

/// Which entries of a grid are wanted: all that each given field takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// About this service.
    pub service: Option<ServiceId>,
    /// About services of any of these names: stack and plain name.
    pub services: Option<Vec<(String, String)>>,
    /// About services of any of these stacks.
    pub stacks: Option<Vec<String>>,
    /// From any of these nodes.
    pub nodes: Option<Vec<NodeId>>,
}

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
    let filter = Filter { service, ..Filter::default() };
    let found = find(conn, grid, &filter, Portion::Newest { since: None, limit })?;
    Ok(found.into_iter().map(|entry| (entry.id, entry.event)).collect())
}

/// Entries of a grid, oldest first.
///
/// # Errors
/// Where the query fails.
pub fn find(
    conn: &mut Conn,
    grid: GridId,
    filter: &Filter,
    portion: Portion,
) -> Result<Vec<Entry>> {
    let mut query = events::table
        .filter(events::grid_id.eq(grid.to_string()))
        .select((
            events::id,
            events::at,
            events::severity,
            events::kind,
            events::message,
            events::service_id,
            events::node_id,
            events::instance_number,
            events::stack_name,
            events::service_name,
        ))
        .into_boxed();
    if let Some(service) = filter.service {
        query = query.filter(events::service_id.eq(service.to_string()));
    }
    if let Some(names) = &filter.services {
        // Stacks and services have no slash in their names.
        let paths: Vec<_> =
            names.iter().map(|(stack, service)| format!("{stack}/{service}")).collect();
        let path = events::stack_name.concat("/").concat(events::service_name);
        query = query.filter(path.eq_any(paths));
    }
    if let Some(stacks) = &filter.stacks {
        query = query.filter(events::stack_name.eq_any(stacks.clone()));
    }
    if let Some(nodes) = &filter.nodes {
        let ids: Vec<_> = nodes.iter().map(ToString::to_string).collect();
        query = query.filter(events::node_id.eq_any(ids));
    }
    query = match portion {
        Portion::Newest { since, limit } => {
            let newest = query.order(events::id.desc()).limit(limit);
            match since {
                Some(since) => newest.filter(events::at.ge(later(since))),
                None => newest,
            }
        }
        Portion::After { id, limit } => {
            query.order(events::id.asc()).limit(limit).filter(events::id.gt(id))
        }
    };
    let mut rows = query.load::<Row>(conn)?;
    if matches!(portion, Portion::Newest { .. }) {
        rows.reverse();
    }
    rows.into_iter().map(|row| read(grid, row)).collect()
}

/// The number of a grid's last entry; 0 where there is none.
///
/// # Errors
/// Where the query fails.
pub fn last(conn: &mut Conn, grid: GridId) -> Result<i64> {
    let newest = events::table
        .filter(events::grid_id.eq(grid.to_string()))
        .order(events::id.desc())
        .select(events::id);
    Ok(newest.first(conn).optional()?.unwrap_or_default())
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

fn read(grid: GridId, row: Row) -> Result<Entry> {
    const TABLE: &str = "events";
    let (sequence, at, severity, kind, message, service, node, number, of_stack, name) = row;
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
    Ok(Entry { id: sequence, event, service: of_stack.zip(name) })
}
