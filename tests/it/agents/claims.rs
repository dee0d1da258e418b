//! Whose node is it: tokens and the compare-and-set on a connection's identity, cases 14 to 19, 21, 37, 43
//! and 57 to 63. The same claims must hold on both databases: `claims_on_sqlite` runs them on one,
//! `tests/system` on the other.

use std::time::Duration;

use chrono::TimeDelta;
use kontena_core::domain::{Node, NodeStatus, Time};
use kontena_master::actors::grid::Call;
use kontena_protocol::agent::{Message, utc_text};
use serde_json::json;

use super::{
    master::{RawAgent, story},
    support::{Scene, is_open, report, seconds_between},
};

/// Hands the names of all claims to a macro.
macro_rules! for_each_claim {
    ($with:ident) => {
        $with! {
            case_14_the_first_engine_takes_a_node_with_its_token;
            case_15_a_later_login_changes_no_labels;
            case_16_a_taken_token_is_not_for_another_engine;
            case_17_an_engine_does_not_take_a_second_node;
            case_18_an_engine_does_not_take_another_engines_node;
            case_19_of_two_engines_at_once_one_takes_the_token;
            case_21_the_grid_token_does_not_open_a_node_with_its_own;
            case_37_an_old_login_leaves_a_live_node_alone;
            case_43_two_new_engines_at_once_get_two_numbers;
            case_57_a_token_reset_with_the_connection_ends_it;
            case_57_a_token_reset_while_the_agent_connects_lets_nobody_in;
            case_58_a_node_that_got_a_token_needs_it;
            case_59_a_token_reset_without_the_connection_leaves_it;
            case_60_a_newer_connection_ends_the_older;
            case_60_of_two_connections_at_once_the_older_ends_at_once;
            case_61_an_older_connections_end_changes_nothing;
            case_62_the_newest_connection_is_called;
            case_63_an_older_connection_comes_too_late;
        }
    };
}
pub(crate) use for_each_claim;

/// Where the master of a claim keeps what it knows: the settings that say so.
pub type Database = Vec<(&'static str, String)>;

const TAKEN: &str = "Incorrect node token, already used by a different node";
const HELD: &str = "Invalid node ID, already used by a different node";
const OWN_TOKEN: &str = "Invalid grid token, node was created using a node token";

/// Runs one claim on a fresh master.
fn claim(database: &Database, claim: impl AsyncFnOnce(Scene) + 'static) {
    let database = database.clone();
    story(async move {
        let settings: Vec<_> = database.iter().map(|(name, value)| (*name, &**value)).collect();
        claim(Scene::with(&settings).await).await;
    });
}

fn engine(node: &Node) -> Option<&str> {
    node.engine_id.as_ref().map(|id| id.as_str())
}

/// A node with its own token, created with these labels.
async fn with_token(scene: &Scene, name: &str, labels: &[&str]) -> String {
    let token = scene.master.node_token(&scene.grid, name).await;
    scene.edit(name, json!({ "labels": labels })).await;
    token
}

/// A node with its own token that this engine has taken; it is offline again.
async fn taken(scene: &Scene, name: &str, id: &str) -> String {
    let token = scene.master.node_token(&scene.grid, name).await;
    let agent = scene.accepted(&scene.a().id(id).labels("").node_token(&token)).await;
    agent.hang_up(1000, "");
    scene.until(name, NodeStatus::Offline).await;
    // The next connection is a later one.
    scene.pass(Duration::from_millis(5)).await;
    token
}

pub fn case_14_the_first_engine_takes_a_node_with_its_token(database: &Database) {
    claim(database, async |scene: Scene| {
        let token = with_token(&scene, "core-01", &["test-2=no"]).await;
        assert_eq!(scene.node("core-01").await.status(), NodeStatus::Created);
        scene.accepted(&scene.a().node_token(&token)).await;
        let nodes = scene.everything().await;
        let [node] = nodes.as_slice() else { panic!("one node: {nodes:?}") };
        assert_eq!((node.name.as_str(), engine(node)), ("core-01", Some("ID1")));
        assert_eq!(node.labels, ["test-2=no", "test=yes"]);
        assert_eq!(node.agent_version.as_deref(), Some("1.5.4"));
        assert_eq!(node.status(), NodeStatus::Connecting);
    });
}

pub fn case_15_a_later_login_changes_no_labels(database: &Database) {
    claim(database, async |scene: Scene| {
        let token = taken(&scene, "core-01", "ID1").await;
        scene.edit("core-01", json!({ "labels": ["a=1"] })).await;
        scene.accepted(&scene.a().node_token(&token).labels("b=2")).await;
        let node = scene.node("core-01").await;
        assert_eq!(node.labels, ["a=1"]);
        assert!(node.connected);
    });
}

pub fn case_16_a_taken_token_is_not_for_another_engine(database: &Database) {
    claim(database, async |scene: Scene| {
        let token = taken(&scene, "core-01", "ID1").await;
        let other = scene.a().node_token(&token).id("ID2");
        assert_eq!(scene.refused_without_trace(&other).await, (4003, TAKEN.to_owned()));
    });
}

pub fn case_17_an_engine_does_not_take_a_second_node(database: &Database) {
    claim(database, async |scene: Scene| {
        taken(&scene, "x", "ID1").await;
        let token = scene.master.node_token(&scene.grid, "y").await;
        let second = scene.a().node_token(&token);
        assert_eq!(scene.refused_without_trace(&second).await, (4006, HELD.to_owned()));
    });
}

pub fn case_18_an_engine_does_not_take_another_engines_node(database: &Database) {
    claim(database, async |scene: Scene| {
        taken(&scene, "x", "ID1").await;
        let token = taken(&scene, "y", "ID2").await;
        let swapped = scene.a().node_token(&token);
        assert_eq!(scene.refused_without_trace(&swapped).await, (4006, HELD.to_owned()));
    });
}

pub fn case_19_of_two_engines_at_once_one_takes_the_token(database: &Database) {
    claim(database, async |scene: Scene| {
        let token = scene.master.node_token(&scene.grid, "core-01").await;
        let both = ["ID1", "ID2"].map(|id| {
            let headers = scene.a().node_token(&token).id(id);
            (id, scene.connect(&headers))
        });
        scene.pass(Duration::from_secs(1)).await;
        let (won, lost): (Vec<_>, Vec<_>) = both.iter().partition(|(_, agent)| is_open(agent));
        let ([(winner, won)], [(_, lost)]) = (won.as_slice(), lost.as_slice()) else {
            panic!("one of two: {} open", won.len())
        };
        won.accepted().await;
        assert_eq!(lost.closed().await, (4003, TAKEN.to_owned()));
        let nodes = scene.everything().await;
        assert_eq!(nodes.len(), 1);
        assert_eq!(engine(&nodes[0]), Some(*winner));
        assert!(nodes[0].connected);
    });
}

pub fn case_21_the_grid_token_does_not_open_a_node_with_its_own(database: &Database) {
    claim(database, async |scene: Scene| {
        taken(&scene, "core-01", "ID1").await;
        assert_eq!(scene.refused_without_trace(&scene.a()).await, (4005, OWN_TOKEN.to_owned()));
    });
}

pub fn case_37_an_old_login_leaves_a_live_node_alone(database: &Database) {
    claim(database, async |scene: Scene| {
        let live = scene.accepted(&scene.a()).await;
        let old = scene.a_at(TimeDelta::minutes(-5));
        let (code, reason) = scene.refused_without_trace(&old).await;
        assert_eq!(code, 4020);
        let before = "agent connected too far in the past, clock offset ";
        let offset = seconds_between(&reason, before, "s exceeds threshold");
        assert!(offset.is_some_and(|offset| (300.0..301.0).contains(&offset)), "{reason}");
        scene.pass_answering(Duration::from_secs(40), &[&live]).await;
        assert!(is_open(&live));
        assert!(scene.node("node-1").await.connected);
    });
}

pub fn case_43_two_new_engines_at_once_get_two_numbers(database: &Database) {
    claim(database, async |scene: Scene| {
        let both = ["ID1", "ID2"].map(|id| scene.connect(&scene.a().id(id)));
        for agent in &both {
            agent.accepted().await;
        }
        let mut nodes = scene.everything().await;
        nodes.sort_by_key(|node| node.number);
        let numbers: Vec<u32> = nodes.iter().map(|node| node.number).collect();
        assert_eq!(numbers, [1, 2]);
        let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["node-1", "node-1-2"]);
        assert_ne!(engine(&nodes[0]), engine(&nodes[1]));
    });
}

/// A live agent whose token is reset; told within a keepalive.
async fn disconnected(scene: &Scene) -> String {
    let agent = scene.accepted(&scene.a()).await;
    let token = scene.reset_token("node-1", true).await;
    let told = (4031, "host node node-1 has been disconnected".to_owned());
    assert_eq!(agent.closed().await, told);
    scene.pass(Duration::from_millis(100)).await;
    token
}

pub fn case_57_a_token_reset_with_the_connection_ends_it(database: &Database) {
    claim(database, async |scene: Scene| {
        disconnected(&scene).await;
        let node = scene.until("node-1", NodeStatus::Offline).await;
        let connection = node.connection.expect("kept");
        assert_eq!((connection.opened, connection.close_code), (true, Some(4031)));
        let reason = "host node node-1 has been disconnected";
        assert_eq!(connection.close_reason.as_deref(), Some(reason));
        assert!(node.disconnected_at.is_some());
    });
}

/// However the reset and the login meet: the old token does not leave a connection behind.
pub fn case_57_a_token_reset_while_the_agent_connects_lets_nobody_in(database: &Database) {
    claim(database, async |scene: Scene| {
        let mut token = taken(&scene, "core-01", "ID1").await;
        let mut codes = Vec::new();
        for yields in 0..24 {
            let agent = scene.connect(&scene.a().node_token(&token));
            for _ in 0..yields {
                tokio::task::yield_now().await;
            }
            token = scene.reset_token("core-01", true).await;
            scene.pass(Duration::from_secs(1)).await;
            assert!(!is_open(&agent), "after {yields}: {:?}", agent.heard());
            codes.push(agent.closed().await.0);
            assert!(!scene.node("core-01").await.connected);
        }
        assert!(codes.iter().all(|code| [4002, 4031].contains(code)), "{codes:?}");
    });
}

pub fn case_58_a_node_that_got_a_token_needs_it(database: &Database) {
    claim(database, async |scene: Scene| {
        let token = disconnected(&scene).await;
        assert_eq!(scene.refused_without_trace(&scene.a()).await, (4005, OWN_TOKEN.to_owned()));
        scene.accepted(&scene.a().node_token(&token)).await;
    });
}

pub fn case_59_a_token_reset_without_the_connection_leaves_it(database: &Database) {
    claim(database, async |scene: Scene| {
        let old = scene.master.node_token(&scene.grid, "core-01").await;
        let agent = scene.accepted(&scene.a().node_token(&old)).await;
        let new = scene.reset_token("core-01", false).await;
        scene.pass_answering(Duration::from_secs(70), &[&agent]).await;
        assert!(is_open(&agent), "{:?}", agent.heard());
        assert!(scene.node("core-01").await.connected);
        agent.hang_up(1000, "");
        scene.until("core-01", NodeStatus::Offline).await;
        let refusal = scene.refused_without_trace(&scene.a().node_token(&old)).await;
        assert_eq!(refusal, (4002, "Invalid node token".to_owned()));
        scene.accepted(&scene.a().node_token(&new)).await;
    });
}

/// One engine connected twice: the older connection, the newer, and its `T1`.
async fn twice(scene: &Scene) -> (RawAgent, RawAgent, Time) {
    let first = scene.accepted(&scene.a()).await;
    scene.pass(Duration::from_millis(1500)).await;
    let newer = scene.master.clock.now();
    let second = scene.accepted(&scene.a().connected_at(newer)).await;
    (first, second, kontena_core::login::to_millis(newer))
}

pub fn case_60_a_newer_connection_ends_the_older(database: &Database) {
    claim(database, async |scene: Scene| {
        let (first, second, newer) = twice(&scene).await;
        let reason = format!(
            "host node node-1 connection conflict with new connection at {}",
            utc_text(newer)
        );
        assert_eq!(first.closed().await, (4041, reason));
        scene.pass_answering(Duration::from_secs(70), &[&second]).await;
        let node = scene.node("node-1").await;
        assert!(node.connected);
        assert_eq!(node.connected_at, Some(newer));
        assert!(is_open(&second));
    });
}

/// The grid actor may know that one counts, and has been replaced, before that one does.
pub fn case_60_of_two_connections_at_once_the_older_ends_at_once(database: &Database) {
    claim(database, async |scene: Scene| {
        for round in 0..10 {
            let id = format!("ID{round}");
            let headers = scene.a().id(&id).name(&id);
            scene.accepted(&headers).await.hang_up(1000, "");
            scene.pass(Duration::from_secs(1)).await;
            let both = [100, 50].map(|age| {
                let at = scene.master.clock.now() - TimeDelta::milliseconds(age);
                scene.connect(&headers.clone().connected_at(at))
            });
            scene.pass(Duration::from_secs(1)).await;
            assert!(is_open(&both[1]), "{:?}", both[1].heard());
            assert!(!is_open(&both[0]), "round {round}: {:?}", both[0].heard());
            assert_eq!(both[0].closed().await.0, 4041);
            both[1].hang_up(1000, "");
        }
    });
}

pub fn case_61_an_older_connections_end_changes_nothing(database: &Database) {
    claim(database, async |scene: Scene| {
        for (code, reason) in [(1006, ""), (1000, "bye"), (4041, "as told")] {
            let (first, second, newer) = twice(&scene).await;
            report(&second, "ID1", json!({ "NCPU": 2 })).await;
            let before = scene.node("node-1").await;
            assert_eq!((before.connected, before.connected_at), (true, Some(newer)));
            first.hang_up(code, reason);
            // Heard of a second time, and late.
            scene.pass(Duration::from_secs(1)).await;
            first.hang_up(1006, "");
            scene.pass_answering(Duration::from_secs(1), &[&second]).await;
            let mut after = scene.node("node-1").await;
            // A ping may have been answered meanwhile.
            after.last_seen_at = before.last_seen_at;
            assert_eq!(after, before);
        }
    });
}

pub fn case_62_the_newest_connection_is_called(database: &Database) {
    claim(database, async |scene: Scene| {
        let (first, second, _) = twice(&scene).await;
        let heard_by_first = first.methods();
        let node = scene.node("node-1").await.id;
        let grid = scene.master.registry().grid(scene.grid.id);
        let call = grid.send(Call {
            node,
            method: "/etcd/health",
            params: vec![],
            timeout: Duration::from_secs(10),
        });
        let call = actix_rt::spawn(call);
        scene.pass(Duration::from_millis(100)).await;
        let id = second.messages().into_iter().find_map(|message| match message {
            Message::Request { id, method, .. } if method == "/etcd/health" => Some(id),
            _ => None,
        });
        let id = id.expect("arrives on the second connection");
        assert_eq!(first.methods(), heard_by_first, "and only there");
        second.send(Message::Response { id, outcome: Ok(rmpv::Value::from("well")) }.encode());
        let answer = call.await.expect("ends").expect("lives");
        assert_eq!(answer, Ok(rmpv::Value::from("well")));
    });
}

pub fn case_63_an_older_connection_comes_too_late(database: &Database) {
    claim(database, async |scene: Scene| {
        let old = scene.a();
        scene.pass(Duration::from_secs(2)).await;
        let live = scene.accepted(&scene.a()).await;
        let before = scene.node("node-1").await;
        let late = scene.connect(&old);
        let newer = utc_text(before.connected_at.expect("connected"));
        let reason = format!("host node node-1 connection conflict with new connection at {newer}");
        let asked = scene.master.clock.now();
        assert_eq!(late.closed().await, (4041, reason));
        assert!(scene.master.clock.now() - asked < TimeDelta::seconds(1), "at once");
        assert!(!late.methods().iter().any(|method| method == "/agent/node_info"));
        scene.pass(Duration::from_millis(500)).await;
        assert_eq!(scene.node("node-1").await, before);
        scene.pass_answering(Duration::from_secs(70), &[&live]).await;
        assert!(is_open(&live));
        assert!(scene.node("node-1").await.connected);
    });
}
