//! Nodes that are drained while something else is under way.

use std::time::Duration;

use kontena_agent::{Token, engine::simulated::SimulatedOptions};
use kontena_core::domain::{Availability, Grid, NodeStatus};
use serde_json::json;

use crate::support::{StoryAgent, TestMaster, story};

/// A machine that takes its time to start a container, so that deploys can be met half-way.
fn slow(number: u64, token: &str) -> StoryAgent {
    let options = SimulatedOptions {
        seed: number,
        name: format!("n{number}"),
        start_takes: Duration::from_secs(1),
        stop_takes: Duration::from_secs(1),
        ..SimulatedOptions::default()
    };
    StoryAgent::with(options, Token::Grid(token.to_owned()))
}

async fn make(master: &TestMaster, grid: &Grid, name: &str, availability: Availability) {
    let body = json!({ "availability": availability.as_str() });
    let edit = kontena_core::validate::node::update(&body).expect("valid");
    let (caller, node) = (master.caller().await, master.node(grid, name).await);
    kontena_master::commands::nodes::update(master.means(), &caller, grid, node.id, edit)
        .await
        .expect("updates");
}

/// A deploy that found the node active has not answered what was asked before and after.
#[test]
fn a_drain_that_is_taken_back_for_a_moment_is_not_waited_for() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut agents = [slow(1, &token), slow(2, &token)];
        for agent in &mut agents {
            agent.reach(master.registry());
            agent.start();
        }
        for name in ["n1", "n2"] {
            master.until_status(&grid, name, NodeStatus::Online).await;
        }
        let body = json!({ "name": "web", "image": "nginx", "stateful": false, "instances": 2 });
        let web = master.service(&grid, body).await;
        assert_eq!(master.deploy(&grid, &web).await.0, "success");

        // Between a step that found both active and its commit there is hardly any time: it is tried often.
        for pause in 0..20 {
            for availability in [Availability::Drain, Availability::Active, Availability::Drain] {
                make(&master, &grid, "n2", availability).await;
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            make(&master, &grid, "n2", Availability::Active).await;
        }
        make(&master, &grid, "n2", Availability::Drain).await;
        master
            .until("both run on n1", Duration::from_secs(15), async || {
                let placed = master.placement(&grid, &web).await;
                placed.iter().all(|(_, node)| node == "n1")
                    && agents[0].running_containers() == ["web-1", "web-2"]
            })
            .await;
    });
}
