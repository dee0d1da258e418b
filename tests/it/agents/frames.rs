//! Frames and calls.

use std::time::Duration;

use kontena_core::domain::Change;
use kontena_protocol::agent::Message;
use serde_json::json;

use super::{master::story, support::Scene};

#[test]
fn case_85_a_burst_is_answered_whole_and_takes_effect_in_its_order() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        let store = &scene.master.means().store;
        let followed = store.follow(scene.grid.id).await.expect("reads");
        let (_, mut follower) = followed.expect("the grid");
        let node = || rmpv::Value::from("ID1");
        for id in 0..100_u64 {
            let (method, params) = match id % 4 {
                0 => {
                    let cpus = (rmpv::Value::from("NCPU"), rmpv::Value::from(id));
                    ("/nodes/update", vec![node(), rmpv::Value::Map(vec![cpus])])
                }
                2 => ("/nodes/get", vec![node()]),
                _ => ("/node_service_pods/list", vec![node()]),
            };
            agent.send(Message::Request { id, method: method.to_owned(), params }.encode());
        }
        agent.answer(99).await.expect("answered");
        scene.pass(Duration::from_secs(1)).await;
        let answers = agent.messages().into_iter().filter_map(|message| match message {
            Message::Response { id, outcome } => {
                assert!(outcome.is_ok(), "{id}: {outcome:?}");
                Some(id)
            }
            _ => None,
        });
        assert_eq!(answers.collect::<Vec<u64>>(), (0..100).collect::<Vec<u64>>());
        let mut effects = Vec::new();
        while let Some(committed) = follower.try_next() {
            effects.extend(committed.changes.iter().filter_map(|change| match change {
                Change::NodeReported { report, .. } => report.cpus,
                _ => None,
            }));
        }
        assert_eq!(effects, (0..100).step_by(4).collect::<Vec<i64>>());
    });
}

#[test]
fn case_91_a_node_speaks_for_itself_only() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        let error = agent.call(1, "/nodes/update", vec![json!("IDX"), json!({})]).await;
        assert_eq!(error, Err((500, "RuntimeError: Missing HostNode: IDX".to_owned())));
        let error = agent.call(2, "/node_service_pods/list", vec![json!("IDX")]).await;
        assert_eq!(error, Err((500, "RuntimeError: Node not found".to_owned())));
    });
}

#[test]
fn case_106_a_state_of_an_instance_elsewhere_is_refused() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        let state = json!({
            "service_id": "597f2d4b8e5c3a0008a1b2c3", "instance_number": 1, "rev": null,
            "state": "running", "error": null,
        });
        let error = agent.call(3, "/node_service_pods/set_state", vec![json!("ID1"), state]).await;
        assert_eq!(error, Err((500, "RuntimeError: Instance not found".to_owned())));
    });
}

#[test]
fn too_much_before_the_admission_is_closed_with_1009() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.connect(&scene.a());
        agent.send(vec![0; 70_000]);
        assert_eq!(agent.closed().await.0, 1009);
    });
}
