//! The claims of `tests/it/agents` on Postgres.

#[path = "../it/support/mod.rs"]
#[allow(dead_code, reason = "the claims need a part of it")]
mod master;
#[path = "../it/agents/claims.rs"]
mod suite;
#[path = "../it/agents/support.rs"]
#[allow(dead_code, reason = "the claims need a part of it")]
mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::Postgres;

macro_rules! list {
    ($($claim:ident;)*) => {
        [$((stringify!($claim), suite::$claim as fn(&suite::Database))),*]
    };
}

#[test]
fn the_claims_hold_on_postgres() {
    let postgres = Postgres::start();
    let mut failed = Vec::new();
    for (name, claim) in suite::for_each_claim!(list) {
        let url = postgres.create_database(name);
        let database = vec![("DATABASE_URL", url), ("VAULT_KEY", "a key of the test".to_owned())];
        if catch_unwind(AssertUnwindSafe(|| claim(&database))).is_err() {
            failed.push(name);
        }
    }
    assert_eq!(failed, Vec::<&str>::new());
}
