//! Cases 130 to 137, 141 and 142: connecting, keeping alive, being refused, being called.

use std::time::Duration;

use kontena_protocol::agent::{CloseCode, hello::parse_connected_at};
use serde_json::json;
use tokio::time::sleep;

use super::{
    master::{Heard, Master, What},
    *,
};
use crate::{engine::simulated::engine_id, session::transport::Frame};

fn dials(master: &Master) -> Vec<Heard> {
    let mut heard = master.heard();
    heard.retain(|heard| matches!(heard.what, What::Dialed(_)));
    heard
}

fn header(heard: &Heard, name: &str) -> Option<String> {
    match &heard.what {
        What::Dialed(upgrade) => upgrade.get(name).map(str::to_owned),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn case_130_connects_after_a_second_with_the_contracts_headers() {
    let master = Master::new();
    let agent = start_with(&master, SimulatedOptions::default(), |mut config| {
        config.node_labels = Some(vec!["a=1".into(), "b".into()]);
        config
    });
    master.until_called("/nodes/update", 1).await;
    let dial = &dials(&master)[0];
    assert_eq!(dial.at, Duration::from_secs(1));
    let What::Dialed(upgrade) = &dial.what else {
        panic!("a dial");
    };
    let expected = [
        ("Kontena-Version", "1.5.4"),
        ("Kontena-Node-Id", &engine_id(0)),
        ("Kontena-Node-Name", "simulated"),
        ("Kontena-Node-Labels", "a=1,b"),
        ("Kontena-Connected-At", "2017-08-01 12:34:57.000000000Z"),
        ("Kontena-Grid-Token", "secret-token"),
    ];
    let sent: Vec<_> =
        upgrade.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(sent, expected);
    assert!(is_logged("INFO connected to master version 1.5.4"));
    assert!(!logged().iter().any(|line| line.contains("secret-token")));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_130_a_node_token_is_the_only_token_sent() {
    let master = Master::new();
    let agent = start_with(&master, SimulatedOptions::default(), |mut config| {
        config.token = Token::Node("node-token".into());
        config
    });
    master.until("a dial", |master| !dials(master).is_empty()).await;
    let dial = &dials(&master)[0];
    assert_eq!(header(dial, "kontena-node-token").as_deref(), Some("node-token"));
    assert_eq!(header(dial, "kontena-grid-token"), None);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_131_final_codes_end_the_agent_with_the_masters_reason() {
    for (code, reason, line) in [
        (4001, "Invalid grid token", "ERROR master does not accept our token, shutting down ..."),
        (
            4010,
            "agent version 1.5.4 is not compatible with server version 2.0.0",
            "ERROR master does not accept our version (1.5.4): agent version 1.5.4 is not",
        ),
        (
            4040,
            "host node X has been removed",
            "ERROR master indicates that this agent should not reconnect: host node X has been removed",
        ),
        (
            4041,
            "host node X connection conflict with new connection at 2017-08-01 12:34:56 UTC",
            "ERROR master indicates that this agent should not reconnect: host node X connection",
        ),
    ] {
        let master = Master::new();
        master.plan().refuse = Some((code, reason));
        let ended = start(&master).ended().await;
        let error = ended.expect_err("a refusal");
        assert_eq!(error.to_string(), reason);
        assert!(is_logged(&format!("WARN connection closed with code {code}: {reason}")));
        assert!(is_logged(line), "{:?}", logged());
        assert_eq!(dials(&master).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn case_132_other_codes_bring_the_agent_back_within_a_second() {
    let codes = [4000, 4002, 4003, 4004, 4005, 4006, 4020, 4030, 4031, 1000, 1001];
    for code in codes {
        let master = Master::new();
        let agent = start(&master);
        master.until_called("/nodes/update", 1).await;
        master.close(code, "for a reason");
        comes_back(&master).await;
        assert!(is_logged(&format!("connection closed with code {code}: for a reason")));
        agent.stop().await;
    }
    let master = Master::new();
    let agent = start(&master);
    master.until_called("/nodes/update", 1).await;
    master.hang_up();
    comes_back(&master).await;
    assert!(is_logged("connection closed with code 1006: "));
    agent.stop().await;
}

async fn comes_back(master: &Master) {
    let before = master.heard().len();
    let closed_at = master.start_elapsed();
    master.until("a reconnect", |master| dials(master).len() == 2).await;
    master.until_called("/nodes/update", 2).await;
    let dials = dials(master);
    assert!(dials[1].at - closed_at < Duration::from_secs(1), "{before}");
    let moment = |heard| parse_connected_at(&header(heard, "Kontena-Connected-At").expect("sent"));
    assert!(moment(&dials[1]).expect("a moment") > moment(&dials[0]).expect("a moment"));
}

#[tokio::test(start_paused = true)]
async fn case_132_even_a_refused_connection_resets_the_wait() {
    let master = Master::new();
    master.plan().refuse = Some((4002, "Invalid node token"));
    let agent = start(&master);
    master.until("many dials", |master| dials(master).len() >= 12).await;
    let dials = dials(&master);
    assert!(dials.windows(2).all(|pair| pair[1].at - pair[0].at <= Duration::from_secs(1)));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_133_the_wait_grows_while_nobody_listens() {
    let master = Master::new();
    master.plan().unreachable = true;
    let agent = start(&master);
    master.until("many dials", |master| dials(master).len() >= 12).await;
    let dials = dials(&master);
    for (n, pair) in dials.windows(2).enumerate() {
        let bound = 2f64.powi(i32::try_from(n).expect("small")).min(90.0);
        let waited = (pair[1].at - pair[0].at).as_secs_f64();
        // The runtime's timers count in milliseconds.
        assert!(waited <= bound + 0.002, "attempt {n} waited {waited}");
    }
    assert!(dials[11].at - dials[0].at > Duration::from_secs(60));
    assert!(is_logged("INFO reconnect attempt 1 in 0."));
    assert!(is_logged("INFO reconnect attempt 9 in "));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_134_an_unanswered_ping_breaks_the_connection_after_five_seconds() {
    let master = Master::new();
    master.plan().pong_after = None;
    let agent = start(&master);
    let pinged = |master: &Master| {
        let mut heard = master.heard().into_iter();
        heard.find(|heard| matches!(heard.what, What::Pinged(_)))
    };
    master
        .until("gone", |master| master.heard().iter().any(|heard| heard.what == What::Gone))
        .await;
    let ping = pinged(&master).expect("a ping");
    assert_eq!(ping.at, Duration::from_secs(31), "30 s after the dial");
    let gone = master.heard().into_iter().find(|heard| heard.what == What::Gone);
    assert_eq!(gone.expect("gone").at, Duration::from_secs(36));
    assert!(is_logged("ERROR websocket error: timeout while waiting 5.0s for pong"));
    assert!(is_logged("WARN connection closed with code 1006: "));
    master.until("a reconnect", |master| dials(master).len() == 2).await;
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_134_a_slow_pong_is_only_a_warning() {
    let master = Master::new();
    master.plan().pong_after = Some(Duration::from_secs(3));
    let agent = start(&master);
    sleep(Duration::from_secs(120)).await;
    assert_eq!(dials(&master).len(), 1);
    assert!(is_logged("WARN server ping 3.00s of 5.00s timeout"));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_135_a_ping_is_answered_with_its_payload() {
    let master = Master::new();
    let agent = start(&master);
    master.until_called("/nodes/update", 1).await;
    master.send(Frame::Ping(b"any payload".to_vec()));
    let pong = What::Ponged(b"any payload".to_vec());
    master.until("a pong", |master| master.heard().iter().any(|heard| heard.what == pong)).await;
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_136_nothing_is_reported_before_the_master_greets() {
    let master = Master::new();
    master.plan().greets = false;
    let agent = start(&master);
    sleep(Duration::from_secs(95)).await;
    let called = |heard: &Heard| matches!(heard.what, What::Called(..));
    assert!(!master.heard().iter().any(called));
    assert_eq!(dials(&master).len(), 1);
    // A master that never greets is given up in the end.
    master.until("a reconnect", |master| dials(master).len() == 2).await;
    assert!(is_logged("the master did not greet within 120s"));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_137_the_node_is_reported_at_once_and_every_minute() {
    let master = Master::new();
    let agent = start(&master);
    master.until_called("/nodes/update", 3).await;
    let calls = master.calls("/nodes/update");
    let at: Vec<_> = calls.iter().map(|(at, _)| at.as_secs()).collect();
    assert_eq!(at, [1, 61, 121]);
    let (node_id, info) = (&calls[0].1[0], &calls[0].1[1]);
    assert_eq!(node_id, &json!(engine_id(0)));
    assert_eq!(info["ID"], json!(engine_id(0)));
    assert_eq!(info["AgentVersion"], json!("1.5.4"));
    assert_eq!(info["PublicIp"], json!(null));
    assert_eq!(info["PrivateIp"], json!("10.0.0.5"));
    assert_eq!(info["Drivers"]["Volume"], json!([{"name": "local"}]));
    assert_eq!(info["MemoryLimit"], json!(true));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_137_a_vanished_engine_leaves_the_agent_connected() {
    let master = Master::new();
    let agent = start(&master);
    master.until_called("/nodes/update", 1).await;
    agent.engine.vanish();
    sleep(Duration::from_secs(200)).await;
    assert_eq!(dials(&master).len(), 1);
    assert_eq!(master.calls("/nodes/update").len(), 1);
    agent.engine.reappear();
    master.until_called("/nodes/update", 2).await;
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_141_an_update_is_answered_at_once_and_a_list_follows() {
    let master = Master::new();
    let agent = start(&master);
    master.until_called("/node_service_pods/list", 1).await;
    sleep(Duration::from_secs(5)).await;
    let lists = master.calls("/node_service_pods/list").len();
    let answer = master.call(5, "/service_pods/notify_update", json!([[]])).await;
    assert_eq!(answer, Ok(json!({})));
    master.until_called("/node_service_pods/list", lists + 1).await;
    let (at, params) = master.calls("/node_service_pods/list")[lists].clone();
    assert!(at < Duration::from_secs(7), "{at:?}");
    assert_eq!(params, json!([engine_id(0)]));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_142_unknown_handlers_are_refused_and_the_connection_stays() {
    let master = Master::new();
    let agent = start(&master);
    master.until_called("/nodes/update", 1).await;
    let answer = master.call(9, "/foo/bar", json!([])).await;
    let error = answer.expect_err("unknown");
    assert_eq!((error.code, error.message.as_str()), (501, "service not implemented"));
    let health = master.call(10, "/etcd/health", json!([])).await;
    assert_eq!(health, Ok(json!({"health": true})));
    let etcd = master.call(11, "/etcd/get", json!(["/x", {}])).await;
    assert_eq!(etcd.expect_err("unknown").code, 501);
    master.send(Frame::Text("not for agents".into()));
    master.send(Frame::Binary(vec![0xc1]));
    master.send(Frame::Binary(vec![0x94, 0x01, 0x07, 0xc0, 0x80]));
    let health = master.call(12, "/etcd/health", json!([])).await;
    assert_eq!(health, Ok(json!({"health": true})));
    assert!(is_logged("WARN unknown response with id=7"));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_is_stopped_says_goodbye() {
    let master = Master::new();
    let agent = start(&master);
    master.until_called("/nodes/update", 1).await;
    agent.stop().await;
    let goodbye = What::Closed(CloseCode(1001), "agent is shutting down".into());
    master
        .until("a close", |master| master.heard().iter().any(|heard| heard.what == goodbye))
        .await;
}
