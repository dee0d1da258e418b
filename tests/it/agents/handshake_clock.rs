//! The agent's clock: what is accepted, what is refused, and what a refusal leaves on the node.

use chrono::TimeDelta;
use kontena_core::{
    domain::{Node, NodeStatus},
    login::to_millis,
    presence::connection_error,
};
use kontena_protocol::agent::{header::CONNECTED_AT, utc_text};

use super::{
    master::story,
    support::{Scene, seconds_between},
};

/// The offset in the reason of a refused clock.
fn offset(reason: &str, direction: &str) -> f64 {
    let before = format!("agent connected too far in the {direction}, clock offset ");
    seconds_between(reason, &before, "s exceeds threshold").unwrap_or_else(|| panic!("{reason}"))
}

/// The refusal is on the node: it was never open, and is offline.
fn assert_rejected(node: &Node, reason: &str) {
    assert_eq!((node.connected, node.updated), (false, false));
    assert_eq!(node.status(), NodeStatus::Offline);
    let connection = node.connection.clone().expect("kept");
    assert_eq!((connection.opened, connection.close_code), (false, Some(4020)));
    assert_eq!(connection.close_reason.as_deref(), Some(reason));
    let at = utc_text(node.connected_at.expect("kept"));
    let text = format!("Websocket connection rejected at {at} with code 4020: {reason}");
    assert_eq!(connection_error(node), Some(text));
    assert_eq!((node.last_seen_at, node.disconnected_at), (None, None));
}

#[test]
fn case_29_a_clock_far_behind_is_refused_and_the_refusal_shown() {
    story(async {
        let scene = Scene::new().await;
        let at = scene.master.clock.now() - TimeDelta::minutes(5);
        let (code, reason) = scene.refused(&scene.a().connected_at(at)).await;
        assert_eq!(code, 4020);
        assert!((300.0..301.0).contains(&offset(&reason, "past")), "{reason}");
        let node = scene.node("node-1").await;
        assert_eq!(node.connected_at, Some(to_millis(at)));
        assert_rejected(&node, &reason);
    });
}

#[test]
fn cases_30_and_31_a_clock_far_ahead_is_refused_and_does_not_bar_the_next_login() {
    story(async {
        let scene = Scene::new().await;
        let (code, reason) = scene.refused(&scene.a_at(TimeDelta::seconds(60))).await;
        assert_eq!(code, 4020);
        assert!((-60.0..-59.0).contains(&offset(&reason, "future")), "{reason}");
        let node = scene.node("node-1").await;
        assert!(node.connected_at.expect("kept") <= scene.master.clock.now());
        assert_rejected(&node, &reason);
        scene.pass(std::time::Duration::from_millis(5)).await;
        scene.accepted(&scene.a()).await;
        assert!(scene.node("node-1").await.connected);
    });
}

#[test]
fn case_32_a_clock_within_the_allowances_is_accepted() {
    story(async {
        let scene = Scene::new().await;
        for (id, millis) in [("ID1", -5_500), ("ID2", 500)] {
            scene.accepted(&scene.a_at(TimeDelta::milliseconds(millis)).id(id)).await;
        }
    });
}

#[test]
fn case_33_a_clock_beyond_the_allowances_is_refused() {
    story(async {
        let scene = Scene::new().await;
        for (id, millis, direction) in [("ID1", -6_500, "past"), ("ID2", 1_500, "future")] {
            let headers = scene.a_at(TimeDelta::milliseconds(millis)).id(id).name(id);
            let (code, reason) = scene.refused(&headers).await;
            assert_eq!(code, 4020, "{reason}");
            offset(&reason, direction);
            assert_rejected(&scene.node(id).await, &reason);
        }
    });
}

#[test]
fn case_34_the_allowances_come_from_the_settings() {
    story(async {
        let scene = Scene::with(&[("WEBSOCKET_TIMEOUT", "10"), ("KONTENA_CLOCK_SKEW", "2")]).await;
        for (id, millis, accepted) in
            [("1", -11_000, true), ("2", -13_000, false), ("3", 1_500, true), ("4", 2_500, false)]
        {
            let headers = scene.a_at(TimeDelta::milliseconds(millis)).id(id);
            if accepted {
                scene.accepted(&headers).await;
            } else {
                assert_eq!(scene.refused(&headers).await.0, 4020, "{millis} ms");
            }
        }
    });
}

#[test]
fn case_35_other_layouts_of_the_time_are_understood() {
    story(async {
        let scene = Scene::new().await;
        let now = scene.master.clock.now();
        let east = chrono::FixedOffset::east_opt(2 * 3600).expect("an offset");
        let layouts = [
            now.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            now.format("%Y-%m-%d %H:%M:%SZ").to_string(),
            now.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            now.format("%Y-%m-%d %H:%M:%S").to_string(),
            now.with_timezone(&east).format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            now.with_timezone(&east).format("%Y-%m-%d %H:%M:%S.123456789%z").to_string(),
        ];
        for (number, text) in layouts.iter().enumerate() {
            let name = format!("n{number}");
            scene.accepted(&scene.a().id(&name).name(&name).with(CONNECTED_AT, text)).await;
            let told = scene.node(&name).await.connected_at.expect("connected");
            assert!((now - told).abs() < TimeDelta::seconds(1), "{text}: {told}");
        }
    });
}

#[test]
fn case_36_without_a_time_nobody_is_left_open() {
    story(async {
        let scene = Scene::new().await;
        let refusal = scene.refused_without_trace(&scene.a().without(CONNECTED_AT)).await;
        assert_eq!(refusal, (4000, "Missing Kontena-Connected-At".to_owned()));
        for text in ["garbage", "", "2017-13-01 12:34:56Z", "12:34:56"] {
            let refusal = scene.refused_without_trace(&scene.a().with(CONNECTED_AT, text)).await;
            assert_eq!(refusal, (4000, "Invalid Kontena-Connected-At".to_owned()), "{text:?}");
        }
    });
}

/// A refusal that is newer than the live connection takes the record, and the live one hears of it.
#[test]
fn a_newer_refusal_takes_the_record_from_a_live_connection() {
    story(async {
        let scene = Scene::new().await;
        let live = scene.accepted(&scene.a()).await;
        scene.pass(std::time::Duration::from_secs(1)).await;
        let (code, reason) = scene.refused(&scene.a_at(TimeDelta::seconds(60))).await;
        assert_eq!(code, 4020);
        let rejected = scene.node("node-1").await;
        assert_eq!(rejected.connection.and_then(|kept| kept.close_reason), Some(reason));
        scene.pass_answering(std::time::Duration::from_secs(40), &[&live]).await;
        assert_eq!(live.closed().await.0, 4041);
        assert!(!scene.node("node-1").await.connected);
    });
}
