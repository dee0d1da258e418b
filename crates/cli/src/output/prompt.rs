//! Questions to the user.
//!
//! Nobody is asked where standard input or output is no terminal: the command then needs `--force`.

use std::io::{self, BufRead as _, Read as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use super::console::Console;
use super::ink::{END, Ink, width};
use super::terminal::Raw;
use crate::failure::{Failure, force_required};

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const BACKSPACE: u8 = 8;
const DELETE: u8 = 127;

/// The question of commands that destroy something and have no better one.
pub(crate) const DESTRUCTIVE: &str = "Destructive command. You can skip this prompt by running this \
                                      command with --force option. Are you sure?";

/// What the user types is being coloured, which nobody ends where a signal does.
static ECHO_IS_COLOURED: AtomicBool = AtomicBool::new(false);

/// Returns what ends the colour of an answer that will not come.
pub(super) fn end_of_echo() -> &'static str {
    if ECHO_IS_COLOURED.load(Ordering::SeqCst) { END } else { "" }
}

impl Console {
    /// Goes on only when the user types `name`.
    pub(crate) fn confirm_name(&self, name: &str, force: bool) -> Result<(), Failure> {
        if force {
            return Ok(());
        }
        self.require_user()?;
        self.line(format!(
            "Destructive command. To proceed, type \"{name}\" \
             or re-run this command with --force option."
        ))?;
        if self.ask(&format!("Enter '{name}' to confirm:  "))? == name {
            return Ok(());
        }
        self.abort(&format!("Confirmation did not match {name}. Aborted command."))
    }

    /// Goes on only when the user says yes; no answer is no.
    pub(crate) fn confirm(&self, question: &str, force: bool) -> Result<(), Failure> {
        if force {
            return Ok(());
        }
        self.require_user()?;
        let answer = self.ask(&format!("{question} (y/N) "))?;
        let yes = matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes");
        let shown = format!("{question} (y/N) {answer}");
        self.rewrite(&shown, &format!("{question} {}", if yes { "Yes" } else { "no" }))?;
        if yes { Ok(()) } else { self.abort("Aborted command.") }
    }

    /// Asks for a line; the end of input is an empty one.
    pub(crate) fn ask(&self, question: &str) -> Result<String, Failure> {
        self.require_user()?;
        let mut out = io::stdout();
        let echo = if self.palette().on { Ink::Cyan.start() } else { String::new() };
        ECHO_IS_COLOURED.store(self.palette().on, Ordering::SeqCst);
        write!(out, "{} {question}{echo}", self.paint(Ink::Green, ">"))?;
        out.flush()?;
        let mut answer = Vec::new();
        // Bytes: what is no text is an answer too, and matches nothing.
        let read = io::stdin().lock().read_until(b'\n', &mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        if self.palette().on {
            write!(out, "{END}")?;
        }
        ECHO_IS_COLOURED.store(false, Ordering::SeqCst);
        if !answer.ends_with('\n') {
            writeln!(out)?;
        }
        out.flush()?;
        read.map_err(|error| Failure::said(format!("Cannot read the answer: {error}")))?;
        Ok(answer.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// Asks for a value; without a terminal it is all of standard input, its last line end left out.
    pub(crate) fn value(&self, question: &str) -> Result<String, Failure> {
        self.read_value(|| self.ask(&format!("{question} ")))
    }

    /// As [`Console::value`], for what nobody shall read from the screen.
    pub(crate) fn secret_value(&self, question: &str) -> Result<String, Failure> {
        self.read_value(|| self.ask_secret(question))
    }

    fn read_value(&self, ask: impl FnOnce() -> Result<String, Failure>) -> Result<String, Failure> {
        let value = if self.setup.interactive {
            ask()?
        } else {
            let mut text = String::new();
            let read = io::stdin().read_to_string(&mut text);
            read.map_err(|error| Failure::said(format!("Cannot read standard input: {error}")))?;
            text.strip_suffix('\n').unwrap_or(&text).to_owned()
        };
        if value.is_empty() { Err(Failure::said("Missing input")) } else { Ok(value) }
    }

    /// Asks for a line; each letter is shown as a dot.
    fn ask_secret(&self, question: &str) -> Result<String, Failure> {
        let dot = if self.setup.utf8 { '•' } else { '*' };
        let question = format!("{} {question} ", self.paint(Ink::Green, ">"));
        let typed = type_unseen(&question, dot);
        writeln!(io::stdout())?;
        match typed {
            Ok(Some(answer)) => Ok(answer),
            // Ctrl-C is a keystroke like any other on a raw terminal.
            Ok(None) => Err(Failure::Exit(130)),
            Err(error) => Err(Failure::said(format!("Cannot read the answer: {error}"))),
        }
    }

    /// Fails where nobody can be asked.
    pub(crate) fn require_user(&self) -> Result<(), Failure> {
        if self.setup.interactive { Ok(()) } else { Err(force_required()) }
    }

    fn abort(&self, text: &str) -> Result<(), Failure> {
        self.line(self.paint(Ink::Red, text))?;
        Err(Failure::Aborted)
    }

    /// Replaces a question that has been answered, over as many lines as it took.
    fn rewrite(&self, old: &str, new: &str) -> io::Result<()> {
        let columns = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
        let rows = (width(old) + 2).div_ceil(columns.max(1));
        let mut out = io::stdout().lock();
        writeln!(out, "\u{1b}[{rows}A\r\u{1b}[J{} {new}", self.paint(Ink::Green, ">"))?;
        out.flush()
    }
}

/// Reads a line from the terminal without showing it; nothing where the user has had enough.
fn type_unseen(question: &str, dot: char) -> io::Result<Option<String>> {
    // Before the question is there, lest an answer that comes at once be shown.
    let raw = Raw::enter()?;
    let mut out = io::stdout();
    write!(out, "{question}")?;
    out.flush()?;
    let mut typed: Vec<u8> = Vec::new();
    let mut finished = Some(());
    for byte in io::stdin().lock().bytes() {
        match byte? {
            b'\r' | b'\n' => break,
            CTRL_C => {
                finished = None;
                break;
            }
            CTRL_D if typed.is_empty() => break,
            BACKSPACE | DELETE => {
                let was = typed.len();
                while typed.pop().is_some_and(is_inside_letter) {}
                if typed.len() < was {
                    write!(out, "\u{8} \u{8}")?;
                }
            }
            other => {
                typed.push(other);
                if !is_inside_letter(other) {
                    write!(out, "{dot}")?;
                }
            }
        }
        out.flush()?;
    }
    drop(raw);
    Ok(finished.map(|()| String::from_utf8_lossy(&typed).into_owned()))
}

/// Tells whether a byte goes on with a letter that began before it.
fn is_inside_letter(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}
