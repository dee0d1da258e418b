//! How much memory services took lately: a ring of slots for each.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Integer, Text},
};
use kontena_core::domain::{GridId, MemoryPeak};

use crate::{
    Conn, Result,
    row::{id, micros, time},
    schema::{memory_peaks, services},
};

/// Takes a peak into its slot: the higher one of the same five minutes stays, older ones go.
pub(crate) fn keep(conn: &mut Conn, peak: &MemoryPeak) -> Result<()> {
    // An upsert, which only plain SQL can say to both databases at once.
    sql_query(
        "insert into memory_peaks (service_id, slot, at, bytes) values ($1, $2, $3, $4) \
         on conflict (service_id, slot) do update set at = excluded.at, \
         bytes = case when memory_peaks.at = excluded.at and memory_peaks.bytes > excluded.bytes \
         then memory_peaks.bytes else excluded.bytes end",
    )
    .bind::<Text, _>(peak.service.to_string())
    .bind::<Integer, _>(peak.slot())
    .bind::<BigInt, _>(micros(peak.at))
    .bind::<BigInt, _>(peak.bytes)
    .execute(conn)?;
    Ok(())
}

/// The slots of every service of a grid, whatever their age.
///
/// # Errors
/// Where the query fails.
pub fn of_grid(conn: &mut Conn, grid: GridId) -> Result<Vec<MemoryPeak>> {
    let rows = memory_peaks::table
        .inner_join(services::table)
        .filter(services::grid_id.eq(grid.to_string()))
        .select((memory_peaks::service_id, memory_peaks::at, memory_peaks::bytes))
        .load::<(String, i64, i64)>(conn)?;
    let peaks = rows.into_iter().map(|(service, at, bytes)| {
        const TABLE: &str = "memory_peaks";
        Ok(MemoryPeak { service: id(TABLE, &service)?, at: time(TABLE, at)?, bytes })
    });
    peaks.collect()
}
