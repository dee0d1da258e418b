//! `kontena vault …`.

use serde_json::json;

use crate::support::kontena::visible;
use crate::support::{Case, Kontena, Master, m1};

const SECRETS: &str = "/v1/grids/development/secrets";

fn writable() -> Master {
    let master = m1();
    master.on(&format!("POST {SECRETS}"), 201, "{}");
    master
}

fn with_secrets() -> Master {
    let master = m1();
    let secrets = json!([
        {"name": "B", "created_at": "2018-03-20T08:00:00.000Z",
            "updated_at": "2018-03-20T08:00:00.000Z"},
        {"name": "A", "created_at": "2018-03-20T08:00:00.000Z",
            "updated_at": "2018-03-21T08:00:00.000Z"},
    ]);
    master.on(&format!("GET {SECRETS}"), 200, json!({ "secrets": secrets }));
    for (name, value) in [("A", "a: 1"), ("B", "two\nlines")] {
        let secret = json!({"name": name, "created_at": "2018-03-20T08:00:00.000Z",
            "value": value});
        master
            .on(&format!("GET /v1/secrets/development/{name}"), 200, secret)
            .on(&format!("PUT /v1/secrets/development/{name}"), 200, "{}")
            .on(&format!("DELETE /v1/secrets/development/{name}"), 200, "{}");
    }
    master
}

#[test]
fn case_68() {
    let masters = Case {
        line: "vault write testsecret -- --silent",
        out: &[],
        err: &[],
        code: 0,
        requests: &["POST grids/development/secrets"],
    }
    .holds(writable);
    for master in masters {
        assert_eq!(master.body(), json!({"name": "testsecret", "value": "--silent"}));
    }
}

#[test]
fn case_69() {
    let master = writable();
    let kontena = Kontena::c1(&master);
    kontena.run_with_input("vault write K", b"s3cr3t\n").succeeds(&[]);
    assert_eq!(master.body(), json!({"name": "K", "value": "s3cr3t"}));
    Case {
        line: "vault write K </dev/null",
        out: &[],
        err: &[" [error] Missing input"],
        code: 1,
        requests: &[],
    }
    .holds(writable);
    // On a terminal, but with a value that comes from elsewhere.
    let master = writable();
    let kontena = Kontena::c1(&master);
    let ran = kontena.run_script_on_terminal("printf 's3cr3t\\n' | $KONTENA vault write K");
    ran.prints(&[]).exits(0);
    assert_eq!(master.body(), json!({"name": "K", "value": "s3cr3t"}));
}

#[test]
fn all_of_standard_input_is_the_value() {
    let master = writable();
    let kontena = Kontena::c1(&master);
    kontena.run_with_input("vault write K", b" a \n\nb\n\n").exits(0);
    assert_eq!(master.body(), json!({"name": "K", "value": " a \n\nb\n"}));
    let ran = kontena.run_with_input("vault write K", b"\xff");
    ran.exits(1).prints(&[]);
    assert!(ran.err.starts_with(" [error] Cannot read standard input: "), "{}", ran.err);
}

#[test]
fn a_value_that_is_typed_is_not_shown() {
    let master = writable();
    let kontena = Kontena::c1(&master);
    let typed = [("Enter value for secret 'K'", "gehä\u{7f}eim\r")];
    let ran = kontena.run_on_terminal("vault write K", &typed);
    ran.exits(0);
    assert_eq!(visible(&ran.out), ["> Enter value for secret 'K' ••••••"]);
    assert_eq!(master.body(), json!({"name": "K", "value": "geheim"}));
    let ran = kontena.run_on_terminal("vault write K", &[("Enter value", "abc\u{3}")]);
    ran.exits(130);
    let ran = kontena.run_on_terminal("vault write K", &[("Enter value", "\r")]);
    ran.exits(1);
    assert_eq!(visible(&ran.out)[1..], [" [error] Missing input"]);
    assert_eq!(master.lines().len(), 1);
}

#[test]
fn secrets_are_changed_and_created_if_there_are_none() {
    let master = with_secrets();
    let kontena = Kontena::c1(&master);
    for (flags, upsert) in [("", false), ("-u ", true), ("--upsert ", true)] {
        kontena.run_both(&master, &format!("vault update {flags}A v")).succeeds(&[]);
        assert_eq!(master.body(), json!({"name": "A", "value": "v", "upsert": upsert}));
    }
    kontena
        .run_both(&master, "vault update nope v")
        .fails(" [error] 404 : Not found (/v1/secrets/development/nope)");
}

#[test]
fn secrets_are_listed_by_name() {
    let master = with_secrets();
    let kontena = Kontena::c1(&master);
    kontena.run("vault ls").succeeds(&[
        "NAME   CREATED_AT                 UPDATED_AT",
        "A      2018-03-20T08:00:00.000Z   2018-03-21T08:00:00.000Z",
        "B      2018-03-20T08:00:00.000Z   2018-03-20T08:00:00.000Z",
    ]);
    kontena.run("vault list -q").succeeds(&["A", "B"]);
    let ran = kontena.run_on_terminal("vault ls", &[]);
    let lines = visible(&ran.out);
    assert!(lines[1].starts_with("A ") && lines[1].ends_with(" days ago"), "{lines:?}");
    assert!(lines[2].starts_with("B ") && lines[2].ends_with(" days ago   never"), "{lines:?}");
    assert!(ran.out.contains("\u{1b}[34mnever\u{1b}[0m"));
    let ran = kontena.run_on_terminal("vault ls -l", &[]);
    assert_eq!(visible(&ran.out), kontena.run("vault ls").out.lines().collect::<Vec<_>>());
    let ran = kontena.run("vault ls --no-long");
    assert!(ran.out.contains("days ago"), "{}", ran.out);
}

#[test]
fn a_secret_is_read() {
    let kontena = Kontena::c1(&with_secrets());
    kontena.run("vault read A").succeeds(&[
        "A:",
        "  created_at: 2018-03-20T08:00:00.000Z",
        "  value: a: 1",
    ]);
    kontena.run("vault read --value A").succeeds(&["a: 1"]);
}

#[test]
fn secrets_are_removed_once_their_names_are_typed() {
    let master = with_secrets();
    let kontena = Kontena::c1(&master);
    kontena.run("vault rm A").fails(" [error] Command requires --force");
    kontena.run_both(&master, "vault rm --force A B").succeeds(&[]);
    let ran = kontena.run_on_terminal("vault remove A", &[("to confirm:  ", "A\n")]);
    ran.exits(0);
    assert_eq!(
        master.lines(),
        ["A", "B", "A"].map(|name| format!("DELETE secrets/development/{name}"))
    );
}

#[test]
fn all_secrets_are_exported() {
    let master = with_secrets();
    let kontena = Kontena::c1(&master);
    let ran = kontena.run_both(&master, "vault export");
    ran.exits(0).complains(&[]);
    assert_eq!(ran.out, "---\nA: 'a: 1'\nB: \"two\\nlines\"\n");
    assert_eq!(
        master.lines(),
        ["GET grids/development/secrets", "GET secrets/development/A", "GET secrets/development/B"]
    );
    let ran = kontena.run_both(&master, "vault export --json");
    let values: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(values, json!({"A": "a: 1", "B": "two\nlines"}));
}

fn file(kontena: &Kontena, name: &str, text: &str) -> String {
    let path = kontena.home().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn secrets_are_imported_from_a_file() {
    let master = with_secrets();
    let kontena = Kontena::c1(&master);
    let path = file(&kontena, "secrets.yml", "---\nA: \"new\\nlines\"\nB:\n");
    kontena.run(&format!("vault import {path}")).fails(" [error] Command requires --force");
    let forced = format!("vault import --force {path}");
    kontena
        .run_both(&master, &forced)
        .succeeds(&[" [done] Updating 1 secrets", " [done] Deleting 1 secrets"]);
    assert_eq!(master.body(), json!({"name": "A", "value": "new\nlines", "upsert": true}));
    assert_eq!(master.lines(), ["PUT secrets/development/A", "DELETE secrets/development/B"]);
    kontena
        .run_both(&master, &format!("{forced} --skip-null"))
        .succeeds(&[" [done] Updating 1 secrets"]);
    let ran = kontena.run_on_terminal(&format!("vault import {path}"), &[("(y/N)", "n\n")]);
    ran.exits(1);
    assert_eq!(
        visible(&ran.out)[..3],
        ["About to..", "  * IMPORT 1 secret", "  * DELETE 1 secret"]
    );
    assert_eq!(master.lines().len(), 3);
}

#[test]
fn secrets_are_imported_from_standard_input() {
    let master = with_secrets();
    let kontena = Kontena::c1(&master);
    kontena
        .run_with_input("vault import --json --force", r#"{"A": "x"}"#)
        .succeeds(&[" [done] Updating 1 secrets"]);
    for (input, error) in [
        ("A: 1\n", " [error] Invalid value type Integer for A."),
        ("", " [error] No secrets loaded"),
        (
            "- A\n",
            " [error] Cannot read standard input: line 1: a map of keys and values is wanted",
        ),
    ] {
        kontena.run_with_input("vault import --force", input).fails(error);
    }
    let ran = kontena.run_both(&master, "vault import --force /nowhere");
    ran.exits(1).prints(&[]);
    assert!(ran.err.starts_with(" [error] Cannot read /nowhere: "), "{}", ran.err);
}
