//! Nodes that a login creates: numbers, names, labels.

use std::time::Duration;

use kontena_core::{
    domain::{Change, Grid, Node, NodeId},
    validate,
};
use kontena_master::commands;
use kontena_protocol::agent::header::GRID_TOKEN;
use serde_json::json;

use super::{
    master::story,
    support::{Scene, node_infos, report},
};

/// Nodes of other engines with these numbers and names.
async fn occupy(scene: &Scene, grid: &Grid, used: Vec<(u32, String)>) {
    let (clock, grid) = (scene.master.clock.clone(), grid.id);
    let write = scene.master.means().store.write(move |tx| {
        for (number, name) in used.clone() {
            let mut moment = clock.moment();
            let id = NodeId::from_bytes(moment.id());
            let mut node = Node::new(id, grid, number, name, moment.now);
            node.engine_id = kontena_core::domain::EngineId::new(&format!("OTHER-{number}"));
            tx.apply(grid, Change::NodeCreated(Box::new(node)))?;
        }
        Ok(())
    });
    write.await.expect("writes");
}

fn used(nodes: &[(u32, &str)]) -> Vec<(u32, String)> {
    nodes.iter().map(|(number, name)| (*number, (*name).to_owned())).collect()
}

/// `A`'s node.
async fn own(scene: &Scene) -> Node {
    let nodes = scene.everything().await;
    let is_own = |node: &Node| node.engine_id.as_ref().is_some_and(|id| id.as_str() == "ID1");
    nodes.into_iter().find(is_own).expect("a node of ID1")
}

/// Another grid and its token.
async fn grid_with(scene: &Scene, body: serde_json::Value) -> (Grid, String) {
    let draft = validate::grid::create(&body).expect("valid");
    let (means, caller) = (scene.master.means(), scene.master.caller().await);
    let grid = commands::grids::create(means, &caller, draft).await.expect("creates");
    let tokens = commands::grids::tokens(means, vec![grid.id]).await.expect("reads");
    let token = tokens[&grid.id].clone();
    (grid, token)
}

#[test]
fn case_39_a_taken_name_gets_the_nodes_number() {
    story(async {
        let scene = Scene::new().await;
        scene.accepted(&scene.a().id("ID0")).await;
        let agent = scene.accepted(&scene.a()).await;
        let node = own(&scene).await;
        assert_eq!((node.number, node.name.as_str()), (2, "node-1-2"));
        assert_eq!(node_infos(&agent)[0]["name"], "node-1-2");
        assert_eq!(scene.node("node-1").await.number, 1);
    });
}

#[test]
fn case_40_a_name_is_found_even_if_the_numbered_one_is_taken() {
    story(async {
        let scene = Scene::new().await;
        occupy(&scene, &scene.grid, used(&[(1, "node-1"), (3, "node-1-2")])).await;
        scene.accepted(&scene.a()).await;
        let node = own(&scene).await;
        assert_eq!(node.number, 2);
        assert!(node.name.starts_with("node-1-2-"), "{}", node.name);
        let named = scene.everything().await.iter().filter(|other| other.name == node.name).count();
        assert_eq!(named, 1, "a name of its own");
    });
}

#[test]
fn case_41_the_smallest_free_number_is_taken() {
    story(async {
        let scene = Scene::new().await;
        occupy(&scene, &scene.grid, used(&[(1, "a"), (5, "b")])).await;
        scene.accepted(&scene.a()).await;
        assert_eq!(own(&scene).await.number, 2);
    });
}

#[test]
fn case_42_a_full_grid_takes_nobody() {
    story(async {
        let scene = Scene::new().await;
        let (full, token) =
            grid_with(&scene, json!({ "name": "full", "subnet": "10.81.0.0/24" })).await;
        let all = (1..=254).map(|number| (number, format!("n{number}"))).collect();
        occupy(&scene, &full, all).await;
        let refusal = scene.refused_without_trace(&scene.a().with(GRID_TOKEN, &token)).await;
        assert_eq!(refusal, (1011, "Node numbers not available. Grid is full?".to_owned()));
    });
}

#[test]
fn case_42_in_a_larger_subnet_numbers_go_on_above_254() {
    story(async {
        let scene = Scene::new().await;
        let all = (1..=254).map(|number| (number, format!("n{number}"))).collect();
        occupy(&scene, &scene.grid, all).await;
        let agent = scene.accepted(&scene.a()).await;
        assert_eq!(own(&scene).await.number, 255);
        assert_eq!(node_infos(&agent)[0]["overlay_ip"], "10.81.0.255");
    });
}

#[test]
fn case_44_an_engine_of_another_grid_is_not_taken_over() {
    story(async {
        let scene = Scene::new().await;
        let (_, other) = grid_with(&scene, json!({ "name": "other" })).await;
        scene.accepted(&scene.a().with(GRID_TOKEN, &other)).await.hang_up(1000, "");
        scene.pass(Duration::from_secs(1)).await;
        let refusal = scene.refused_without_trace(&scene.a()).await;
        let reason = "Invalid node ID, already used by a different node";
        assert_eq!(refusal, (4006, reason.to_owned()));
    });
}

#[test]
fn case_45_an_id_may_have_any_shape() {
    story(async {
        let scene = Scene::new().await;
        let stock = ["ABCD"; 12].join(":");
        for id in ["6bb5bfa1-7c5f-4d7e-a2f2-0b2a4f4cf5a1", &stock, "x"] {
            scene.accepted(&scene.a().id(id)).await;
        }
    });
}

#[test]
fn case_46_labels_are_split_at_commas_only() {
    story(async {
        let scene = Scene::new().await;
        scene.accepted(&scene.a().labels("a=1,b,c=x=y")).await;
        assert_eq!(scene.node("node-1").await.labels, ["a=1", "b", "c=x=y"]);
    });
}

#[test]
fn case_47_a_node_without_labels_takes_its_engines() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a().labels("")).await;
        assert_eq!(scene.node("node-1").await.labels, Vec::<String>::new());
        report(&agent, "ID1", json!({ "Labels": null })).await;
        assert_eq!(scene.node("node-1").await.labels, Vec::<String>::new());
        report(&agent, "ID1", json!({ "Labels": ["d=1"] })).await;
        assert_eq!(scene.node("node-1").await.labels, ["d=1"]);
    });
}

#[test]
fn case_48_a_node_with_labels_keeps_them() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a().labels("x=1")).await;
        report(&agent, "ID1", json!({ "Labels": ["d=1"] })).await;
        assert_eq!(scene.node("node-1").await.labels, ["x=1"]);
    });
}
