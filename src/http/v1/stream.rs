//! Logs as they are asked for: the newest once, or followed until somebody hangs up.
//!
//! A follower holds a number, not lines: woken by a commit it reads what came after that number, at most a
//! portion at a time, and no more than its client takes. Each object is a chunk of its own, since stock
//! clients read no other form. Where the master stops, or the caller may not read on, the connection just
//! breaks: they come again, go on from the last object they saw, and are told. Where the log is over, so
//! that nothing can come any more, the answer ends.

use std::{collections::VecDeque, time::Duration};

use actix_web::{HttpResponse, web::Bytes};
use futures_util::stream;
use kontena_core::{
    domain::{Grid, Time},
    validate::FieldErrors,
};
use kontena_store::{Conn, Result as Stored, logs::Portion};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use super::{Answer, moment::moment, ok};
use crate::{
    auth::{Action, Caller},
    clock,
    http::{App, error::ApiError, extract},
};

const DEFAULT_LIMIT: i64 = 100;
const MOST: i64 = 10_000;
/// What one look at the store brings a follower at most.
const PORTION: i64 = 300;
/// How long commits are gathered before a follower looks again.
const GATHER: Duration = Duration::from_millis(50);

/// How much of a log is wanted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Page {
    /// How many, 1 to 10,000; 100 where absent.
    limit: Option<String>,
    /// Only what is later than this moment, such as 2017-08-01T12:34:56Z.
    since: Option<String>,
    /// Only what comes after the entry with this id; `since` is ignored then.
    from: Option<String>,
    /// Whatever the value: goes on with what is new, one object in each chunk, until the client hangs up.
    follow: Option<String>,
}

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Newest { since: Option<Time> },
    After(i64),
}

impl Page {
    fn follows(&self) -> bool {
        self.follow.as_deref().is_some_and(|value| !value.is_empty())
    }

    /// What is no number above 0 counts as not given.
    fn limit(&self) -> i64 {
        let given = self.limit.as_deref().and_then(|limit| limit.parse().ok());
        given.filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT).min(MOST)
    }

    fn start(&self) -> Result<Start, ApiError> {
        match self.from.as_deref().filter(|from| !from.is_empty()) {
            Some(from) => {
                let id = from.parse().ok().filter(|id| *id >= 0);
                let refuse = || FieldErrors::single("from", "takes the id of an entry");
                Ok(Start::After(id.ok_or_else(refuse)?))
            }
            None => Ok(Start::Newest { since: moment("since", self.since.as_deref())? }),
        }
    }
}

/// The entries of a comma list; none where nothing is given.
pub(super) fn listed(text: Option<&str>) -> Option<Vec<&str>> {
    let entries = text.filter(|text| !text.is_empty())?.split(',').map(str::trim);
    Some(entries.filter(|entry| !entry.is_empty()).collect())
}

/// A log that can be read piece by piece.
pub(super) trait Source: Clone + Send + 'static {
    /// What it is made of.
    type Entry: Serialize + Send + 'static;

    /// Reads entries with their numbers, oldest first.
    fn read(&self, conn: &mut Conn, portion: Portion) -> Stored<Vec<(i64, Self::Entry)>>;

    /// The number of the last entry of the whole log; 0 where it is empty.
    fn last(&self, conn: &mut Conn) -> Stored<i64>;

    /// Whether what it is about is gone, so that nothing can come any more.
    fn is_over(&self, conn: &mut Conn) -> Stored<bool>;
}

/// Answers with a part of a log, and goes on with what is new where that is asked for.
pub(super) async fn answer<S: Source>(
    app: &App,
    caller: Caller,
    grid: Grid,
    page: &Page,
    source: S,
) -> Answer {
    let (start, limit) = (page.start()?, page.limit());
    let store = &app.means.store;
    if !page.follows() {
        let portion = match start {
            Start::Newest { since } => Portion::Newest { since, limit },
            Start::After(id) => Portion::After { id, limit },
        };
        let found = store.read(move |conn| source.read(conn, portion)).await?;
        let entries: Vec<_> = found.into_iter().map(|(_, entry)| entry).collect();
        return ok(&json!({ "logs": entries }));
    }
    let news = store.news(grid.id);
    let mut follower = Follower {
        app: app.clone(),
        caller,
        grid,
        news,
        source,
        after: 0,
        pending: VecDeque::new(),
        spoke_at: clock::instant(),
        next: Next::Look,
    };
    match start {
        Start::After(id) => follower.after = id,
        Start::Newest { since } => follower.begin(since, limit).await?,
    }
    let chunks = stream::try_unfold(follower, |mut follower| async move {
        let chunk = follower.next().await?;
        Ok::<_, ApiError>(chunk.map(|chunk| (chunk, follower)))
    });
    Ok(HttpResponse::Ok().content_type("application/json").streaming(chunks))
}

/// What a follower does once nothing is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The store was not looked at since something came.
    Look,
    /// Nothing is new.
    Wait,
    /// Nothing will come any more.
    End,
}

/// Somebody who follows a log.
struct Follower<S> {
    app: App,
    caller: Caller,
    grid: Grid,
    news: watch::Receiver<()>,
    source: S,
    /// The number of the last entry that was read or passed over.
    after: i64,
    /// Entries that were read and not yet taken.
    pending: VecDeque<Bytes>,
    /// When the client was sent something last.
    spoke_at: tokio::time::Instant,
    next: Next,
}

impl<S: Source> Follower<S> {
    /// Reads the newest entries; with none of them, goes on from where the whole log ended before.
    async fn begin(&mut self, since: Option<Time>, limit: i64) -> Result<(), ApiError> {
        let source = self.source.clone();
        let read = self.app.means.store.read(move |conn| {
            let last = source.last(conn)?;
            Ok((last, source.read(conn, Portion::Newest { since, limit })?))
        });
        let (last, found) = read.await?;
        self.after = last;
        self.take(found)
    }

    /// The next chunk: an entry, or a blank where there was none for a while; none at the end. An error
    /// breaks the connection, and the client comes again.
    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            if !self.app.is_ready() {
                return Err(ApiError::Unavailable);
            }
            if let Some(chunk) = self.pending.pop_front() {
                self.spoke_at = clock::instant();
                return Ok(Some(chunk));
            }
            let beat = self.spoke_at + self.app.beat;
            match self.next {
                Next::End => return Ok(None),
                Next::Look => self.look().await?,
                // Others of the grid may write all the time.
                Next::Wait if clock::instant() >= beat => {
                    self.next = Next::Look;
                    self.spoke_at = clock::instant();
                    return Ok(Some(Bytes::from_static(b" ")));
                }
                Next::Wait => {
                    if tokio::time::timeout_at(beat, self.news.changed()).await.is_ok() {
                        tokio::time::sleep(GATHER).await;
                        self.next = Next::Look;
                    }
                }
            }
        }
    }

    /// Reads what is new, as far as the caller still may.
    async fn look(&mut self) -> Result<(), ApiError> {
        // Before reading: what is committed meanwhile wakes again.
        self.news.mark_unchanged();
        match extract::still(&self.app, &self.caller, &self.grid, Action::ReadGrid).await {
            Err(ApiError::NotFound(_)) => {
                self.next = Next::End;
                return Ok(());
            }
            may => may?,
        }
        let (source, id) = (self.source.clone(), self.after);
        let read = self.app.means.store.read(move |conn| {
            // In this order: what is committed in between is not passed over, and nothing comes after the end.
            let is_over = source.is_over(conn)?;
            let last = source.last(conn)?;
            let found = source.read(conn, Portion::After { id, limit: PORTION })?;
            Ok((is_over, last, found))
        });
        let (is_over, last, found) = read.await?;
        let is_all = i64::try_from(found.len()).unwrap_or(PORTION) < PORTION;
        self.take(found)?;
        if is_all {
            self.after = self.after.max(last);
        }
        self.next = match (is_all, is_over) {
            (false, _) => Next::Look,
            (true, false) => Next::Wait,
            (true, true) => Next::End,
        };
        Ok(())
    }

    fn take(&mut self, found: Vec<(i64, S::Entry)>) -> Result<(), ApiError> {
        for (id, entry) in found {
            self.after = self.after.max(id);
            let chunk = serde_json::to_vec(&entry).map_err(|error| {
                log::error!("cannot show entry {id} of a log: {error}");
                ApiError::Internal
            })?;
            self.pending.push_back(chunk.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_from_one_to_ten_thousand() {
        for (given, limit) in
            [("2", 2), ("0", 100), ("-1", 100), ("foo", 100), ("", 100), ("99999", 10_000)]
        {
            let page = Page { limit: Some(given.to_owned()), ..Page::default() };
            assert_eq!(page.limit(), limit, "{given}");
        }
        assert_eq!(Page::default().limit(), 100);
    }

    #[test]
    fn from_wins_over_since_and_what_is_empty_is_absent() {
        let page = |since: &str, from: &str, follow: &str| Page {
            limit: None,
            since: Some(since.to_owned()),
            from: Some(from.to_owned()),
            follow: Some(follow.to_owned()),
        };
        assert_eq!(page("soon", "7", "").start().ok(), Some(Start::After(7)));
        assert_eq!(page("", "", "").start().ok(), Some(Start::Newest { since: None }));
        assert!(page("soon", "", "").start().is_err());
        assert!(page("", "x", "").start().is_err());
        assert!(page("", "", "0").follows() && !page("", "", "").follows());
    }

    #[test]
    fn a_list_that_is_given_may_be_of_nothing() {
        assert_eq!(listed(Some("a, b,,c")), Some(vec!["a", "b", "c"]));
        assert_eq!((listed(Some("")), listed(None)), (None, None));
        assert_eq!(listed(Some(",")), Some(vec![]));
    }
}
