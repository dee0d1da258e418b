//! Commands in containers: what `service exec` and `container exec` share.

use std::io::{self, IsTerminal as _};

use crate::api::{Command, Sink, exec};
use crate::args::ExecMode;
use crate::failure::Failure;
use crate::output::Console;
use crate::session::Session;

struct Through<'a>(&'a Console);

impl Sink for Through<'_> {
    fn out(&mut self, chunk: &str) -> io::Result<()> {
        self.0.raw_out(chunk)
    }

    fn err(&mut self, chunk: &str) -> io::Result<()> {
        self.0.raw_err(chunk)
    }
}

/// A terminal is wanted where there is none: nothing needs to be asked to know.
pub(super) fn check(mode: &ExecMode) -> Result<(), Failure> {
    if mode.tty && !io::stdin().is_terminal() {
        return Err(Failure::said("the input device is not a TTY"));
    }
    Ok(())
}

/// Runs `words` in the container at `path`; a failure of the command is this program's.
pub(super) fn run(
    session: &Session<'_>,
    path: &str,
    words: &[String],
    mode: &ExecMode,
) -> Result<(), Failure> {
    let ExecMode { shell, interactive, tty } = *mode;
    let command = Command { words, shell, interactive, tty };
    let mut sink = Through(session.console);
    match exec(session.client()?, &session.environment, path, command, &mut sink)? {
        0 => Ok(()),
        code => Err(Failure::Exit(code)),
    }
}
