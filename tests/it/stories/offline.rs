//! Nodes go offline, come back in time, or do not.

use std::time::Duration;

use kontena_agent::Token;
use kontena_core::domain::{Grid, NodeStatus, Service};
use serde_json::json;

use crate::support::{StoryAgent, TestMaster, story};

struct Scene {
    master: TestMaster,
    grid: Grid,
    a: StoryAgent,
    b: StoryAgent,
    web: Service,
}

/// Two nodes, and a service of two instances spread over them.
async fn scene(strategy: &str) -> Scene {
    let master = TestMaster::start().await;
    let (grid, token) = master.grid("test").await;
    let mut a = StoryAgent::new("a", Token::Grid(token.clone()));
    let mut b = StoryAgent::new("b", Token::Grid(token));
    for agent in [&mut a, &mut b] {
        agent.reach(master.registry());
        agent.start();
    }
    for name in ["a", "b"] {
        master.until_status(&grid, name, NodeStatus::Online).await;
    }
    let instances = if strategy == "daemon" { 1 } else { 2 };
    let body = json!({
        "name": "web", "image": "nginx", "stateful": false, "strategy": strategy,
        "instances": instances,
    });
    let web = master.service(&grid, body).await;
    assert_eq!(master.deploy(&grid, &web).await.0, "success");
    Scene { master, grid, a, b, web }
}

#[test]
fn a_dead_nodes_instance_moves_after_the_grace_and_its_return_removes_the_surplus() {
    story(async {
        let Scene { master, grid, a, mut b, web } = scene("ha").await;
        b.kill().await;
        master.until_status(&grid, "b", NodeStatus::Offline).await;
        let offline_at = master.node(&grid, "b").await.disconnected_at.expect("offline");
        assert!((master.clock.now() - offline_at).num_milliseconds() < 200, "known at once");
        master
            .until("both run on a", Duration::from_secs(200), async || {
                a.running_containers() == ["web-1", "web-2"]
            })
            .await;
        let after = (master.clock.now() - offline_at).num_milliseconds();
        assert!((120_000..122_000).contains(&after), "moved after {after} ms");
        assert_eq!(b.running_containers().len(), 1, "its container lives on, unseen");

        b.start();
        master.until_status(&grid, "b", NodeStatus::Online).await;
        master
            .until("the surplus container is gone", Duration::from_secs(60), async || {
                a.running_containers().len() + b.running_containers().len() == 2
            })
            .await;
        let placed = master.placement(&grid, &web).await;
        assert_eq!(placed.len(), 2, "{placed:?}");
    });
}

#[test]
fn a_node_that_returns_within_its_grace_costs_nothing() {
    story(async {
        let Scene { master, grid, a, mut b, web } = scene("ha").await;
        let before = master.placement(&grid, &web).await;
        let containers = (a.running_containers(), b.running_containers());
        for _ in 0..5 {
            b.kill().await;
            master.until_status(&grid, "b", NodeStatus::Offline).await;
            tokio::time::sleep(Duration::from_secs(100)).await;
            b.start();
            master.until_status(&grid, "b", NodeStatus::Online).await;
        }
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(master.placement(&grid, &web).await, before);
        assert_eq!((a.running_containers(), b.running_containers()), containers);
        assert_eq!(master.deploys_started(&grid).await, 1, "a flapping node causes no deploy");
    });
}

#[test]
fn a_daemon_shrinks_only_after_ten_minutes() {
    story(async {
        let Scene { master, grid, a: _a, mut b, web } = scene("daemon").await;
        b.kill().await;
        master.until_status(&grid, "b", NodeStatus::Offline).await;
        let offline_at = master.node(&grid, "b").await.disconnected_at.expect("offline");
        master
            .until("one row is left", Duration::from_secs(700), async || {
                master.instances(&web).await.len() == 1
            })
            .await;
        let after = (master.clock.now() - offline_at).num_milliseconds();
        assert!((600_000..602_000).contains(&after), "shrank after {after} ms");
    });
}

#[test]
fn a_removed_node_is_replaced_without_grace() {
    story(async {
        let Scene { master, grid, a, mut b, .. } = scene("ha").await;
        b.kill().await;
        master.until_status(&grid, "b", NodeStatus::Offline).await;
        let node = master.node(&grid, "b").await;
        let caller = master.caller().await;
        kontena_master::commands::nodes::remove(master.means(), &caller, &grid, &node)
            .await
            .expect("removes");
        master
            .until("both run on a", Duration::from_secs(10), async || {
                a.running_containers() == ["web-1", "web-2"]
            })
            .await;
    });
}

/// `peers.md` 5, numbers 10 and 16: while the master stood still nobody could come back.
#[test]
fn a_master_that_was_not_there_puts_the_grace_off_by_that() {
    story(async {
        let Scene { master, grid, a, mut b, web } = scene("ha").await;
        let before = master.placement(&grid, &web).await;
        b.kill().await;
        master.until_status(&grid, "b", NodeStatus::Offline).await;
        tokio::time::sleep(Duration::from_secs(100)).await;
        // One leap over the end of the grace: stopped, or its machine suspended.
        tokio::time::advance(Duration::from_secs(60)).await;
        let returned = master.clock.now();
        tokio::time::sleep(Duration::from_secs(15)).await;
        assert_eq!(master.placement(&grid, &web).await, before, "nobody has had its grace yet");
        master
            .until("both run on a", Duration::from_secs(200), async || {
                a.running_containers() == ["web-1", "web-2"]
            })
            .await;
        let after = (master.clock.now() - returned).num_milliseconds();
        // 20 s of the grace were left.
        assert!((18_000..22_000).contains(&after), "moved {after} ms after the return");
        b.start();
        master.until_status(&grid, "b", NodeStatus::Online).await;
    });
}
