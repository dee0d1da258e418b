//! Connections kept alive, lost, taken over, ended.

use std::time::Duration;

use kontena_core::domain::NodeStatus;
use kontena_master::{actors::session::Outgoing, commands};
use kontena_protocol::agent::header;

use crate::support::{RawAgent, TestMaster, raw::headers, story};

async fn connect(master: &TestMaster, token: &str) -> RawAgent {
    let mut hello = headers(master);
    hello.push((header::GRID_TOKEN, token.to_owned()));
    let agent = RawAgent::connect(master.registry(), &hello);
    agent.accepted().await;
    agent
}

fn pings(agent: &RawAgent) -> usize {
    agent.heard().iter().filter(|heard| **heard == Outgoing::Ping).count()
}

#[test]
fn cases_50_and_51_pings_come_every_half_minute_and_pongs_are_recorded() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let agent = connect(&master, &token).await;
        let mut answered = 0;
        for _ in 0..1200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            while answered < pings(&agent) {
                agent.pong();
                answered += 1;
            }
        }
        assert!((4..=5).contains(&answered), "{answered} pings in two minutes");
        let node = master.node(&grid, "node-1").await;
        assert!(node.connected);
        let silent = master.clock.now() - node.last_seen_at.expect("seen");
        assert!(silent.num_seconds() <= 31, "seen {silent} ago");
    });
}

#[test]
fn case_53_a_silent_agent_is_closed_after_the_time_out() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let agent = connect(&master, &token).await;
        let (code, reason) = agent.closed().await;
        assert_eq!((code, reason.as_str()), (4030, "ping timeout after 5.00s"));
        master.until_status(&grid, "node-1", NodeStatus::Offline).await;
        let node = master.node(&grid, "node-1").await;
        let connection = node.connection.expect("kept");
        assert_eq!((connection.opened, connection.close_code), (true, Some(4030)));
        assert!(node.disconnected_at.is_some());
    });
}

#[test]
fn cases_60_to_62_the_newest_connection_has_the_node() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let first = connect(&master, &token).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        let second = connect(&master, &token).await;
        let (code, reason) = first.closed().await;
        assert_eq!(code, 4041);
        assert!(reason.starts_with("host node node-1 connection conflict with new connection at "));
        // The old one's end, however late it is heard of, changes nothing.
        first.hang_up(1006, "");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(master.node(&grid, "node-1").await.connected);
        let before = second.methods().len();
        let node = master.node(&grid, "node-1").await;
        let caller = master.caller().await;
        let edit = kontena_core::validate::node::update(&serde_json::json!({ "labels": ["x"] }));
        let edit = edit.expect("valid");
        commands::nodes::update(master.means(), &caller, &grid, node.id, edit)
            .await
            .expect("updates");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(second.methods().len(), before + 1, "told who it is now");
    });
}

#[test]
fn case_63_an_older_connection_does_not_replace_a_newer_one() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut old = headers(&master);
        old.push((header::GRID_TOKEN, token.clone()));
        tokio::time::sleep(Duration::from_secs(2)).await;
        let live = connect(&master, &token).await;
        let late = RawAgent::connect(master.registry(), &old);
        assert_eq!(late.closed().await.0, 4041);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(master.node(&grid, "node-1").await.connected);
        assert!(!live.heard().iter().any(|heard| matches!(heard, Outgoing::Close(..))));
    });
}

#[test]
fn case_65_a_goodbye_is_recorded_with_its_words() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let agent = connect(&master, &token).await;
        agent.hang_up(1000, "bye");
        master.until_status(&grid, "node-1", NodeStatus::Offline).await;
        let connection = master.node(&grid, "node-1").await.connection.expect("kept");
        assert_eq!(connection.close_code, Some(1000));
        assert_eq!(connection.close_reason.as_deref(), Some("bye"));
    });
}

#[test]
fn case_56_a_removed_node_is_told_at_once() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let agent = connect(&master, &token).await;
        let node = master.node(&grid, "node-1").await;
        let caller = master.caller().await;
        commands::nodes::remove(master.means(), &caller, &grid, &node).await.expect("removes");
        let before = master.clock.now();
        assert_eq!(agent.closed().await, (4040, "host node ID1 has been removed".to_owned()));
        assert!((master.clock.now() - before).num_milliseconds() < 1000);
        assert!(master.nodes(&grid).await.is_empty());
    });
}

#[test]
fn a_master_that_stops_says_so_and_leaves_the_nodes_as_they_are() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let agent = connect(&master, &token).await;
        let actor = master.registry().grid(grid.id);
        actor.send(kontena_master::actors::grid::Drain).await.expect("lives");
        assert_eq!(agent.closed().await.0, 1001);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(master.node(&grid, "node-1").await.connected, "grace begins with the next master");
    });
}
