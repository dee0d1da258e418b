//! The cases of the HTTP API on Postgres; the same run on SQLite in `tests/it/conformance`.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::{
    conformance::{Database, FILES, run},
    support::Postgres,
};

#[test]
fn every_case_of_the_api_holds_on_postgres() {
    let postgres = Postgres::start();
    let made = AtomicU32::new(0);
    let make = move || {
        let number = made.fetch_add(1, Ordering::Relaxed);
        postgres.create_database(&format!("case_{number}"))
    };
    let database = Database::Postgres(Box::new(make));
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
