//! Cases 93 to 99: logs, and how they are followed. How often an idle stream shows that it lives is in
//! `tests/it/api/clock.rs`.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use kontena_core::domain::SaidLine;
use serde_json::{Value, json};

use super::{Agent, Fixture, cases};

cases!(
    cases_93_and_94_pages_of_lines,
    cases_95_and_96_each_line_is_a_chunk,
    case_93_how_much_of_a_log,
    case_97_a_client_that_comes_again_misses_nothing,
    case_97_nor_does_one_whose_master_was_restarted,
    case_98_lines_of_named_services,
    case_99_events_have_a_severity_and_relations,
    case_95_a_stop_breaks_the_connection,
    cases_95_and_96_a_quiet_log_in_a_busy_grid_is_alive,
);

/// A service `app`, and a node that has a container of it.
pub(super) fn furnish(fixture: &Fixture) -> Agent {
    let service = fixture.service("app", json!({}));
    assert_eq!(service["id"], "g1/null/app");
    attach(fixture)
}

/// Connects the agent of `n1`, which says what containers it has.
fn attach(fixture: &Fixture) -> Agent {
    let agent = Agent::connect(&fixture.server, "gtok", "ID1", "n1", Agent::agreeable());
    for (id, name) in [("c1", "app"), ("c2", "other")] {
        let body = container(fixture, id, name, true);
        assert_eq!(agent.call("/containers/save", vec![body]), Ok(json!({})));
    }
    agent
}

/// What an agent says of a container of the service `app`, or of no service.
pub(super) fn container(fixture: &Fixture, id: &str, name: &str, running: bool) -> Value {
    let service = if name == "app" { service_id(fixture) } else { String::new() };
    let container = json!({
        "Id": id, "Name": format!("/{name}-1"),
        "Config": { "Image": "redis", "Labels": {
            "io.kontena.service.id": service, "io.kontena.service.name": name,
            "io.kontena.service.instance_number": "1", "io.kontena.stack.name": "null",
            "io.kontena.container.name": format!("{name}-1"),
            "io.kontena.container.type": "container",
        } },
        "State": { "Running": running },
    });
    json!({ "node": "ID1", "container": container })
}

/// The identity that labels carry, which the API does not show.
pub(super) fn service_id(fixture: &Fixture) -> String {
    let store = &fixture.server.app.means.store;
    let read = store.read(|conn| {
        let grid = kontena_store::grids::by_name(conn, "g1")?.expect("the grid");
        kontena_store::services::by_path(conn, grid.id, "null", "app")
    });
    let found = actix::System::new().block_on(read);
    found.expect("reads").expect("the service").id.to_string()
}

/// Has a container write lines, a hundred milliseconds apart.
pub(super) fn write(agent: &Agent, id: &str, lines: std::ops::Range<usize>) {
    let count = lines.len();
    let items: Vec<Value> = lines
        .map(|n| json!({ "id": id, "time": format!("2017-08-01T12:00:{:02}.{}00456Z", n / 10 % 60, n % 10),
            "type": "stdout", "data": format!("line {n}") }))
        .collect();
    let answer = agent.call("/containers/log_batch", vec![items.into()]);
    assert_eq!(answer, Ok(json!({ "count": count })));
}

fn data(answer: &Value) -> Vec<&str> {
    answer["logs"]
        .as_array()
        .expect("logs")
        .iter()
        .map(|l| l["data"].as_str().expect("data"))
        .collect()
}

pub(super) const OF_APP: &str = "/v1/services/g1/null/app/container_logs";

fn cases_93_and_94_pages_of_lines(fixture: &Fixture) {
    let agent = furnish(fixture);
    write(&agent, "c1", 1..6);
    assert_eq!(data(&fixture.get(&format!("{OF_APP}?limit=2"))), ["line 4", "line 5"]);
    for limit in ["0", "foo", "", "99999"] {
        assert_eq!(data(&fixture.get(&format!("{OF_APP}?limit={limit}"))).len(), 5, "{limit}");
    }
    let all = fixture.get(OF_APP);
    let third = all["logs"][2]["id"].as_str().expect("an id");
    assert_eq!(data(&fixture.get(&format!("{OF_APP}?from={third}"))), ["line 4", "line 5"]);
    let fourth = all["logs"][3]["created_at"].as_str().expect("a time");
    assert_eq!(fourth, "2017-08-01T12:00:00.400Z");
    assert_eq!(data(&fixture.get(&format!("{OF_APP}?since={fourth}"))), ["line 5"]);
    let line = &all["logs"][0];
    assert_eq!((&line["name"], &line["node"]["name"]), (&json!("null-app-1"), &json!("n1")));
    assert_eq!((&line["service"]["id"], &line["type"]), (&json!("g1/null/app"), &json!("stdout")));

    for (path, count) in [
        ("/v1/stacks/g1/null/container_logs", 5),
        ("/v1/containers/g1/n1/app-1/logs", 5),
        ("/v1/containers/g1/n1/other-1/logs", 0),
        ("/v1/grids/g1/container_logs?nodes=n1&containers=app-1", 5),
        ("/v1/grids/g1/container_logs?nodes=nope", 0),
        ("/v1/grids/g1/container_logs?containers=other-1", 0),
        ("/v1/services/g1/null/app/container_logs?instance=1", 5),
        ("/v1/services/g1/null/app/container_logs?instance=2", 0),
    ] {
        assert_eq!(data(&fixture.get(path)).len(), count, "{path}");
    }
    fixture.expect(404, "GET", "/v1/stacks/g1/nope/container_logs", &fixture.admin, None);
    let wrong = fixture.refused("GET", &format!("{OF_APP}?since=whenever"), json!({}));
    assert!(wrong["since"].is_string(), "{wrong}");
}

fn case_93_how_much_of_a_log(fixture: &Fixture) {
    let _agent = furnish(fixture);
    let store = fixture.server.app.means.store.clone();
    let filled = async move {
        let read = store.read(|conn| {
            let grid = kontena_store::grids::by_name(conn, "g1")?.expect("the grid");
            Ok((grid.id, kontena_store::nodes::of_grid(conn, grid.id)?[0].id))
        });
        let (grid, node) = read.await?;
        let said = (0..10_100).map(|n| SaidLine {
            container_id: "c1".to_owned(),
            at: kontena_master::clock::Clock::system().now(),
            is_error: false,
            data: format!("line {n}"),
        });
        store.log(grid, node, said.collect()).await
    };
    assert_eq!(actix::System::new().block_on(filled).expect("writes"), 10_100);
    for (query, count) in [
        ("", 100),
        ("?limit", 100),
        ("?limit=0", 100),
        ("?limit=-1", 100),
        ("?limit=foo", 100),
        ("?limit=101", 101),
        ("?limit=10000", 10_000),
        ("?limit=99999", 10_000),
    ] {
        let page = fixture.get(&format!("{OF_APP}{query}"));
        let found = data(&page);
        let (first, last) = (format!("line {}", 10_100 - count), "line 10099");
        let ends = (found.first().copied(), found.last().copied());
        assert_eq!((found.len(), ends), (count, (Some(first.as_str()), Some(last))), "{query}");
    }
}

fn case_98_lines_of_named_services(fixture: &Fixture) {
    let agent = furnish(fixture);
    write(&agent, "c1", 1..2);
    write(&agent, "c2", 2..3);
    let of = |query: &str| fixture.get(&format!("/v1/grids/g1/container_logs{query}"));
    assert_eq!(data(&of("")), ["line 1", "line 2"]);
    assert_eq!(data(&of("?services=null/app,nope")), ["line 1"]);
    assert_eq!(data(&of("?services=app")), ["line 1"]);
    assert_eq!(of("?services=nope"), json!({ "logs": [] }));
}

fn case_99_events_have_a_severity_and_relations(fixture: &Fixture) {
    let _agent = furnish(fixture);
    let body = Some(json!({}));
    fixture.expect(200, "POST", "/v1/services/g1/null/app/deploy", &fixture.admin, body);
    let found = fixture.until("an event of the service", || {
        let log = fixture.get("/v1/stacks/g1/null/event_logs");
        log["logs"].as_array().expect("logs").first().cloned()
    });
    assert!(found["severity"].is_i64(), "{found}");
    let relations = found["relationships"].as_array().expect("relations");
    for related in [("grid", "g1"), ("stack", "g1/null"), ("service", "g1/null/app")] {
        let related = json!({ "type": related.0, "id": related.1 });
        assert!(relations.contains(&related), "{found}");
    }
    for (query, has_some) in [
        ("services=app", true),
        ("services=null/app", true),
        ("services=x/app", false),
        ("stacks=null", true),
        ("stacks=x", false),
        ("nodes=nope", false),
    ] {
        let log = fixture.get(&format!("/v1/grids/g1/event_logs?{query}"));
        assert_eq!(!log["logs"].as_array().expect("logs").is_empty(), has_some, "{query}");
    }
    fixture.expect(200, "DELETE", "/v1/services/g1/null/app", &fixture.admin, None);
    let after = fixture.get("/v1/grids/g1/event_logs?services=app");
    assert_eq!(
        after["logs"][0]["relationships"], found["relationships"],
        "it is gone, its log is not"
    );
}

/// A client that follows, chunk by chunk.
pub(super) struct Client(BufReader<TcpStream>);

impl Client {
    fn follow(fixture: &Fixture, path: &str) -> Self {
        Self::follow_as(fixture, path, &fixture.admin)
    }

    pub(super) fn follow_as(fixture: &Fixture, path: &str, bearer: &str) -> Self {
        let mut stream = TcpStream::connect(fixture.server.addr).expect("listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("sets");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: m\r\nAccept-Encoding: gzip\r\nAuthorization: Bearer {bearer}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("sends");
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).expect("a head"), 0, "{head}");
        }
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        assert!(head.contains("content-type: application/json"), "{head}");
        assert!(!head.contains("content-encoding") && !head.contains("content-length"), "{head}");
        Self(reader)
    }

    /// The next chunk, an empty one at the end; none where the connection breaks.
    pub(super) fn chunk(&mut self) -> Option<String> {
        let mut size = String::new();
        self.0.read_line(&mut size).ok().filter(|read| *read > 0)?;
        let size = usize::from_str_radix(size.trim(), 16).expect("a size");
        let mut chunk = vec![0; size + 2];
        self.0.read_exact(&mut chunk).ok()?;
        chunk.truncate(size);
        Some(String::from_utf8(chunk).expect("text"))
    }

    /// The next object, which has to have a chunk of its own.
    pub(super) fn object(&mut self) -> Value {
        loop {
            let chunk = self.chunk().expect("goes on");
            if chunk != " " {
                return serde_json::from_str(&chunk).expect("one object");
            }
        }
    }
}

fn cases_95_and_96_each_line_is_a_chunk(fixture: &Fixture) {
    let agent = furnish(fixture);
    write(&agent, "c1", 0..3);
    let mut client = Client::follow(fixture, &format!("{OF_APP}?follow=1&limit=2"));
    assert_eq!(client.object()["data"], "line 1");
    let second = client.object();
    assert_eq!(second["data"], "line 2");
    write(&agent, "c1", 3..103);
    for n in 3..103 {
        assert_eq!(client.object()["data"], format!("line {n}"));
    }
    let from = second["id"].as_str().expect("an id");
    let mut other = Client::follow(fixture, &format!("{OF_APP}?follow=1&from={from}"));
    assert_eq!(other.object()["data"], "line 3");
    // Nothing happens: a sign of life.
    assert_eq!(client.chunk().as_deref(), Some(" "));
}

fn case_97_a_client_that_comes_again_misses_nothing(fixture: &Fixture) {
    let agent = furnish(fixture);
    let mut client = Client::follow(fixture, &format!("{OF_APP}?follow=1"));
    for first in (0..1_000).step_by(100) {
        write(&agent, "c1", first..first + 100);
    }
    let mut from = Value::Null;
    for n in 0..1_000 {
        if n % 250 == 100 {
            let path = format!("{OF_APP}?follow=1&from={}", from.as_str().expect("an id"));
            client = Client::follow(fixture, &path);
        }
        let line = client.object();
        assert_eq!(line["data"], format!("line {n}"));
        from = line["id"].clone();
    }
}

fn case_97_nor_does_one_whose_master_was_restarted(fixture: &Fixture) {
    let agent = furnish(fixture);
    write(&agent, "c1", 0..100);
    let mut client = Client::follow(fixture, &format!("{OF_APP}?follow=1"));
    let mut seen = Vec::new();
    let mut from = Value::Null;
    for _ in 0..50 {
        let line = client.object();
        seen.push(line["data"].clone());
        from = line["id"].clone();
    }
    let again = fixture.restarted(&[]);
    // What had been sent arrives, and then no end that reads like one of the log.
    while let Some(chunk) = client.chunk() {
        if chunk != " " {
            let line: Value = serde_json::from_str(&chunk).expect("one object");
            seen.push(line["data"].clone());
            from = line["id"].clone();
        }
    }
    let path = format!("{OF_APP}?follow=1&from={}", from.as_str().expect("an id"));
    let mut client = Client::follow(&again, &path);
    drop(agent);
    let agent = attach(&again);
    write(&agent, "c1", 100..200);
    while seen.len() < 200 {
        seen.push(client.object()["data"].clone());
    }
    let all: Vec<Value> = (0..200).map(|n| json!(format!("line {n}"))).collect();
    assert_eq!(seen, all);
}

fn case_95_a_stop_breaks_the_connection(fixture: &Fixture) {
    let agent = furnish(fixture);
    write(&agent, "c1", 0..1);
    let mut client = Client::follow(fixture, &format!("{OF_APP}?follow=1"));
    assert_eq!(client.object()["data"], "line 0");
    fixture.server.stop();
    loop {
        match client.chunk() {
            None => break,
            Some(chunk) => assert_eq!(chunk, " ", "no end that reads like one of the log"),
        }
    }
}

fn cases_95_and_96_a_quiet_log_in_a_busy_grid_is_alive(fixture: &Fixture) {
    let agent = furnish(fixture);
    let mut client = Client::follow(fixture, &format!("{OF_APP}?follow=1"));
    let reader = std::thread::spawn(move || client.chunk());
    let mut written = 0;
    fixture.until("a sign of life", || {
        write(&agent, "c2", written..written + 1);
        written += 1;
        reader.is_finished().then_some(())
    });
    assert_eq!(reader.join().expect("reads").as_deref(), Some(" "));
}
