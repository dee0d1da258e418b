//! The `kontena` command line.
//!
//! ```text
//! args        words -> command, help, usage errors
//! session     what a command works with: console, configuration, master, grid
//! commands    one file per command: check, ask, call, print
//! api         requests to the master and its answers
//! config      file, environment, flags, and who wins
//! output      tables, colours, spinners, prompts, times and sizes
//! watch       a list or show, again and again
//! suggest     what was probably meant, after a 404
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
mod suggest;
mod watch;

use args::{
    ColorChoice, Command, Global, Invocation, Parsed, ProgressForm, Run, UsageError, parse,
};
use config::Environment;
use failure::{Failure, usage_document};
use output::{Console, Setup};
use session::Session;

/// Runs the command line and returns the exit code; the first word is the program's name.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let environment = Environment::from_process();
    let Parsed { invocation, color, json } = parse(words, &environment);
    let ending = Ending { json, distinct: environment.get("KONTENA_EXIT_CODES") == Some("1") };
    let open = || Console::new(Setup::detect(&environment, ProgressForm::Auto, color));
    match invocation {
        Invocation::Run(run) => run_command(environment, &run, ending),
        Invocation::Print(text) => {
            let console = open();
            let written = console.text(&text).and_then(|()| console.finish());
            ending.conclude(&console, "kontena", written.map_err(Failure::from))
        }
        Invocation::Misused(error) => {
            ending.misused(&open(), &error);
            ExitCode::from(2)
        }
        Invocation::Moved(lines) => {
            let failure = Failure::said(lines.join("\n         "));
            ending.conclude(&open(), "kontena", Err(failure))
        }
    }
}

fn run_command(environment: Environment, run: &Run, ending: Ending) -> ExitCode {
    let global: &Global = &run.cli.global;
    let color = if global.no_color { ColorChoice::Never } else { global.color };
    // Programs get data on standard output and nothing else.
    let progress = if ending.json { ProgressForm::None } else { global.progress };
    let console = Console::new(Setup::detect(&environment, progress, color));
    // Words between two presses of TAB are no place for errors.
    let completing = matches!(run.cli.command, Some(Command::Complete(_)));
    make_interruptible(&console);
    match Session::open(environment, &console, global) {
        Ok(session) => {
            let outcome = match run.watched {
                Some(watched) => watch::run(&session, run, watched),
                None => commands::run(&session, &run.cli),
            };
            let outcome = outcome.and_then(|()| Ok(console.finish()?));
            let outcome = outcome.map_err(|failure| suggest::names(&session, failure));
            let code = ending.conclude(&console, &run.path, outcome);
            if !ending.json && !completing {
                session.warn_about_unsaved();
                session.warn_about_version();
            }
            code
        }
        Err(_) if completing => ExitCode::SUCCESS,
        Err(failure) => ending.conclude(&console, &run.path, Err(failure)),
    }
}

/// On Ctrl-C, and where it is told to end or its terminal goes, a running step says that it failed, the terminal is
/// left as it was, and the program ends with 130.
fn make_interruptible(console: &Console) {
    let farewell = console.farewell();
    // Without a handler the signal ends the program too, only with less said.
    let _ = ctrlc::set_handler(move || {
        farewell();
        std::process::exit(130);
    });
}

/// How the end of a run is told.
#[derive(Debug, Clone, Copy)]
struct Ending {
    /// Errors are a line of JSON.
    json: bool,
    /// Sorts of failures have exit codes of their own.
    distinct: bool,
}

impl Ending {
    /// Says how it ended.
    fn conclude(self, console: &Console, path: &str, outcome: Result<(), Failure>) -> ExitCode {
        let Err(failure) = outcome else {
            return ExitCode::SUCCESS;
        };
        match &failure {
            Failure::Aborted | Failure::Exit(_) => {}
            Failure::Output(error) if error.kind() == ErrorKind::BrokenPipe => {}
            other if self.json => {
                if let Some(document) = other.document() {
                    console.note(document);
                }
            }
            Failure::Bare(text) => console.note(text),
            Failure::Usage(text) => console.note(UsageError::new(text.clone(), path)),
            Failure::Http(_)
            | Failure::Said(_)
            | Failure::Known(..)
            | Failure::Hinted(..)
            | Failure::Output(_) => console.error(&failure),
        }
        ExitCode::from(failure.exit_code(self.distinct))
    }

    fn misused(self, console: &Console, error: &UsageError) {
        if self.json {
            console.note(usage_document(error.message(), error.hint()));
        } else {
            console.note(error);
        }
    }
}
