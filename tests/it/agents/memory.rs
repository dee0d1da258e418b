//! What containers take decides where a service that names no memory fits (case 118, `scheduling.md` 3.8).

use std::time::Duration;

use kontena_core::domain::Service;
use kontena_master::telemetry::metrics::DROPPED;
use kontena_protocol::agent::Message;
use kontena_store::memory;
use serde_json::{Value, json};

use super::{
    master::{RawAgent, story},
    support::{Scene, ask, is_open, report},
};

const MIB: i64 = 1 << 20;

/// A service, and agent `A` with a GiB of memory that has a container of it.
async fn scene() -> (Scene, RawAgent, Service) {
    let scene = Scene::new().await;
    let agent = scene.accepted(&scene.a()).await;
    report(&agent, "ID1", json!({ "MemTotal": 1024 * MIB })).await;
    let body = json!({ "name": "web", "image": "web:1", "stateful": false });
    let service = scene.master.service(&scene.grid, body).await;
    for (id, service) in [("c1", service.id.to_string()), ("c2", "no service".to_owned())] {
        let container = json!({
            "Id": id, "Name": format!("/{id}"),
            "Config": { "Image": "web:1", "Labels": {
                "io.kontena.service.id": service, "io.kontena.service.name": "web",
                "io.kontena.service.instance_number": "1", "io.kontena.stack.name": "null",
                "io.kontena.container.name": "web-1", "io.kontena.container.type": "container",
            } },
            "State": { "Running": true },
        });
        let body = json!({ "node": "ID1", "container": container });
        assert_eq!(ask(&agent, "/containers/save", vec![body]).await, Ok(json!({})));
    }
    (scene, agent, service)
}

fn tell(agent: &RawAgent, stat: rmpv::Value) {
    let method = "/containers/stat".to_owned();
    agent.send(Message::Notification { method, params: vec![stat] }.encode());
}

fn stat(id: &str, bytes: i64) -> rmpv::Value {
    let spec = json!({ "cpu": { "limit": 1024, "mask": "0-1" } });
    let body = json!({ "id": id, "spec": spec, "memory": { "usage": bytes }, "time": "now" });
    kontena_protocol::agent::json::pack(body)
}

async fn peaks(scene: &Scene) -> Vec<i64> {
    let grid = scene.grid.id;
    let read = scene.master.means().store.read(move |conn| memory::of_grid(conn, grid));
    read.await.expect("reads").iter().map(|peak| peak.bytes).collect()
}

#[test]
fn case_118_a_figure_that_is_no_number_costs_nothing_else() {
    story(async {
        let (scene, agent, _) = scene().await;
        let mut with_nan = stat("c1", 7 * MIB);
        if let rmpv::Value::Map(fields) = &mut with_nan {
            let pct = rmpv::Value::Map(vec![("usage_pct".into(), f64::NAN.into())]);
            fields.push(("cpu".into(), pct));
        }
        tell(&agent, with_nan);
        scene.pass_answering(Duration::from_secs(65), &[&agent]).await;
        assert_eq!(peaks(&scene).await, [7 * MIB]);
        assert!(is_open(&agent));
    });
}

#[test]
fn only_containers_of_services_count_and_the_highest_of_them() {
    story(async {
        let (scene, agent, _) = scene().await;
        // Another node knows nothing of this one's containers.
        let other = scene.accepted(&scene.a().id("ID2").name("node-2")).await;
        tell(&other, stat("c1", 900 * MIB));
        for (id, mib) in [("c1", 3), ("c1", 9), ("c1", 5), ("c2", 800), ("unknown", 800)] {
            tell(&agent, stat(id, mib * MIB));
        }
        assert_eq!(peaks(&scene).await, Vec::<i64>::new(), "gathered first");
        scene.pass_answering(Duration::from_secs(65), &[&agent, &other]).await;
        assert_eq!(peaks(&scene).await, [9 * MIB]);

        let dropped = |scene: &Scene| {
            let tools = scene.master.registry().tools();
            tools.metrics.value(DROPPED, "kind=\"container_stats\"")
        };
        assert_eq!(dropped(&scene), 0);
        let garbage = [
            rmpv::Value::Nil,
            "x".into(),
            kontena_protocol::agent::json::pack(json!({
                "id": "c1", "memory": {},
            })),
        ];
        garbage.into_iter().for_each(|stat| tell(&agent, stat));
        scene.pass(Duration::from_secs(1)).await;
        assert_eq!(dropped(&scene), 3);
        assert!(is_open(&agent));
    });
}

#[test]
fn a_service_goes_where_there_is_room_for_what_it_took_lately() {
    story(async {
        let (scene, agent, web) = scene().await;
        tell(&agent, stat("c1", 1000 * MIB));
        scene.pass_answering(Duration::from_secs(65), &[&agent]).await;
        let (state, reason) = scene.master.deploy(&scene.grid, &web).await;
        let demand = 1250 * MIB;
        let text = format!("Did not find any nodes with sufficient free memory: {demand}");
        assert_eq!(state, "error");
        assert!(reason.as_deref().is_some_and(|reason| reason.contains(&text)), "{reason:?}");

        // An hour later nobody knows any more. The agent answers nothing now, which is another error.
        scene.pass_answering(Duration::from_secs(3600 + 400), &[&agent]).await;
        let (_, reason) = scene.master.deploy(&scene.grid, &web).await;
        let reason = reason.expect("the agent does not answer");
        assert!(reason.contains("one or more instances failed"), "{reason}");
        let known: Value = json!(peaks(&scene).await);
        assert_eq!(known, json!([1000 * MIB]), "its slot is written again when its turn comes");
    });
}
