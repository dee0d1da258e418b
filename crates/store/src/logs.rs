//! What containers wrote. Lines are no changes of a grid, since no decision looks at them; they are numbered
//! in the order in which they were committed, and those numbers are what clients go on from.

use std::collections::{HashMap, HashSet};

use chrono::{DurationRound, TimeDelta};
use diesel::prelude::*;
use kontena_core::domain::{ContainerId, GridId, NodeId, SaidLine, ServiceId, Time};

use crate::{
    Conn, Result,
    connection::MultiBackend,
    row::{id, id_opt, micros, signed, time, unsigned},
    schema::{container_logs, containers},
};

const TABLE: &str = "container_logs";
/// Rows of one statement: twelve values each, and a statement takes 32,766.
const ROWS: usize = 1_000;

/// A line as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Grows in the order of commits.
    pub id: i64,
    /// Where.
    pub node: NodeId,
    /// The record of the container.
    pub container: ContainerId,
    /// Its name then.
    pub container_name: String,
    /// The service it belonged to, by its labels.
    pub service: Option<ServiceId>,
    /// The stack of that service.
    pub stack_name: Option<String>,
    /// The plain name of that service.
    pub service_name: Option<String>,
    /// The instance it realised.
    pub instance_number: Option<u32>,
    /// When it was written.
    pub at: Time,
    /// Whether to standard error.
    pub is_error: bool,
    /// The line without its end.
    pub data: String,
}

/// Which lines of a grid are wanted: all that each given field takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of any of these services.
    pub services: Option<Vec<ServiceId>>,
    /// Of any of these nodes.
    pub nodes: Option<Vec<NodeId>>,
    /// Of containers of any of these names.
    pub names: Option<Vec<String>>,
    /// Of this container.
    pub container: Option<ContainerId>,
    /// Of this stack.
    pub stack: Option<String>,
    /// Of this instance of a service.
    pub instance: Option<u32>,
}

/// Which part of what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portion {
    /// The newest, and only those later than a moment, by the millisecond that is shown.
    Newest {
        /// The moment.
        since: Option<Time>,
        /// How many.
        limit: i64,
    },
    /// The first after this number.
    After {
        /// The number.
        id: i64,
        /// How many.
        limit: i64,
    },
}

/// The first moment that counts as later than one that was shown in milliseconds.
pub(crate) fn later(since: Time) -> i64 {
    let milli = TimeDelta::milliseconds(1);
    micros(since.duration_trunc(milli).unwrap_or(since).checked_add_signed(milli).unwrap_or(since))
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(
    table_name = container_logs, check_for_backend(MultiBackend),
    treat_none_as_default_value = false
)]
struct Row {
    grid_id: String,
    node_id: String,
    container_id: String,
    container_name: String,
    service_id: Option<String>,
    stack_name: Option<String>,
    service_name: Option<String>,
    instance_number: Option<i32>,
    at: i64,
    stream: String,
    data: String,
}

type Source = (String, String, String, Option<String>, Option<String>, Option<String>, Option<i32>);

/// The containers of a node that are named, by the engine's id.
fn sources(
    conn: &mut Conn,
    grid: GridId,
    node: NodeId,
    said: &[SaidLine],
) -> Result<HashMap<String, Source>> {
    let named: HashSet<&str> = said.iter().map(|line| line.container_id.as_str()).collect();
    let rows = containers::table
        .filter(containers::grid_id.eq(grid.to_string()))
        .filter(containers::node_id.eq(node.to_string()))
        .filter(containers::container_id.eq_any(named))
        .select((
            containers::container_id,
            containers::id,
            containers::name,
            containers::service_id,
            containers::stack_name,
            containers::service_name,
            containers::instance_number,
        ))
        .load::<Source>(conn)?;
    Ok(rows.into_iter().map(|row| (row.0.clone(), row)).collect())
}

/// Keeps lines of a node's containers; says how many.
pub(crate) fn append(
    conn: &mut Conn,
    grid: GridId,
    node: NodeId,
    said: &[SaidLine],
) -> Result<usize> {
    let sources = sources(conn, grid, node, said)?;
    let rows = said.iter().filter_map(|line| {
        let (_, container, name, service, stack_name, service_name, number) =
            sources.get(&line.container_id)?.clone();
        Some(Row {
            grid_id: grid.to_string(),
            node_id: node.to_string(),
            container_id: container,
            container_name: name,
            service_id: service,
            // What has no labels of a service is of no stack either.
            stack_name: stack_name.filter(|_| service_name.is_some()),
            service_name,
            instance_number: number,
            at: micros(line.at),
            stream: if line.is_error { "stderr" } else { "stdout" }.to_owned(),
            data: line.data.clone(),
        })
    });
    let rows: Vec<Row> = rows.collect();
    insert(conn, &rows)?;
    Ok(rows.len())
}

/// A statement costs Postgres a round trip and SQLite nothing to speak of.
fn insert(conn: &mut Conn, rows: &[Row]) -> QueryResult<()> {
    let into = || diesel::insert_into(container_logs::table);
    match conn {
        Conn::Postgres(conn) => {
            for some in rows.chunks(ROWS) {
                into().values(some).execute(conn)?;
            }
        }
        Conn::Sqlite(conn) => {
            for row in rows {
                into().values(row).execute(conn)?;
            }
        }
    }
    Ok(())
}

/// Lines of a grid, oldest first.
///
/// # Errors
/// Where the query fails.
pub fn find(conn: &mut Conn, grid: GridId, filter: &Filter, portion: Portion) -> Result<Vec<Line>> {
    let mut query = container_logs::table
        .filter(container_logs::grid_id.eq(grid.to_string()))
        .select((container_logs::id, Row::as_select()))
        .into_boxed();
    if let Some(services) = &filter.services {
        let ids: Vec<_> = services.iter().map(ToString::to_string).collect();
        query = query.filter(container_logs::service_id.eq_any(ids));
    }
    if let Some(nodes) = &filter.nodes {
        let ids: Vec<_> = nodes.iter().map(ToString::to_string).collect();
        query = query.filter(container_logs::node_id.eq_any(ids));
    }
    if let Some(names) = &filter.names {
        query = query.filter(container_logs::container_name.eq_any(names.clone()));
    }
    if let Some(container) = filter.container {
        query = query.filter(container_logs::container_id.eq(container.to_string()));
    }
    if let Some(stack) = &filter.stack {
        query = query.filter(container_logs::stack_name.eq(stack.clone()));
    }
    if let Some(number) = filter.instance {
        query = query.filter(container_logs::instance_number.eq(signed(number)));
    }
    let is_newest_first = matches!(portion, Portion::Newest { .. });
    query = match portion {
        Portion::Newest { since, limit } => {
            let newest = query.order(container_logs::id.desc()).limit(limit);
            match since {
                Some(since) => newest.filter(container_logs::at.ge(later(since))),
                None => newest,
            }
        }
        Portion::After { id, limit } => {
            query.order(container_logs::id.asc()).limit(limit).filter(container_logs::id.gt(id))
        }
    };
    let mut rows = query.load::<(i64, Row)>(conn)?;
    if is_newest_first {
        rows.reverse();
    }
    rows.into_iter().map(read).collect()
}

/// The number of a grid's last line; 0 where there is none.
///
/// # Errors
/// Where the query fails.
pub fn last(conn: &mut Conn, grid: GridId) -> Result<i64> {
    let newest = container_logs::table
        .filter(container_logs::grid_id.eq(grid.to_string()))
        .order(container_logs::id.desc())
        .select(container_logs::id);
    Ok(newest.first(conn).optional()?.unwrap_or_default())
}

/// The last line to go where a grid keeps its newest so many, and at most `most` go at once; none where it
/// has no more than it keeps.
///
/// # Errors
/// Where a query fails.
pub fn surplus(conn: &mut Conn, grid: GridId, kept: i64, most: i64) -> Result<Option<i64>> {
    let of_grid = || {
        container_logs::table
            .filter(container_logs::grid_id.eq(grid.to_string()))
            .select(container_logs::id)
    };
    let newest_to_go = of_grid().order(container_logs::id.desc()).offset(kept).first::<i64>(conn);
    let Some(newest_to_go) = newest_to_go.optional()? else {
        return Ok(None);
    };
    let last_of_portion = of_grid().order(container_logs::id).offset(most - 1).first::<i64>(conn);
    Ok(last_of_portion.optional()?.map_or(Some(newest_to_go), |last| Some(last.min(newest_to_go))))
}

/// Removes the lines of a grid up to one; says how many there were.
///
/// # Errors
/// Where the statement fails.
pub fn remove_up_to(conn: &mut Conn, grid: GridId, last: i64) -> Result<usize> {
    let rows = container_logs::table
        .filter(container_logs::grid_id.eq(grid.to_string()))
        .filter(container_logs::id.le(last));
    Ok(diesel::delete(rows).execute(conn)?)
}

fn read((number, row): (i64, Row)) -> Result<Line> {
    Ok(Line {
        id: number,
        node: id(TABLE, &row.node_id)?,
        container: id(TABLE, &row.container_id)?,
        container_name: row.container_name,
        service: id_opt(TABLE, row.service_id.as_deref())?,
        stack_name: row.stack_name,
        service_name: row.service_name,
        instance_number: row.instance_number.map(|number| unsigned(TABLE, number)).transpose()?,
        at: time(TABLE, row.at)?,
        is_error: row.stream == "stderr",
        data: row.data,
    })
}
