//! Signals, restarts and what is left behind.

use std::time::Duration;

use crate::world::{LIMIT, World, now};

#[test]
fn sigterm_ends_a_master_cleanly_and_soon() {
    let world = World::new(&[]);
    let mut master = world.master();
    let started = now();
    master.terminate();
    assert_eq!(master.exit_code(LIMIT), 0);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_admin_code_is_printed_at_the_first_start_only() {
    let world = World::new(&[]);
    let mut first = world.master();
    first.wait_for_line("initial admin code: ", LIMIT);
    first.terminate();
    first.exit_code(LIMIT);
    let mut second = world.master();
    second.terminate();
    second.exit_code(LIMIT);
    assert!(!second.stderr().iter().any(|line| line.contains("initial admin code")));
    let listening = second.stdout();
    assert_eq!(listening.len(), 1, "exactly one line on standard output: {listening:?}");
}
