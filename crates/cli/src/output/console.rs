//! The two output streams: who writes where, and whether in colour.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ink::{Ink, Mark, Palette};
use super::spinner::Stage;
use crate::args::ProgressForm;
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
    /// A user can be asked.
    pub(crate) interactive: bool,
    /// Standard output is a terminal.
    pub(crate) screen: bool,
    /// Spinners move.
    pub(crate) animated: bool,
    /// What is asked for by `--progress`.
    pub(crate) progress: ProgressForm,
}

impl Setup {
    /// Looks at the streams and the environment.
    pub(crate) fn detect(environment: &Environment, progress: ProgressForm) -> Self {
        let out = io::stdout().is_terminal();
        let plain = environment.is_set("KONTENA_SIMPLE_TERM")
            || environment.get("NO_COLOR").is_some()
            || environment.get("TERM") == Some("dumb");
        Self {
            out: Palette { on: out && !plain },
            err: Palette { on: io::stderr().is_terminal() && !plain },
            utf8: environment.is_utf8(),
            screen: out,
            interactive: out && io::stdin().is_terminal(),
            animated: out && progress == ProgressForm::Auto,
            progress,
        }
    }
}

/// Standard output and standard error.
#[derive(Debug)]
pub(crate) struct Console {
    pub(super) setup: Setup,
    stage: Arc<Mutex<Stage>>,
}

impl Console {
    /// Opens the console.
    pub(crate) fn new(setup: Setup) -> Self {
        Self { setup, stage: Arc::new(Mutex::new(Stage::default())) }
    }

    /// Returns the spinner's place, for its thread and for Ctrl-C.
    pub(crate) fn stage(&self) -> Arc<Mutex<Stage>> {
        Arc::clone(&self.stage)
    }

    /// Writes a line to standard output.
    pub(crate) fn line(&self, text: impl Display) -> io::Result<()> {
        self.text(&format!("{text}\n"))
    }

    /// Writes whole lines to standard output.
    pub(crate) fn text(&self, text: &str) -> io::Result<()> {
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

    /// Tells whether standard output is a terminal.
    pub(crate) fn is_screen(&self) -> bool {
        self.setup.screen
    }

    /// Tells whether there is somebody to ask.
    pub(crate) fn is_interactive(&self) -> bool {
        self.setup.interactive
    }

    /// Writes a whole page; on a terminal it takes the place of what was there.
    pub(crate) fn page(&self, text: &str) -> io::Result<()> {
        if self.setup.screen {
            self.text(&format!("\u{1b}[H\u{1b}[2J{text}"))
        } else {
            self.text(text)
        }
    }

    /// Writes a line to standard error. If that fails there is nobody left to tell.
    pub(crate) fn note(&self, text: impl Display) {
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

    /// Writes out what is still buffered.
    pub(crate) fn finish(&self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// A panic elsewhere does not stop the last lines from being written.
pub(super) fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}
