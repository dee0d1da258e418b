//! The store's suite on Postgres, and a master on it.

use std::time::Duration;

use kontena_store::{DatabaseUrl, Options, Store, grids, nodes};

use crate::{
    store_suite,
    support::{Postgres, Program},
    world::{LIMIT, World, now, program, until},
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

/// The same on SQLite: `crates/store/src/migrations.rs`.
#[test]
fn a_database_of_the_first_migration_is_brought_up_to_date() {
    let postgres = Postgres::start();
    let url: DatabaseUrl = postgres.create_database("old").parse().expect("a URL");
    postgres.sql(
        "old",
        concat!(
            include_str!("../../migrations/postgres/0001_grids_nodes_services/up.sql"),
            // What diesel writes when it has applied it.
            "create table __diesel_schema_migrations (version varchar(50) primary key not null, \
             run_on timestamp not null default current_timestamp); \
             insert into __diesel_schema_migrations (version) values ('0001');",
            include_str!("../../crates/store/tests/rows_of_0001.sql"),
        ),
    );
    let store = Store::open(&url, Options::default()).expect("opens");
    let found = store.read(|conn| {
        let grid = grids::by_name(conn, "test")?.map(|grid| grid.id);
        grid.map(|grid| nodes::of_grid(conn, grid)).transpose()
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let found = runtime.block_on(found).expect("reads").expect("the grid");
    let [away, here] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((away.name.as_str(), away.connected), ("away", false));
    assert!(away.marked_offline_at.is_some());
    assert_eq!(away.marked_offline_at, away.disconnected_at, "its grace counts from its end");
    assert_eq!((here.name.as_str(), here.connected), ("here", true));
    assert_eq!((here.marked_offline_at, here.disconnected_at), (None, None));
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

/// Nobody can come back to a master without a database: that time is no part of a grace.
#[test]
fn a_database_that_was_away_uses_up_no_grace() {
    const GRACE: Duration = Duration::from_secs(5);
    let mut postgres = Postgres::start();
    let grace = GRACE.as_secs().to_string();
    let world = World::new(&[
        ("DATABASE_URL", &postgres.url()),
        ("VAULT_KEY", "a key of the test"),
        ("INITIAL_ADMIN_CODE", "first-code"),
        ("KONTENA_GRACE_RANDOM", &grace),
    ]);
    let _master = world.master();
    world.ok(&["master", "login", "--code", "first-code", "--name", "pg", &world.url]);
    world.ok(&["grid", "create", "--initial-size", "1", "test"]);
    let env = world.ok(&["grid", "env", "test"]);
    let token = env.lines().find_map(|line| line.strip_prefix("KONTENA_TOKEN="));
    let token = token.expect("a token").to_owned();
    let uri = world.url.replacen("http", "ws", 1);
    let agent = |number: u8| {
        let group = format!("AAA{number}");
        let id = format!("{}{group}", "AAAA:".repeat(11));
        let name = format!("node-{number}");
        let settings: [(&str, &str); 5] = [
            ("KONTENA_URI", &uri),
            ("KONTENA_TOKEN", &token),
            ("KONTENA_RUNTIME", "simulated"),
            ("KONTENA_NODE_ID", &id),
            ("KONTENA_NODE_NAME", &name),
        ];
        Program::start(&program("kontena-agent"), &[], &settings)
    };
    let _first = agent(1);
    let mut second = agent(2);
    for name in ["node-1", "node-2"] {
        world.until_node(name, "online", LIMIT);
    }
    let strategy = ["--deploy-strategy", "random", "--instances", "8"];
    world.ok(&[&["service", "create"], &strategy[..], &["web", "nginx"]].concat());
    world.ok(&["service", "deploy", "web"]);
    let placed = || {
        let shown = world.ok(&["service", "show", "web"]);
        let lines = shown.lines().filter(|line| line.contains("scheduled_to"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let before = placed();

    postgres.kill();
    second.kill9();
    let began = now();
    let longer = GRACE + Duration::from_millis(500);
    until("the grace has passed", LIMIT, || began.elapsed() > longer);
    postgres.start_again();
    world.until_node("node-2", "offline", LIMIT);
    let _second = agent(2);
    world.until_node("node-2", "online", LIMIT);
    assert_eq!(placed(), before, "there was nobody to come back to");
}
