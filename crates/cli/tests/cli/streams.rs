//! Logs and events: asked for once, and followed through pieces, breaks and ends.

use serde_json::json;

use crate::support::{Kontena, Master, Piece, m1};

const LOGS: &str = "GET /v1/services/development/null/redis/container_logs?limit=100";
const EVENTS: &str = "GET /v1/grids/development/event_logs?limit=100";

fn line(id: u32, container: &str, data: &str) -> serde_json::Value {
    json!({"id": id.to_string(), "created_at": format!("2018-03-20T08:00:0{id}.000Z"),
        "name": container, "data": data})
}

#[test]
fn logs_of_a_service_name_the_instance() {
    let master = m1();
    let lines = [line(1, "null-redis-1", "a"), line(2, "null-redis-12", "b"), line(3, "odd", "c")];
    master.on(LOGS, 200, json!({ "logs": lines }));
    Kontena::c1(&master).run_both(&master, "service logs redis").succeeds(&[
        "2018-03-20T08:00:01.000Z [1]: a",
        "2018-03-20T08:00:02.000Z [12]: b",
        "2018-03-20T08:00:03.000Z [odd]: c",
    ]);
}

#[test]
fn logs_of_a_grid_name_the_container() {
    let master = m1();
    let path = "GET /v1/grids/development/container_logs";
    let query = "limit=5&nodes=core-01,core-02&services=web%2Fapp&containers=x&since=2018-03-20";
    master.on(&format!("{path}?{query}"), 200, json!({"logs": [line(1, "web-app-1", "a")]}));
    master.streams(
        &format!("{path}?limit=100&follow=1"),
        &[Piece::Chunk(r#"{"id":"1","name":"web-app-1","data":"a","created_at":"t"}"#)],
    );
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(
            &master,
            "grid logs --lines 5 --node core-01 --node core-02 --service web/app -c x --since \
             2018-03-20",
        )
        .succeeds(&["2018-03-20T08:00:01.000Z web-app-1: a"]);
    kontena.run_both(&master, "grid logs -f").succeeds(&["web-app-1 | a"]);
}

#[test]
fn a_container_has_a_log_of_its_own() {
    let master = m1();
    let path = "GET /v1/containers/development/core-01/redis-1/logs?limit=3";
    master.on(path, 200, json!({"logs": [line(1, "redis-1", "a")]}));
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "container logs -n 3 core-01/redis-1")
        .succeeds(&["2018-03-20T08:00:01.000Z redis-1: a"]);
    kontena.run_both(&master, "container logs redis-1").fails(
        " [error] Invalid container id redis-1: it is NODE/NAME. Use: kontena container list",
    );
}

#[test]
fn instance_and_since_narrow_a_log() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena.run("service logs -i 2 --tail 7 --since 10m redis").exits(1);
    let asked = master.lines().remove(0);
    let (path, since) = asked.split_once("&since=").unwrap();
    assert_eq!(path, "GET services/development/null/redis/container_logs?limit=7&instance=2");
    let since = chrono::DateTime::parse_from_rfc3339(since).unwrap();
    // What "now" was is the program's to know; a minute is ample for a test to run.
    let file = std::fs::metadata(kontena.config_path()).unwrap().modified().unwrap();
    let written = chrono::DateTime::<chrono::Utc>::from(file);
    let distance = (written - since.to_utc()).num_seconds();
    assert!((540..=600).contains(&distance), "{distance}");
    for (flag, reason) in [
        (
            "--since soon",
            "must be a time such as 10m, 2018-03-20 or 2018-03-20T08:00:00Z, not \"soon\"",
        ),
        ("--tail 0", "must be at least 1: 0"),
        ("--lines x", "invalid value for Integer(): \"x\""),
    ] {
        let ran = kontena.run(&format!("service logs {flag} redis"));
        ran.exits(2);
        assert!(ran.err.contains(reason), "{}", ran.err);
    }
}

/// The stream breaks in the middle of an entry and begins again behind the last whole one.
fn interrupted() -> Master {
    let master = m1();
    let follow = format!("{LOGS}&follow=1");
    master
        .streams(
            &follow,
            &[
                Piece::Chunk(" "),
                Piece::Chunk(r#"{"id":"1","created_at":"t1","name":"r-1","#),
                Piece::Chunk(r#""data":"one"}"#),
                Piece::Chunk("\n"),
                Piece::Chunk(r#"{"id":"2","created_at":"t2","name":"r-1","data":"two"}{"id":"3","#),
                Piece::Cut,
            ],
        )
        .streams(
            &format!("{follow}&from=2"),
            &[
                Piece::Chunk(r#"{"id":"3","created_at":"t3","name":"r-2","data":"three"}"#),
                Piece::Chunk(r#"{"id":"4","created_at":"t4","name":"r-1","data":"four"}"#),
                Piece::Cut,
            ],
        )
        .streams(&format!("{follow}&from=4"), &[Piece::Chunk(" ")]);
    master
}

#[test]
fn a_followed_log_loses_and_repeats_nothing() {
    let master = interrupted();
    Kontena::c1(&master).run_both(&master, "service logs -f redis").succeeds(&[
        "t1 [1]: one",
        "t2 [1]: two",
        "t3 [2]: three",
        "t4 [1]: four",
    ]);
    let follow = format!("{}&follow=1", LOGS.replace("/v1/", ""));
    assert_eq!(
        master.lines(),
        [follow.clone(), format!("{follow}&from=2"), format!("{follow}&from=4")]
    );
}

/// A master that starts again is away for a moment: the log goes on where it was.
#[test]
fn a_master_that_starts_again_is_waited_for() {
    let master = m1();
    let follow = format!("{LOGS}&follow=1");
    master
        .streams(
            &follow,
            &[
                Piece::Chunk(r#"{"id":"1","created_at":"t1","name":"r-1","data":"one"}"#),
                Piece::Cut,
            ],
        )
        .on(&format!("{follow}&from=1"), 503, "")
        .streams(
            &format!("{follow}&from=1"),
            &[Piece::Chunk(r#"{"id":"2","created_at":"t2","name":"r-1","data":"two"}"#)],
        );
    Kontena::c1(&master)
        .run_both(&master, "service logs -f redis")
        .succeeds(&["t1 [1]: one", "t2 [1]: two"]);
    assert_eq!(master.lines().len(), 4, "the last one asks whether the log is over");
    let gone = m1();
    gone.streams(&follow, &[Piece::Chunk(r#"{"id":"1","name":"r-1","data":"a"}"#), Piece::Cut]);
    Kontena::c1(&gone).run("service logs -f redis").prints(&[" [1]: a"]).exits(1);
}

#[test]
fn each_container_has_a_colour() {
    let ran = Kontena::c1(&interrupted()).run_on_terminal("service logs -f redis", &[]);
    ran.exits(0);
    for part in ["\u{1b}[31mt1 [1]:\u{1b}[0m one", "\u{1b}[32mt3 [2]:\u{1b}[0m three"] {
        assert!(ran.out.contains(part), "{:?}", ran.out);
    }
}

#[test]
fn programs_get_a_log_as_lines_of_json() {
    let ran = Kontena::c1(&interrupted()).run("service logs -f -o json redis");
    ran.exits(0).complains(&[]);
    let ids: Vec<String> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].to_string())
        .collect();
    assert_eq!(ids, ["\"1\"", "\"2\"", "\"3\"", "\"4\""]);
}

#[test]
fn what_cannot_be_followed_is_said() {
    let master = m1();
    Kontena::c1(&master)
        .run_both(&master, "service logs -f nope")
        .fails(" [error] 404 : Not found (/v1/services/development/null/nope/container_logs)");
    let follow = format!("{LOGS}&follow=1");
    master.streams(&follow, &[Piece::Chunk("<html>"), Piece::Hold]);
    let ran = Kontena::c1(&master).run_both(&master, "service logs -f redis");
    ran.exits(1).prints(&[]);
    assert!(ran.err.starts_with(" [error] Invalid entry in the stream: "), "{}", ran.err);
}

fn event(severity: u32, kind: &str, relationships: serde_json::Value) -> serde_json::Value {
    json!({"id": "7", "created_at": "2018-03-20T08:00:00.000Z", "severity": severity, "type": kind,
        "message": "a message", "relationships": relationships})
}

#[test]
fn events_of_a_grid() {
    let relationships = json!([{"type": "grid", "id": "development"},
        {"type": "service", "id": "development/null/redis"},
        {"type": "node", "id": "development/core-01"}]);
    let master = m1();
    master.on(EVENTS, 200, json!({"logs": [event(1, "service:deploy", relationships)]}));
    let kontena = Kontena::c1(&master);
    let expected = "\
        TIME                      TYPE                      RELATIONSHIPS                            MESSAGE\n\
        2018-03-20T08:00:00.000Z  service:deploy            service=redis,node=core-01               a message\n";
    for command in ["grid events", "events"] {
        let ran = kontena.run_both(&master, command);
        ran.exits(0).complains(&[]);
        assert_eq!(ran.out, expected);
    }
}

#[test]
fn the_time_of_a_bad_event_is_coloured_and_the_columns_stay() {
    let master = m1();
    let logs = [event(2, "a", json!([])), event(3, "b", json!([]))];
    master.on(EVENTS, 200, json!({ "logs": logs }));
    let ran = Kontena::c1(&master).run_on_terminal("events", &[]);
    let blanks = " ".repeat(24 + 1 + 40 + 1);
    for (ink, kind) in [(33, "a"), (31, "b")] {
        let row =
            format!("\u{1b}[{ink}m2018-03-20T08:00:00.000Z\u{1b}[0m  {kind}{blanks}a message");
        assert!(ran.out.contains(&row), "{:?}", ran.out);
    }
}

#[test]
fn events_of_a_service_name_the_node() {
    let master = m1();
    let path = "GET /v1/services/development/web/app/event_logs?limit=100";
    let on_node = json!([{"type": "node", "id": "development/core-01"}]);
    let logs = [event(1, "service:create_instance", on_node), event(1, "scheduler", json!([]))];
    master.on(path, 200, json!({ "logs": logs }));
    let ran = Kontena::c1(&master).run_both(&master, "service events web/app");
    ran.exits(0).complains(&[]);
    assert_eq!(
        ran.out,
        "TIME                      TYPE                 MESSAGE\n\
         2018-03-20T08:00:00.000Z  create_instance      a message (core-01)\n\
         2018-03-20T08:00:00.000Z  scheduler            a message\n"
    );
}

#[test]
fn events_can_be_followed_also_without_ids() {
    let master = m1();
    let follow = format!("{EVENTS}&follow=1");
    let first = r#"{"created_at":"2018-03-20T08:00:00Z","type":"a","message":"one"}"#;
    master
        .streams(&follow, &[Piece::Chunk(first), Piece::Cut])
        .streams(&format!("{follow}&since=2018-03-20T08:00:00Z"), &[]);
    let ran = Kontena::c1(&master).run_both(&master, "events --follow");
    ran.exits(0).complains(&[]);
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
    assert!(ran.out.ends_with("one\n"));
}
