//! Whatever agents and administrators do, in whatever order: once all is quiet for a keepalive interval,
//! the records and the connections agree. The actors are the real ones.
//!
//! | name | invariant |
//! | --- | --- |
//! | N1 | a node is recorded as connected exactly if one session that nobody closed counts as its connection; the record carries that session's `connected_at` |
//! | N2 | the grid actor holds no node without a session that nobody closed, and every node with one |
//! | N3 | no session of a node that is gone is open; one that was open when its node was removed, with nothing else under way, was closed with 4040 |
//! | N4 | no two nodes share an engine id, a name or a number |
//! | N5 | a session whose node has a newer one was closed, with 4041 unless its node was removed or reset meanwhile |
//! | N6 | the record of a connected node is not older than any session that is still open |

mod run;

use std::{collections::BTreeSet, time::Duration};

use proptest::{collection::vec, prelude::*};

use super::master::story;
use run::Run;

/// Agents of a run; the first two share an engine, as copies of a machine do.
const AGENTS: [(&str, Login); 4] =
    [("E0", Login::Grid), ("E0", Login::Grid), ("E1", Login::Node), ("E2", Login::Node)];

/// Which token an agent of a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Login {
    Grid,
    /// The token of the node `core`, which the first agent takes.
    Node,
}

/// One step of a run. Agents, connections and nodes are picked by a number, modulo how many there are.
#[derive(Debug, Clone)]
enum Step {
    /// An agent dials; its clock is off by so many milliseconds.
    Connect {
        agent: usize,
        clock: i64,
    },
    /// A connection's end is heard of; also of one that has ended already.
    HangUp {
        connection: usize,
        code: u16,
    },
    /// A pong that nobody asked for.
    Pong {
        connection: usize,
    },
    /// A connection goes on without answering pings.
    Mute {
        connection: usize,
    },
    Report {
        connection: usize,
    },
    ResetToken {
        node: usize,
        disconnect: bool,
    },
    EditLabels {
        node: usize,
    },
    Remove {
        node: usize,
    },
    Pause {
        millis: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let agent = 0..AGENTS.len();
    let clock = prop_oneof![
        6 => Just(0_i64),
        2 => -3_000_i64..900,
        1 => Just(-10_000_i64),
        1 => Just(5_000_i64),
    ];
    let code = prop_oneof![Just(1000_u16), Just(1006)];
    let connection = 0..64_usize;
    let node = 0..8_usize;
    let connect = (agent, clock).prop_map(|(agent, clock)| Step::Connect { agent, clock });
    let hang_up =
        (connection.clone(), code).prop_map(|(connection, code)| Step::HangUp { connection, code });
    let reset = (node.clone(), any::<bool>())
        .prop_map(|(node, disconnect)| Step::ResetToken { node, disconnect });
    let pause = prop_oneof![4 => 0..20_u64, 2 => 20..2_000_u64, 1 => 2_000..40_000_u64];
    prop_oneof![
        8 => connect,
        3 => hang_up,
        2 => connection.clone().prop_map(|connection| Step::Pong { connection }),
        1 => connection.clone().prop_map(|connection| Step::Mute { connection }),
        3 => connection.prop_map(|connection| Step::Report { connection }),
        1 => reset,
        1 => node.clone().prop_map(|node| Step::EditLabels { node }),
        1 => node.prop_map(|node| Step::Remove { node }),
        6 => pause.prop_map(|millis| Step::Pause { millis }),
    ]
}

/// Runs the steps and then lets all be quiet for longer than a keepalive interval and its time-out.
fn run(steps: Vec<Step>) -> (Vec<String>, String) {
    let (sender, receiver) = std::sync::mpsc::channel();
    story(async move {
        let mut run = Run::new().await;
        for step in &steps {
            run.take(step).await;
        }
        run.pause(Duration::from_secs(40)).await;
        sender.send((run.violations().await, format!("{:#?}", run.seen))).expect("awaited");
    });
    receiver.recv().expect("the story ended")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_and_connections_agree_once_all_is_quiet(steps in vec(step(), 1..40)) {
        let (violations, seen) = run(steps);
        prop_assert!(violations.is_empty(), "{:#?}\n{}", violations, seen);
    }
}

/// The steps reach what the invariants speak of.
#[test]
fn the_steps_reach_every_end_of_a_connection() {
    let settle = Step::Pause { millis: 50 };
    let steps = [
        Step::Connect { agent: 0, clock: 0 },
        // The same engine again: the first hears 4041.
        Step::Connect { agent: 1, clock: 0 },
        Step::Connect { agent: 2, clock: 0 },
        // Another engine with the same token: 4003.
        Step::Connect { agent: 3, clock: 0 },
        Step::Connect { agent: 2, clock: -10_000 },
        Step::Remove { node: 0 },
        Step::ResetToken { node: 0, disconnect: true },
        Step::Connect { agent: 0, clock: 0 },
        // From now on the grid token is not enough: 4005.
        Step::ResetToken { node: 0, disconnect: false },
        Step::Connect { agent: 1, clock: 0 },
        Step::Mute { connection: 5 },
    ];
    let steps = steps.into_iter().flat_map(|step| [step, settle.clone()]).collect();
    let (violations, seen) = run(steps);
    assert_eq!(violations, Vec::<String>::new(), "{seen}");
    let all = BTreeSet::from([4003, 4005, 4020, 4030, 4031, 4040, 4041]);
    let reached = |code: &u16| seen.contains(&format!("closed Some({code})"));
    assert_eq!(all.iter().copied().filter(reached).collect::<BTreeSet<u16>>(), all, "{seen}");
}
