//! A program under test: its output as lines that can be waited for, its signals, its exit code.

use std::{
    ffi::OsStr,
    io::{self, BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use super::{must, signal, wait_until};

/// How many of the last lines a failure shows.
const SHOWN: usize = 40;
/// How long a killed process may take to be gone, and a gone one's output to be read to its end.
const GONE_LIMIT: Duration = Duration::from_secs(10);
/// Variables by which our programs are configured, besides `KONTENA_…`.
const SETTINGS: [&str; 13] = [
    "DATABASE_URL",
    "DOCKER_HOST",
    "INITIAL_ADMIN_CODE",
    "KEEPALIVE_INTERVAL",
    "LISTEN",
    "LOG_LEVEL",
    "PORT",
    "RUST_LOG",
    "SSL_CERT_FILE",
    "TLS_CERT",
    "TLS_KEY",
    "VAULT_KEY",
    "WEBSOCKET_TIMEOUT",
];

/// Where a line was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Stdout,
    Stderr,
}

type Lines = Arc<Mutex<Vec<(Source, String)>>>;

/// A running program. Killed when dropped.
pub(crate) struct Program {
    name: String,
    child: Mutex<Child>,
    pid: u32,
    lines: Lines,
}

impl Program {
    /// Starts a program with arguments and environment variables. It inherits the rest of the test's
    /// environment, except for what would configure our programs by accident; of two values for one
    /// variable the last counts.
    #[track_caller]
    pub(crate) fn start(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        must(Self::spawn(&mut command(program, arguments, environment)))
    }

    /// Starts a program as [`Self::start`] does, in a folder.
    #[track_caller]
    pub(crate) fn start_in(
        folder: &Path,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = command(program, arguments, environment);
        must(Self::spawn(command.current_dir(folder)))
    }

    /// Starts a command as it is.
    pub(super) fn spawn(command: &mut Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let lines = Lines::default();
        if let Some(stdout) = child.stdout.take() {
            gather(Source::Stdout, stdout, &lines);
        }
        if let Some(stderr) = child.stderr.take() {
            gather(Source::Stderr, stderr, &lines);
        }
        // Without the wrapper that binds it to this thread.
        let words = command.get_args().skip_while(|word| *word != "--").skip(1);
        let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
        Ok(Self { name: words.join(" "), pid: child.id(), child: Mutex::new(child), lines })
    }

    /// Returns the process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns the lines on standard output so far.
    pub(crate) fn stdout(&self) -> Vec<String> {
        self.lines_of(Source::Stdout)
    }

    /// Returns the lines on standard error so far.
    pub(crate) fn stderr(&self) -> Vec<String> {
        self.lines_of(Source::Stderr)
    }

    /// Returns how many lines there are on both streams; see [`Self::wait_for_line_after`].
    pub(crate) fn mark(&self) -> usize {
        self.read().len()
    }

    /// Waits for a line of either stream that contains `pattern`, among those already there, too, and
    /// returns the first.
    #[track_caller]
    pub(crate) fn wait_for_line(&self, pattern: &str, limit: Duration) -> String {
        must(self.find_line(0, pattern, limit))
    }

    /// Waits for a line that contains `pattern` and is not among the first `mark`.
    #[track_caller]
    pub(crate) fn wait_for_line_after(
        &self,
        mark: usize,
        pattern: &str,
        limit: Duration,
    ) -> String {
        must(self.find_line(mark, pattern, limit))
    }

    /// Ends the program at once, as a power cut would.
    #[track_caller]
    pub(crate) fn kill9(&mut self) {
        // It may have ended by itself.
        let _ = self.child().kill();
        must(self.wait(GONE_LIMIT));
    }

    /// Asks the program to end.
    pub(crate) fn terminate(&self) {
        signal(self.pid, "TERM");
    }

    /// Asks the program to end, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        signal(self.pid, "INT");
    }

    /// Stops the program where it is, as a suspended machine would; see [`Self::resume`].
    pub(crate) fn pause(&self) {
        signal(self.pid, "STOP");
    }

    /// Lets a paused program go on.
    pub(crate) fn resume(&self) {
        signal(self.pid, "CONT");
    }

    /// Waits for the program's end and returns its exit code, for a signal 128 and its number. All it
    /// wrote has been read by then.
    #[track_caller]
    pub(crate) fn exit_code(&mut self, limit: Duration) -> i32 {
        must(self.wait(limit))
    }

    /// [`Self::exit_code`] as a result.
    pub(super) fn wait(&self, limit: Duration) -> io::Result<i32> {
        let what = format!("the end of {}", self.name);
        let code = wait_until(&what, limit, || self.try_exit_code());
        let code = code.map_err(|error| self.explain(&error))?;
        // A process that it has started may hold its streams open; that is not waited for.
        let _ = wait_until("the end of its output", GONE_LIMIT, || {
            Ok((!self.has_unread_output()).then_some(()))
        });
        Ok(code)
    }

    /// [`Self::wait_for_line_after`] as a result.
    pub(super) fn find_line(
        &self,
        mark: usize,
        pattern: &str,
        limit: Duration,
    ) -> io::Result<String> {
        let what = format!("a line of {} with {pattern:?}", self.name);
        let found = wait_until(&what, limit, || {
            // Looked at before the lines: what a program wrote before its end is there by then.
            let unread = self.has_unread_output();
            let ended = self.try_exit_code()?;
            match (self.find(mark, pattern), ended) {
                (None, Some(code)) if !unread => {
                    let text = format!("it ended with exit code {code} before it wrote {what}");
                    Err(io::Error::other(text))
                }
                (found, _) => Ok(found),
            }
        });
        found.map_err(|error| self.explain(&error))
    }

    /// The exit code, once there is one.
    pub(super) fn try_exit_code(&self) -> io::Result<Option<i32>> {
        let status = self.child().try_wait()?;
        Ok(status.and_then(|status| {
            let signal = status.signal().map(|signal| 128 + signal);
            status.code().or(signal)
        }))
    }

    /// The last lines of both streams, for a failure's text.
    fn explain(&self, error: &io::Error) -> io::Error {
        let lines = self.read();
        let last = lines.iter().skip(lines.len().saturating_sub(SHOWN));
        let last: Vec<_> = last.map(|(_, line)| line.as_str()).collect();
        io::Error::new(error.kind(), format!("{error}; it wrote last:\n  {}", last.join("\n  ")))
    }

    fn lines_of(&self, source: Source) -> Vec<String> {
        let lines = self.read();
        let lines = lines.iter().filter(|(from, _)| *from == source);
        lines.map(|(_, line)| line.clone()).collect()
    }

    /// The gathering threads hold on to the lines until their streams end.
    fn has_unread_output(&self) -> bool {
        Arc::strong_count(&self.lines) > 1
    }

    fn find(&self, mark: usize, pattern: &str) -> Option<String> {
        let lines = self.read();
        let mut rest = lines.iter().skip(mark);
        let found = rest.find(|(_, line)| line.contains(pattern));
        found.map(|(_, line)| line.clone())
    }

    fn read(&self) -> MutexGuard<'_, Vec<(Source, String)>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn command(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]);
    command.arg(program).args(arguments);
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("KONTENA_") || SETTINGS.contains(&name.as_ref()) {
            command.env_remove(&variable);
        }
    }
    command.envs(environment.iter().copied());
    command
}

fn gather(source: Source, stream: impl Read + Send + 'static, lines: &Lines) {
    let lines = Arc::clone(lines);
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut bytes = Vec::new();
        while stream.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            lines.lock().unwrap_or_else(PoisonError::into_inner).push((source, line));
            bytes.clear();
        }
    });
}
