//! A planned panic in one actor takes none of the others along, and the actor comes back from the store.

use std::time::Duration;

use kontena_agent::Token;
use kontena_core::domain::NodeStatus;
use kontena_master::telemetry::metrics::RESTARTS;
use serde_json::json;

use crate::support::{StoryAgent, TestMaster, story};

async fn two_grids() -> (TestMaster, Vec<(kontena_core::domain::Grid, StoryAgent)>) {
    let master = TestMaster::start().await;
    let mut grids = Vec::new();
    for name in ["one", "two"] {
        let (grid, token) = master.grid(name).await;
        let mut agent = StoryAgent::new(&format!("node-{name}"), Token::Grid(token));
        agent.reach(master.registry());
        agent.start();
        master.until_status(&grid, &format!("node-{name}"), NodeStatus::Online).await;
        grids.push((grid, agent));
    }
    (master, grids)
}

async fn deploys_work(master: &TestMaster, grids: &[(kontena_core::domain::Grid, StoryAgent)]) {
    for (grid, agent) in grids {
        let name = format!("web{}", agent.engine.containers().len());
        let body = json!({ "name": name, "image": "nginx", "stateful": false });
        let web = master.service(grid, body).await;
        let (state, reason) = master.deploy(grid, &web).await;
        assert_eq!(state, "success", "{}: {reason:?}", grid.name);
    }
}

fn restarts(master: &TestMaster, actor: &str) -> u64 {
    master.registry().tools().metrics.value(RESTARTS, &format!("actor=\"{actor}\""))
}

#[test]
fn a_panicking_scheduler_comes_back_from_the_store() {
    story(async {
        let (master, grids) = two_grids().await;
        for place in ["scheduler: turn", "scheduler: after commit", "scheduler: before order"] {
            let before = restarts(&master, "scheduler");
            master.registry().tools().failpoints.plan(place, 1);
            deploys_work(&master, &grids).await;
            assert_eq!(restarts(&master, "scheduler"), before + 1, "{place}");
        }
        for (grid, _) in &grids {
            let nodes = master.nodes(grid).await;
            assert!(nodes.iter().all(|node| node.status() == NodeStatus::Online));
        }
        assert_eq!(restarts(&master, "grid") + restarts(&master, "session"), 0);
    });
}

#[test]
fn a_panicking_session_costs_one_connection() {
    story(async {
        let (master, grids) = two_grids().await;
        master.registry().tools().failpoints.plan("session: dispatch", 1);
        master
            .until("a session was lost", Duration::from_secs(120), async || {
                restarts(&master, "session") == 1
            })
            .await;
        for (grid, _) in &grids {
            let name = format!("node-{}", grid.name);
            master.until_status(grid, &name, NodeStatus::Online).await;
        }
        deploys_work(&master, &grids).await;
        assert_eq!(restarts(&master, "session"), 1);
        assert_eq!(restarts(&master, "grid") + restarts(&master, "scheduler"), 0);
    });
}

#[test]
fn a_panicking_grid_actor_keeps_its_sessions() {
    story(async {
        let (master, grids) = two_grids().await;
        let (_, late_token) = master.grid("three").await;
        // The panic comes with the next agent of grid three.
        master.registry().tools().failpoints.plan("grid: attach", 1);
        let mut late = StoryAgent::new("late", Token::Grid(late_token));
        late.reach(master.registry());
        late.start();
        let three = master.grid_by_name("three").await;
        master.until_status(&three, "late", NodeStatus::Online).await;
        assert_eq!(restarts(&master, "grid"), 1);
        let connected_at = |node: kontena_core::domain::Node| node.connected_at;
        let before: Vec<_> = master.nodes(&three).await.into_iter().map(connected_at).collect();

        // A second panic, with a session that has counted already: it attaches to the successor.
        let actor = master.registry().grid(three.id);
        master.registry().tools().failpoints.plan("grid: attach", 1);
        let raw = crate::support::raw::headers(&master);
        let mut raw: Vec<(&str, String)> = raw;
        let token = kontena_master::commands::grids::tokens(master.means(), vec![three.id]).await;
        let token = token.expect("reads")[&three.id].clone();
        raw.push((kontena_protocol::agent::header::GRID_TOKEN, token));
        let other = crate::support::RawAgent::connect(master.registry(), &raw);
        other.accepted().await;
        assert!(!actor.connected(), "the first actor is gone");
        assert_eq!(restarts(&master, "grid"), 2);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let late_node = master.node(&three, "late").await;
        assert_eq!(late_node.status(), NodeStatus::Online);
        assert_eq!(before, [late_node.connected_at], "it has not reconnected");
        // It runs nothing: no instance shall be placed on it.
        other.hang_up(1000, "done");
        master.until_status(&three, "node-1", NodeStatus::Offline).await;
        let mut all = grids;
        all.push((three, late));
        deploys_work(&master, &all).await;
        for (grid, _) in &all {
            assert_eq!(
                master.deploys_started(grid).await,
                1,
                "one scheduler decides: {}",
                grid.name
            );
        }
    });
}

/// Between the record and its answer: the agent must not be told that it is in conflict with itself.
#[test]
fn a_grid_actor_lost_while_a_connection_begins_to_count_sends_nobody_away() {
    story(async {
        let (master, mut grids) = two_grids().await;
        master.registry().tools().failpoints.plan("grid: plugged", 1);
        let (grid, agent) = &mut grids[0];
        agent.kill().await;
        master.until_status(grid, "node-one", NodeStatus::Offline).await;
        agent.start();
        master.until_status(grid, "node-one", NodeStatus::Online).await;
        assert_eq!(restarts(&master, "grid"), 1);
        deploys_work(&master, &grids).await;
    });
}
