//! What a slow, stuck or greedy agent cannot do, and what the master's own slowness does to nobody.

use std::time::Duration;

use kontena_core::domain::NodeStatus;
use kontena_master::{
    actors::{
        grid::{Notify, Probe, Probed},
        session::Outgoing,
    },
    telemetry::metrics::{DROPPED, LAG},
};
use kontena_protocol::agent::Message;
use serde_json::json;

use super::{
    support::{Scene, ask, is_open, pings},
    wire::{Host, frame, request},
};
use crate::support::{RawAgent, story};

fn stats(load: f64) -> Vec<u8> {
    let body = json!({ "load": { "1m": load }, "memory": { "total": 7, "used": 3 } });
    let params = vec![json!("ID1"), body].into_iter().map(kontena_protocol::agent::json::pack);
    let method = "/nodes/stats".to_owned();
    Message::Notification { method, params: params.collect() }.encode()
}

#[test]
fn an_agent_that_reads_nothing_is_let_go_and_delays_nobody() {
    story(async {
        let scene = Scene::new().await;
        let headers = scene.a();
        let stuck = RawAgent::connect_reading(scene.master.registry(), &headers.0, false);
        let other = scene.accepted(&scene.a().id("ID2").name("node-2")).await;
        stuck.accepted().await;
        let grid = scene.master.registry().grid(scene.grid.id);
        let node = scene.node("node-1").await.id;
        let large = rmpv::Value::from("x".repeat(100_000));
        for _ in 0..100 {
            let notify =
                Notify { node, method: "/service_pods/notify_update", params: vec![large.clone()] };
            grid.send(notify).await.expect("lives");
            scene.pass(Duration::from_millis(1)).await;
        }
        let (code, reason) = stuck.closed().await;
        assert_eq!(code, 1008);
        assert!(reason.ends_with("bytes wait for this agent to read them"), "{reason}");
        let held: usize = stuck
            .heard()
            .iter()
            .map(|heard| if let Outgoing::Frame(bytes) = heard { bytes.len() } else { 0 })
            .sum();
        assert!(held < 5 * 1024 * 1024, "{held} bytes");
        let node = scene.until("node-1", NodeStatus::Offline).await;
        assert_eq!(
            node.connection.expect("kept").close_code,
            Some(1008),
            "and the operator sees it"
        );
        assert!(ask(&other, "/node_service_pods/list", vec![json!("ID2")]).await.is_ok());
        assert!(is_open(&other));
    });
}

#[test]
fn of_a_flood_only_statistics_and_logs_are_dropped_and_counted() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        for round in 0..500_u64 {
            agent.send(stats(1.0));
            if round % 10 == 0 {
                let params = vec![rmpv::Value::from("ID1")];
                let method = "/node_service_pods/list".to_owned();
                agent.send(Message::Request { id: round, method, params }.encode());
            }
        }
        for round in (0..500).step_by(10) {
            agent.answer(round).await.expect("no request is lost");
        }
        let dropped = scene.master.registry().tools().metrics.value(DROPPED, "kind=\"node_stats\"");
        assert!((300..500).contains(&dropped), "{dropped} of 500");
        let figures = scene.node("node-1").await.figures.expect("some were kept");
        assert_eq!(figures.memory.map(|memory| memory.used), Some(3));
    });
}

#[test]
fn a_master_that_stands_still_expires_nobody_for_it() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        let mut asked = pings(&agent);
        while asked == pings(&agent) {
            scene.pass(Duration::from_millis(100)).await;
        }
        // Ten seconds in one leap: nothing ran in between.
        tokio::time::advance(Duration::from_secs(10)).await;
        scene.pass(Duration::from_secs(2)).await;
        assert!(is_open(&agent), "{:?}", agent.heard());
        agent.pong();
        asked = pings(&agent);
        scene.pass_answering(Duration::from_secs(60), &[&agent]).await;
        assert!(is_open(&agent) && pings(&agent) > asked);
        let lag = scene.master.registry().tools().metrics.value(LAG, "");
        assert!((8_000..=10_000).contains(&lag), "{lag} ms are told of");

        // Its own silence, while the master lives, still ends it.
        let (code, reason) = agent.closed().await;
        assert_eq!(code, 4030);
        assert!(reason.starts_with("ping timeout after 5."), "{reason}");
    });
}

#[test]
fn a_probe_has_its_whole_time_out_of_a_master_that_is_there() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        let (grid, node) =
            (scene.master.registry().grid(scene.grid.id), scene.node("node-1").await);
        let before = pings(&agent);
        let probe = actix_rt::spawn(grid.send(Probe { node: node.id }));
        while pings(&agent) == before {
            scene.pass(Duration::from_millis(10)).await;
        }
        tokio::time::advance(Duration::from_secs(10)).await;
        scene.pass(Duration::from_secs(1)).await;
        agent.pong();
        assert_eq!(probe.await.expect("runs"), Ok(Probed::Answers));
        let silent = grid.send(Probe { node: node.id }).await;
        assert_eq!(silent, Ok(Probed::Silent));
        assert_eq!(agent.closed().await, (4030, "ping timeout after 5.00s".to_owned()));
        let gone = grid.send(Probe { node: node.id }).await;
        assert_eq!(gone, Ok(Probed::NoSession));
    });
}

/// `peers.md` 5, number 29: all agents lose their session at the hour of the backup.
#[test]
fn a_slow_disk_delays_writes_and_no_heartbeat() {
    let host = Host::start_with(&[("KEEPALIVE_INTERVAL", "0.1"), ("WEBSOCKET_TIMEOUT", "0.3")]);
    let mut wire = host.accepted();
    let other = open(&host);
    std::thread::scope(|scope| {
        let hold = scope.spawn(|| hold(&other));
        wire.send(&frame(9, b"the agent's own"));
        let (mut pings, mut ponged) = (0, false);
        while !hold.is_finished() {
            match wire.next() {
                (9, payload) => {
                    pings += 1;
                    wire.send(&frame(10, &payload));
                }
                (10, payload) => {
                    assert_eq!(payload, b"the agent's own");
                    ponged = true;
                }
                (opcode, payload) => panic!("frame {opcode}: {payload:?}"),
            }
        }
        assert!(ponged && pings >= 3, "{pings} pings");
    });
    let node = host.node("node-1");
    assert_eq!(node["connected"], true, "{node}");
}

/// The master reads nothing more while a large frame waits for the disk; what it does not read is not
/// silence.
#[test]
fn a_slow_disk_is_no_reason_to_close_a_connection_that_is_not_read() {
    let host = Host::start_with(&[("KEEPALIVE_INTERVAL", "0.1"), ("WEBSOCKET_TIMEOUT", "0.3")]);
    let mut wire = host.accepted();
    let other = open(&host);
    std::thread::scope(|scope| {
        let hold = scope.spawn(|| hold(&other));
        std::thread::sleep(Duration::from_millis(100));
        let container = json!({ "Id": "c", "Name": "/c", "Mounts": "x".repeat(5 * 1024 * 1024) });
        let body = json!({ "node": "ID1", "container": container });
        let body = kontena_protocol::agent::json::pack(body);
        wire.send(&request(1, "/containers/save", vec![body]));
        loop {
            match wire.next() {
                (9, payload) => wire.send(&frame(10, &payload)),
                (2, _) => break,
                (opcode, payload) => panic!("frame {opcode}: {payload:?}"),
            }
        }
        hold.join().expect("held");
    });
    assert_eq!(host.node("node-1")["connected"], true);
}

fn open(host: &Host) -> kontena_store::Store {
    let url = host.server.database_url().parse().expect("a URL");
    kontena_store::Store::open(&url, kontena_store::Options::default()).expect("opens")
}

/// Holds the database for longer than any ping may wait.
fn hold(store: &kontena_store::Store) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let write = store.write(|_| {
        std::thread::sleep(Duration::from_millis(900));
        Ok(())
    });
    runtime.block_on(write).expect("written");
}
