//! Commands in containers, over a scripted websocket.

use serde_json::{Value, json};

use crate::support::kontena::visible;
use crate::support::{Case, Kontena, Master, frame, m1, say};

const CONTAINERS: &str = "GET /v1/services/development/null/redis/containers";
const EXEC: &str = "GET /v1/containers/development/core-01/null.redis-1/exec";

fn container(number: u32, status: &str) -> Value {
    json!({"id": format!("development/core-01/null.redis-{number}"), "instance_number": number,
        "name": format!("null.redis-{number}"), "status": status, "node": {"name": "core-01"}})
}

fn with_containers(containers: &[Value]) -> Master {
    let master = m1();
    master.on(CONTAINERS, 200, json!({ "containers": containers }));
    master
}

/// Answers the command with these frames.
fn says(master: &Master, line: &str, frames: &[Value]) {
    let frames = frames.to_vec();
    master.talks(line, move |socket| {
        let first = frame(socket);
        frames.iter().for_each(|frame| say(socket, frame));
        vec![first]
    });
}

fn out(chunk: &str) -> Value {
    json!({"stream": "stdout", "chunk": chunk})
}

#[test]
fn case_50() {
    Case {
        line: "service exec redis ls -la",
        out: &[],
        err: &["ERROR: Unrecognised option '-l'", "", "See: 'kontena service exec --help'"],
        code: 2,
        requests: &[],
    }
    .holds(m1);
}

#[test]
fn case_51() {
    let masters = Case {
        line: "service exec redis -- sh -c 'exit 32'",
        out: &["hi"],
        err: &[],
        code: 32,
        requests: &[
            "GET services/development/null/redis/containers",
            "GET containers/development/core-01/null.redis-1/exec",
        ],
    }
    .holds(|| {
        let master = with_containers(&[container(1, "running")]);
        says(&master, EXEC, &[out("hi\n"), json!({"exit": 32})]);
        master
    });
    for master in masters {
        assert_eq!(master.frames(1), [json!({"cmd": ["sh", "-c", "exit 32"]})]);
        let upgrade = master.requests().pop().unwrap();
        assert_eq!(upgrade.headers["authorization"], "Bearer tok123");
    }
}

#[test]
fn both_streams_go_where_they_belong() {
    let master = with_containers(&[container(1, "running")]);
    let err = json!({"stream": "stderr", "chunk": "no\n"});
    says(&master, EXEC, &[out("⊛ a"), err, out("b\n"), json!({"exit": 0})]);
    let ran = Kontena::c1(&master).run("service exec redis ls");
    ran.prints(&["⊛ ab"]).complains(&["no"]).exits(0);
}

#[test]
fn the_lowest_running_instance_is_meant() {
    let master = with_containers(&[
        container(3, "running"),
        container(1, "stopped"),
        container(2, "running"),
    ]);
    says(&master, &EXEC.replace("-1/", "-2/"), &[json!({"exit": 0})]);
    says(&master, &EXEC.replace("-1/", "-3/"), &[json!({"exit": 3})]);
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "service exec redis ls").succeeds(&[]);
    kontena
        .run_both(&master, "service exec --instance 3 redis ls")
        .prints(&[])
        .complains(&[])
        .exits(3);
    kontena
        .run_both(&master, "service exec --instance 1 redis ls")
        .fails(" [error] Service redis container null.redis-1 is not running, it is stopped");
    kontena
        .run_both(&master, "service exec --instance 9 redis ls")
        .fails(" [error] Service redis does not have container instance 9");
}

#[test]
fn what_cannot_be_run_is_said() {
    let master = with_containers(&[container(1, "stopped")]);
    let kontena = Kontena::c1(&master);
    kontena
        .run("service exec redis ls")
        .fails(" [error] Service redis does not have any running containers");
    kontena.run("service exec -it redis sh").fails(" [error] the input device is not a TTY");
    kontena
        .run("service exec -i --all redis sh")
        .fails(" [error] --interactive cannot be used with --all");
    let ran = kontena.run("service exec redis");
    ran.exits(2);
    assert!(ran.err.starts_with("ERROR: parameter 'CMD ...': no value provided\n"), "{}", ran.err);
}

#[test]
fn failures_of_the_websocket() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena
        .run("container exec core-01/null.redis-1 ls")
        .fails(" [error] Error during WebSocket handshake: Unexpected response code: 404");
    says(&master, EXEC, &[json!({"error": "no such process"})]);
    kontena.run("container exec core-01/null.redis-1 ls").fails(" [error] no such process");
    master.forget(EXEC).talks(EXEC, |socket| {
        use tungstenite::protocol::CloseFrame;
        frame(socket);
        let code = 4000.into();
        let _ = socket.close(Some(CloseFrame { code, reason: "stdin without interactive".into() }));
        while !frame(socket).is_null() {}
        Vec::new()
    });
    kontena
        .run("container exec core-01/null.redis-1 ls")
        .fails(" [error] Connection closed with code 4000: stdin without interactive");
    master.forget(EXEC);
    says(&master, EXEC, &[out("half")]);
    let ran = kontena.run("container exec core-01/null.redis-1 ls");
    ran.prints(&["half"])
        .complains(&[" [error] Connection closed before the command ended"])
        .exits(1);
}

#[test]
fn in_all_instances_one_after_the_other() {
    let three = [container(3, "running"), container(1, "running"), container(2, "paused")];
    let master = with_containers(&three);
    says(&master, EXEC, &[out("one\n"), json!({"exit": 0})]);
    says(&master, &EXEC.replace("-1/", "-3/"), &[out("three\n"), json!({"exit": 0})]);
    Kontena::c1(&master)
        .run_both(&master, "service exec --all redis ls")
        .prints(&[
            "one",
            " [done] Executing command on null.redis-1",
            "three",
            " [done] Executing command on null.redis-3",
        ])
        .complains(&[" [warn] Service redis container null.redis-2 is paused, skipping"])
        .exits(0);
}

#[test]
fn the_first_failure_stops_unless_it_is_skipped() {
    let failing = || {
        let master = with_containers(&[container(1, "running"), container(2, "running")]);
        says(&master, EXEC, &[json!({"exit": 7})]);
        says(&master, &EXEC.replace("-1/", "-2/"), &[json!({"exit": 0})]);
        master
    };
    let one = " [fail] Executing command on null.redis-1";
    Kontena::c1(&failing()).run("service exec -a redis ls").prints(&[one]).complains(&[]).exits(7);
    Kontena::c1(&failing())
        .run("service exec -a --skip redis ls")
        .prints(&[one, " [done] Executing command on null.redis-2"])
        .exits(1);
    Kontena::c1(&failing()).run("service exec -a --silent redis ls").prints(&[]).exits(7);
}

/// Echoes standard input until its end, then exits with 0.
fn echoes(master: &Master, query: &str) {
    master.talks(&format!("{EXEC}{query}"), |socket| {
        let mut frames = Vec::new();
        loop {
            let next = frame(socket);
            let end = next.is_null() || next.get("stdin") == Some(&Value::Null);
            if let Some(text) = next.get("stdin").and_then(Value::as_str) {
                say(socket, &out(text));
            }
            frames.push(next);
            if end {
                say(socket, &json!({"exit": 0}));
                return frames;
            }
        }
    });
}

#[test]
fn standard_input_goes_line_by_line() {
    let master = m1();
    echoes(&master, "?interactive=true&shell=true");
    let kontena = Kontena::c1(&master);
    let input = "one\n⊛⊛\nlast".as_bytes();
    let ran = kontena.run_with_input("container exec -i --shell core-01/null.redis-1 cat", input);
    ran.succeeds(&["one", "⊛⊛", "last"]);
    assert_eq!(
        master.frames(5),
        [
            json!({"cmd": ["cat"]}),
            json!({"stdin": "one\n"}),
            json!({"stdin": "⊛⊛\n"}),
            json!({"stdin": "last"}),
            json!({"stdin": null}),
        ]
    );
}

#[test]
fn a_great_deal_of_input_arrives_whole() {
    let master = m1();
    echoes(&master, "?interactive=true");
    let input = "äöü€⊛".repeat(40_000);
    let ran = Kontena::c1(&master)
        .run_with_input("container exec -i core-01/null.redis-1 cat", input.as_bytes());
    ran.exits(0).complains(&[]);
    assert!(ran.out == input, "{} of {} bytes", ran.out.len(), input.len());
}

#[test]
fn without_interactive_standard_input_is_left_alone() {
    let master = m1();
    says(&master, EXEC, &[json!({"exit": 0})]);
    Kontena::c1(&master)
        .run_with_input("container exec core-01/null.redis-1 cat", b"ignored")
        .succeeds(&[]);
    assert_eq!(master.frames(1), [json!({"cmd": ["cat"]})]);
}

/// Keystrokes go through as they are, Ctrl-C among them, and the size of the window is told again when it
/// changes.
#[test]
fn on_a_terminal() {
    let master = m1();
    master.talks(&format!("{EXEC}?interactive=true&tty=true"), |socket| {
        let mut frames = vec![frame(socket), frame(socket)];
        say(socket, &out("ready> "));
        while !frames.last().unwrap()["stdin"].as_str().is_some_and(|text| text.contains('\u{3}')) {
            frames.push(frame(socket));
        }
        say(socket, &json!({"exit": 130}));
        frames
    });
    let kontena = Kontena::c1(&master);
    let line = "container exec -it core-01/null.redis-1 sh";
    let ran = kontena.run_on_terminal(line, &[("ready> ", "lä\r\u{3}")]);
    ran.exits(130);
    assert_eq!(ran.out, "ready> ");
    let frames = master.frames(3);
    assert_eq!(frames[0], json!({"cmd": ["sh"]}));
    assert_eq!(frames[1], json!({"tty_size": {"width": 120, "height": 40}}));
    let typed: String = frames[2..].iter().filter_map(|frame| frame["stdin"].as_str()).collect();
    assert_eq!(typed, "lä\r\u{3}");
}

#[test]
fn the_terminal_is_as_before_afterwards() {
    let master = m1();
    says(&master, &format!("{EXEC}?interactive=true&tty=true"), &[json!({"exit": 0})]);
    let kontena = Kontena::c1(&master);
    let line = "$KONTENA container exec -it core-01/null.redis-1 sh";
    let script = format!("stty -g >before; {line}; stty -g >after; cmp before after && echo same");
    let ran = kontena.run_script_on_terminal(&script);
    assert_eq!(visible(&ran.out), ["same"]);
}

#[test]
fn the_window_may_change_its_size() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let told = kontena.home().join("told");
    let mark = told.clone();
    master.talks(&format!("{EXEC}?interactive=true&tty=true"), move |socket| {
        let mut frames = vec![frame(socket), frame(socket)];
        std::fs::write(&mark, "").unwrap();
        frames.push(frame(socket));
        say(socket, &json!({"exit": 0}));
        frames
    });
    let line = "$KONTENA container exec -it core-01/null.redis-1 sh";
    // The other size is set from the background, once the first one has been told.
    let told = told.display();
    let script =
        format!("(until [ -e {told} ]; do sleep 0.05; done; stty cols 90 rows 30) <&1 & {line}");
    kontena.run_script_on_terminal(&script).exits(0);
    assert_eq!(master.frames(3)[2], json!({"tty_size": {"width": 90, "height": 30}}));
}
