//! Programs around the system tests: Docker engines, a Postgres cluster, our own binaries.
//!
//! - [`dockerd::Dockerd`]: an engine in namespaces of its own.
//! - [`postgres::Postgres`]: a database cluster of its own.
//! - [`program::Program`]: a process whose output can be waited for.
//!
//! Everything lives in a temporary folder, ends with its handle, and ends with the test process even
//! where that is killed: the kernel's parent-death signal sees to it. That signal belongs to the
//! *thread* that started the process, so start things on the test's own thread, not on one that ends
//! before the test does.
//!
//! Waiting is always for a condition with a limit. What does not come true ends the test with a text
//! that says what was waited for and what the program wrote last.

#![allow(dead_code, reason = "no single test needs everything")]

mod dockerd;
mod postgres;
mod program;

use std::{
    io,
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

pub(crate) use dockerd::Dockerd;
pub(crate) use postgres::Postgres;
pub(crate) use program::Program;

/// The pause between two looks at a condition.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Waits until `look` returns something, at most for `limit`; the error says what never happened.
#[expect(clippy::disallowed_methods, reason = "real programs run on real time")]
fn wait_until<T>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> io::Result<Option<T>>,
) -> io::Result<T> {
    let give_up_at = Instant::now() + limit;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() >= give_up_at {
            let text = format!("waited {:.1}s in vain: {what}", limit.as_secs_f64());
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// Runs a command to its end and returns its standard output; the error has its standard error.
fn run(command: &mut Command) -> io::Result<String> {
    let Output { status, stdout, stderr } = command.output()?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&stderr);
    let program = command.get_program().display();
    Err(io::Error::other(format!("{program}: {status}: {said}")))
}

/// Sends a signal, such as `TERM`; a process that is gone already is no error.
fn signal(pid: u32, name: &str) {
    let mut kill = Command::new("kill");
    kill.args([format!("-{name}"), pid.to_string()]);
    // All it could say is that the process is gone.
    let _ = kill.output();
}

/// Makes a command that is killed with the thread that starts it.
fn bound_to_this_thread(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", program]);
    command
}

/// Ends the test where `outcome` is a failure.
#[track_caller]
fn must<T>(outcome: io::Result<T>) -> T {
    match outcome {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
