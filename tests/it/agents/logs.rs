//! Lines that containers wrote, as agents send them.

use std::time::Duration;

use kontena_protocol::agent::Message;
use kontena_store::logs::{self, Filter, Line, Portion};
use rmpv::Value;
use serde_json::json;

use super::{
    containers::{document, save},
    master::story,
    support::{Scene, is_open},
};

async fn lines(scene: &Scene) -> Vec<Line> {
    let grid = scene.grid.id;
    let all = Portion::Newest { since: None, limit: 100 };
    let store = &scene.master.means().store;
    let read = store.read(move |conn| logs::find(conn, grid, &Filter::default(), all));
    read.await.expect("reads")
}

fn item(fields: &[(&str, Value)]) -> Value {
    Value::Map(fields.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
}

fn bytes(text: &[u8]) -> Value {
    Value::Binary(text.to_vec())
}

#[test]
fn cases_116_and_117_lines_are_kept_as_they_were_said() {
    story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        save(&agent, document("c1", "container")).await;
        let items = vec![
            item(&[
                ("id", "c1".into()),
                ("time", bytes(b"2017-08-01T12:34:56.123456789Z")),
                ("type", "stderr".into()),
                ("data", bytes("caf\u{e9} \u{1f980}".as_bytes())),
            ]),
            item(&[
                ("id", "nobody".into()),
                ("time", "2017-08-01T12:34:56.2Z".into()),
                ("type", "stdout".into()),
                ("data", "lost".into()),
            ]),
            item(&[
                ("id", "c1".into()),
                ("time", "2017-08-01T12:34:56.3Z".into()),
                ("type", "stdout".into()),
                ("data", bytes(b"half \xff")),
            ]),
        ];
        let params = vec![Value::Array(items)];
        let method = "/containers/log_batch".to_owned();
        agent.send(Message::Request { id: 7, method: method.clone(), params }.encode());
        assert_eq!(agent.answer(7).await, Ok(json!({ "count": 2 })));

        // As stock agents send it, and without a time: when it is received.
        let before = scene.master.clock.now();
        let untimed =
            item(&[("id", "c1".into()), ("type", "stdout".into()), ("data", "now".into())]);
        let params = vec![Value::Array(vec![untimed])];
        agent.send(Message::Notification { method, params }.encode());
        let limit = Duration::from_secs(10);
        let all_there = async || lines(&scene).await.len() == 3;
        scene.master.until("the third line", limit, all_there).await;
        let after = scene.master.clock.now();

        let kept = lines(&scene).await;
        let texts: Vec<&str> = kept.iter().map(|line| line.data.as_str()).collect();
        assert_eq!(texts, ["caf\u{e9} \u{1f980}", "half \u{fffd}", "now"]);
        let errors: Vec<bool> = kept.iter().map(|line| line.is_error).collect();
        assert_eq!(errors, [true, false, false]);
        assert_eq!(kept[0].at.to_rfc3339(), "2017-08-01T12:34:56.123456+00:00");
        assert_eq!(kept[1].at.to_rfc3339(), "2017-08-01T12:34:56.300+00:00");
        assert!((before..=after).contains(&kept[2].at), "{}", kept[2].at);
        let node = scene.node("node-1").await;
        for line in &kept {
            let of = (line.container_name.as_str(), line.service_name.as_deref());
            assert_eq!(of, ("redis-c1", Some("redis")));
            assert_eq!((line.node, line.instance_number), (node.id, Some(1)));
        }
        assert!(is_open(&agent));
    });
}
