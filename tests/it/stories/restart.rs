//! The master is killed and started again: nothing acknowledged is lost, nothing moves that need not.

use std::time::Duration;

use kontena_agent::Token;
use kontena_core::domain::NodeStatus;
use serde_json::json;

use crate::support::{StoryAgent, TestMaster, story};

#[test]
fn an_outage_of_the_master_moves_nothing_however_long() {
    story(async {
        // Agents that have waited for hours dial every 90 s at most, longer than the grace of `random`.
        let master = TestMaster::start_with(&[("KONTENA_GRACE_RANDOM", "120")]).await;
        let (grid, token) = master.grid("test").await;
        let mut agents: Vec<StoryAgent> =
            ["a", "b", "c"].map(|name| StoryAgent::new(name, Token::Grid(token.clone()))).into();
        for agent in &mut agents {
            agent.reach(master.registry());
            agent.start();
        }
        for name in ["a", "b", "c"] {
            master.until_status(&grid, name, NodeStatus::Online).await;
        }
        let mut services = Vec::new();
        for strategy in ["ha", "daemon", "random"] {
            let body = json!({
                "name": strategy, "image": "nginx", "stateful": false, "strategy": strategy,
            });
            let service = master.service(&grid, body).await;
            assert_eq!(master.deploy(&grid, &service).await.0, "success");
            services.push(service);
        }
        let mut before = Vec::new();
        for service in &services {
            before.push(master.placement(&grid, service).await);
        }
        let containers: Vec<Vec<String>> =
            agents.iter().map(StoryAgent::running_containers).collect();
        let deploys = master.deploys_started(&grid).await;

        let master = master.restart(&agents, Duration::from_secs(6 * 3600)).await;
        // One comes back at once, one after a while, one just inside the shortest grace.
        for (agent, pause) in agents.iter().zip([0, 10, 15]) {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            agent.reach(master.registry());
        }
        for name in ["a", "b", "c"] {
            master.until_status(&grid, name, NodeStatus::Online).await;
        }
        tokio::time::sleep(Duration::from_secs(1200)).await;
        for (service, before) in services.iter().zip(before) {
            assert_eq!(master.placement(&grid, service).await, before, "{}", service.name);
        }
        let after: Vec<Vec<String>> = agents.iter().map(StoryAgent::running_containers).collect();
        assert_eq!(after, containers);
        assert_eq!(master.deploys_started(&grid).await, deploys);
    });
}

#[test]
fn a_deploy_that_was_running_is_finished_by_the_next_master() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut a = StoryAgent::new("a", Token::Grid(token));
        a.reach(master.registry());
        a.start();
        master.until_status(&grid, "a", NodeStatus::Online).await;
        let body = json!({ "name": "web", "image": "nginx", "stateful": false, "instances": 3 });
        let web = master.service(&grid, body).await;
        let caller = master.caller().await;
        let (_, deploy) = kontena_master::commands::services::deploy(
            master.means(),
            &caller,
            &grid,
            web.id,
            false,
        )
        .await
        .expect("accepted");
        let agents = [a];
        let master = master.restart(&agents, Duration::from_secs(60)).await;
        let [a] = agents;
        a.reach(master.registry());
        let id = deploy.id;
        master
            .until("the deploy ends", Duration::from_secs(300), async || {
                let read = master
                    .means()
                    .store
                    .read(move |conn| kontena_store::deploys::by_id(conn, id))
                    .await;
                read.expect("reads").is_some_and(|deploy| deploy.is_finished())
            })
            .await;
        let events = master.events(&grid).await;
        assert_eq!(a.running_containers(), ["web-1", "web-2", "web-3"], "{events:#?}");
    });
}
