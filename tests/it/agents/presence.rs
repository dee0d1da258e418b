//! What is recorded about a connection and told to the others: cases 54, 55, 67 to 71 and 75 to 77, with
//! what `keepalive` shows of the rest.

use std::{cell::RefCell, time::Duration};

use chrono::TimeDelta;
use kontena_core::{
    domain::{Connection, NodeStatus},
    validate,
};
use kontena_master::commands;
use kontena_protocol::agent::{
    Message,
    header::{GRID_TOKEN, NODE_ID},
};
use serde_json::{Value, json};

use super::{
    master::{RawAgent, story},
    support::{Scene, ask, is_open, node_infos, pings, report, seconds_between},
};

thread_local! {
    static LINES: RefCell<Vec<(log::Level, String)>> = const { RefCell::new(Vec::new()) };
}

/// Keeps each thread's log lines: a story's actors all run on its own.
struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = (record.level(), record.args().to_string());
        LINES.with_borrow_mut(|lines| lines.push(line));
    }

    fn flush(&self) {}
}

fn logged(level: log::Level, start: &str) -> Vec<String> {
    LINES.with_borrow(|lines| {
        let found = lines.iter().filter(|(at, line)| *at == level && line.starts_with(start));
        found.map(|(_, line)| line.clone()).collect()
    })
}

fn keep_log_lines() {
    // Another test of this process may have been first.
    log::set_logger(&Lines).ok();
    log::set_max_level(log::LevelFilter::Debug);
}

async fn next_ping(agent: &RawAgent) {
    let before = pings(agent);
    while pings(agent) == before {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn case_54_the_time_out_comes_from_the_settings() {
    story(async {
        let scene = Scene::with(&[("WEBSOCKET_TIMEOUT", "1")]).await;
        let agent = scene.accepted(&scene.a()).await;
        next_ping(&agent).await;
        let pinged = scene.master.clock.now();
        let (code, reason) = agent.closed().await;
        assert_eq!(code, 4030);
        assert!(reason.starts_with("ping timeout after 1."), "{reason}");
        assert!(seconds_between(&reason, "ping timeout after ", "s").is_some(), "{reason}");
        let silent = scene.master.clock.now() - pinged;
        assert!((silent - TimeDelta::seconds(1)).abs() < TimeDelta::milliseconds(100), "{silent}");
    });
}

#[test]
fn case_55_a_late_pong_is_warned_of_and_nothing_else() {
    keep_log_lines();
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        next_ping(&agent).await;
        scene.pass(Duration::from_secs(3)).await;
        agent.pong();
        scene.pass(Duration::from_secs(10)).await;
        assert!(is_open(&agent));
        assert!(scene.node("node-1").await.connected);
        let lines = logged(log::Level::Warn, "keepalive ping");
        let [line] = lines.as_slice() else { panic!("one warning: {lines:?}") };
        let delay = seconds_between(line, "keepalive ping ", "s of 5.00s timeout from client ID1");
        assert!(delay.is_some_and(|delay| (3.0..3.1).contains(&delay)), "{line}");
        // A quick one is told to those who debug.
        next_ping(&agent).await;
        agent.pong();
        scene.pass(Duration::from_secs(1)).await;
        assert_eq!(logged(log::Level::Warn, "keepalive ping").len(), 1);
        assert_eq!(logged(log::Level::Debug, "keepalive ping").len(), 1);
    });
}

#[test]
fn a_refusal_is_logged_with_the_name_of_whom_it_is_about() {
    keep_log_lines();
    story(async {
        let scene = Scene::new().await;
        scene.refused(&scene.a().with(GRID_TOKEN, "wrong")).await;
        scene.refused(&scene.a().without(NODE_ID)).await;
        scene.refused(&scene.a_at(TimeDelta::minutes(-5))).await;
        let before = "reject websocket connection for node ";
        let lines = logged(log::Level::Warn, before);
        for (line, start) in lines.iter().zip([
            "ID1: Invalid grid token",
            "<nil>: Missing Kontena-Node-ID",
            "node-1: agent connected too far in the past, clock offset ",
        ]) {
            assert!(line.starts_with(&format!("{before}{start}")), "{line}");
        }
        assert_eq!(lines.len(), 3, "{lines:?}");
    });
}

#[test]
fn case_67_an_accepted_connection_clears_the_refusal() {
    story(async {
        let scene = Scene::new().await;
        // Once connected and gone, so that there is something to be left unchanged.
        scene.accepted(&scene.a()).await.hang_up(1000, "bye");
        let gone = scene.until("node-1", NodeStatus::Offline).await.disconnected_at;
        assert!(gone.is_some());
        scene.pass(Duration::from_secs(400)).await;
        assert_eq!(scene.refused(&scene.a_at(TimeDelta::minutes(-5))).await.0, 4020);
        assert_eq!(scene.node("node-1").await.connection.map(|kept| kept.opened), Some(false));
        scene.accepted(&scene.a()).await;
        let node = scene.node("node-1").await;
        let open = Connection { opened: true, close_code: None, close_reason: None };
        assert_eq!(node.connection, Some(open));
        assert_eq!(node.disconnected_at, gone);
        assert!(node.connected);
    });
}

#[test]
fn case_68_the_report_makes_a_node_online() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        assert_eq!(scene.node("node-1").await.status(), NodeStatus::Connecting);
        report(&agent, "ID1", json!({ "NCPU": 2 })).await;
        let node = scene.node("node-1").await;
        assert_eq!((node.status(), node.updated), (NodeStatus::Online, true));
    });
}

#[test]
fn case_69_a_drained_node_is_shown_as_such() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        scene.edit("node-1", json!({ "availability": "drain" })).await;
        assert_eq!(scene.node("node-1").await.status(), NodeStatus::Connecting);
        report(&agent, "ID1", json!({})).await;
        let node = scene.node("node-1").await;
        assert_eq!((node.status(), node.updated), (NodeStatus::Drain, true));
    });
}

#[test]
fn case_70_a_reconnected_node_has_to_report_again() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        report(&agent, "ID1", json!({})).await;
        agent.hang_up(1006, "");
        scene.until("node-1", NodeStatus::Offline).await;
        scene.pass(Duration::from_secs(1)).await;
        let agent = scene.accepted(&scene.a()).await;
        let node = scene.node("node-1").await;
        assert_eq!((node.status(), node.updated), (NodeStatus::Connecting, false));
        report(&agent, "ID1", json!({})).await;
        assert_eq!(scene.node("node-1").await.status(), NodeStatus::Online);
    });
}

/// Whatever was under way on the older connection: the newer one has not reported.
#[test]
fn case_70_a_report_of_the_connection_before_does_not_count() {
    story(async {
        let scene = Scene::new().await;
        let mut agent = scene.accepted(&scene.a()).await;
        for yields in 0..40 {
            scene.pass(Duration::from_secs(1)).await;
            let next = scene.connect(&scene.a());
            for _ in 0..yields {
                tokio::task::yield_now().await;
            }
            let params = vec![rmpv::Value::from("ID1"), rmpv::Value::Map(vec![])];
            let method = "/nodes/update".to_owned();
            agent.send(Message::Request { id: 7, method, params }.encode());
            next.accepted().await;
            scene.pass(Duration::from_secs(1)).await;
            let node = scene.node("node-1").await;
            let status = (node.status(), node.updated);
            assert_eq!(status, (NodeStatus::Connecting, false), "after {yields}");
            agent = next;
        }
    });
}

#[test]
fn case_71_a_report_right_after_master_info_counts() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.connect(&scene.a());
        while agent.methods().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(agent.methods()[0], "/agent/master_info");
        report(&agent, "ID1", json!({})).await;
        // And one that does not even wait for that.
        let hasty = scene.connect(&scene.a().id("ID2").name("node-2"));
        report(&hasty, "ID2", json!({})).await;
        scene.pass(Duration::from_secs(1)).await;
        for name in ["node-1", "node-2"] {
            assert_eq!(scene.node(name).await.status(), NodeStatus::Online, "{name}");
        }
    });
}

/// An agent of this number that has reported its addresses.
async fn located(
    scene: &Scene,
    number: u32,
    region: &str,
    private: &str,
    public: &str,
) -> RawAgent {
    let (id, name) = (format!("ID{number}"), format!("node-{number}"));
    let agent = scene.accepted(&scene.a().id(&id).name(&name).labels(region)).await;
    let ip = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    report(&agent, &id, json!({ "PrivateIp": ip(private), "PublicIp": ip(public) })).await;
    agent
}

async fn info(agent: &RawAgent, id: &str) -> Value {
    ask(agent, "/nodes/get", vec![json!(id)]).await.expect("answered")
}

#[test]
fn case_75_peers_are_addressed_by_region() {
    story(async {
        let scene = Scene::new().await;
        let first = located(&scene, 1, "region=a", "10.0.0.1", "1.1.1.1").await;
        let second = located(&scene, 2, "region=a", "10.0.0.2", "2.2.2.2").await;
        let third = located(&scene, 3, "region=b", "", "3.3.3.3").await;
        located(&scene, 4, "", "", "").await;
        let one = info(&first, "ID1").await;
        assert_eq!(one["overlay_ip"], "10.81.0.1");
        assert_eq!(one["peer_ips"], json!(["10.0.0.2", "3.3.3.3"]));
        assert_eq!(one["initial_member"], true);
        assert_eq!(one["grid"]["subnet"], "10.81.0.0/16");
        assert_eq!(info(&second, "ID2").await["initial_member"], false);
        // Connected or not makes no difference, and what is told is what can be asked for.
        third.hang_up(1000, "");
        scene.until("node-3", NodeStatus::Offline).await;
        first.hang_up(1000, "");
        scene.until("node-1", NodeStatus::Offline).await;
        let again = scene.accepted(&scene.a().id("ID1")).await;
        assert_eq!(node_infos(&again)[0]["peer_ips"], json!(["10.0.0.2", "3.3.3.3"]));
    });
}

#[test]
fn case_76_every_connected_node_hears_of_the_grids_settings() {
    story(async {
        let scene = Scene::new().await;
        let one = located(&scene, 1, "", "", "").await;
        let two = located(&scene, 2, "", "", "").await;
        let before = [&one, &two].map(|agent| node_infos(agent).len());
        let edit = validate::grid::update(&json!({ "trusted_subnets": ["10.12.0.0/19"] }));
        let caller = scene.master.caller().await;
        commands::grids::update(scene.master.means(), &caller, scene.grid.id, edit.expect("valid"))
            .await
            .expect("updates");
        scene.pass(Duration::from_secs(1)).await;
        for (agent, before) in [&one, &two].into_iter().zip(before) {
            let infos = node_infos(agent);
            assert_eq!(infos.len(), before + 1);
            let last = infos.last().expect("one");
            assert_eq!(last["grid"]["trusted_subnets"], json!(["10.12.0.0/19"]));
        }
    });
}

#[test]
fn case_77_every_connected_node_hears_of_a_removal() {
    story(async {
        let scene = Scene::new().await;
        let one = located(&scene, 1, "", "10.0.0.1", "").await;
        let two = located(&scene, 2, "", "10.0.0.2", "").await;
        let three = located(&scene, 3, "", "10.0.0.3", "").await;
        assert_eq!(info(&one, "ID1").await["peer_ips"], json!(["10.0.0.2", "10.0.0.3"]));
        scene.remove("node-3").await;
        scene.pass(Duration::from_secs(1)).await;
        assert_eq!(three.closed().await.0, 4040);
        for (agent, peers) in [(&one, ["10.0.0.2"]), (&two, ["10.0.0.1"])] {
            let infos = node_infos(agent);
            assert_eq!(infos.last().expect("told")["peer_ips"], json!(peers));
        }
    });
}
