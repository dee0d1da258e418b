//! Volumes are made where instances go, draw them back there, and go when they are removed.

use std::time::Duration;

use kontena_agent::{Token, engine::Engine};
use kontena_core::{
    domain::{Grid, NodeStatus, Service, Volume},
    validate,
};
use kontena_master::commands;
use serde_json::json;

use crate::support::{StoryAgent, TestMaster, story};

async fn volume(master: &TestMaster, grid: &Grid, name: &str, scope: &str) -> Volume {
    let body = json!({ "name": name, "scope": scope, "driver": "local" });
    let draft = validate::volume::create(&body).expect("valid");
    let caller = master.caller().await;
    commands::volumes::create(master.means(), &caller, grid, draft).await.expect("creates")
}

/// Names of the volumes that each machine has.
async fn volumes(agents: &[StoryAgent]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for agent in agents {
        let found = agent.engine.volumes().await.expect("answers");
        all.push(found.into_iter().map(|volume| volume.name).collect());
    }
    all
}

async fn db(master: &TestMaster, grid: &Grid) -> Service {
    let body = json!({
        "name": "db", "image": "db:1", "stateful": false, "volumes": ["data:/data", "all:/all"],
    });
    let service = master.service(grid, body).await;
    assert_eq!(master.deploy(grid, &service).await.0, "success");
    service
}

#[test]
fn an_instance_comes_back_to_the_node_that_has_its_volume() {
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
        let data = volume(&master, &grid, "data", "instance").await;
        let all = volume(&master, &grid, "all", "grid").await;
        let first = db(&master, &grid).await;
        let placed = master.placement(&grid, &first).await;
        let (on_a, expected) = (placed == [(1, "a".to_owned())], vec!["all", "db.data-1"]);
        let mut found = volumes(&agents).await;
        assert_eq!(found.remove(usize::from(!on_a)), expected);
        assert_eq!(found, [Vec::<String>::new()], "and nowhere else");

        // Both nodes are equal but for the data.
        let caller = master.caller().await;
        let remove = |service: Service| {
            let (means, caller, grid) = (master.means(), &caller, &grid);
            async move { commands::services::remove(means, caller, grid, service.id).await }
        };
        remove(first).await.expect("removes");
        for _ in 0..6 {
            let again = db(&master, &grid).await;
            assert_eq!(master.placement(&grid, &again).await, placed);
            remove(again).await.expect("removes");
        }

        // Data goes when it is removed by name, and not before.
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(volumes(&agents).await[usize::from(!on_a)], expected);
        for gone in [data, all] {
            commands::volumes::remove(master.means(), &caller, &grid, gone.id).await.expect("goes");
        }
        master
            .until("the engines have none", Duration::from_secs(2), async || {
                volumes(&agents).await.iter().all(Vec::is_empty)
            })
            .await;
    });
}

#[test]
fn a_node_that_joins_again_keeps_its_data() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut agents = [StoryAgent::new("a", Token::Grid(token))];
        agents[0].reach(master.registry());
        agents[0].start();
        master.until_status(&grid, "a", NodeStatus::Online).await;
        volume(&master, &grid, "data", "instance").await;
        volume(&master, &grid, "all", "grid").await;
        db(&master, &grid).await;
        let label = async |agents: &[StoryAgent; 1]| {
            let found = agents[0].engine.volume("db.data-1").await.expect("answers");
            found.expect("there").labels["io.kontena.volume_instance.id"].clone()
        };
        let before = label(&agents).await;
        // The machine goes, its node is removed, and it joins as a new one.
        agents[0].kill().await;
        agents[0].lose_master();
        master.until_status(&grid, "a", NodeStatus::Offline).await;
        let (node, caller) = (master.node(&grid, "a").await, master.caller().await);
        commands::nodes::remove(master.means(), &caller, &grid, &node).await.expect("removes");
        agents[0].reach(master.registry());
        agents[0].start();
        master.until_status(&grid, "a", NodeStatus::Online).await;
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(volumes(&agents).await, [["all", "db.data-1"]]);
        assert_eq!(label(&agents).await, before);
        let id = grid.id;
        let read = master
            .means()
            .store
            .read(move |conn| kontena_store::volumes::instances_of_grid(conn, id));
        let known: Vec<String> =
            read.await.expect("reads").iter().map(|instance| instance.id.to_string()).collect();
        assert!(known.contains(&before), "{known:?} has {before}");
    });
}
