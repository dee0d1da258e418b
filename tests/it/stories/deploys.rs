//! Services are deployed, spread, changed and removed.

use std::time::Duration;

use kontena_agent::Token;
use kontena_core::domain::NodeStatus;
use kontena_master::commands;
use serde_json::json;

use crate::support::{StoryAgent, TestMaster, story};

#[test]
fn two_instances_of_a_service_run_on_two_nodes() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut agents: Vec<StoryAgent> =
            ["a", "b"].map(|name| StoryAgent::new(name, Token::Grid(token.clone()))).into();
        for agent in &mut agents {
            agent.reach(master.registry());
            agent.start();
        }
        for name in ["a", "b"] {
            master.until_status(&grid, name, NodeStatus::Online).await;
        }
        let body =
            json!({ "name": "web", "image": "nginx:latest", "stateful": false, "instances": 2 });
        let web = master.service(&grid, body).await;
        let (state, reason) = master.deploy(&grid, &web).await;
        assert_eq!((state.as_str(), reason), ("success", None));
        let mut nodes: Vec<String> =
            master.placement(&grid, &web).await.into_iter().map(|(_, node)| node).collect();
        nodes.sort();
        assert_eq!(nodes, ["a", "b"]);
        let running: Vec<String> = agents.iter().flat_map(StoryAgent::running_containers).collect();
        assert_eq!(running.len(), 2, "{running:?}");
        let events = master.events(&grid).await;
        assert!(events.iter().any(|event| event == "service test/null/web deploy started"));
        assert!(events.iter().any(|event| event == "service test/null/web deployed"));
        // Nothing more to be done: nothing more is done.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(master.deploys_started(&grid).await, 1);
    });
}

#[test]
fn a_daemon_gets_an_instance_on_a_new_node_by_itself() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut a = StoryAgent::new("a", Token::Grid(token.clone()));
        a.reach(master.registry());
        a.start();
        master.until_status(&grid, "a", NodeStatus::Online).await;
        let body =
            json!({ "name": "mon", "image": "mon:1", "stateful": false, "strategy": "daemon" });
        let mon = master.service(&grid, body).await;
        assert_eq!(master.deploy(&grid, &mon).await.0, "success");
        let mut b = StoryAgent::new("b", Token::Grid(token));
        b.reach(master.registry());
        b.start();
        master.until_status(&grid, "b", NodeStatus::Online).await;
        let online_at = master.clock.now();
        master
            .until("it runs on b", Duration::from_secs(20), async || {
                b.running_containers() == ["mon-2"]
            })
            .await;
        let events = master.events(&grid).await;
        assert!(
            events.iter().any(|event| event.contains("wrong number of instances")),
            "{events:?}"
        );
        assert!((master.clock.now() - online_at).num_seconds() < 5, "at once, not at a sweep");
        assert_eq!(a.running_containers(), ["mon-1"], "the other one was left alone");
    });
}

#[test]
fn a_missing_image_fails_the_deploy_with_the_agents_words() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut a = StoryAgent::new("a", Token::Grid(token));
        a.engine.lose_image("gone:1");
        a.reach(master.registry());
        a.start();
        master.until_status(&grid, "a", NodeStatus::Online).await;
        let body = json!({ "name": "web", "image": "gone:1", "stateful": false });
        let web = master.service(&grid, body).await;
        let (state, reason) = master.deploy(&grid, &web).await;
        assert_eq!(state, "error");
        let reason = reason.expect("a reason");
        assert!(reason.contains("one or more instances failed"), "{reason}");
        let events = master.events(&grid).await;
        assert!(events.iter().any(|event| event.contains("No such image")), "{events:?}");
    });
}

#[test]
fn without_nodes_a_deploy_says_so() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, _) = master.grid("test").await;
        let body = json!({ "name": "web", "image": "nginx", "stateful": false });
        let web = master.service(&grid, body).await;
        let (state, reason) = master.deploy(&grid, &web).await;
        assert_eq!(state, "error");
        assert_eq!(
            reason.as_deref(),
            Some(
                "Cannot find applicable node for service instance test/null/web-1: \
                 There are no nodes available"
            )
        );
    });
}

#[test]
fn a_service_is_stopped_started_and_removed_with_its_containers() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut a = StoryAgent::new("a", Token::Grid(token));
        a.reach(master.registry());
        a.start();
        master.until_status(&grid, "a", NodeStatus::Online).await;
        let body = json!({ "name": "web", "image": "nginx", "stateful": false });
        let web = master.service(&grid, body).await;
        assert_eq!(master.deploy(&grid, &web).await.0, "success");
        let caller = master.caller().await;
        let limit = Duration::from_secs(15);
        for (running, expected) in [(false, vec![]), (true, vec!["web-1".to_owned()])] {
            commands::services::set_state(master.means(), &caller, &grid, web.id, running)
                .await
                .expect("accepted");
            master.until("told", limit, async || a.running_containers() == expected).await;
        }
        commands::services::remove(master.means(), &caller, &grid, web.id).await.expect("removes");
        master.until("gone", limit, async || a.engine.containers().is_empty()).await;
        assert_eq!(master.deploys_started(&grid).await, 1);
    });
}

#[test]
fn a_changed_service_is_redeployed_by_itself() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut a = StoryAgent::new("a", Token::Grid(token));
        a.reach(master.registry());
        a.start();
        master.until_status(&grid, "a", NodeStatus::Online).await;
        let web = master
            .service(&grid, json!({ "name": "web", "image": "nginx:1", "stateful": false }))
            .await;
        assert_eq!(master.deploy(&grid, &web).await.0, "success");
        let caller = master.caller().await;
        let edit = kontena_core::validate::service::update(&json!({ "image": "nginx:2" }));
        let edit = edit.expect("valid");
        commands::services::update(master.means(), &caller, &grid, web.id, edit)
            .await
            .expect("updates");
        master
            .until("the new image runs", Duration::from_secs(30), async || {
                a.engine.spec_of("web-1").is_some_and(|spec| spec.image == "nginx:2")
            })
            .await;
        let events = master.events(&grid).await;
        assert!(events.iter().any(|event| event.contains("older version running")), "{events:?}");
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(master.deploys_started(&grid).await, 2);
    });
}
