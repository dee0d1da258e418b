//! The store's suite on Postgres, and a master on it.

use kontena_store::{DatabaseUrl, Options, Store};

use crate::{
    store_suite,
    support::Postgres,
    world::{LIMIT, World},
};

#[test]
fn postgres_passes_the_suite() {
    let postgres = Postgres::start();
    let url: DatabaseUrl = postgres.url().parse().expect("a URL");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = Store::open(&url, Options::default()).expect("opens");
    runtime.block_on(store_suite::run(&store));
    // A second opening finds nothing to migrate.
    let state = Store::migration_state(&url).expect("reads");
    assert!(state.pending.is_empty(), "{state:?}");
}

#[test]
fn a_master_on_postgres_survives_kill_9_with_all_it_acknowledged() {
    let postgres = Postgres::start();
    let world =
        World::new(&[("DATABASE_URL", &postgres.url()), ("VAULT_KEY", "a key of the test")]);
    let mut master = world.master();
    let code = master.wait_for_line("initial admin code: ", LIMIT);
    let code = code.rsplit(' ').next().expect("a code").to_owned();
    world.ok(&["master", "login", "--code", &code, "--name", "pg", &world.url]);
    world.ok(&["grid", "create", "--initial-size", "1", "test"]);
    world.ok(&["node", "create", "core-01"]);
    let token = world.ok(&["node", "env", "--token", "core-01"]);
    master.kill9();
    let _master = world.master();
    assert_eq!(world.ok(&["node", "env", "--token", "core-01"]), token);
    assert!(world.node_line("core-01").contains("created"));
}
