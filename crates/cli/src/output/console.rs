//! The two output streams: who writes where, and whether in colour.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::ink::{Clean, Ink, Mark, Palette, clean};
use super::prompt::end_of_echo;
use super::spinner::Stage;
use super::terminal::restore;
use crate::args::{ColorChoice, ProgressForm};
use crate::config::Environment;

/// How the terminal is used; decided once at the start.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Setup {
    /// Colours on standard output.
    pub(crate) out: Palette,
    /// Colours on standard error.
    pub(crate) err: Palette,
    /// Symbols beyond ASCII.
    pub(crate) utf8: bool,
    /// Menus are lists of numbers.
    pub(crate) simple: bool,
    /// A user can be asked.
    pub(crate) interactive: bool,
    /// Standard output is a terminal.
    pub(crate) terminal: bool,
    /// Spinners move.
    pub(crate) animated: bool,
    /// What is asked for by `--progress`.
    pub(crate) progress: ProgressForm,
}

impl Setup {
    /// Looks at the streams and the environment.
    pub(crate) fn detect(
        environment: &Environment,
        progress: ProgressForm,
        color: ColorChoice,
    ) -> Self {
        let terminal = io::stdout().is_terminal();
        let dumb = environment.get("TERM") == Some("dumb");
        Self {
            out: Palette { on: is_coloured(environment, color, terminal) },
            err: Palette { on: is_coloured(environment, color, io::stderr().is_terminal()) },
            utf8: environment.is_utf8(),
            simple: dumb || environment.is_set("KONTENA_SIMPLE_TERM"),
            interactive: terminal && io::stdin().is_terminal(),
            terminal,
            animated: terminal && !dumb && progress == ProgressForm::Auto,
            progress,
        }
    }
}

/// The flag wins over the environment, a variable that forbids over one that forces.
fn is_coloured(environment: &Environment, color: ColorChoice, terminal: bool) -> bool {
    match color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let plain = environment.is_set("KONTENA_SIMPLE_TERM")
                || environment.get("NO_COLOR").is_some()
                || environment.get("TERM") == Some("dumb");
            let forced = environment.get("CLICOLOR_FORCE").is_some_and(|value| value != "0");
            !plain && (terminal || forced)
        }
    }
}

/// How many hundredths of a second a signal waits for what is being written.
const PATIENCE: u32 = 20;

/// Standard output and standard error.
#[derive(Debug)]
pub(crate) struct Console {
    pub(super) setup: Setup,
    stage: Arc<Mutex<Stage>>,
    /// What is written while someone wants to look at it first.
    held: RefCell<Option<String>>,
}

impl Console {
    /// Opens the console.
    pub(crate) fn new(setup: Setup) -> Self {
        let stage = Arc::new(Mutex::new(Stage::default()));
        Self { setup, stage, held: RefCell::new(None) }
    }

    /// Returns the spinner's place, for its thread and for signals.
    pub(super) fn stage(&self) -> Arc<Mutex<Stage>> {
        Arc::clone(&self.stage)
    }

    /// Returns what to do where a signal ends the program: the terminal is as it was before, and a running step has
    /// failed.
    pub(crate) fn farewell(&self) -> impl Fn() + Send + 'static + use<> {
        let stage = self.stage();
        move || {
            restore();
            let end = end_of_echo();
            if !end.is_empty() {
                let mut out = io::stdout();
                let _ = write!(out, "{end}").and_then(|()| out.flush());
            }
            // Whoever holds the stage may be waiting for a reader that will never come.
            for _ in 0..PATIENCE {
                if let Ok(mut stage) = stage.try_lock() {
                    return stage.interrupt();
                }
                thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// Writes a line to standard output.
    pub(crate) fn line(&self, text: impl Display) -> io::Result<()> {
        self.text(&format!("{text}\n"))
    }

    /// Writes whole lines to standard output; control characters in them are escaped.
    pub(crate) fn text(&self, text: &str) -> io::Result<()> {
        self.verbatim(&clean(text, self.setup.out, Clean::Lines))
    }

    /// Writes whole lines to standard output as they are.
    pub(crate) fn verbatim(&self, text: &str) -> io::Result<()> {
        if let Some(held) = self.held.borrow_mut().as_mut() {
            held.push_str(text);
            return Ok(());
        }
        let mut stage = lock(&self.stage);
        let mut out = io::stdout().lock();
        stage.clear(&mut out)?;
        out.write_all(text.as_bytes())?;
        stage.redraw(&mut out)
    }

    /// Writes a piece of somebody else's output as it is.
    pub(crate) fn raw_out(&self, piece: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(piece.as_bytes())?;
        out.flush()
    }

    /// Writes a piece of somebody else's standard error as it is.
    pub(crate) fn raw_err(&self, piece: &str) -> io::Result<()> {
        io::stderr().write_all(piece.as_bytes())
    }

    /// Writes a whole page; on a terminal it takes the place of what was there.
    pub(crate) fn page(&self, text: &str) -> io::Result<()> {
        if self.setup.terminal {
            let text = clean(text, self.setup.out, Clean::Lines);
            self.verbatim(&format!("\u{1b}[H\u{1b}[2J{text}"))
        } else {
            self.text(text)
        }
    }

    /// Returns what `work` writes to standard output instead of writing it; steps are not shown.
    pub(crate) fn hold<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<String, E> {
        *self.held.borrow_mut() = Some(String::new());
        let outcome = work();
        let held = self.held.take().unwrap_or_default();
        outcome.map(|_| held)
    }

    /// Tells whether what is written is held back.
    pub(super) fn is_holding(&self) -> bool {
        self.held.borrow().is_some()
    }

    /// Escapes control characters in a part of a line for standard output.
    pub(crate) fn clean(&self, text: &str) -> String {
        clean(text, self.setup.out, Clean::Cell).into_owned()
    }

    /// Writes a line to standard error, control characters escaped. If that fails there is nobody left to tell.
    pub(crate) fn note(&self, text: impl Display) {
        let text = text.to_string();
        let text = clean(&text, self.setup.err, Clean::Lines);
        let mut stage = lock(&self.stage);
        let mut out = io::stdout().lock();
        let _ = stage.clear(&mut out).and_then(|()| out.flush());
        let _ = writeln!(io::stderr(), "{text}");
        let _ = stage.redraw(&mut out);
    }

    /// Writes ` [warn] text` to standard error.
    pub(crate) fn warn(&self, text: impl Display) {
        self.note(format!(" [{}] {text}", self.setup.err.paint(Ink::Yellow, "warn")));
    }

    /// Writes ` [error] text` to standard error.
    pub(crate) fn error(&self, text: impl Display) {
        self.note(format!(" [{}] {text}", self.setup.err.paint(Ink::Red, "error")));
    }

    /// Colours a text for standard output.
    pub(crate) fn paint(&self, ink: Ink, text: impl Display) -> String {
        self.setup.out.paint(ink, text)
    }

    /// Colours a text for standard error.
    pub(crate) fn paint_note(&self, ink: Ink, text: impl Display) -> String {
        self.setup.err.paint(ink, text)
    }

    /// Returns a symbol in its usual colour.
    pub(crate) fn mark(&self, mark: Mark) -> String {
        self.mark_in(mark, mark.ink())
    }

    /// Returns a symbol in a colour of the place.
    pub(crate) fn mark_in(&self, mark: Mark, ink: Ink) -> String {
        self.paint(ink, mark.symbol(self.setup.utf8))
    }

    /// Returns a symbol without colour.
    pub(crate) fn plain_mark(&self, mark: Mark) -> char {
        mark.symbol(self.setup.utf8)
    }

    /// Returns the colours of standard output.
    pub(crate) fn palette(&self) -> Palette {
        self.setup.out
    }

    /// Tells whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.setup.terminal
    }

    /// Writes out what is still buffered.
    pub(crate) fn finish(&self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// A panic elsewhere does not stop the last lines from being written.
pub(super) fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_variables_and_refusals_over_force() {
        let coloured = |values: &[(&str, &str)], color, terminal| {
            is_coloured(&Environment::of(values), color, terminal)
        };
        let auto = ColorChoice::Auto;
        assert!(coloured(&[], auto, true) && !coloured(&[], auto, false));
        assert!(coloured(&[("CLICOLOR_FORCE", "1")], auto, false));
        assert!(!coloured(&[("CLICOLOR_FORCE", "0")], auto, false));
        assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], auto, true));
        assert!(!coloured(&[("TERM", "dumb")], auto, true));
        assert!(!coloured(&[("KONTENA_SIMPLE_TERM", "")], auto, true));
        assert!(coloured(&[("NO_COLOR", "1")], ColorChoice::Always, false));
        assert!(!coloured(&[("CLICOLOR_FORCE", "1")], ColorChoice::Never, true));
    }
}
