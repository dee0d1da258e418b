//! The cases of the HTTP API on Postgres; the same run on SQLite in `tests/it/conformance`.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use crate::{
    conformance::{Database, FILES, fixture::Cluster, run},
    support::Postgres,
};

/// A server with a database for each master.
struct Cases {
    postgres: Postgres,
    made: AtomicU32,
}

impl Cluster for Cases {
    fn create(&self) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        self.postgres.create_database(&format!("case_{number}"))
    }

    fn contents(&self, url: &str) -> String {
        let (_, database) = url.rsplit_once('/').expect("the URL of a database");
        self.postgres.sql(database, "select schema_to_xml('public', true, false, '')")
    }
}

#[test]
fn every_case_of_the_api_holds_on_postgres() {
    let cases = Cases { postgres: Postgres::start(), made: AtomicU32::new(0) };
    let database = Database::Postgres(Arc::new(cases));
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let work = || {
            while let Some((file, _)) = FILES.get(next.fetch_add(1, Ordering::Relaxed)) {
                run(file, &database);
            }
        };
        // Masters wait more than they work.
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().expect("every case holds");
        }
    });
}
