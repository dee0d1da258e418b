//! Completion: candidates, scripts, and that it never disturbs.

use serde_json::json;

use crate::support::{Kontena, Master, m1};

#[test]
fn case_65() {
    let master = m1();
    Kontena::c1(&master).run_both(&master, "complete kontena grid use").succeeds(&["prod"]);
    assert_eq!(master.lines(), ["GET grids"]);
}

#[test]
fn names_come_from_the_master() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    for (words, candidates) in [
        ("grid show", &["development", "prod"][..]),
        ("node show ", &["core-03", "core-01", "core-02"]),
        ("grid show d", &["development", "prod"]),
        ("node show", &["core-03", "core-01", "core-02"]),
        ("node rm core-01 core", &["core-03", "core-01", "core-02"]),
        ("node label add core-01 x", &[]),
        ("node label rm core-01 ", &["provider=vagrant"]),
        ("node rm --grid prod ", &[]),
        ("node rm --grid=prod ", &[]),
        ("node rm --grid development ", &["core-03", "core-01", "core-02"]),
        ("--master other node rm ", &[]),
        ("grid use --master nope ", &[]),
        ("service deploy", &["web/old", "redis", "web/app"]),
        ("service create", &[]),
        ("node ls --grid ", &["development", "prod"]),
        ("node update --availability ", &["active", "drain"]),
        ("node wait --for ", &["online", "offline", "removed"]),
        ("master use", &["other"]),
        ("master rm", &["test", "other"]),
        ("--master ", &["test", "other"]),
    ] {
        let words: Vec<&str> =
            ["complete", "kontena"].into_iter().chain(words.split(' ')).collect();
        kontena.run_words(&words).succeeds(candidates);
    }
}

#[test]
fn commands_and_switches_come_from_the_tree() {
    let kontena = Kontena::new();
    let top = kontena.run("complete kontena");
    for name in ["node", "grid", "service", "master", "whoami"] {
        assert!(top.out.lines().any(|line| line == name), "{}", top.out);
    }
    let node = kontena.run("complete kontena node l");
    assert!(node.out.starts_with("list\nls\nshow\n"), "{}", node.out);
    let switches = kontena.run("complete kontena node ls -");
    assert!(switches.out.lines().any(|line| line == "--all"), "{}", switches.out);
    let tree = kontena.run("complete --subcommand-tree");
    for path in ["kontena node remove", "kontena master token list", "kontena node label add"] {
        assert!(tree.out.lines().any(|line| line == path), "{}", tree.out);
    }
    assert!(!tree.out.contains("kontena node rm") && !tree.out.contains("kontena complete"));
}

#[test]
fn nothing_is_ever_an_error() {
    let line = "complete kontena grid use";
    Kontena::new().run(line).succeeds(&[]);
    Kontena::c1(&Master::new()).run(line).succeeds(&[]);
    let broken = Kontena::new();
    std::fs::write(broken.config_path(), "{broken").unwrap();
    broken.run(line).succeeds(&[]);
    let away = Kontena::new().env("KONTENA_URL", "http://127.0.0.1:1").env("KONTENA_TOKEN", "x");
    away.run(line).succeeds(&[]);
    let other = m1();
    other.headers("Content-Type: application/json\r\nX-Kontena-Version: 1.2.9\r\n");
    Kontena::c1(&other).run(line).succeeds(&["prod"]);
    // An expired token is not renewed: that would write the configuration between two presses of TAB.
    let master = m1();
    let expired = Kontena::c1(&master).with_entry(|entry| {
        entry["token_expires_at"] = json!(1_000_000_000);
        entry["refresh_token"] = json!("r1");
    });
    expired.run(line).succeeds(&["prod"]);
    assert_eq!(master.lines(), ["GET grids"]);
}

#[test]
fn bash_completes_with_its_script() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena.program("kontena", &format!("exec {} \"$@\"", env!("CARGO_BIN_EXE_kontena")));
    let path = kontena.run("whoami --bash-completion-path");
    path.complains(&[]).exits(0);
    let script = std::fs::read_to_string(path.out.trim()).unwrap();
    assert_eq!(script, kontena.run("completion bash").out);
    kontena.program(
        "try",
        &format!(
            "exec bash -c '. {}; COMP_WORDS=(kontena node rm core-0); COMP_CWORD=3; _kontena; \
             printf \"%s\\n\" \"${{COMPREPLY[@]}}\"'",
            path.out.trim()
        ),
    );
    kontena.run_shell("try").succeeds(&["core-03", "core-01", "core-02"]);
}

#[test]
fn bash_reads_names_and_never_runs_them() {
    let master = m1();
    let named = |name: &str| json!({ "name": name });
    let names = ["$(touch ran)", "`touch ran`", "two words", "a;touch ran", "plain", "x\ny", "*"];
    let path = "GET /v1/grids";
    master.forget(path).on(path, 200, json!({"grids": names.map(named)}));
    let kontena = Kontena::c1(&master);
    kontena.program("kontena", &format!("exec {} \"$@\"", env!("CARGO_BIN_EXE_kontena")));
    let script = kontena.home().join("script");
    std::fs::write(&script, kontena.run("completion bash").out).unwrap();
    let complete = |word: &str| {
        kontena.program(
            "try",
            &format!(
                "cd; exec bash -c '. {}; COMP_WORDS=(kontena grid show \"$0\"); COMP_CWORD=3; \
                 _kontena; printf \"%s\\n\" \"${{COMPREPLY[@]}}\"' '{word}'",
                script.display()
            ),
        );
        kontena.run_shell("try")
    };
    complete("").succeeds(&[
        r"\$\(touch\ ran\)",
        r"\`touch\ ran\`",
        r"two\ words",
        r"a\;touch\ ran",
        "plain",
        r"\*",
    ]);
    complete("tw").succeeds(&[r"two\ words"]);
    complete(r"two\ w").succeeds(&[r"two\ words"]);
    complete("$(").succeeds(&[r"\$\(touch\ ran\)"]);
    assert!(!kontena.home().join("ran").exists());
}

#[test]
fn the_other_shells_have_scripts_too() {
    let kontena = Kontena::new();
    assert!(kontena.run("completion zsh").out.starts_with("#compdef kontena\n"));
    assert!(kontena.run("completion fish").out.contains("complete -c kontena"));
    let ran = kontena.run("completion tcsh");
    ran.exits(2);
    assert!(ran.err.contains("must be bash, zsh or fish, not \"tcsh\""), "{}", ran.err);
}
