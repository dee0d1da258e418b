//! What goes by itself: stale connections and ephemeral nodes.

use std::time::Duration;

use chrono::TimeDelta;
use kontena_core::domain::{Change, NodeStatus};
use kontena_store::{containers, events};
use serde_json::json;

use super::support::{Scene, ask};
use crate::support::story;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn case_72_a_connection_without_a_socket_is_swept() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        let container = json!({ "Id": "c1", "Name": "/c1" });
        let body = json!({ "node": "ID1", "container": container });
        ask(&agent, "/containers/save", vec![body]).await.expect("saved");
        agent.hang_up(1006, "");
        let before = scene.until("node-1", NodeStatus::Offline).await;
        // As a session leaves it that was lost together with its grid actor.
        let (store, grid) = (scene.master.means().store.clone(), scene.grid.id);
        let now = scene.master.clock.now();
        let at = now - TimeDelta::seconds(61);
        let plugged = Change::NodePlugged { node: before.id, connected_at: now, at };
        store.change(grid, plugged).await.expect("plugged");
        let read = store.read(move |conn| containers::of_grid(conn, grid)).await;
        let mut container = read.expect("reads").pop().expect("is known");
        assert!(container.deleted_at.take().is_some());
        store.change(grid, Change::ContainerSaved(Box::new(container))).await.expect("saved");

        scene.pass(Duration::from_secs(60)).await;
        let node = scene.node("node-1").await;
        assert_eq!((node.connected, node.disconnected_at), (false, before.disconnected_at));
        assert!(node.marked_offline_at > before.marked_offline_at, "its grace counts from now");
        let deleted = store.read(move |conn| containers::first_deleted(conn, grid)).await;
        assert_eq!(deleted.expect("reads").len(), 1);
    });
}

#[test]
fn cases_73_and_74_an_ephemeral_node_goes_after_six_hours_unless_something_holds_it() {
    story(async {
        let scene = Scene::new().await;
        let mut living = Vec::new();
        for (number, labels) in [
            (1, "ephemeral=yes"),
            (2, "ephemeral=yes"),
            (3, "ephemeral=yes"),
            (4, ""),
            (5, "ephemeral=no"),
            (6, "ephemeral"),
        ] {
            let (id, name) = (format!("ID{number}"), format!("node-{number}"));
            let agent = scene.accepted(&scene.a().id(&id).name(&name).labels(labels)).await;
            if number == 6 {
                let service = scene
                    .master
                    .service(&scene.grid, json!({ "name": "db", "image": "db", "stateful": true }))
                    .await;
                let labels = json!({
                    "io.kontena.service.id": service.id.to_string(),
                    "io.kontena.container.type": "volume",
                });
                let container = json!({ "Id": "v", "Name": "/v", "Config": { "Labels": labels } });
                let body = json!({ "node": id, "container": container });
                ask(&agent, "/containers/save", vec![body]).await.expect("saved");
            }
            living.push(agent);
        }
        for number in [1, 2, 4, 5, 6] {
            living[number - 1].hang_up(1006, "");
            scene.until(&format!("node-{number}"), NodeStatus::Offline).await;
        }
        let names = async || -> Vec<String> {
            let nodes = scene.master.nodes(&scene.grid).await;
            nodes.into_iter().map(|node| node.name).collect()
        };
        scene.pass_answering(6 * HOUR - Duration::from_secs(10), &[&living[2]]).await;
        assert_eq!(names().await.len(), 6, "never before six hours");
        scene.pass_answering(Duration::from_secs(70), &[&living[2]]).await;
        assert_eq!(names().await, ["node-1", "node-3", "node-4", "node-5", "node-6"]);
        let grid = scene.grid.id;
        let store = &scene.master.means().store;
        let log = store.read(move |conn| events::newest(conn, grid, None, 10)).await;
        let told = log.expect("reads").into_iter().map(|(_, event)| event.message);
        assert!(told.collect::<String>().contains("node node-2 was removed"));
        // It may come back: the grid token cannot be revoked.
        scene.accepted(&scene.a().id("ID2").name("node-2")).await;
        assert_eq!(names().await.len(), 6);
    });
}
