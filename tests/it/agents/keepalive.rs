//! Connections kept alive, lost, ended.

use std::time::Duration;

use chrono::TimeDelta;
use kontena_core::{
    domain::{Change, Connection, NodeStatus},
    presence::connection_error,
};
use kontena_master::commands::{self, CommandError};
use kontena_protocol::agent::utc_text;

use super::{
    master::story,
    support::{Scene, is_open, pings, seconds_between},
};

#[test]
fn case_50_pings_come_within_half_a_minute_and_then_every_half_minute() {
    story(async {
        let scene = Scene::new().await;
        let accepted = scene.master.clock.now();
        let agent = scene.accepted(&scene.a()).await;
        let mut moments = Vec::new();
        while moments.len() < 5 {
            scene.pass(Duration::from_millis(20)).await;
            if moments.len() < pings(&agent) {
                moments.push(scene.master.clock.now());
                agent.pong();
            }
            assert!(scene.master.clock.now() - accepted < TimeDelta::seconds(200), "{moments:?}");
        }
        assert!(moments[0] - accepted <= TimeDelta::milliseconds(30_100), "{moments:?}");
        for pair in moments.windows(2) {
            let gap = pair[1] - pair[0] - TimeDelta::seconds(30);
            assert!(gap.abs() < TimeDelta::milliseconds(100), "{moments:?}");
        }
    });
}

#[test]
fn case_51_a_pong_is_a_sign_of_life() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        let mut seen = scene.node("node-1").await.last_seen_at.expect("connected");
        for _ in 0..4 {
            scene.pass_answering(Duration::from_secs(30), &[&agent]).await;
            scene.pass(Duration::from_millis(100)).await;
            let node = scene.node("node-1").await;
            let now = node.last_seen_at.expect("seen");
            assert!(now > seen, "{now} is no later than {seen}");
            assert!(scene.master.clock.now() - now < TimeDelta::seconds(31));
            assert!(node.connected && is_open(&agent));
            seen = now;
        }
    });
}

#[test]
fn case_53_a_silent_agent_is_closed_after_the_time_out() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        let (code, reason) = agent.closed().await;
        assert_eq!(code, 4030);
        let silent = seconds_between(&reason, "ping timeout after ", "s");
        assert!(silent.is_some_and(|silent| (5.0..6.0).contains(&silent)), "{reason}");
        let node = scene.until("node-1", NodeStatus::Offline).await;
        assert!(!node.connected);
        let age = scene.master.clock.now() - node.disconnected_at.expect("disconnected");
        assert!(age < TimeDelta::seconds(1), "{age}");
        let kept = Connection { opened: true, close_code: Some(4030), close_reason: Some(reason) };
        assert_eq!(node.connection, Some(kept));
    });
}

#[test]
fn case_56_a_removed_node_is_told_at_once() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        scene.remove("node-1").await;
        let before = scene.master.clock.now();
        assert_eq!(agent.closed().await, (4040, "host node ID1 has been removed".to_owned()));
        assert!(scene.master.clock.now() - before < TimeDelta::seconds(1));
        assert!(scene.everything().await.is_empty());
    });
}

/// However the removal and the login meet: the agent is of a node that exists, or hears that it is gone.
#[test]
fn case_56_a_node_removed_while_its_agent_connects_leaves_no_connection() {
    story(async {
        let scene = Scene::new().await;
        for round in 0..40_u32 {
            let id = format!("ID{round}");
            let headers = scene.a().id(&id).name(&id);
            scene.accepted(&headers).await.hang_up(1000, "");
            scene.pass(Duration::from_secs(1)).await;
            let (node, caller) = (scene.node(&id).await, scene.master.caller().await);
            let agent = scene.connect(&scene.a().id(&id).name(&id));
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            let means = scene.master.means();
            match commands::nodes::remove(means, &caller, &scene.grid, &node).await {
                Ok(()) => {}
                // Its agent was there before: it is well, and would come straight back.
                Err(CommandError::Reconnected) => assert!(scene.node(&id).await.connected),
                Err(error) => panic!("round {round}: {error}"),
            }
            scene.pass(Duration::from_secs(1)).await;
            let nodes = scene.everything().await;
            let node = nodes.iter().find(|node| node.name == id);
            assert_eq!(node.is_some(), is_open(&agent), "round {round}: {node:?}");
            if node.is_none() {
                assert_eq!(agent.closed().await.0, 4040);
            }
        }
    });
}

/// As a sweep, or another master, would leave it: the next pong shows that the record says otherwise.
#[test]
fn case_57_a_record_that_says_disconnected_ends_the_connection_at_the_next_pong() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        let node = scene.node("node-1").await;
        let unplugged = Change::NodeUnplugged {
            node: node.id,
            connected_at: node.connected_at.expect("connected"),
            at: scene.master.clock.now(),
            close_code: 1006,
            close_reason: String::new(),
        };
        let store = &scene.master.means().store;
        store.change(scene.grid.id, unplugged).await.expect("writes");
        scene.pass_answering(Duration::from_secs(36), &[&agent]).await;
        let told = (4031, "host node node-1 has been disconnected".to_owned());
        assert_eq!(agent.closed().await, told);
        assert_eq!(scene.node("node-1").await.last_seen_at, node.last_seen_at);
    });
}

#[test]
fn cases_64_and_65_the_end_of_a_connection_is_recorded_as_it_was() {
    story(async {
        let scene = Scene::new().await;
        for (code, reason) in [(1006, ""), (1000, "bye"), (1001, "going away: €")] {
            let agent = scene.accepted(&scene.a()).await;
            agent.hang_up(code, reason);
            let node = scene.until("node-1", NodeStatus::Offline).await;
            let kept = Connection::ended(code, reason);
            assert_eq!(node.connection.as_ref(), Some(&kept));
            let at = utc_text(node.disconnected_at.expect("disconnected"));
            let text = format!("Websocket disconnected at {at} with code {code}: {reason}");
            assert_eq!(connection_error(&node), Some(text));
            scene.pass(Duration::from_secs(1)).await;
        }
    });
}

#[test]
fn a_master_that_stops_says_so_and_leaves_the_nodes_as_they_are() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        let actor = scene.master.registry().grid(scene.grid.id);
        actor.send(kontena_master::actors::grid::Drain).await.expect("lives");
        assert_eq!(agent.closed().await.0, 1001);
        scene.pass(Duration::from_secs(1)).await;
        assert!(scene.node("node-1").await.connected, "grace begins with the next master");
    });
}
