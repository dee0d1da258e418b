//! A tour of every command of `kontena` against a real master with a node: `kontena-master dev`, whose node
//! is simulated. What each prints to the letter is for the tests of `crates/cli`; here every call meets the
//! master it is meant for.

use std::{
    collections::BTreeSet,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    support::Program,
    world::{LIMIT, Outcome, free_port, program},
};

/// Commands that a tour cannot take, and why.
const LEFT_OUT: [(&str, &str); 1] = [("kontena service monitor", "goes on until Ctrl-C")];

struct Tour {
    folder: tempfile::TempDir,
    url: String,
    walked: BTreeSet<String>,
    _dev: Program,
}

impl Tour {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listen = format!("127.0.0.1:{}", free_port());
        let config = folder.path().join("client.json");
        let dev = Program::start_in(
            folder.path(),
            &program("kontena-master"),
            &["dev", "--listen", &listen],
            &[
                ("KONTENA_CONFIG", config.to_str().expect("a path")),
                ("DOCKER_HOST", "unix:///nowhere/docker.sock"),
            ],
        );
        dev.wait_for_line("Ctrl-C stops it", LIMIT);
        Self { folder, url: format!("http://{listen}"), walked: BTreeSet::new(), _dev: dev }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn run(&mut self, line: &str, input: &str) -> Outcome {
        let words = words(line);
        self.walked.insert(format!("kontena {line}"));
        let mut child = Command::new(program("kontena"))
            .args(&words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("KONTENA_CONFIG", self.folder.path().join("client.json"))
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("runs");
        let mut stdin = child.stdin.take().expect("piped");
        // Most read none of it.
        stdin.write_all(input.as_bytes()).ok();
        drop(stdin);
        let output = child.wait_with_output().expect("ends");
        Outcome {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that succeeds and whose output names something.
    #[track_caller]
    fn ok(&mut self, line: &str, names: &str) -> String {
        self.ends(line, 0, names)
    }

    /// Runs a command that ends with this code and names something in what it prints.
    #[track_caller]
    fn ends(&mut self, line: &str, code: i32, names: &str) -> String {
        let outcome = self.run(line, "");
        assert_eq!(outcome.code, Some(code), "kontena {line}: {outcome:?}");
        assert!(!outcome.err.contains("Warning:"), "kontena {line}: {outcome:?}");
        let all = format!("{}{}", outcome.out, outcome.err);
        assert!(all.contains(names), "kontena {line}: no {names:?} in {outcome:?}");
        outcome.out
    }

    fn was_walked(&self, command: &str) -> bool {
        self.walked.iter().any(|line| line == command || line.starts_with(&format!("{command} ")))
    }
}

/// Splits at blanks; what is quoted stays together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().expect("a word").push(other),
        }
    }
    words
}

#[test]
fn every_command_meets_the_master_it_is_meant_for() {
    let mut tour = Tour::start();
    about(&mut tour);
    masters(&mut tour);
    grids(&mut tour);
    nodes(&mut tour);
    vault_and_volumes(&mut tour);
    services(&mut tour);
    containers(&mut tour);
    endings(&mut tour);

    let tree = tour.ok("complete --subcommand-tree", "kontena node list");
    let is_group =
        |command: &str| tree.lines().any(|line| line.starts_with(&format!("{command} ")));
    let left_out = |command: &str| LEFT_OUT.iter().any(|(known, _)| *known == command);
    let forgotten: Vec<&str> = tree
        .lines()
        .filter(|command| !is_group(command) && !left_out(command) && !tour.was_walked(command))
        .collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
    assert!(tree.lines().count() > 100, "{tree}");
}

fn about(tour: &mut Tour) {
    tour.ok("whoami", "Grid: dev");
    tour.ok("version", "master: ");
    tour.ok("completion bash", "complete");
    let man = tour.path("man");
    tour.ok(&format!("man {man}"), "");
    assert!(Path::new(&man).join("kontena-node-list.1").exists());
}

fn masters(tour: &mut Tour) {
    let url = tour.url.clone();
    tour.ok("master list", "dev");
    tour.ok("master current", &url);
    tour.ok("master audit-log", "create");
    tour.ok("master config set server.name=tour", "");
    tour.ok("master config get server.name", "tour");
    let file = tour.path("config.json");
    tour.ok(&format!("master config export --format json {file}"), "");
    tour.ok("master config unset server.name", "");
    tour.ok(&format!("master config import --force {file}"), "");
    tour.ok("master config get server.name", "tour");

    tour.ok("master token list", "bearer");
    tour.ok("master token current", "bearer");
    let id = tour.ok("master token create --id --description tour", "");
    let id = id.trim();
    tour.ok(&format!("master token show {id}"), "tour");
    tour.ok(&format!("master token remove --force {id}"), "");
    tour.ends(&format!("master token show {id}"), 1, "404 : ");

    let code = tour.ok("master user invite --code jane@example.com", "");
    tour.ok("master user role add grid_admin jane@example.com", "Added role grid_admin");
    tour.ok("master user list", "grid_admin");
    tour.ok("master user role remove --force grid_admin jane@example.com", "Removed role");
    tour.ok(&format!("master login --name jane --code {} {url}", code.trim()), "");
    tour.ok("whoami", "User: jane@example.com");
    tour.ends("grid create mine", 1, "Operation not allowed");
    tour.ok("master logout", "Logged out of jane");
    tour.ok("master use dev", "Using master: dev");
    let code = tour.ok("master user invite --code jane@example.com", "");
    tour.ok(&format!("master join --name jane {url} {}", code.trim()), "jane");
    tour.ok("master use dev", "Using master: dev");
    tour.ok("master rename jane john", "");
    tour.ok("master remove --force john", "");
    tour.ok("master user remove --force jane@example.com", "");
}

fn grids(tour: &mut Tour) {
    tour.ok("grid create --initial-size 3 lab", "Creating lab grid");
    tour.ok("grid current", "lab:");
    tour.ok("grid list", "lab *");
    tour.ok("grid show lab", "initial_size: 3");
    tour.ok("grid update --statsd-server 10.0.0.1 lab", "");
    tour.ok("grid show lab", "statsd: 10.0.0.1:8125");
    tour.ends("grid health lab", 1, "does not have any initial nodes");
    tour.ok("grid env lab", "KONTENA_TOKEN=");
    tour.ok("grid cloud-config lab", "#cloud-config");
    tour.ok("grid trusted-subnet add 10.0.0.0/24", "Adding 10.0.0.0/24");
    tour.ok("grid trusted-subnet list", "10.0.0.0/24");
    tour.ok("grid trusted-subnet remove --force 10.0.0.0/24", "Removing");
    tour.ok("master user invite kim@example.com", "Invitation created");
    tour.ok("grid user add kim@example.com", "");
    tour.ok("grid user list", "kim@example.com");
    tour.ok("grid user remove --force kim@example.com", "");
    tour.ok("grid audit-log", "update");
    tour.ends("grid remove lab", 1, "Command requires --force");
}

fn nodes(tour: &mut Tour) {
    tour.ok("node create -l az=a1 core-01", "Creating core-01 node");
    tour.ok("node list", "core-01");
    tour.ok("node show core-01", "az=a1");
    tour.ok("node env core-01", "KONTENA_NODE_TOKEN=");
    tour.ok("node label add core-01 disk=ssd", "");
    tour.ok("node label list core-01", "disk=ssd");
    tour.ok("node label remove core-01 disk=ssd", "");
    tour.ok("node update -l az=b1 core-01", "Updating core-01 node");
    tour.ok("node drain core-01", "core-01");
    tour.ok("node activate core-01", "core-01");
    tour.ok("node reset --force core-01", "Resetting node core-01");
    tour.ends("node health core-01", 1, "core-01");
    tour.ends("node wait --for online --timeout 1s core-01", 1, "core-01");
    tour.ends("node ssh --any", 1, "There are no online nodes");
    tour.ok("node remove --force core-01", "Removing core-01 node from lab grid");
    tour.ends("node show core-01", 1, "404 : Not found (/v1/nodes/lab/core-01)");
    tour.ok("grid remove --force lab", "removing lab grid");
    tour.ok("grid use dev", "Using grid: dev");
    tour.ok("grid list", "dev *");
    tour.ok("node wait --for online local", "local");
}

fn vault_and_volumes(tour: &mut Tour) {
    let written = tour.run("vault write PASSWORD", "s3cr3t\n");
    assert_eq!(written.code, Some(0), "{written:?}");
    tour.ok("vault list", "PASSWORD");
    tour.ok("vault update PASSWORD changed", "");
    tour.ok("vault read --value PASSWORD", "changed");
    let file = tour.path("vault.yml");
    let all = tour.ok("vault export", "PASSWORD: changed");
    std::fs::write(&file, format!("{all}OTHER: one\n")).expect("writes");
    tour.ok(&format!("vault import --force {file}"), "Updating 2 secrets");
    tour.ok("vault remove --force OTHER", "");

    tour.ok("volume create --driver local --scope grid data", "Creating volume data");
    tour.ok("volume list", "data");
    tour.ok("volume show data", "scope: grid");
    tour.ok("external-registry add -u a -p b reg.example.com", "Adding https://reg.example.com");
    tour.ok("external-registry list", "reg.example.com");
    tour.ok("external-registry remove --force reg.example.com", "Removing reg.example.com");
}

fn services(tour: &mut Tour) {
    tour.ok("service create --instances 2 -e A=1 web busybox", "Creating web service");
    tour.ok("service plan web", "local");
    tour.ok("service deploy web", "Deployed instance dev/null/web-2 to node local");
    tour.ok("service list", "2 / 2");
    tour.ok("service show web", "scheduled_to: local");
    tour.ok("service explain web", "local");
    tour.ok("service update --image busybox:1 web", "Updating web service");
    tour.ok("service scale web 1", "Scaling web to 1 instances");
    tour.ok("service env add web B=2", "Adding env variable");
    tour.ok("service env list web", "B=2");
    tour.ok("service env remove web B", "Removing env variable B");
    tour.ok("service create db busybox", "Creating db service");
    tour.ok("service link web db", "Linking web to");
    tour.ok("service unlink web db", "Unlinking web from");
    tour.ok("service secret link web PASSWORD:PASS:env", "Linking PASSWORD");
    tour.ok("service secret unlink web PASSWORD:PASS:env", "");
    tour.ok("service restart web", "Sending restart signal");
    tour.ok("service stop web", "Sending stop signal to web");
    tour.ok("service start web", "Sending start signal to web");
    tour.ok("service containers web", "");
    tour.ok("service logs web", "");
    tour.ok("service events web", "MESSAGE");
    tour.ok("service stats web", "INSTANCE");
    tour.ok("grid logs", "");
    tour.ok("grid events", "MESSAGE");
    tour.ok("events", "MESSAGE");
    let refused = tour.run("service exec web -- ls", "");
    // The simulated engine runs no commands.
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.starts_with(" [error] "), "{refused:?}");
}

fn containers(tour: &mut Tour) {
    let list = tour.ok("container list -q", "local/");
    let container = list.lines().next().expect("a container").to_owned();
    tour.ok(&format!("container logs {container}"), "");
    for command in ["inspect", "exec"] {
        let rest = if command == "exec" { " -- ls" } else { "" };
        let asked = tour.run(&format!("container {command} {container}{rest}"), "");
        let is_plain = asked.code == Some(0) || asked.err.starts_with(" [error] ");
        assert!(is_plain, "{asked:?}");
    }
}

fn endings(tour: &mut Tour) {
    tour.ends("volume remove data", 1, "Command requires --force");
    tour.ok("volume remove --force data", "Removing volume data");
    tour.ok("service remove --force web db", "Removing service web");
    let list = tour.ok("service list -q", "");
    assert_eq!(list, "");
}
