//! Frames and calls.

use std::time::Duration;

use kontena_core::domain::NodeStatus;
use kontena_protocol::agent::{Message, header};
use serde_json::json;

use crate::support::{RawAgent, TestMaster, raw::headers, story};

async fn connected() -> (TestMaster, kontena_core::domain::Grid, RawAgent) {
    let master = TestMaster::start().await;
    let (grid, token) = master.grid("test").await;
    let mut hello = headers(&master);
    hello.push((header::GRID_TOKEN, token));
    let agent = RawAgent::connect(master.registry(), &hello);
    agent.accepted().await;
    (master, grid, agent)
}

#[test]
fn cases_68_and_71_the_report_makes_a_node_online() {
    story(async {
        let (master, grid, agent) = connected().await;
        let report =
            json!({ "NCPU": 2, "MemTotal": 1024, "Labels": ["d=1"], "AgentVersion": "1.5.4" });
        let answer = agent.call(101, "/nodes/update", vec![json!("ID1"), report]).await;
        assert_eq!(answer, Ok(json!(true)));
        let node = master.node(&grid, "node-1").await;
        assert_eq!(node.status(), NodeStatus::Online);
        assert_eq!(node.report.cpus, Some(2));
        assert_eq!(node.labels, ["test=yes"], "case 48: labels are the API's by now");
    });
}

#[test]
fn cases_78_to_81_calls_are_answered_by_an_explicit_list() {
    story(async {
        let (_master, _, agent) = connected().await;
        let answer = agent.call(2_147_483_648, "/node_service_pods/list", vec![json!("ID1")]).await;
        assert_eq!(answer, Ok(json!({ "service_pods": [] })));
        for (id, method) in (10..).zip(["/foo/bar", "/nodes/nope", "", "nodes"]) {
            let (code, _) = agent.call(id, method, vec![]).await.expect_err(method);
            assert_eq!(code, 501, "{method}");
        }
        let unknown = Message::Notification { method: "/foo/bar".to_owned(), params: vec![] };
        let before = agent.heard().len();
        agent.send(unknown.encode());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(agent.heard().len(), before, "a notification has no answer");
    });
}

#[test]
fn cases_82_to_84_rubbish_is_survived() {
    story(async {
        let (_master, _, agent) = connected().await;
        for rubbish in [
            vec![],
            vec![0xc1],
            vec![0x94, 0x00],
            vec![0x80],
            vec![0x93, 0x03, 0x01, 0x02],
            vec![0x92, 0x00, 0x01],
            vec![0xc0, 0xc0],
            b"text".to_vec(),
            Message::Response { id: 9, outcome: Ok(rmpv::Value::Nil) }.encode(),
        ] {
            agent.send(rubbish);
        }
        agent.send(vec![0x94, 0x00, 0x05, 0x02, 0x03]);
        assert_eq!(agent.answer(5).await.expect_err("no method").0, 500);
        let answer = agent.call(6, "/node_service_pods/list", vec![json!("ID1")]).await;
        assert!(answer.is_ok());
    });
}

#[test]
fn case_85_answers_keep_the_order_of_requests() {
    story(async {
        let (_master, _, agent) = connected().await;
        for id in 0..100 {
            let method = if id % 2 == 0 { "/node_service_pods/list" } else { "/nodes/get" };
            let params = vec![rmpv::Value::from("ID1")];
            agent.send(Message::Request { id, method: method.to_owned(), params }.encode());
        }
        agent.answer(99).await.expect("answered");
        let ids: Vec<u64> = agent
            .messages()
            .into_iter()
            .filter_map(|message| match message {
                Message::Response { id, .. } => Some(id),
                _ => None,
            })
            .collect();
        assert_eq!(ids, (0..100).collect::<Vec<u64>>());
    });
}

#[test]
fn case_86_frames_before_the_admission_wait_for_it() {
    story(async {
        let master = TestMaster::start().await;
        let (_, token) = master.grid("test").await;
        let mut hello = headers(&master);
        hello.push((header::GRID_TOKEN, token));
        let agent = RawAgent::connect(master.registry(), &hello);
        let answer = agent.call(1, "/node_service_pods/list", vec![json!("ID1")]).await;
        assert_eq!(answer, Ok(json!({ "service_pods": [] })));
        assert_eq!(agent.methods(), ["/agent/master_info", "/agent/node_info"]);
    });
}

#[test]
fn case_91_a_node_speaks_for_itself_only() {
    story(async {
        let (_master, _, agent) = connected().await;
        let error = agent.call(1, "/nodes/update", vec![json!("IDX"), json!({})]).await;
        assert_eq!(error, Err((500, "RuntimeError: Missing HostNode: IDX".to_owned())));
        let error = agent.call(2, "/node_service_pods/list", vec![json!("IDX")]).await;
        assert_eq!(error, Err((500, "RuntimeError: Node not found".to_owned())));
    });
}

#[test]
fn case_106_a_state_of_an_instance_elsewhere_is_refused() {
    story(async {
        let (_master, _, agent) = connected().await;
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
        let master = TestMaster::start().await;
        let (_, token) = master.grid("test").await;
        let mut hello = headers(&master);
        hello.push((header::GRID_TOKEN, token));
        let agent = RawAgent::connect(master.registry(), &hello);
        agent.send(vec![0; 70_000]);
        assert_eq!(agent.closed().await.0, 1009);
    });
}
