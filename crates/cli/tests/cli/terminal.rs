//! What a person at a terminal sees: prompts, spinners, colours.

use serde_json::json;

use crate::support::kontena::visible;
use crate::support::{Kontena, m1};

const CONFIRM: &str = "Enter 'core-03' to confirm:";

#[test]
fn case_9() {
    let master = m1();
    master.on("POST /v1/grids/development/nodes", 201, "{}");
    let ran = Kontena::c1(&master).run_on_terminal("node create core-03", &[]);
    ran.exits(0);
    assert_eq!(visible(&ran.out), [" [done] Creating core-03 node"]);
    let done = "\r [\u{1b}[32mdone\u{1b}[0m] Creating \u{1b}[36mcore-03\u{1b}[0m node      \r\n";
    assert!(ran.out.ends_with(done), "{:?}", ran.out);
    assert!(ran.out.starts_with("\r    *   Creating "), "{:?}", ran.out);
    assert_eq!(master.body(), json!({"name": "core-03", "labels": []}));
}

#[test]
fn case_16() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let ran = kontena.run_on_terminal("node rm core-03", &[(CONFIRM, "core-03\n")]);
    ran.exits(0);
    assert_eq!(
        visible(&ran.out),
        [
            "Destructive command. To proceed, type \"core-03\" \
             or re-run this command with --force option.",
            "> Enter 'core-03' to confirm:  core-03",
            " [done] Removing core-03 node from development grid",
        ]
    );
    assert_eq!(
        master.lines(),
        ["GET nodes/development/core-03", "DELETE nodes/development/core-03"]
    );
}

#[test]
fn case_17() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let ran = kontena.run_on_terminal("node rm core-03", &[(CONFIRM, "test-node\n")]);
    ran.exits(1);
    assert_eq!(
        visible(&ran.out)[1..],
        [
            "> Enter 'core-03' to confirm:  test-node",
            "Confirmation did not match core-03. Aborted command.",
        ]
    );
    assert_eq!(master.lines(), ["GET nodes/development/core-03"]);
}

#[test]
fn yes_must_be_said() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let ran = kontena.run_on_terminal("node reset core-03", &[("(y/N)", "\n")]);
    ran.exits(1);
    assert_eq!(visible(&ran.out).last().map(String::as_str), Some("Aborted command."));
    assert!(master.lines().is_empty());
    let ran = kontena.run_on_terminal("node reset core-03", &[("(y/N)", "y\n")]);
    ran.exits(0);
    let lines = visible(&ran.out);
    assert!(lines[lines.len() - 2].ends_with("Are you sure? Yes"), "{lines:?}");
    assert_eq!(
        lines.last().map(String::as_str),
        Some(" [done] Resetting node core-03 websocket connection token")
    );
}

#[test]
fn the_end_of_input_is_no_confirmation() {
    let ran = Kontena::c1(&m1()).run_on_terminal("node rm core-03", &[(CONFIRM, "\u{4}")]);
    ran.exits(1);
}

#[test]
fn control_c_in_a_prompt_ends_with_130_and_no_more_words() {
    let ran = Kontena::c1(&m1()).run_on_terminal("node rm core-03", &[(CONFIRM, "\u{3}")]);
    ran.exits(130);
    assert_eq!(visible(&ran.out).len(), 2, "{:?}", ran.out);
}

#[test]
fn control_c_in_a_spinner_says_fail_first() {
    let master = m1();
    let redis = "services/development/null/redis";
    let deploy = json!({"id": "d", "service_id": "development/null/redis", "state": "ongoing",
        "finished_at": null, "instance_count": 2, "reason": "no node has label a=b"});
    master.on(&format!("POST /v1/{redis}/deploy"), 200, &deploy).on(
        &format!("GET /v1/{redis}/deploys/d"),
        200,
        &deploy,
    );
    let kontena = Kontena::c1(&master);
    let ran = kontena.run_on_terminal("service deploy redis", &[("waits: no node", "\u{3}")]);
    ran.exits(130);
    assert!(
        ran.out.contains("0/2 [------------------] waits: no node has label a=b ("),
        "{:?}",
        ran.out
    );
    assert_eq!(
        visible(&ran.out),
        [
            " [fail] Deploying service redis",
            "The deploy goes on. Watch it with: kontena service deploy --follow d redis",
        ]
    );
}

#[test]
fn case_64() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let piped = kontena.run("node list");
    assert!(!piped.out.contains('\u{1b}'));
    let ran = kontena.run_on_terminal("node list", &[]);
    assert_eq!(visible(&ran.out), piped.out.lines().collect::<Vec<_>>());
    for part in [
        "\u{1b}[1mNAME\u{1b}[0m        \u{1b}[1mVERSION\u{1b}[0m     \u{1b}[1mSTATUS\u{1b}[0m",
        "\u{1b}[32m⊛\u{1b}[0m core-01   1.4.0       \u{1b}[32monline\u{1b}[0m    1 / 1     provider",
        "\u{1b}[2m⊝\u{1b}[0m core-03   1.4.0       \u{1b}[31moffline\u{1b}[0m   -         -\r\n",
    ] {
        assert!(ran.out.contains(part), "{:?}", ran.out);
    }
}

#[test]
fn colours_and_symbols_can_be_turned_off() {
    let master = m1();
    for variable in ["KONTENA_SIMPLE_TERM", "NO_COLOR"] {
        let ran = Kontena::c1(&master).env(variable, "1").run_on_terminal("node list", &[]);
        assert!(!ran.out.contains('\u{1b}'), "{variable}");
    }
    let ascii = Kontena::c1(&master).env("LC_ALL", "C").run("node list");
    assert!(ascii.out.contains("\n+ core-01   1.4.0") && ascii.out.contains("\n- core-03"));
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let kontena = Kontena::c1(&m1());
    for signal in ["TERM", "HUP", "INT"] {
        // Whoever waits for the secret has put the terminal into raw mode.
        let ran = kontena.run_script_on_terminal(&format!(
            "T=$(tty); stty -a <$T >before; \
             ( n=0; until stty -a <$T | grep -q -- -icanon || test $n = 500; do \
             n=$((n+1)); sleep 0.01; done; kill -{signal} $(cat pid) ) & \
             KONTENA=$KONTENA sh -c 'echo $$ >pid; exec $KONTENA vault write x'; echo ended $?; \
             wait; stty -a <$T >after; cmp before after && echo as before"
        ));
        assert!(ran.out.contains("ended 130\r\nas before"), "{signal}: {}", ran.out);
    }
}

#[test]
fn an_interrupted_question_leaves_no_colour() {
    let kontena = Kontena::c1(&m1());
    let ran = kontena.run_on_terminal("node rm core-03", &[(CONFIRM, "co\u{3}")]);
    ran.exits(130);
    let (_, answer) = ran.out.rsplit_once("\u{1b}[36m").unwrap();
    assert!(answer.contains("\u{1b}[0m"), "{:?}", ran.out);
}

#[test]
fn an_answer_that_is_no_text_confirms_nothing() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let ran = kontena.run_script_on_terminal(
        "printf 'core-03\\377\\n' >typed; script -qec \"$KONTENA node rm core-03\" /dev/null <typed",
    );
    assert!(ran.out.contains("Confirmation did not match core-03."), "{}", ran.out);
    assert_eq!(master.lines(), ["GET nodes/development/core-03"]);
}
