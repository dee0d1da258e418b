//! Words that name no command, and help.

use crate::support::{Kontena, Master, m1};

fn usage(line: &str, message: &str, path: &str) {
    let ran = Kontena::new().run_both(&Master::new(), line);
    ran.prints(&[]).exits(2);
    assert_eq!(ran.err, format!("ERROR: {message}\n\nSee: '{path} --help'\n"));
}

#[test]
fn case_58() {
    usage("bogus", "No such sub-command 'bogus'", "kontena");
    usage("node bogus", "No such sub-command 'bogus'", "kontena node");
}

#[test]
fn case_59() {
    usage("node rm", "parameter 'NODE ...': no value provided", "kontena node rm");
    usage("node remove -D", "parameter 'NODE ...': no value provided", "kontena node remove");
}

#[test]
fn a_master_to_use_must_be_named() {
    usage("master use", "parameter 'NAME': missing", "kontena master use");
}

#[test]
fn case_67() {
    let master = Master::new();
    let kontena = Kontena::new();
    for line in ["", "node", "node rm --help", "service create -h x --bogus"] {
        let ran = kontena.run_both(&master, line);
        ran.complains(&[]).exits(0);
        assert!(ran.out.contains("Usage:") && ran.out.contains("Options:"), "{}", ran.out);
    }
    assert!(kontena.run_both(&master, "node").out.contains("    remove, rm"));
}

#[test]
fn every_command_has_help() {
    let kontena = Kontena::new();
    let mut waiting = vec![String::new()];
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        let ran = kontena.run(&format!("{path} --help"));
        ran.exits(0).complains(&[]);
        assert!(
            ran.out.starts_with(&format!("Usage:\n    kontena{path} [OPTIONS]")),
            "{}",
            ran.out
        );
        assert!(ran.out.contains("\nOptions:\n"));
        let subcommands = ran.out.lines().skip_while(|line| *line != "Subcommands:").skip(1);
        for line in subcommands.take_while(|line| !line.is_empty()) {
            let name = line.split([',', ' ']).find(|word| !word.is_empty()).unwrap();
            waiting.push(format!("{path} {name}"));
        }
        seen += 1;
    }
    assert!(seen > 35, "{seen} commands");
}

#[test]
fn the_version_is_the_products() {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let version = format!("kontena-cli {} [{os}+{arch}+kontena-1.5]", env!("CARGO_PKG_VERSION"));
    Kontena::new().run("--version").succeeds(&[&version]);
    Kontena::new().run("-v").succeeds(&[&version]);
}

#[test]
fn commands_that_moved_say_where() {
    Kontena::new()
        .run("login http://x")
        .prints(&[])
        .complains(&[
            " [error] Use 'kontena master login' to log into a Kontena Master",
            "         or 'kontena cloud login' for logging into your Kontena Cloud account",
        ])
        .exits(1);
    Kontena::new().run("vagrant node create").fails(
        " [error] The 'vagrant' plugin has not been installed. \
         Use: kontena plugin install vagrant",
    );
}

#[test]
fn parsing_comes_before_everything_else() {
    let master = Master::new();
    let kontena = Kontena::c1(&master);
    std::fs::write(kontena.config_path(), "{broken").unwrap();
    kontena.run("node ls --bogus").exits(2);
    kontena.run("node ls --help").exits(0);
    let ran = kontena.run("node ls");
    ran.exits(1);
    assert!(ran.err.starts_with(" [error] Cannot read the configuration file "), "{}", ran.err);
    assert!(master.lines().is_empty());
}

#[test]
fn progress_can_be_plain_or_absent() {
    let master = m1();
    master.on("POST /v1/grids/development/nodes", 201, "{}");
    let kontena = Kontena::c1(&master);
    let ran = kontena.run("node create core-03 --progress=plain");
    assert_eq!(ran.out, "* Creating core-03 node .. \n* Creating core-03 node .. done\n");
    kontena.run("node create core-03 --progress none").succeeds(&[]);
}

#[test]
fn empty_names_are_refused_before_any_request() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let empty = "must not be empty";
    let path = "must be NAME, STACK/NAME or GRID/STACK/NAME";
    for (words, reason) in [
        (&["service", "rm", "--force", ""][..], empty),
        (&["service", "rm", "--force", "web/"], path),
        (&["service", "show", "a/b/c/d"], path),
        (&["service", "deploy", "//"], path),
        (&["service", "start", "redis", ""], empty),
        (&["node", "rm", "--force", ""], empty),
        (&["node", "rm", "--force", ".."], "is no name"),
        (&["grid", "rm", "--force", ""], empty),
        (&["vault", "rm", "--force", ""], empty),
        (&["volume", "rm", "--force", ""], empty),
        (&["master", "rename", "test", ""], empty),
        (&["master", "user", "rm", "--force", ""], empty),
        (&["master", "token", "rm", "--force", ""], empty),
        (&["container", "logs", ""], empty),
        (&["external-registry", "rm", "--force", ""], empty),
    ] {
        let ran = kontena.run_words(words);
        ran.prints(&[]).exits(2);
        let line = ran.err.lines().next().unwrap();
        assert!(
            line.starts_with("ERROR: parameter '") && line.contains(reason),
            "{words:?}: {line}"
        );
    }
    assert_eq!(master.lines(), Vec::<String>::new());
}
