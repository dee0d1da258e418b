//! Who is let in, and who is told what instead.

use kontena_core::domain::NodeStatus;
use kontena_protocol::agent::header::{GRID_TOKEN, NODE_ID, NODE_NAME, NODE_TOKEN, VERSION};

use super::{
    master::story,
    support::{Headers, Scene},
};

/// What a refusal is expected to be: close code and reason.
fn told(code: u16, reason: &str) -> (u16, String) {
    (code, reason.to_owned())
}

/// Every one of these is refused so, and nothing is stored.
async fn all_refused(scene: &Scene, all: &[Headers], code: u16, reason: &str) {
    for headers in all {
        let refusal = scene.refused_without_trace(headers).await;
        assert_eq!(refusal, told(code, reason), "{:?}", headers.0);
    }
}

#[test]
fn case_3_the_grid_token_creates_a_node() {
    story(async {
        let scene = Scene::new().await;
        let at = scene.master.clock.now() - chrono::TimeDelta::microseconds(1_234_567);
        scene.accepted(&scene.a().connected_at(at)).await;
        let nodes = scene.everything().await;
        let [node] = nodes.as_slice() else { panic!("exactly one: {nodes:?}") };
        assert_eq!(node.engine_id.as_ref().map(|id| id.as_str()), Some("ID1"));
        assert_eq!((node.name.as_str(), node.number), ("node-1", 1));
        assert_eq!(node.labels, ["test=yes"]);
        assert_eq!(node.agent_version.as_deref(), Some("1.5.4"));
        assert_eq!((node.connected, node.updated), (true, false));
        assert_eq!(node.connected_at, Some(kontena_core::login::to_millis(at)));
        assert_eq!(node.status(), NodeStatus::Connecting);
    });
}

#[test]
fn cases_7_and_8_a_node_id_is_needed() {
    story(async {
        let scene = Scene::new().await;
        let all = [scene.a().without(NODE_ID), scene.a().id("")];
        all_refused(&scene, &all, 4000, "Missing Kontena-Node-ID").await;
    });
}

#[test]
fn case_9_a_node_name_is_needed() {
    story(async {
        let scene = Scene::new().await;
        let all = [scene.a().without(NODE_NAME), scene.a().name("")];
        all_refused(&scene, &all, 4000, "Missing Kontena-Node-Name").await;
    });
}

#[test]
fn case_10_an_unknown_grid_token_is_4001() {
    story(async {
        let scene = Scene::new().await;
        let all = [scene.a().with(GRID_TOKEN, "wrong")];
        all_refused(&scene, &all, 4001, "Invalid grid token").await;
    });
}

#[test]
fn case_11_an_empty_grid_token_wins_over_a_valid_node_token() {
    story(async {
        let scene = Scene::new().await;
        let token = scene.master.node_token(&scene.grid, "core-01").await;
        let all = [scene.a().with(GRID_TOKEN, "").with(NODE_TOKEN, &token)];
        all_refused(&scene, &all, 4001, "Invalid grid token").await;
    });
}

#[test]
fn case_12_with_both_tokens_the_grids_counts() {
    story(async {
        let scene = Scene::new().await;
        let token = scene.master.node_token(&scene.grid, "core-01").await;
        let before = scene.node("core-01").await;
        scene.accepted(&scene.a().with(NODE_TOKEN, &token)).await;
        assert_eq!(scene.node("core-01").await, before, "untouched");
        let node = scene.node("node-1").await;
        assert_eq!((node.number, node.has_token, node.connected), (2, false, true));
        assert_eq!(scene.everything().await.len(), 2);
    });
}

#[test]
fn case_13_an_unknown_node_token_is_4002() {
    story(async {
        let scene = Scene::new().await;
        scene.master.node_token(&scene.grid, "core-01").await;
        let all = [scene.a().node_token("wrong"), scene.a().node_token("")];
        all_refused(&scene, &all, 4002, "Invalid node token").await;
    });
}

#[test]
fn case_20_a_token_is_needed() {
    story(async {
        let scene = Scene::new().await;
        all_refused(&scene, &[scene.a().without(GRID_TOKEN)], 4004, "Missing token").await;
    });
}

#[test]
fn cases_22_and_23_another_line_of_agents_is_told_the_masters_version() {
    story(async {
        let scene = Scene::new().await;
        let text = "agent version 1.4.3 is not compatible with server version 1.5.4";
        all_refused(&scene, &[scene.a().version("1.4.3")], 4010, text).await;
        let text = "agent version  is not compatible with server version 1.5.4";
        all_refused(&scene, &[scene.a().without(VERSION)], 4010, text).await;
    });
}

#[test]
fn case_24_the_version_is_checked_first() {
    story(async {
        let scene = Scene::new().await;
        let all = scene.a().version("1.4.3").without(NODE_ID).with(GRID_TOKEN, "wrong");
        let text = "agent version 1.4.3 is not compatible with server version 1.5.4";
        all_refused(&scene, &[all], 4010, text).await;
    });
}

#[test]
fn case_25_the_node_id_is_checked_before_the_token() {
    story(async {
        let scene = Scene::new().await;
        let all = [scene.a().without(NODE_ID).with(GRID_TOKEN, "wrong")];
        all_refused(&scene, &all, 4000, "Missing Kontena-Node-ID").await;
    });
}

#[test]
fn cases_27_and_28_both_stock_lines_are_accepted_and_nothing_else() {
    story(async {
        let scene = Scene::new().await;
        for version in ["1.5.0", "1.5.4", "1.6.0.dev", "1.6.0"] {
            let headers = scene.a().id(version).name(version).version(version);
            scene.accepted(&headers).await;
            assert_eq!(scene.node(version).await.agent_version.as_deref(), Some(version));
        }
        for version in ["1.4.3", "1.7.0", "2.0.0", "abc", "1..5", "1.5.4 x", "é"] {
            let text =
                format!("agent version {version} is not compatible with server version 1.5.4");
            all_refused(&scene, &[scene.a().version(version)], 4010, &text).await;
        }
    });
}
