//! The cases of `http-api.md` section 6, by number, on SQLite; `tests/system/api_cases.rs` runs the same
//! cases on Postgres. `cases.md` says which case is where.
//!
//! Each case is a function that gets a master of its own with the fixture of the contract.

pub mod access;
pub mod agent;
pub mod exec;
pub mod fixture;
pub mod grids;
pub mod logs;
pub mod nodes;
pub mod sequences;
pub mod sequences_of_master;
pub mod sequences_of_service;
pub mod server;
pub mod services;
pub mod stats;
pub mod tokens;
pub mod transport;
pub mod users;
pub mod vault;
pub mod withdrawn;

pub use agent::Agent;
pub use fixture::{Database, Fixture};

/// A case, or several that belong together: the function's name, which begins with their numbers.
pub struct Case {
    pub name: &'static str,
    pub run: fn(&Fixture),
}

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        pub const CASES: &[super::Case] =
            &[$(super::Case { name: stringify!($name), run: $name }),*];
    };
}
pub(crate) use cases;

/// Every file with its cases.
pub const FILES: &[(&str, &[Case])] = &[
    ("transport", transport::CASES),
    ("tokens", tokens::CASES),
    ("users", users::CASES),
    ("access", access::CASES),
    ("grids", grids::CASES),
    ("nodes", nodes::CASES),
    ("services", services::CASES),
    ("vault", vault::CASES),
    ("exec", exec::CASES),
    ("sequences", sequences::CASES),
    ("sequences_of_service", sequences_of_service::CASES),
    ("sequences_of_master", sequences_of_master::CASES),
    ("logs", logs::CASES),
    ("stats", stats::CASES),
    ("withdrawn", withdrawn::CASES),
];

/// Runs the cases of a file, each on a master of its own, and says which failed.
pub fn run(file: &str, database: &Database) {
    let (_, cases) = FILES.iter().find(|(name, _)| *name == file).expect("a file");
    let failed: Vec<&str> = cases
        .iter()
        .filter(|case| {
            eprintln!("{file}::{}", case.name);
            let run = || (case.run)(&Fixture::start(database));
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err()
        })
        .map(|case| case.name)
        .collect();
    assert!(failed.is_empty(), "{file}: {failed:?}");
}
