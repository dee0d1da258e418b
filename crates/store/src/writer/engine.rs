//! Runs jobs in transactions.
//!
//! On SQLite each job has a savepoint of its own. On Postgres, where a savepoint is two round trips, the
//! batch runs bare: where a job fails, everything is rolled back and the jobs run again one by one, so a
//! job can run twice. Runs of single changes of one kind are written as sets there (`dialect`); a change
//! whose condition does not hold spoils nothing.
//!
//! A store that holds the lease checks in each transaction that it still does (`lease`): one read, whatever
//! the number of jobs. Where another master has taken over, nothing is written now or later.

use std::{
    collections::{BTreeSet, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use diesel::{PgConnection, connection::SimpleConnection};
use kontena_core::domain::{Change, GridId};

use super::{Tx, job::Job, meter::Meter};
use crate::{
    Conn, DatabaseUrl, Result, StoreError, dialect,
    feed::{Beginning, Followers, Versions},
    lease::Fence,
    news::News,
};

/// What actually runs jobs.
pub(super) struct Engine {
    conn: Option<Conn>,
    url: DatabaseUrl,
    followers: Followers,
    meter: Arc<Meter>,
    fence: Arc<Fence>,
    news: Arc<News>,
}

/// A job that has run, and what it leaves for after the commit.
struct Ran {
    job: Box<dyn Job>,
    outcome: Result<()>,
    changes: Vec<(GridId, Change)>,
    beginnings: Vec<Beginning>,
}

impl Engine {
    pub(super) fn new(
        conn: Conn,
        url: DatabaseUrl,
        meter: Arc<Meter>,
        fence: Arc<Fence>,
        versions: Arc<Versions>,
        news: Arc<News>,
    ) -> Self {
        let followers = Followers::new(versions);
        Self { conn: Some(conn), url, followers, meter, fence, news }
    }

    /// Runs jobs and answers them.
    pub(super) fn run(&mut self, jobs: Vec<Box<dyn Job>>) {
        if let Err(error) = self.reconnect() {
            return fail_all(jobs, &error);
        }
        let savepoints = matches!(self.url, DatabaseUrl::Sqlite(_));
        if savepoints || jobs.len() == 1 {
            self.transaction(jobs, savepoints);
        } else if let Err(jobs) = self.bare(jobs) {
            let mut rest = jobs.into_iter();
            while let Some(job) = rest.next() {
                // A server that has vanished is not waited for job by job.
                if let Err(error) = self.reconnect() {
                    return fail_all(std::iter::once(job).chain(rest), &error);
                }
                self.transaction(vec![job], false);
            }
        }
    }

    fn reconnect(&mut self) -> Result<()> {
        self.fence.refuse_fenced()?;
        if self.conn.is_none() {
            self.conn = Some(self.url.connect()?);
            log::info!("store: connected to {} again", self.url);
        }
        Ok(())
    }

    /// Begins a transaction that may write: the lease is still this store's until it has ended.
    fn begin_fenced(&mut self, statement: &str) -> Result<()> {
        self.begin(statement)?;
        let checked = self.conn.as_mut().map_or(Ok(()), |conn| self.fence.check(conn));
        if checked.is_err() {
            self.roll_back();
        }
        checked
    }

    /// Begins a transaction. A connection that the database has dropped meanwhile is noticed only here,
    /// where nothing is lost yet: another one is tried at once.
    fn begin(&mut self, statement: &str) -> Result<()> {
        self.reconnect()?;
        let begun = self.conn.as_mut().map(|conn| conn.batch_execute(statement));
        let Some(Err(error)) = begun else {
            return Ok(());
        };
        self.conn = None;
        if matches!(self.url, DatabaseUrl::Sqlite(_)) {
            return Err(error.into());
        }
        let mut conn = self.url.connect()?;
        conn.batch_execute(statement)?;
        self.conn = Some(conn);
        Ok(())
    }

    /// One transaction in which every job stands for itself: each in a savepoint, or there is only one.
    fn transaction(&mut self, jobs: Vec<Box<dyn Job>>, savepoints: bool) {
        let began = Meter::begin();
        // Immediate: waits for another process's write at the beginning instead of failing in the middle.
        let begin = if savepoints { "begin immediate" } else { "begin" };
        if let Err(error) = self.begin_fenced(begin) {
            return fail_all(jobs, &error);
        }
        let Some(conn) = self.conn.as_mut() else { return };
        let mut ran = Vec::with_capacity(jobs.len());
        let mut rest = jobs.into_iter();
        for job in rest.by_ref() {
            let (one, broken) = attempt(conn, job, savepoints);
            ran.push(one);
            if broken {
                // The transaction itself is gone (a full disk may roll it back): nothing in it counts.
                self.roll_back();
                self.followers.cut_off();
                let error = StoreError::unavailable(&"the transaction broke");
                return fail_all(ran.into_iter().map(|ran| ran.job).chain(rest), &error);
            }
        }
        if !savepoints && ran.iter().any(|ran| ran.outcome.is_err()) {
            self.roll_back();
            self.answer(ran);
        } else {
            self.commit(ran, began);
        }
    }

    /// One transaction of many jobs on Postgres; gives them back unanswered where one failed.
    fn bare(&mut self, jobs: Vec<Box<dyn Job>>) -> Result<(), Vec<Box<dyn Job>>> {
        let began = Meter::begin();
        // Where there is no connection to be had, trying for each job would take as long for each.
        if let Err(error) = self.begin_fenced("begin") {
            fail_all(jobs, &error);
            return Ok(());
        }
        let Some(conn) = self.conn.as_mut() else { return Err(jobs) };
        let mut done: Vec<Ran> = Vec::with_capacity(jobs.len());
        let mut rest: VecDeque<Box<dyn Job>> = jobs.into();
        while let Some(job) = rest.pop_front() {
            let set = take_set(job, &mut rest);
            let spoilt = match (&mut *conn, set) {
                (Conn::Postgres(conn), Set::Many(kind, jobs)) => {
                    let (ran, spoilt) = attempt_set(conn, kind, jobs);
                    done.extend(ran);
                    spoilt
                }
                (conn, set) => set.into_jobs().into_iter().any(|job| {
                    let (ran, _) = attempt(conn, job, false);
                    let failed = ran.outcome.is_err();
                    done.push(ran);
                    failed
                }),
            };
            if spoilt {
                self.roll_back();
                return Err(done.into_iter().map(|ran| ran.job).chain(rest).collect());
            }
        }
        self.commit(done, began);
        Ok(())
    }

    fn commit(&mut self, ran: Vec<Ran>, began: std::time::Instant) {
        let committed = match self.conn.as_mut() {
            Some(conn) => conn.batch_execute("commit"),
            None => return,
        };
        match committed {
            Ok(()) => {
                self.meter.record(began);
                self.answer(ran);
            }
            Err(error) => {
                self.roll_back();
                // Whether it happened or not: who follows must look for itself.
                self.followers.cut_off();
                let text = error.to_string();
                for ran in ran {
                    // SQLite rolls a failed commit back (a full disk); on Postgres the connection may
                    // have been lost after the server had committed.
                    let error = match self.url {
                        DatabaseUrl::Postgres(_) => StoreError::Unknown(text.clone()),
                        DatabaseUrl::Sqlite(_) => StoreError::unavailable(&text),
                    };
                    ran.job.finish(ran.outcome.and(Err(error)));
                }
            }
        }
    }

    fn roll_back(&mut self) {
        let rolled_back = self.conn.as_mut().map(|conn| conn.batch_execute("rollback"));
        if let Some(Err(error)) = rolled_back {
            // SQLite has rolled back by itself where the disk is full; the connection is well.
            if error.to_string().contains("no transaction is active") {
                return;
            }
            log::warn!("store: dropping the connection to {}: {error}", self.url);
            self.conn = None;
        }
    }

    /// Tells the followers first: who is answered may rely on the feed holding what was written.
    fn answer(&mut self, ran: Vec<Ran>) {
        for Ran { job, outcome, changes, beginnings } in ran {
            if outcome.is_ok() {
                if job.change().is_none() {
                    self.followers.job_done();
                }
                for (grid, change) in &changes {
                    if let Change::EventLogged(_) = change {
                        self.news.ring(*grid);
                    }
                }
                self.followers.publish(changes);
                beginnings.into_iter().for_each(|beginning| self.followers.add(beginning));
            }
            job.finish(outcome);
        }
    }
}

fn fail_all(jobs: impl IntoIterator<Item = Box<dyn Job>>, why: &StoreError) {
    for job in jobs {
        job.finish(Err(why.for_all()));
    }
}

/// Attempts a job; says whether the transaction itself has broken.
fn attempt(conn: &mut Conn, mut job: Box<dyn Job>, savepoint: bool) -> (Ran, bool) {
    let mut tx = Tx { conn, changes: Vec::new(), beginnings: Vec::new() };
    let begun = if savepoint { tx.conn.batch_execute("savepoint job") } else { Ok(()) };
    if let Err(error) = begun {
        let outcome = Err(error.into());
        return (Ran { job, outcome, changes: Vec::new(), beginnings: Vec::new() }, true);
    }
    // A job's value is dropped with its failure, so nothing half-made is seen afterwards.
    let outcome = catch_unwind(AssertUnwindSafe(|| job.attempt(&mut tx)))
        .unwrap_or_else(|panic| Err(StoreError::Panicked(panic_text(panic.as_ref()))));
    let Tx { conn, changes, beginnings } = tx;
    let end = if outcome.is_ok() { "release job" } else { "rollback to job; release job" };
    let broken = savepoint && conn.batch_execute(end).is_err();
    (Ran { job, outcome, changes, beginnings }, broken)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// What is attempted together.
enum Set {
    One(Box<dyn Job>),
    Many(dialect::Kind, Vec<Box<dyn Job>>),
}

impl Set {
    fn into_jobs(self) -> Vec<Box<dyn Job>> {
        match self {
            Self::One(job) => vec![job],
            Self::Many(_, jobs) => jobs,
        }
    }
}

fn kind_and_key(job: &dyn Job) -> Option<(dialect::Kind, dialect::Key)> {
    let (_, change) = job.change()?;
    Some((dialect::kind(change)?, dialect::key(change)))
}

/// Takes the changes of the same kind that follow, up to one about a row that is in the set already: the
/// order of what happens to a row is kept.
fn take_set(job: Box<dyn Job>, rest: &mut VecDeque<Box<dyn Job>>) -> Set {
    let Some((kind, key)) = kind_and_key(job.as_ref()) else { return Set::One(job) };
    let mut keys = BTreeSet::from([key]);
    let mut jobs = vec![job];
    while let Some(next) = rest.front() {
        let Some((next, key)) = kind_and_key(next.as_ref()) else { break };
        if next != kind || !keys.insert(key) {
            break;
        }
        jobs.extend(rest.pop_front());
    }
    Set::Many(kind, jobs)
}

/// Writes a set; says whether the transaction is spoilt.
fn attempt_set(
    conn: &mut PgConnection,
    kind: dialect::Kind,
    jobs: Vec<Box<dyn Job>>,
) -> (Vec<Ran>, bool) {
    let changes: Vec<&Change> =
        jobs.iter().filter_map(|job| job.change().map(|(_, change)| change)).collect();
    let hit = dialect::write(conn, kind, &changes);
    let spoilt = hit.is_err();
    let hit = hit.unwrap_or_default();
    let ran = jobs.into_iter().map(|job| {
        let written = job
            .change()
            .filter(|(_, change)| hit.contains(&dialect::key(change)))
            .map(|(grid, change)| (grid, change.clone()));
        let outcome = match written {
            Some(_) => Ok(()),
            None => Err(StoreError::Conflict("the row")),
        };
        Ran { job, outcome, changes: written.into_iter().collect(), beginnings: Vec::new() }
    });
    (ran.collect(), spoilt)
}
