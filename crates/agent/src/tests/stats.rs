//! What a node uses (agent-protocol 4.2, 6.12).

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::{master::Master, *};

const STATS: &str = "/nodes/stats";

#[tokio::test(start_paused = true)]
async fn a_known_node_reports_soon_and_then_every_minute() {
    let master = Master::new();
    master.plan().node_info = false;
    master.lists(&[pod()]);
    let agent = start(&master);
    sleep(Duration::from_secs(100)).await;
    assert!(master.calls(STATS).is_empty(), "nobody knows the node yet");
    master.send_node_info();
    master.until_called(STATS, 3).await;
    let calls = master.calls(STATS);
    let at: Vec<_> = calls.iter().map(|(at, _)| at.as_secs()).collect();
    assert_eq!(at, [102, 162, 222]);
    let (_, params) = &calls[1];
    assert_eq!(params[0], crate::engine::simulated::engine_id(0));
    let stats = &params[1];
    assert_eq!(stats["usage"], json!({"container_seconds": 60}), "one container runs");
    assert_eq!(stats["memory"]["total"], json!(2_u64 << 30));
    assert_eq!(stats["filesystem"][0]["name"], "/var/lib/docker");
    assert_eq!(stats["cpu"]["num_cores"], 2);
    let busy = ["system", "user", "nice", "idle"].map(|kind| stats["cpu"][kind].as_f64());
    let sum: f64 = busy.into_iter().flatten().sum();
    assert!((sum - 200.0).abs() < 0.1, "{busy:?}");
    assert_eq!(stats["network"]["internal"]["interfaces"], json!([]));
    assert_eq!(stats["time"], "2017-08-01 12:37:38 UTC");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_master_nothing_is_counted_as_reported() {
    let master = Master::new();
    master.lists(&[pod()]);
    let agent = start(&master);
    master.until_called(STATS, 1).await;
    master.plan().unreachable = true;
    master.hang_up();
    sleep(Duration::from_secs(600)).await;
    master.plan().unreachable = false;
    master.until_called(STATS, 2).await;
    let calls = master.calls(STATS);
    let apart = (calls[1].0 - calls[0].0).as_secs();
    assert!(apart >= 600, "{apart}");
    let seconds = calls[1].1[1]["usage"]["container_seconds"].as_u64().expect("a number");
    assert!(seconds.abs_diff(apart) <= 1, "{seconds} s of {apart} s");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_away_costs_a_report_and_no_more() {
    let master = Master::new();
    let agent = start(&master);
    master.until_called(STATS, 1).await;
    agent.engine.vanish();
    sleep(Duration::from_secs(90)).await;
    assert!(is_logged("WARN cannot measure this node: "), "{:?}", logged());
    agent.engine.reappear();
    master.until_called(STATS, 2).await;
    agent.stop().await;
}
