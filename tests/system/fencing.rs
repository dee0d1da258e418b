//! Several masters on one database, as processes that are stopped, killed and started by mistake.

use std::time::Duration;

use crate::{
    support::{Postgres, Program},
    world::{LIMIT, World, free_port, now, program, until},
};

/// How long a lease lasts that is not renewed.
const LEASE: Duration = Duration::from_secs(5);

fn settings(postgres: &Postgres) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", postgres.url()),
        ("VAULT_KEY", "a key of the test".to_owned()),
        ("INITIAL_ADMIN_CODE", "first-code".to_owned()),
    ]
}

fn world(postgres: &Postgres) -> World {
    let settings = settings(postgres);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    World::new(&settings)
}

/// A master beside another one, which need not get so far as to listen.
fn another(database: &[(&str, &str)]) -> Program {
    let listen = format!("127.0.0.1:{}", free_port());
    let mut settings = vec![("LISTEN", listen.as_str())];
    settings.extend_from_slice(database);
    Program::start(&program("kontena-master"), &[], &settings)
}

#[test]
fn a_master_that_was_paused_and_wakes_up_changes_nothing() {
    let postgres = Postgres::start();
    let (past, present) = (world(&postgres), world(&postgres));
    let mut first = past.master();
    past.ok(&["master", "login", "--code", "first-code", "--name", "pg", &past.url]);
    past.ok(&["grid", "create", "--initial-size", "1", "test"]);
    past.ok(&["node", "create", "before"]);

    first.pause();
    // Asked while nobody answers; the kernel takes the call for the first one.
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| past.kontena(&["node", "create", "asked-of-the-past"]));
        let second = present.master();
        second.wait_for_line("waiting for the lease of process", LIMIT);
        let facts = || {
            let nodes = postgres.sql("kontena", "select name, connected, updated_at from nodes");
            let log = postgres.sql("kontena", "select count(*), max(id) from audit_log");
            let lease = postgres.sql("kontena", "select epoch, holder from lease");
            format!("{nodes}\n{log}\n{lease}")
        };
        let before = facts();
        first.resume();
        assert_eq!(first.exit_code(LIMIT), 1);
        let said = first.stderr();
        let last = said.last().cloned().unwrap_or_default();
        let holder = format!("process {} on ", second.pid());
        assert!(last.contains("another master has taken over") && last.contains(&holder), "{last}");
        let errors: Vec<_> = said.iter().filter(|line| line.contains("ERROR")).collect();
        assert_eq!(errors.len(), 1, "said once: {errors:#?}");
        assert_ne!(asked.join().expect("ran").code, Some(0));
        assert_eq!(facts(), before);
    });
}

#[test]
fn a_second_master_is_refused_while_the_first_lives_and_takes_over_in_time_when_it_dies() {
    let postgres = Postgres::start();
    let settings = settings(&postgres);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let world = World::new(&settings);
    let mut first = world.master();
    let mut second = another(&settings);
    assert_eq!(second.exit_code(LIMIT), 1);
    let last = second.stderr().pop().unwrap_or_default();
    let holder = format!("another master is active: process {} on ", first.pid());
    assert!(last.starts_with("DATABASE_URL: ") && last.contains(&holder), "{last}");
    assert_eq!(
        postgres.sql("kontena", "select epoch from lease").trim(),
        "1",
        "nothing has changed"
    );

    first.kill9();
    let died = now();
    let third = world.master();
    // Starting takes its time, too.
    assert!(died.elapsed() < LEASE + Duration::from_secs(3), "{:?}", died.elapsed());
    third.terminate();
    until("the third gives the lease back", LIMIT, || {
        postgres.sql("kontena", "select holder from lease").trim().is_empty()
    });
    let fourth = world.master();
    let waited = fourth.stderr().iter().any(|line| line.contains("waiting for the lease"));
    assert!(!waited, "it was given back: {:?}", fourth.stderr());
}

#[test]
fn one_master_runs_on_an_sqlite_file_and_the_next_need_not_wait() {
    let world = World::new(&[]);
    let mut first = world.master();
    let url = format!("sqlite://{}/kontena.db", world.folder.path().display());
    let mut second = another(&[("DATABASE_URL", &url)]);
    assert_eq!(second.exit_code(LIMIT), 1);
    let last = second.stderr().pop().unwrap_or_default();
    assert!(last.starts_with("DATABASE_URL: another master runs on "), "{last}");
    first.kill9();
    let died = now();
    let _third = world.master();
    assert!(died.elapsed() < LEASE, "{:?}", died.elapsed());
}
