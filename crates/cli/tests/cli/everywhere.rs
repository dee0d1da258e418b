//! What every command does: formats, watching, colours, hints, exit codes, errors for programs, patience.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Kontena, Master, m1, node};

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_format_may_come_from_the_environment() {
    let master = m1();
    let kontena = Kontena::c1(&master).env("KONTENA_OUTPUT", "json");
    assert_eq!(json_of(&kontena.run("node ls").out)[0]["name"], "core-01");
    assert_eq!(json_of(&kontena.run("node show core-01").out)["name"], "core-01");
    kontena.run("node ls -o name").succeeds(&["core-01", "core-02", "core-03"]);
    let wide = Kontena::c1(&master).env("KONTENA_OUTPUT", "wide");
    assert!(wide.run("node ls").out.contains("AVAILABILITY"));
    assert!(wide.run("node show core-01").out.starts_with("development/core-01:\n"));
    Kontena::c1(&master).run("node show core-01 -o name").succeeds(&["core-01"]);
    let ran = Kontena::c1(&master).env("KONTENA_OUTPUT", "xml").run("node ls");
    ran.exits(2);
    assert!(ran.err.contains("KONTENA_OUTPUT: must be table, wide"), "{}", ran.err);
}

#[test]
fn what_is_no_list_has_formats_too() {
    let master = m1();
    let health = json!({"name": "core-01", "status": "online", "etcd_health": {"health": true}});
    master.on("GET /v1/nodes/development/core-01/health", 200, &health).on(
        "GET /",
        200,
        json!({"version": "1.5.9"}),
    );
    let kontena = Kontena::c1(&master);
    let url = "http://192.168.66.1:9292/";
    let cli = env!("CARGO_PKG_VERSION");
    for (line, object) in [
        ("master current", json!({"name": "test", "url": url})),
        ("whoami", json!({"master": "test", "url": url, "grid": "development", "user": "admin"})),
        ("version", json!({"cli": cli, "master": {"version": "1.5.9", "url": url}})),
        ("version --cli", json!({"cli": cli, "master": null})),
        ("node health core-01", health),
        (
            "grid health",
            json!({"name": "development", "initial_size": 1, "initial_nodes": 1, "online": 1,
                "quorum": 1, "healthy": true}),
        ),
    ] {
        let ran = kontena.run(&format!("{line} -o json"));
        ran.complains(&[]).exits(0);
        assert_eq!(json_of(&ran.out), object, "{line}");
    }
    kontena.run("master current -o name").succeeds(&["test"]);
    kontena.run("whoami -o name").succeeds(&["admin"]);
    kontena.run("service show redis -o name").succeeds(&["development/null/redis"]);
    let ill = kontena.run("grid health prod -o json");
    ill.exits(1).complains(&[]);
    assert_eq!(json_of(&ill.out)["healthy"], false);
}

#[test]
fn objects_come_through_unchanged() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let nodes = json_of(&kontena.run("node ls -o json").out);
    assert_eq!(nodes[0], node(1, true, true, &["provider=vagrant"]));
    assert_eq!(json_of(&kontena.run("grid ls -o json").out).as_array().unwrap().len(), 2);
    assert_eq!(json_of(&kontena.run("grid show prod -o json").out)["token"], "prodtok");
    assert!(kontena.run("grid show prod -o yaml").out.contains("\nname: prod\n"));
}

/// Reads lines of a program that goes on, and ends it.
fn watch(kontena: &Kontena, line: &str, count: usize) -> Vec<String> {
    let mut child = kontena.start(line).stdout(Stdio::piped()).spawn().unwrap();
    let reader = BufReader::new(child.stdout.take().unwrap());
    let lines = reader.lines().take(count).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    lines
}

/// A grid whose third node comes online after the first look.
fn waking() -> Master {
    let master = m1();
    let path = "GET /v1/grids/development/nodes";
    let nodes = |awake| json!({"nodes": [node(1, true, true, &[]), node(3, awake, true, &[])]});
    master.forget(path).on(path, 200, nodes(false)).on(path, 200, nodes(true));
    master
}

#[test]
fn a_watched_list_shows_what_changes() {
    assert_eq!(
        watch(&Kontena::c1(&waking()), "node ls --watch", 4),
        [
            "NAME        VERSION     STATUS    INITIAL   LABELS",
            "⊛ core-01   1.4.0       online    1 / 1     -",
            "⊝ core-03   1.4.0       offline   -         -",
            "⊛ core-03   1.4.0       online   -         -",
        ]
    );
    let lines = watch(&Kontena::c1(&waking()), "node ls -w -o json", 3);
    assert_eq!(json_of(&lines[1])["status"], "offline");
    let changed = json_of(&lines[2]);
    assert_eq!((&changed["name"], &changed["status"]), (&json!("core-03"), &json!("online")));
}

#[test]
fn what_is_watched_as_yaml_comes_in_documents() {
    let once = Kontena::c1(&waking()).run("node ls -o yaml").out.lines().count();
    let lines = watch(&Kontena::c1(&waking()), "node ls -w -o yaml", 2 * (once + 1));
    let documents: Vec<&[String]> = lines.split(|line| line == "---").skip(1).collect();
    assert!(documents[0].iter().any(|line| line == "  status: offline"), "{lines:?}");
    assert!(documents[1].iter().all(|line| line != "  status: offline"), "{lines:?}");
    assert!(documents[1].iter().any(|line| line == "  id: development/core-01"), "{lines:?}");
}

#[test]
fn who_watches_waits_for_a_master_that_is_away() {
    let master = m1();
    let path = "GET /v1/nodes/development/core-03";
    master.forget(path).on(path, 200, node(3, false, true, &[]));
    for _ in 0..5 {
        master.on(path, 503, "");
    }
    master.on(path, 200, node(3, true, true, &[]));
    let lines = watch(&Kontena::c1(&master), "node show core-03 -w -o json", 2);
    assert_eq!(json_of(&lines[1])["connected"], true);
    let away = m1();
    away.forget(path).on(path, 503, "");
    Kontena::c1(&away)
        .run("node show core-03 -w")
        .fails(" [error] 503 : Service Unavailable (/v1/nodes/development/core-03)");
}

#[test]
fn a_watched_object_is_shown_again_where_it_changed() {
    let master = m1();
    let path = "GET /v1/nodes/development/core-03";
    master.on(path, 200, node(3, true, true, &[]));
    let lines = watch(&Kontena::c1(&master), "node show core-03 -w -o json", 2);
    assert_eq!(json_of(&lines[0])["connected"], false);
    assert_eq!(json_of(&lines[1])["connected"], true);
}

#[test]
fn a_terminal_is_painted_over() {
    let kontena = Kontena::c1(&waking());
    let ran = kontena.run_on_terminal("node ls -w", &[("\u{1b}[3A\r\u{1b}[J", "\u{3}")]);
    ran.exits(130);
}

#[test]
fn colours_are_asked_for_and_refused() {
    let master = m1();
    let coloured = |kontena: &Kontena, line: &str| kontena.run(line).out.contains('\u{1b}');
    let kontena = Kontena::c1(&master);
    assert!(!coloured(&kontena, "node ls"));
    assert!(coloured(&kontena, "node ls --color=always"));
    assert!(!coloured(&kontena, "node ls --color=always --no-color"));
    let forced = Kontena::c1(&master).env("CLICOLOR_FORCE", "1");
    assert!(coloured(&forced, "node ls") && !coloured(&forced, "node ls --color never"));
    let both = Kontena::c1(&master).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    assert!(!coloured(&both, "node ls"));
    let ran = forced.run("node show nosuch");
    assert!(ran.err.starts_with(" [\u{1b}[31merror\u{1b}[0m] 404"), "{:?}", ran.err);
    let dumb = Kontena::c1(&master).env("TERM", "dumb");
    let shown = dumb.run_on_terminal("node reset --force core-03", &[]);
    assert!(!shown.out.contains(['\u{1b}', '|']), "{:?}", shown.out);
}

#[test]
fn programs_get_errors_as_a_line_of_json() {
    let master = m1();
    let taken = json!({"error": {"name": "taken"}});
    master.on("POST /v1/grids/development/nodes", 422, taken);
    let kontena = Kontena::c1(&master);
    let error = |kontena: &Kontena, line: &str, code| {
        let ran = kontena.run(line);
        assert_eq!((ran.code, ran.err.lines().count()), (code, 1), "{}", ran.err);
        json_of(&ran.err)["error"].clone()
    };
    assert_eq!(
        error(&kontena, "node show nosuch -o json", 1),
        json!({"kind": "http", "status": 404, "message": "Not found",
            "path": "/v1/nodes/development/nosuch"})
    );
    let usage = error(&kontena, "node lst -o json", 2);
    assert_eq!(usage["kind"], "usage");
    assert_eq!(usage["hint"], "Did you mean 'list'?");
    let by_variable = Kontena::c1(&master).env("KONTENA_OUTPUT", "json");
    let refused = error(&by_variable, "node create x", 1);
    assert_eq!(refused["message"], "Unprocessable Entity");
    assert_eq!(refused["details"], json!({"name": "taken"}));
    let made = by_variable.run("node label add core-01 -v x");
    made.prints(&[]).exits(0);
    let stranger = error(&Kontena::new(), "node ls -o json", 1);
    assert_eq!(stranger["kind"], "not_logged_in");
    master.headers("Content-Type: application/json\r\nX-Kontena-Version: 1.2.9\r\n");
    error(&kontena, "node show nosuch -o json", 1);
}

#[test]
fn exit_codes_are_distinct_only_where_asked_for() {
    let master = m1();
    master.on("POST /v1/grids/development/nodes", 422, json!({"error": {"name": "taken"}}));
    for (distinct, line, code) in [
        (true, "node show nosuch", 4),
        (false, "node show nosuch", 1),
        (true, "grid use nope", 4),
        (true, "node create x", 5),
        (true, "node ls --bogus", 2),
        (true, "node ls --master nope", 4),
        (true, "node health core-01", 4),
    ] {
        let mut kontena = Kontena::c1(&master);
        if distinct {
            kontena = kontena.env("KONTENA_EXIT_CODES", "1");
        }
        kontena.run(line).exits(code);
    }
    Kontena::new().env("KONTENA_EXIT_CODES", "1").run("node ls").exits(3);
    let unreachable = Kontena::new()
        .env("KONTENA_URL", "http://127.0.0.1:1")
        .env("KONTENA_TOKEN", "x")
        .env("KONTENA_EXIT_CODES", "1");
    unreachable.run("grid ls").exits(7);
}

#[test]
fn what_was_probably_meant_is_known_from_the_last_list() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let error = " [error] 404 : Not found (/v1/nodes/development/core-10)";
    kontena.run("node show core-10").fails(error);
    kontena.run("node ls").exits(0);
    let asked = master.lines().len();
    kontena
        .run("node show core-10")
        .complains(&[error, "         Did you mean 'core-01'?"])
        .exits(1);
    assert_eq!(master.lines().len(), asked + 1, "nothing more is asked for it");
    kontena
        .run("node show elsewhere")
        .complains(&[" [error] 404 : Not found (/v1/nodes/development/elsewhere)"]);
    kontena
        .run("grid use develpment")
        .complains(&[
            " [error] Could not resolve grid by name [develpment]. \
             For a list of existing grids please run: kontena grid list",
            "         Did you mean 'development'?",
        ])
        .exits(1);
}

#[test]
fn a_master_that_is_away_for_a_moment_is_asked_again() {
    let master = m1();
    let path = "GET /v1/grids";
    master.forget(path);
    master.on(path, 503, "").on(path, 502, "").on(path, 200, json!({"grids": []}));
    Kontena::c1(&master).run("grid ls -q").succeeds(&[]);
    assert_eq!(master.lines(), ["GET grids"; 3]);
    let master = m1();
    master.on("POST /v1/grids/development/nodes", 503, "");
    Kontena::c1(&master)
        .run("node create x")
        .complains(&[" [error] 503 : Service Unavailable (/v1/grids/development/nodes)"])
        .exits(1);
    assert_eq!(master.lines().len(), 1, "what changes something is sent once");
    let busy = m1();
    busy.headers("Retry-After: 0\r\n").forget(path).on(path, 503, "");
    Kontena::c1(&busy).run("grid ls").exits(1);
    assert_eq!(busy.lines().len(), 4);
}

#[test]
fn a_master_that_starts_late_is_reached() {
    // The port is held all the time; whoever connects first is sent away unheard.
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", held.local_addr().unwrap());
    let kontena = Kontena::new().env("KONTENA_URL", &url).env("KONTENA_TOKEN", "x");
    let ran = std::thread::scope(|scope| {
        let run = scope.spawn(|| kontena.run("grid ls -q -D"));
        drop(held.accept().unwrap());
        let late = Master::on_listener(held);
        late.on("GET /v1/grids", 200, json!({"grids": [{"name": "g"}]}));
        run.join().unwrap()
    });
    ran.prints(&["g"]).exits(0);
    assert_eq!(ran.err.matches("trying again in").count(), 1, "{}", ran.err);
}

#[test]
fn symbols_are_ascii_where_the_locale_is() {
    let ascii = Kontena::c1(&m1()).env("LC_ALL", "C").run("grid health prod");
    assert!(ascii.out.starts_with("x Grid does not have"), "{}", ascii.out);
}
