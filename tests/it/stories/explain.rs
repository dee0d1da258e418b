//! What an administrator is told of decisions, with nodes that come and go.

use std::time::Duration;

use kontena_agent::Token;
use kontena_core::{
    domain::{Grid, NodeStatus, Service},
    explain::{Account, Action},
};
use kontena_master::{
    actors::scheduler::{Decision, ReadDecision},
    commands::services::{self, Horizon, Told},
};
use serde_json::json;

use crate::support::{StoryAgent, TestMaster, story};

fn horizon(master: &TestMaster) -> Horizon {
    let tools = master.registry().tools();
    Horizon {
        graces: tools.rules.graces,
        listening_since: tools.rules.limits.listening_since,
        absences: tools.attendance.absences(),
    }
}

async fn decision(master: &TestMaster, grid: &Grid, service: &Service) -> Decision {
    let asked = master.registry().grid(grid.id).send(ReadDecision { service: service.id });
    asked.await.expect("lives").expect("a decision")
}

async fn told(master: &TestMaster, grid: &Grid, service: &Service) -> Told<Vec<Account>> {
    let told = services::explain(master.means(), grid, service.id, horizon(master), None);
    told.await.expect("told")
}

#[test]
fn a_move_is_announced_explained_and_traced_to_its_node() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut agents = ["a", "b"].map(|name| StoryAgent::new(name, Token::Grid(token.clone())));
        for agent in &mut agents {
            agent.reach(master.registry());
            agent.start();
        }
        for name in ["a", "b"] {
            master.until_status(&grid, name, NodeStatus::Online).await;
        }
        let body = json!({ "name": "web", "image": "nginx", "stateful": false, "instances": 2 });
        let web = master.service(&grid, body).await;
        assert_eq!(master.deploy(&grid, &web).await.0, "success");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(
            decision(&master, &grid, &web).await.reason,
            "every instance is where it shall be"
        );

        let [_, b] = &mut agents;
        b.kill().await;
        master.until_status(&grid, "b", NodeStatus::Offline).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let offline = decision(&master, &grid, &web).await;
        assert_eq!(&*offline.trigger, "node b went offline");
        assert!(offline.reason.starts_with("node b is offline and has until "), "{offline:?}");
        let accounts = told(&master, &grid, &web).await;
        let waits = |account: &&Account| account.reason.contains("has until");
        assert_eq!(accounts.what.iter().filter(waits).count(), 1, "{accounts:?}");
        // The regular look comes to the same and covers nothing up.
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(decision(&master, &grid, &web).await, offline);

        let plan = services::plan(
            master.means(),
            &grid,
            web.id,
            horizon(&master),
            kontena_core::validate::service::update(&json!({ "instances": 3 })).expect("valid"),
        );
        let plan = plan.await.expect("a plan");
        let actions: Vec<_> = plan.what.instances.iter().map(|planned| planned.action).collect();
        assert_eq!(plan.what.error, None);
        assert_eq!(actions.iter().filter(|action| **action == Action::Move).count(), 1);
        assert_eq!(actions.last(), Some(&Action::Create));
        assert_eq!(master.instances(&web).await.len(), 2, "nothing was written");
    });
}

/// The contract's text first, then whom each filter refused.
#[test]
fn a_deploy_that_finds_no_node_says_whom_each_filter_refused() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut a = StoryAgent::new("a", Token::Grid(token));
        a.reach(master.registry());
        a.start();
        master.until_status(&grid, "a", NodeStatus::Online).await;
        let body = json!({
            "name": "web", "image": "nginx", "stateful": false, "affinity": ["label==ssd"],
        });
        let web = master.service(&grid, body).await;
        let deploy = master.deploy_record(&grid, &web).await;
        assert_eq!(
            deploy.reason.as_deref(),
            Some(
                "Cannot find applicable node for service instance test/null/web-1: \
                 Did not find any nodes for affinity filter: label==ssd"
            )
        );
        assert_eq!(
            deploy.explanation.as_deref(),
            Some("1 of 1 nodes refused: affinity label==ssd")
        );
        // It is tried again with a growing pause, and an operator is told once.
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(master.deploys_started(&grid).await, 5, "after 20, 60, 140 and 300 s");
        let events = master.events(&grid).await;
        let told = events.iter().filter(|event| event.contains("not as it shall be")).count();
        assert_eq!(told, 1, "{events:#?}");
        // Once a node fits, it is deployed at once.
        let node = master.node(&grid, "a").await;
        let edit = kontena_core::validate::node::update(&json!({ "labels": ["ssd"] }));
        let caller = master.caller().await;
        let edit = edit.expect("valid");
        kontena_master::commands::nodes::update(master.means(), &caller, &grid, node.id, edit)
            .await
            .expect("updates");
        master
            .until("it runs", Duration::from_secs(2), async || a.running_containers() == ["web-1"])
            .await;
    });
}
