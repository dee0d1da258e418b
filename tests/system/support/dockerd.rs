//! A Docker engine of its own, beside any other on the machine.
//!
//! Every engine gets namespaces of its own, which is what makes it disappear without a trace:
//!
//! ```text
//!   setpriv, killed with the test's thread
//!     unshare, network + mount + process namespace, kills its child when killed
//!       sh, process 1 of the namespace: its end is everybody's end
//!         dockerd, containerd, shims, containers
//! ```
//!
//! - network: loopback up, the usual bridge `docker0` with iptables rules, all inside. Containers get
//!   addresses and published ports, which are reachable from inside only: see [`Dockerd::enter`].
//!   There is no way out, so a pull fails at once. Two engines do not see each other.
//! - mount: overlay and namespace mounts are gone with the last process; nothing to unmount.
//! - process: shims and containers cannot outlive the engine.
//! - `deprecated-key-path`: without it, 20.10 takes its id from `/etc/docker/key.json`, and all
//!   engines of a machine have the same.
//!
//! Needs root, Debian's `docker.io`, `iproute2`, `iptables`, `util-linux`, and `busybox-static` for the
//! image. Verified: 20.10.24, storage driver overlay2, cgroup v1 with cgroupfs.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use super::{bound_to_this_thread, must, program::Program, run, wait_until};

/// How long an engine may take to answer.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long it may take until all its processes are gone.
const END_LIMIT: Duration = Duration::from_secs(10);
/// What process 1 does: it reaps orphans for as long as the engine lives.
const INIT: &str = r#"ip link set lo up && dockerd --config-file "$1" & wait $!"#;

/// A running engine. Stopped with its containers and deleted when dropped.
pub(crate) struct Dockerd {
    name: String,
    folder: TempDir,
    engine: Option<Program>,
}

/// A container as the command line lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `created`, `running`, `exited` …
    pub(crate) state: String,
    pub(crate) labels: BTreeMap<String, String>,
}

impl Dockerd {
    /// Starts an engine and waits until it answers. `name` only serves to tell engines apart.
    #[track_caller]
    pub(crate) fn start(name: &str) -> Self {
        must(Self::try_start(name))
    }

    fn try_start(name: &str) -> io::Result<Self> {
        // Short: paths of sockets below it may have 107 bytes.
        let folder = tempfile::Builder::new().prefix("kd.").tempdir()?;
        let mut engine = Self { name: name.to_owned(), folder, engine: None };
        engine.try_start_again()?;
        Ok(engine)
    }

    /// Returns the value for `DOCKER_HOST`.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.path("docker.sock").display())
    }

    /// Returns the engine's id.
    #[track_caller]
    pub(crate) fn id(&self) -> String {
        must(self.try_id())
    }

    fn try_id(&self) -> io::Result<String> {
        let id = self.try_docker(["info", "--format", "{{.ID}}"])?;
        Ok(id.trim().to_owned())
    }

    /// Makes the image `busybox:latest` out of the machine's own busybox; its command is `sh`.
    #[track_caller]
    pub(crate) fn import_busybox(&self) {
        must(self.try_import_busybox());
    }

    fn try_import_busybox(&self) -> io::Result<()> {
        let root = self.path("busybox");
        let bin = root.join("bin");
        for folder in [&bin, &root.join("tmp"), &root.join("etc")] {
            fs::create_dir_all(folder)?;
        }
        fs::copy("/bin/busybox", bin.join("busybox"))?;
        for applet in run(Command::new("/bin/busybox").arg("--list"))?.lines() {
            if applet != "busybox" {
                symlink("busybox", bin.join(applet))?;
            }
        }
        let archive = self.path("busybox.tar");
        run(Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&archive).arg("."))?;
        let archive = archive.to_string_lossy();
        let command = r#"CMD ["sh"]"#;
        self.try_docker(["import", "--change", command, &archive, "busybox:latest"])?;
        Ok(())
    }

    /// Lists all containers, running or not.
    #[track_caller]
    pub(crate) fn containers(&self) -> Vec<Container> {
        must(self.try_containers())
    }

    fn try_containers(&self) -> io::Result<Vec<Container>> {
        // Label values may hold commas, which `docker ps` does not escape: hence the inspection.
        let ids = self.try_docker(["ps", "--all", "--quiet", "--no-trunc"])?;
        let ids: Vec<_> = ids.split_whitespace().collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let format = "c\t{{.Id}}\t{{.Name}}\t{{.State.Status}}\
                      {{range $name, $value := .Config.Labels}}\nl\t{{$name}}\t{{$value}}{{end}}";
        let arguments = ["inspect", "--type", "container", "--format", format];
        match self.try_docker(arguments.iter().chain(&ids)) {
            Ok(listed) => Ok(parse(&listed)),
            // One of them may have been removed in between.
            Err(_) => self.containers_one_by_one(&ids, format),
        }
    }

    /// Waits until the containers are as `look` wants them, and returns what it returns.
    #[track_caller]
    pub(crate) fn wait_for_containers<T>(
        &self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut(&[Container]) -> Option<T>,
    ) -> T {
        must(wait_until(what, limit, || Ok(look(&self.try_containers()?))))
    }

    /// Runs the `docker` command line against this engine and returns what it wrote.
    #[track_caller]
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        must(self.try_docker(arguments))
    }

    fn try_docker<A: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> io::Result<String> {
        let mut docker = Command::new("docker");
        run(docker.env("DOCKER_HOST", self.host()).args(arguments))
    }

    /// Makes a command that runs inside the engine's network, where its containers and their
    /// published ports can be reached.
    #[track_caller]
    pub(crate) fn enter(&self, program: &str) -> Command {
        let pid = must(self.pid_inside());
        let mut command = bound_to_this_thread("nsenter");
        command.args(["--net", "--target", &pid.to_string(), program]);
        command
    }

    /// Ends the engine and its containers at once, as a power cut would; its data stays.
    #[track_caller]
    pub(crate) fn kill(&mut self) {
        must(self.try_kill());
    }

    fn try_kill(&mut self) -> io::Result<()> {
        // Dropping it kills it.
        if self.engine.take().is_none() {
            return Ok(());
        }
        let group = self.cgroup();
        wait_until("the containers' ends", END_LIMIT, || Ok(remove_cgroups(&group).then_some(())))
    }

    /// Starts the engine again on the same data; it keeps its id, and its containers are stopped.
    #[track_caller]
    pub(crate) fn start_again(&mut self) {
        must(self.try_start_again());
    }

    fn try_start_again(&mut self) -> io::Result<()> {
        self.try_kill()?;
        for stale in ["docker.sock", "docker.pid"] {
            // Not there at the first start.
            let _ = fs::remove_file(self.path(stale));
        }
        let _ = fs::remove_dir_all(self.path("x"));
        let settings = self.path("daemon.json");
        fs::write(&settings, self.settings())?;
        let mut command = bound_to_this_thread("unshare");
        command
            .args(["--net", "--mount", "--pid", "--fork", "--kill-child"])
            .args(["--mount-proc", "--", "sh", "-c", INIT])
            // Process 1's name, so that engines can be told apart in a process list.
            .arg(format!("dockerd-{}", self.name))
            .arg(settings);
        let engine = Program::spawn(&mut command)?;
        engine.find_line(0, "API listen on", START_LIMIT)?;
        self.engine = Some(engine);
        wait_until("the engine answers", START_LIMIT, || Ok(self.try_id().ok()))?;
        Ok(())
    }

    fn settings(&self) -> String {
        let at = |name: &str| self.path(name).display().to_string();
        format!(
            r#"{{"data-root": "{}", "exec-root": "{}", "pidfile": "{}", "hosts": ["{}"],
                "deprecated-key-path": "{}", "cgroup-parent": "{}"}}"#,
            at("data"),
            at("x"),
            at("docker.pid"),
            self.host(),
            at("key.json"),
            self.cgroup(),
        )
    }

    fn containers_one_by_one(&self, ids: &[&str], format: &str) -> io::Result<Vec<Container>> {
        let mut found = Vec::new();
        for id in ids {
            let arguments = ["inspect", "--type", "container", "--format", format, id];
            match self.try_docker(arguments) {
                Ok(listed) => found.extend(parse(&listed)),
                Err(error) if error.to_string().contains("No such") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The process id, as seen from outside, of process 1 of the engine's namespace.
    fn pid_inside(&self) -> io::Result<u32> {
        let outer = self.engine.as_ref().map(Program::pid);
        let outer = outer.ok_or_else(|| io::Error::other("the engine does not run"))?;
        let children = fs::read_to_string(format!("/proc/{outer}/task/{outer}/children"))?;
        let first = children.split_whitespace().next().unwrap_or_default();
        first.parse().map_err(io::Error::other)
    }

    /// Of its own, so that nothing is left over and nobody else's is touched.
    fn cgroup(&self) -> String {
        let folder = self.folder.path().file_name().unwrap_or_default();
        format!("/kontena-test-{}", folder.to_string_lossy())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        // The folder deletes itself after this: no mount of the engine is visible here.
        let _ = self.try_kill();
    }
}

/// Reads lines of `c`, a container, and `l`, a label of the container before.
fn parse(listed: &str) -> Vec<Container> {
    let mut containers: Vec<Container> = Vec::new();
    for line in listed.lines() {
        let mut columns = line.split('\t');
        let kind = columns.next();
        let mut next = || columns.next().unwrap_or_default().to_owned();
        match (kind, containers.last_mut()) {
            (Some("c"), _) => containers.push(Container {
                id: next(),
                name: next().trim_start_matches('/').to_owned(),
                state: next(),
                labels: BTreeMap::new(),
            }),
            (Some("l"), Some(container)) => {
                let name = next();
                container.labels.insert(name, next());
            }
            _ => {}
        }
    }
    containers
}

/// Removes a control group below every controller, innermost first; true once none is left. A group
/// that still has a process stays.
fn remove_cgroups(group: &str) -> bool {
    let Ok(controllers) = fs::read_dir("/sys/fs/cgroup") else {
        return true;
    };
    let folders = controllers.flatten().map(|entry| entry.path());
    let roots = folders.chain([PathBuf::from("/sys/fs/cgroup")]);
    let groups = roots.map(|root| root.join(group.trim_start_matches('/')));
    groups.filter(|group| group.is_dir()).all(|group| remove_tree(&group))
}

fn remove_tree(folder: &Path) -> bool {
    let inner = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in inner {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !remove_tree(&entry.path()) {
            return false;
        }
    }
    fs::remove_dir(folder).is_ok()
}
