//! Container records: tells the master about every container of the engine, whoever created it, so that
//! it can show them and attach logs and figures to them.
//!
//! ```text
//!   new connection ----> list: save all -----+
//!   engine events  ----> event, then save ---+--> books --> teller --> master
//!   pods           ----> save ---------------+
//!   every 20 s     ----> list: clean up, ----+
//!                        save what failed
//! ```
//!
//! `books` says what the master has yet to be told and in which order, `teller` tells it, one thing
//! after the other: what is said about a container never overtakes what was said before. Nobody waits
//! for any of this.

mod books;
mod teller;

use std::{collections::BTreeSet, future::Future, sync::Arc, time::Duration};

use books::{Books, Due};
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, Fuse, FusedFuture},
};
use teller::{Patience, TellError, Teller};
use tokio::{
    sync::mpsc,
    time::{Interval, MissedTickBehavior, interval},
};

use crate::{
    engine::{Engine, EngineResult, Heard, Listed, Voice, follow},
    session::{Link, Master},
};

/// The pause between two lists of all containers.
const SCAN_PAUSE: Duration = Duration::from_secs(20);
/// How many containers may wait to be taken into the books.
const QUEUE: usize = 256;

/// Asks for containers to be saved. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder(mpsc::Sender<String>);

impl Recorder {
    /// Saves a container soon; returns at once.
    pub fn save(&self, container_id: &str) {
        // The engine's own events about the container make up for one that finds no room.
        if let Err(error) = self.0.try_send(container_id.to_owned()) {
            log::debug!("not saved at once: {error}");
        }
    }
}

/// Keeps the master's container records of one node.
pub struct Records {
    teller: Arc<Teller>,
    master: Master,
    asked: mpsc::Receiver<String>,
    books: Books,
    patience: Patience,
    /// The connection the books are about.
    connection: Option<u64>,
}

type Listing = Fuse<BoxFuture<'static, EngineResult<Vec<Listed>>>>;
type Telling = Fuse<BoxFuture<'static, (Due, Result<(), TellError>)>>;

impl Records {
    /// Makes the keeper, and the handle by which others ask it to save a container.
    #[must_use]
    pub fn new(engine: Arc<dyn Engine>, master: Master, node_id: String) -> (Recorder, Self) {
        let (sender, asked) = mpsc::channel(QUEUE);
        let records = Self {
            teller: Arc::new(Teller { engine, master: master.clone(), node_id }),
            master,
            asked,
            books: Books::default(),
            patience: Patience::default(),
            connection: None,
        };
        (Recorder(sender), records)
    }

    /// Keeps records for as long as it is polled.
    pub async fn run(mut self) {
        let mut heard = follow(Arc::clone(&self.teller.engine), Voice::Quiet);
        let mut link = self.master.link();
        link.mark_changed();
        let mut scan = interval(SCAN_PAUSE);
        scan.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut listing: Listing = Fuse::terminated();
        let mut telling: Telling = Fuse::terminated();
        loop {
            if telling.is_terminated() {
                telling = self.next();
            }
            // In this order, so that a run can be repeated; what comes seldom comes first and starves nobody.
            tokio::select! {
                biased;
                changed = link.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let now = *link.borrow_and_update();
                    self.follow_link(now, &mut scan);
                }
                (due, outcome) = &mut telling => self.told(due, outcome),
                listed = &mut listing => self.listed(listed),
                _ = scan.tick(), if listing.is_terminated() => listing = self.list(),
                Some(id) = self.asked.recv() => self.books.save(id),
                Some(heard) = heard.next() => self.heard(heard, &mut scan),
            }
        }
    }

    fn list(&self) -> Listing {
        let teller = Arc::clone(&self.teller);
        fused(async move { teller.engine.list().await })
    }

    /// Begins to tell what is due next, if anything is.
    fn next(&mut self) -> Telling {
        self.connection.map_or_else(Fuse::terminated, |_| {
            while let Some(due) = self.books.next() {
                if self.patience.allows(&due) {
                    let teller = Arc::clone(&self.teller);
                    return fused(async move {
                        let outcome = teller.tell(&due).await;
                        (due, outcome)
                    });
                }
            }
            Fuse::terminated()
        })
    }

    fn told(&mut self, due: Due, outcome: Result<(), TellError>) {
        let Err(error) = outcome else {
            return;
        };
        self.patience.complain(&due, &error);
        // A master that does not know the call will not know it by the next list, and one that keeps no
        // more records of this node will not keep more.
        if (self.patience.allows(&due) && !error.is_for_good()) || matches!(due, Due::Cleanup(_)) {
            self.books.failed(due);
        }
    }

    fn listed(&mut self, listed: EngineResult<Vec<Listed>>) {
        match listed {
            Ok(listed) => {
                let ids: BTreeSet<_> = listed.into_iter().map(|found| found.id).collect();
                self.books.scanned(ids);
            }
            Err(error) => log::debug!("cannot list containers for their records: {error}"),
        }
    }

    fn heard(&mut self, heard: Heard, scan: &mut Interval) {
        match heard {
            Heard::Event(event) => self.books.event(event),
            Heard::Returned => {
                self.books.look_at_all();
                scan.reset_immediately();
            }
        }
    }

    /// A new connection starts with all containers; without one there is nobody to tell.
    fn follow_link(&mut self, link: Link, scan: &mut Interval) {
        let connection = match link {
            Link::Established(connection) => Some(connection),
            Link::Down | Link::Open => None,
        };
        if connection == self.connection {
            return;
        }
        self.connection = connection;
        self.books.close();
        if connection.is_some() {
            self.patience = Patience::default();
            self.books.open();
            scan.reset_immediately();
        }
    }
}

fn fused<T>(future: impl Future<Output = T> + Send + 'static) -> Fuse<BoxFuture<'static, T>> {
    future.boxed().fuse()
}
