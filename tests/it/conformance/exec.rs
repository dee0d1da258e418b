//! Cases 100 to 102, 116, and what of exec is in `agent-protocol.md` (90, 124 to 126, 8 #16).

use std::{net::TcpStream, time::Duration};

use kontena_protocol::agent::Message;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{
    Error, Message as Frame, WebSocket, client::IntoClientRequest, client::client,
};

use super::{Agent, Fixture, cases};

cases!(
    case_100_a_command_runs_to_its_end,
    case_101_shell_and_input,
    case_102_misuse_and_refusals,
    case_116_containers,
);

const ENGINE: &str = "ABCD:EFGH:1";
pub(super) const CONTAINER: &str = "/v1/containers/g1/n1/app-1";

/// An agent with a running and a stopped container.
pub(super) fn agent(fixture: &Fixture) -> Agent {
    let answers = Box::new(|method: &str, params: &[Value]| {
        Some(match method {
            "/containers/create_exec" => Ok(json!({ "id": "uuid-1" })),
            "/containers/exec" if params[1] == json!(["gone"]) => Err((404, "Not found".into())),
            "/containers/exec" => Ok(json!([["out\n"], [], 3])),
            "/containers/top" if params.len() == 1 => Ok(json!([{ "PID": "1" }])),
            "/containers/inspect" => Ok(json!({ "Id": params[0], "Config": {} })),
            _ => Ok(Value::Null),
        })
    });
    let agent = Agent::connect(&fixture.server, "gtok", ENGINE, "n1", answers);
    for (name, running) in [("app-1", true), ("old-1", false)] {
        let container = json!({
            "Id": format!("id-{name}"), "Name": format!("/{name}"), "Image": "sha",
            "Config": { "Image": "redis", "Env": ["A=1"], "Labels": {} },
            "State": { "Running": running }, "NetworkSettings": {},
        });
        let body = json!({ "node": ENGINE, "container": container });
        agent.call("/containers/save", vec![body]).expect("saves");
    }
    agent
}

/// A client of an exec session.
pub(super) struct Client(WebSocket<TcpStream>);

impl Client {
    pub(super) fn dial(fixture: &Fixture, path: &str, token: &str) -> Result<Self, u16> {
        let addr = fixture.server.addr;
        let stream = TcpStream::connect(addr).expect("listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("sets");
        let mut request = format!("ws://{addr}{path}").into_client_request().expect("a request");
        let bearer = format!("Bearer {token}").parse().expect("a header");
        request.headers_mut().insert("Authorization", bearer);
        match client(request, stream) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::HandshakeError::Failure(Error::Http(answer))) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn open(fixture: &Fixture, flags: &str) -> Self {
        Self::dial(fixture, &format!("{CONTAINER}/exec?{flags}"), &fixture.mem).expect("upgrades")
    }

    pub(super) fn say(&mut self, message: Value) {
        self.0.send(Frame::text(message.to_string())).expect("sends");
    }

    /// What comes until the connection is closed, with code and reason.
    pub(super) fn rest(&mut self) -> (Vec<Value>, u16, String) {
        let mut heard = Vec::new();
        loop {
            match self.0.read().expect("reads") {
                Frame::Text(text) => heard.push(serde_json::from_str(&text).expect("JSON")),
                Frame::Close(Some(close)) => {
                    // The answer to it, without which the master waits for one.
                    self.0.flush().ok();
                    return (heard, close.code.into(), close.reason.as_str().to_owned());
                }
                Frame::Close(None) => return (heard, 1005, String::new()),
                _ => {}
            }
        }
    }
}

fn case_100_a_command_runs_to_its_end(fixture: &Fixture) {
    let agent = agent(fixture);
    let mut client = Client::open(fixture, "");
    client.say(json!({ "cmd": ["echo", "hi"] }));
    let run = agent.hears("/containers/run_exec");
    assert_eq!(run, [json!("uuid-1"), json!(["echo", "hi"]), json!(false), json!(false)]);
    agent.notify("/container_exec/output", vec!["uuid-1".into(), "stdout".into(), "hi\n".into()]);
    // A character in two chunks, and bytes that are none.
    for chunk in [&b"\xc3"[..], b"\xa9", b"\xff"] {
        let params = vec!["uuid-1".into(), "stderr".into(), rmpv::Value::Binary(chunk.to_vec())];
        let method = "/container_exec/output".to_owned();
        agent.send(Message::Notification { method, params });
    }
    // The same in a string, which is what some agents make of all they read.
    let params = vec!["uuid-1".into(), "stderr".into(), "?".into()];
    let method = "/container_exec/output".to_owned();
    let mut bytes = Message::Notification { method, params }.encode();
    *bytes.last_mut().expect("the chunk") = 0xff;
    agent.send_bytes(bytes);
    agent.notify("/container_exec/exit", vec!["uuid-1".into(), 0.into()]);
    let (heard, code, _) = client.rest();
    let said = |stream: &str, chunk: &str| json!({ "stream": stream, "chunk": chunk });
    let expected = [
        said("stdout", "hi\n"),
        said("stderr", "\u{e9}"),
        said("stderr", "\u{fffd}"),
        said("stderr", "\u{fffd}"),
        json!({ "exit": 0 }),
    ];
    assert_eq!((heard.as_slice(), code), (&expected[..], 1000));
    assert!(agent.heard("/containers/terminate_exec").is_empty(), "it has ended by itself");
    let answer = fixture.expect(
        200,
        "POST",
        &format!("{CONTAINER}/exec"),
        &fixture.mem,
        Some(json!({ "cmd": ["date"] })),
    );
    assert_eq!(answer, json!([["out\n"], [], 3]));
    assert_eq!(agent.hears("/containers/exec"), [json!("id-app-1"), json!(["date"]), json!({})]);
}

fn case_101_shell_and_input(fixture: &Fixture) {
    let agent = agent(fixture);
    let mut client = Client::open(fixture, "interactive=true&shell=true&tty=true");
    client.say(json!({ "cmd": ["echo", "$0"] }));
    let run = agent.hears("/containers/run_exec");
    assert_eq!(run[1..], [json!(["/bin/sh", "-c", "echo $0"]), json!(true), json!(true)]);
    client.say(json!({ "tty_size": { "width": 80, "height": 24 } }));
    let size = json!({ "width": 80, "height": 24 });
    assert_eq!(agent.hears("/containers/tty_resize"), [json!("uuid-1"), size]);
    client.say(json!({ "stdin": "x" }));
    assert_eq!(agent.hears("/containers/tty_input"), [json!("uuid-1"), json!("x")]);
    client.say(json!({ "stdin": null }));
    let ended = || agent.heard("/containers/tty_input").last()?.get(1)?.is_null().then_some(());
    fixture.until("the end of input", ended);
    agent.notify("/container_exec/exit", vec!["uuid-1".into(), 0.into()]);
    assert_eq!(client.rest(), (vec![json!({ "exit": 0 })], 1000, String::new()));
    assert!(agent.heard("/containers/terminate_exec").is_empty(), "it has ended by itself");

    let mut client = Client::open(fixture, "interactive=true");
    client.say(json!({ "cmd": ["cat"] }));
    fixture.until("a second command", || {
        (agent.heard("/containers/run_exec").len() == 2).then_some(())
    });
    drop(client);
    assert_eq!(agent.hears("/containers/terminate_exec"), [json!("uuid-1")]);
    let events = audited(fixture, "Container");
    assert_eq!(events, ["exec_interactive"; 2]);
}

/// What was done with resources of a type, oldest first.
fn audited(fixture: &Fixture, resource_type: &str) -> Vec<String> {
    let log = fixture.get("/v1/grids/g1/audit_log");
    let of_type = log["logs"].as_array().expect("logs").iter();
    let of_type = of_type.filter(|entry| entry["resource_type"] == resource_type);
    of_type.map(|entry| entry["event_name"].as_str().expect("a name").to_owned()).collect()
}

fn case_102_misuse_and_refusals(fixture: &Fixture) {
    let mut agent = Some(agent(fixture));
    let alive = agent.as_ref().expect("an agent");
    let mut client = Client::open(fixture, "");
    client.say(json!({ "cmd": ["cat"] }));
    client.say(json!({ "stdin": "x" }));
    let (_, code, reason) = client.rest();
    assert_eq!((code, reason.as_str()), (4000, "stdin needs interactive"));
    alive.hears("/containers/terminate_exec");

    let mut client = Client::open(fixture, "");
    client.say(json!({ "cmd": ["sh", "-c", "exit 3"] }));
    fixture.until("a second command", || {
        (alive.heard("/containers/run_exec").len() == 2).then_some(())
    });
    alive.notify("/container_exec/exit", vec!["uuid-1".into(), 3.into()]);
    assert_eq!(client.rest(), (vec![json!({ "exit": 3 })], 1000, String::new()));

    let mut client = Client::open(fixture, "");
    client.say(json!({ "cmd": ["nope"] }));
    fixture.until("a third command", || {
        (alive.heard("/containers/run_exec").len() == 3).then_some(())
    });
    alive.notify("/container_exec/error", vec!["uuid-1".into(), "E: no such file".into()]);
    let failed = (vec![json!({ "error": "E: no such file" })], 4000, "E: no such file".to_owned());
    assert_eq!(client.rest(), failed);

    let exec = format!("{CONTAINER}/exec");
    let refused = |path: &str, token: &str| Client::dial(fixture, path, token).err();
    assert_eq!(refused(&exec, "wrong"), Some(403));
    assert_eq!(refused(&exec, &fixture.out), Some(403));
    assert_eq!(refused("/v1/containers/g1/n1/nope/exec", &fixture.mem), Some(404));
    assert_eq!(fixture.expect(404, "GET", &exec, &fixture.mem, None), json!(""), "no upgrade");
    let body = Some(json!({ "cmd": ["gone"] }));
    assert_eq!(fixture.expect(404, "POST", &exec, &fixture.mem, body), json!(""));

    // The agent goes: its client is told.
    let mut client = Client::open(fixture, "");
    client.say(json!({ "cmd": ["sleep", "9"] }));
    fixture.until("a fourth command", || {
        (alive.heard("/containers/run_exec").len() == 4).then_some(())
    });
    drop(agent.take());
    let (heard, code, _) = client.rest();
    assert_eq!((heard, code), (vec![json!({ "error": "the node has disconnected" })], 4000));
}

fn case_116_containers(fixture: &Fixture) {
    let agent = agent(fixture);
    let names = |path: &str| -> Vec<Value> {
        let all = fixture.get(path)["containers"].as_array().cloned().expect("a list");
        all.iter().map(|container| container["name"].clone()).collect()
    };
    assert_eq!(names("/v1/containers/g1"), ["app-1"]);
    assert_eq!(names("/v1/containers/g1?all=1"), ["app-1", "old-1"]);
    let path = format!("{CONTAINER}/inspect");
    assert_eq!(fixture.expect(200, "GET", &path, &fixture.mem, None)["Id"], "id-app-1");
    let log = fixture.get("/v1/grids/g1/audit_log");
    let inspected = log["logs"].as_array().expect("logs").last().expect("an entry");
    for (field, value) in [
        ("resource_type", "Container"),
        ("resource_name", "app-1"),
        ("event_name", "inspect"),
        ("event_status", "success"),
    ] {
        assert_eq!(inspected[field], value, "{field}");
    }
    assert_eq!(inspected["user_identity"]["email"], "mem@x.io");
    assert_eq!(fixture.get(&format!("{CONTAINER}/top")), json!([{ "PID": "1" }]));
    drop(agent);
}
