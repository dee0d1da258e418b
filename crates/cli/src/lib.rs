//! The `kontena` command line.
//!
//! ```text
//! args        words -> command, help, usage errors
//! session     what a command works with: console, configuration, master, grid
//! commands    one file per command: check, ask, call, print
//! api         requests to the master and its answers
//! config      file, environment, flags, and who wins
//! output      tables, colours, spinners, prompts, times and sizes
//! failure     what can go wrong, and the exit code
//! clock, log  the time; the log of requests
//! ```
//!
//! Read `args/mod.rs` for what there is, then any file of `commands`. What a user sees is fixed by the
//! contract of the command line: texts, columns and exit codes are interfaces here.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::ExitCode;

mod api;
mod args;
mod clock;
mod commands;
mod config;
mod failure;
mod log;
mod output;
mod session;

use args::{Global, Invocation, ProgressForm, Run, UsageError, parse};
use config::Environment;
use failure::Failure;
use output::{Console, Setup};
use session::Session;

/// Runs the command line and returns the exit code; the first word is the program's name.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let environment = Environment::from_process();
    match parse(words) {
        Invocation::Run(run) => run_command(environment, &run),
        Invocation::Print(text) => {
            let console = open_console(&environment, ProgressForm::Auto);
            let written = console.text(&text).and_then(|()| console.finish());
            conclude(&console, "kontena", written.map_err(Failure::from))
        }
        Invocation::Misused(error) => {
            open_console(&environment, ProgressForm::Auto).note(error);
            ExitCode::from(2)
        }
        Invocation::Moved(lines) => {
            let console = open_console(&environment, ProgressForm::Auto);
            conclude(&console, "kontena", Err(Failure::said(lines.join("\n         "))))
        }
    }
}

fn open_console(environment: &Environment, progress: ProgressForm) -> Console {
    Console::new(Setup::detect(environment, progress))
}

fn run_command(environment: Environment, run: &Run) -> ExitCode {
    let global: &Global = &run.cli.global;
    let console = open_console(&environment, global.progress);
    make_interruptible(&console);
    match Session::open(environment, &console, global) {
        Ok(session) => {
            let outcome = commands::run(&session, &run.cli);
            let outcome = outcome.and_then(|()| Ok(console.finish()?));
            let code = conclude(&console, &run.path, outcome);
            session.warn_about_version();
            code
        }
        Err(failure) => conclude(&console, &run.path, Err(failure)),
    }
}

/// On Ctrl-C a running step says that it failed, and the program ends with 130.
fn make_interruptible(console: &Console) {
    let stage = console.stage();
    // Without a handler the signal ends the program too, only with less said.
    let _ = ctrlc::set_handler(move || {
        if let Ok(mut stage) = stage.lock() {
            stage.interrupt();
        }
        std::process::exit(130);
    });
}

/// Says how it ended.
fn conclude(console: &Console, path: &str, outcome: Result<(), Failure>) -> ExitCode {
    let Err(failure) = outcome else {
        return ExitCode::SUCCESS;
    };
    match &failure {
        Failure::Http(_) | Failure::Said(_) => console.error(&failure),
        Failure::Bare(text) => console.note(text),
        Failure::Usage(text) => console.note(UsageError::new(text.clone(), path)),
        Failure::Aborted | Failure::Exit(_) => {}
        Failure::Output(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Failure::Output(_) => console.error(&failure),
    }
    ExitCode::from(failure.exit_code())
}
