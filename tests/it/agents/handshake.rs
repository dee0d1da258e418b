//! Who is let in.

use chrono::TimeDelta;
use kontena_core::domain::NodeStatus;
use kontena_protocol::agent::{header, hello::format_connected_at};

use crate::support::{RawAgent, TestMaster, raw::headers, story};

#[test]
fn case_2_and_3_the_grid_token_creates_a_node() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut hello = headers(&master);
        hello.push((header::GRID_TOKEN, token));
        let agent = RawAgent::connect(master.registry(), &hello);
        agent.accepted().await;
        assert_eq!(agent.methods(), ["/agent/master_info", "/agent/node_info"]);
        let nodes = master.nodes(&grid).await;
        assert_eq!(nodes.len(), 1);
        let node = &nodes[0];
        assert_eq!((node.name.as_str(), node.number), ("node-1", 1));
        assert_eq!(node.labels, ["test=yes"]);
        assert_eq!(node.agent_version.as_deref(), Some("1.5.4"));
        assert_eq!(node.status(), NodeStatus::Connecting);
    });
}

#[test]
fn cases_7_to_24_refusals_have_their_code_and_store_nothing() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let with = |changes: &[(&'static str, &str)]| {
            let mut hello = headers(&master);
            hello.push((header::GRID_TOKEN, token.clone()));
            for (name, value) in changes {
                hello.retain(|(known, _)| known != name);
                if *value != "<none>" {
                    hello.push((name, (*value).to_owned()));
                }
            }
            RawAgent::connect(master.registry(), &hello)
        };
        for (number, changes, code, reason) in [
            (7, vec![(header::NODE_ID, "<none>")], 4000, "Missing Kontena-Node-ID"),
            (8, vec![(header::NODE_ID, "")], 4000, "Missing Kontena-Node-ID"),
            (9, vec![(header::NODE_NAME, "")], 4000, "Missing Kontena-Node-Name"),
            (10, vec![(header::GRID_TOKEN, "wrong")], 4001, "Invalid grid token"),
            (11, vec![(header::GRID_TOKEN, "")], 4001, "Invalid grid token"),
            (
                13,
                vec![(header::GRID_TOKEN, "<none>"), (header::NODE_TOKEN, "wrong")],
                4002,
                "Invalid node token",
            ),
            (20, vec![(header::GRID_TOKEN, "<none>")], 4004, "Missing token"),
            (
                22,
                vec![(header::VERSION, "1.4.3")],
                4010,
                "agent version 1.4.3 is not compatible with server version 1.5.4",
            ),
            (
                23,
                vec![(header::VERSION, "<none>")],
                4010,
                "agent version  is not compatible with server version 1.5.4",
            ),
            (36, vec![(header::CONNECTED_AT, "garbage")], 4000, "Invalid Kontena-Connected-At"),
        ] {
            let agent = with(&changes);
            assert_eq!(agent.closed().await, (code, reason.to_owned()), "case {number}");
            let announced = if code == 4010 { vec!["/agent/master_info"] } else { vec![] };
            assert_eq!(agent.methods(), announced, "case {number}");
            assert!(master.nodes(&grid).await.is_empty(), "case {number} stored something");
        }
    });
}

#[test]
fn cases_14_to_19_a_node_token_belongs_to_the_first_engine() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, _) = master.grid("test").await;
        let token = master.node_token(&grid, "core-01").await;
        let hello = |engine: &str| {
            let mut hello = headers(&master);
            hello.push((header::NODE_ID, engine.to_owned()));
            hello.push((header::NODE_TOKEN, token.clone()));
            hello
        };
        let (one, two) = (hello("ID1"), hello("ID2"));
        let (one, two) = (
            RawAgent::connect(master.registry(), &one),
            RawAgent::connect(master.registry(), &two),
        );
        one.accepted().await;
        let reason = "Incorrect node token, already used by a different node";
        assert_eq!(two.closed().await, (4003, reason.to_owned()));
        let node = master.node(&grid, "core-01").await;
        assert_eq!(node.engine_id.expect("bound").as_str(), "ID1");
    });
}

#[test]
fn case_21_a_node_with_its_own_token_does_not_open_with_the_grids() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, grid_token) = master.grid("test").await;
        let token = master.node_token(&grid, "core-01").await;
        let mut hello = headers(&master);
        hello.push((header::NODE_TOKEN, token));
        RawAgent::connect(master.registry(), &hello).accepted().await;
        let mut hello = headers(&master);
        hello.push((header::GRID_TOKEN, grid_token));
        assert_eq!(RawAgent::connect(master.registry(), &hello).closed().await.0, 4005);
    });
}

#[test]
fn case_29_a_clock_far_behind_is_refused_and_the_refusal_shown() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut hello = headers(&master);
        let past = master.clock.now() - TimeDelta::minutes(5);
        hello.push((header::CONNECTED_AT, format_connected_at(past)));
        hello.push((header::GRID_TOKEN, token));
        let (code, reason) = RawAgent::connect(master.registry(), &hello).closed().await;
        assert_eq!(code, 4020);
        assert!(reason.starts_with("agent connected too far in the past"), "{reason}");
        let node = master.node(&grid, "node-1").await;
        assert_eq!(node.status(), NodeStatus::Offline);
        let error = kontena_core::presence::connection_error(&node).expect("not connected");
        assert!(error.starts_with("Websocket connection rejected at "), "{error}");
    });
}

#[test]
fn case_38_a_close_reason_always_fits_its_frame() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, token) = master.grid("test").await;
        let mut hello = headers(&master);
        hello.push((header::NODE_NAME, "ä".repeat(100)));
        hello.push((header::GRID_TOKEN, token));
        let agent = RawAgent::connect(master.registry(), &hello);
        agent.accepted().await;
        let node = master.nodes(&grid).await.remove(0);
        let caller = master.caller().await;
        let reset = kontena_core::validate::node::token_reset(
            &serde_json::json!({ "token": null, "reset_connection": true }),
        );
        let reset = reset.expect("valid");
        kontena_master::commands::nodes::reset_token(master.means(), &caller, &grid, &node, reset)
            .await
            .expect("resets");
        let (code, reason) = agent.closed().await;
        assert_eq!(code, 4031);
        assert!(reason.len() <= 123, "{} bytes", reason.len());
    });
}
