//! `kontena-master dev`, as a newcomer meets it.

use std::{os::unix::fs::PermissionsExt, process::Command};

use crate::{
    support::Program,
    world::{LIMIT, free_port, program},
};

fn start(folder: &std::path::Path, port: u16) -> Program {
    let config = folder.join("client.json");
    let listen = format!("127.0.0.1:{port}");
    let dev = Program::start_in(
        folder,
        &program("kontena-master"),
        &["dev", "--listen", &listen],
        &[
            ("KONTENA_CONFIG", config.to_str().expect("a path")),
            // No engine answers there: the node is simulated.
            ("DOCKER_HOST", "unix:///nowhere/docker.sock"),
        ],
    );
    dev.wait_for_line("Ctrl-C stops it", LIMIT);
    dev
}

#[test]
fn one_command_gives_a_working_platform_and_a_second_start_finds_it_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let mut dev = start(folder.path(), port);
    let said = dev.stdout().join("\n");
    assert!(
        said.contains(&format!("kontena-master listening on http://127.0.0.1:{port}")),
        "{said}"
    );
    assert!(said.contains("is online, simulated: no Docker engine answers"), "{said}");

    // The three commands, as printed.
    let commands: Vec<String> = dev
        .stdout()
        .iter()
        .filter_map(|line| {
            // The form for cargo where this test itself runs under it.
            let line = line.trim();
            let cargo = line.strip_prefix("cargo run -qr -p kontena-cli -- ");
            cargo.or_else(|| line.strip_prefix("kontena ")).map(str::to_owned)
        })
        .collect();
    assert_eq!(commands.len(), 3, "{said}");
    let kontena = |command: &str| {
        let line = format!("{} {command}", program("kontena").display());
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(folder.path())
            .env("KONTENA_CONFIG", folder.path().join("client.json"))
            .output()
            .expect("runs");
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{line}: {out}{:?}", output.stderr);
        out
    };
    assert!(kontena(&commands[0]).contains("online"));
    kontena(&commands[1]);
    assert!(kontena(&commands[2]).contains("Deployed instance dev/null/web-1 to node local"));
    let config = folder.path().join("client.json");
    let mode = std::fs::metadata(&config).expect("written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read_to_string(&config).expect("reads");

    dev.interrupt();
    assert_eq!(dev.exit_code(LIMIT), 0);
    let _again = start(folder.path(), port);
    assert!(kontena("service list").contains("web"));
    assert!(kontena("node list").contains("online"));
    assert_eq!(std::fs::read_to_string(&config).expect("reads"), before, "the same login");
}
