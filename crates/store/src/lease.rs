//! The lease of the active master, and the epoch that fences whoever held it before.
//!
//! ```text
//!   claim     epoch + 1, by whoever starts as a master; waits for the transactions under way
//!   check     in every transaction: the epoch is still ours, and stays so until it has ended
//!   renew     once a second on Postgres, where masters on several machines may share a database
//!   release   by an orderly stop
//! ```
//!
//! All times are the database's; clocks of two masters are never compared. On SQLite nobody else can hold
//! the lease (`boot` sees to it that one master runs on a file): a claim succeeds at once, the check is the
//! same. When to claim and what a fenced master does is decided elsewhere.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use diesel::{dsl::sql, prelude::*, sql_types::BigInt};
use tokio::sync::watch;

use crate::{Conn, Result, StoreError, schema::lease};

/// How long a lease lasts that is not renewed, in microseconds (`operations.md`, "Several masters").
const LASTS_MICROS: i64 = 5_000_000;
/// How often one that waits for a lease looks whether it is renewed, or given back.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// What stands in for no epoch; the first one claimed is 1.
const NONE: i64 = 0;

/// Counts the claims of the lease. Of two masters the one with the lower epoch is fenced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(i64);

/// How a claim ended.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The lease is the claimer's.
    Won(Epoch),
    /// Another one's has not run out.
    Held(Other),
}

/// Somebody else's lease.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) holder: String,
    /// When it was renewed last: that it changes is a sign of life.
    pub(crate) renewed_at: i64,
    left_micros: i64,
}

impl Other {
    /// When it is worth looking again.
    pub(crate) fn look_again_after(&self) -> Duration {
        let left = u64::try_from(self.left_micros).unwrap_or_default();
        // Not before it has run out: the database's clock is coarser than the wait.
        Duration::from_micros(left).saturating_add(Duration::from_millis(10)).min(LOOK_AGAIN)
    }
}

/// The time of the database in microseconds since 1970, in its own words. Not that of the transaction's
/// beginning, since a claim may have waited for the row.
fn now_in(conn: &Conn) -> &'static str {
    match conn {
        Conn::Postgres(_) => "(extract(epoch from clock_timestamp()) * 1000000)::bigint",
        Conn::Sqlite(_) => "cast(unixepoch('subsec') * 1000000 as integer)",
    }
}

/// Claims the lease, unless somebody else's has not run out. On SQLite whoever held it is dead.
pub(crate) fn claim(conn: &mut Conn, holder: &str) -> Result<Claim> {
    let now = sql::<BigInt>(now_in(conn));
    let last_valid = match conn {
        Conn::Postgres(_) => sql::<BigInt>(&format!("{} - {LASTS_MICROS}", now_in(conn))),
        Conn::Sqlite(_) => sql::<BigInt>(&i64::MAX.to_string()),
    };
    let free = lease::holder.eq("").or(lease::renewed_at.le(last_valid));
    let ours =
        (lease::epoch.eq(lease::epoch + 1), lease::holder.eq(holder), lease::renewed_at.eq(now));
    if diesel::update(lease::table.filter(free)).set(ours).execute(conn)? == 1 {
        let epoch = lease::table.select(lease::epoch).get_result(conn).optional()?;
        return epoch.map(|epoch| Claim::Won(Epoch(epoch))).ok_or_else(no_row);
    }
    let now = sql::<BigInt>(now_in(conn));
    let row = lease::table.select((lease::holder, lease::renewed_at, now));
    let (holder, renewed_at, now) =
        row.first::<(String, i64, i64)>(conn).optional()?.ok_or_else(no_row)?;
    let left_micros = renewed_at.saturating_add(LASTS_MICROS).saturating_sub(now);
    Ok(Claim::Held(Other { holder, renewed_at, left_micros }))
}

/// Renews the lease. The writer has checked whose it is.
pub(crate) fn renew(conn: &mut Conn) -> Result<()> {
    let now = sql::<BigInt>(now_in(conn));
    diesel::update(lease::table).set(lease::renewed_at.eq(now)).execute(conn)?;
    Ok(())
}

/// Gives the lease back. The writer has checked whose it is.
pub(crate) fn release(conn: &mut Conn) -> Result<()> {
    diesel::update(lease::table).set(lease::holder.eq("")).execute(conn)?;
    Ok(())
}

/// What one store knows of the lease; shared by its handle and its writer.
pub(crate) struct Fence {
    /// The epoch that was claimed.
    ours: AtomicI64,
    /// Who has taken over.
    taken_by: watch::Sender<Option<String>>,
}

impl Default for Fence {
    fn default() -> Self {
        Self { ours: AtomicI64::new(NONE), taken_by: watch::Sender::new(None) }
    }
}

impl Fence {
    /// Every transaction that begins from now on carries this epoch.
    pub(crate) fn hold(&self, Epoch(epoch): Epoch) {
        self.ours.store(epoch, Ordering::Release);
    }

    /// The epoch this store has claimed; none where it is not a master's.
    pub(crate) fn epoch(&self) -> Option<Epoch> {
        let ours = self.ours.load(Ordering::Acquire);
        (ours != NONE).then_some(Epoch(ours))
    }

    /// Fails once another master was found to have taken over: there is no way back, and no need to ask the
    /// database.
    pub(crate) fn refuse_fenced(&self) -> Result<()> {
        match &*self.taken_by.borrow() {
            Some(holder) => Err(StoreError::Fenced(holder.clone())),
            None => Ok(()),
        }
    }

    /// Checks, within a transaction, that the lease is still this store's; it stays so until the
    /// transaction has ended.
    pub(crate) fn check(&self, conn: &mut Conn) -> Result<()> {
        let Some(Epoch(ours)) = self.epoch() else {
            return Ok(());
        };
        let row = lease::table.select((lease::epoch, lease::holder));
        let found = match conn {
            // A claim waits for this transaction, and whoever checks after the claim sees its epoch.
            Conn::Postgres(conn) => row.for_share().first::<(i64, String)>(conn),
            // Nobody else writes since this transaction has begun.
            Conn::Sqlite(conn) => row.first::<(i64, String)>(conn),
        };
        let (epoch, holder) = found.optional()?.ok_or_else(no_row)?;
        if epoch == ours {
            return Ok(());
        }
        self.taken_by.send_replace(Some(holder));
        self.refuse_fenced()
    }

    /// Waits until another master was found to have taken over.
    pub(crate) async fn fenced(&self) -> String {
        let mut taken_by = self.taken_by.subscribe();
        // The sender lives as long as this does.
        let found = taken_by.wait_for(Option::is_some).await.map(|holder| holder.clone());
        match found {
            Ok(Some(holder)) => holder,
            _ => std::future::pending().await,
        }
    }
}

fn no_row() -> StoreError {
    StoreError::corrupt("lease", "its row is gone")
}
