//! A Postgres cluster of its own, from Debian's packages, on a free port of the loopback.
//!
//! The server refuses to run as root, so everything of it runs as the user `postgres`, whom the
//! temporary folder belongs to. Settings that decide durability are left at their defaults.

use std::{
    fs, io,
    net::TcpListener,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use super::{must, program::Program, run, signal, wait_until};

/// The system user the server runs as, and its superuser.
const USER: &str = "postgres";
/// The database every cluster has.
const DATABASE: &str = "kontena";
/// How long a server may take to answer, and to end.
const LIMIT: Duration = Duration::from_secs(30);
/// How often another free port is tried: between finding and using one, somebody else may take it.
const PORT_TRIES: u32 = 5;

/// A running cluster. Stopped and deleted when dropped.
pub(crate) struct Postgres {
    folder: TempDir,
    binaries: PathBuf,
    port: u16,
    server: Option<Program>,
}

impl Postgres {
    /// Makes a cluster with an empty database and starts it; takes about a second.
    #[track_caller]
    pub(crate) fn start() -> Self {
        must(Self::try_start())
    }

    fn try_start() -> io::Result<Self> {
        let binaries = binaries()?;
        let folder = tempfile::Builder::new().prefix("kpg.").tempdir()?;
        let (uid, gid) = user_and_group()?;
        chown(folder.path(), Some(uid), Some(gid))?;
        let mut cluster = Self { folder, binaries, port: 0, server: None };
        let data = cluster.data();
        run(cluster
            .as_postgres("initdb")
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-D"])
            .arg(data))?;
        cluster.first_start()?;
        cluster.try_create_database(DATABASE)?;
        Ok(cluster)
    }

    /// Returns the URL of the database that is there from the start.
    pub(crate) fn url(&self) -> String {
        self.url_of(DATABASE)
    }

    /// Makes another, empty database and returns its URL.
    #[track_caller]
    pub(crate) fn create_database(&self, name: &str) -> String {
        must(self.try_create_database(name))
    }

    /// Runs a statement in a database and returns its rows, columns separated by `|`.
    #[track_caller]
    pub(crate) fn sql(&self, database: &str, statement: &str) -> String {
        must(self.try_sql(database, statement))
    }

    /// Stops the server at once and without order, as a crash would; the data stays.
    #[track_caller]
    pub(crate) fn kill(&mut self) {
        must(self.try_kill());
    }

    /// Starts the server again on the same port and the same data.
    #[track_caller]
    pub(crate) fn start_again(&mut self) {
        must(self.try_start_again());
    }

    fn try_create_database(&self, name: &str) -> io::Result<String> {
        self.try_sql("postgres", &format!("create database \"{name}\""))?;
        Ok(self.url_of(name))
    }

    fn try_sql(&self, database: &str, statement: &str) -> io::Result<String> {
        let mut psql = self.client("psql");
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-d"]);
        run(psql.args([database, "-c", statement]))
    }

    fn try_kill(&mut self) -> io::Result<()> {
        let Some(server) = self.server.take() else {
            return Ok(());
        };
        // An immediate shutdown: the postmaster takes its children with it and writes nothing.
        signal(server.pid(), "QUIT");
        server.wait(LIMIT).map(|_| ())
    }

    fn try_start_again(&mut self) -> io::Result<()> {
        self.try_kill()?;
        let data = self.data();
        let mut command = self.as_postgres("postgres");
        command.arg("-D").arg(data).arg("-k").arg(self.folder.path());
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        let server = Program::spawn(&mut command)?;
        let mut answers = self.client("pg_isready");
        wait_until("postgres answers", LIMIT, || {
            if let Some(code) = server.try_exit_code()? {
                let last = server.stderr().pop().unwrap_or_default();
                return Err(io::Error::other(format!("postgres ended, {code}: {last}")));
            }
            Ok(answers.output()?.status.success().then_some(()))
        })?;
        self.server = Some(server);
        Ok(())
    }

    fn first_start(&mut self) -> io::Result<()> {
        let mut tried = 0;
        loop {
            self.port = free_port()?;
            tried += 1;
            match self.try_start_again() {
                Err(_) if tried < PORT_TRIES => {}
                started => return started,
            }
        }
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn client(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        let port = self.port.to_string();
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", USER]);
        command
    }

    fn as_postgres(&self, name: &str) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", USER, "--regid", USER, "--init-groups"])
            .args(["--pdeathsig", "KILL", "--"])
            .arg(self.binaries.join(name))
            // Not a folder that this user may not enter.
            .current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The folder deletes itself after this.
        let _ = self.try_kill();
    }
}

/// The newest version that is installed.
fn binaries() -> io::Result<PathBuf> {
    let root = Path::new("/usr/lib/postgresql");
    let versions = fs::read_dir(root).into_iter().flatten().flatten();
    let version = |entry: fs::DirEntry| entry.file_name().to_string_lossy().parse::<u32>().ok();
    let newest = versions.filter_map(version).max();
    let newest = newest.map(|version| root.join(version.to_string()).join("bin"));
    newest.ok_or_else(|| {
        let text = format!("there is no Postgres server in {}", root.display());
        io::Error::new(io::ErrorKind::NotFound, text)
    })
}

fn user_and_group() -> io::Result<(u32, u32)> {
    let id = |flag| {
        let text = run(Command::new("id").args([flag, USER]))?;
        text.trim().parse().map_err(io::Error::other)
    };
    Ok((id("-u")?, id("-g")?))
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
