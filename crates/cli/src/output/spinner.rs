//! Progress of one step: an animated line on a terminal, its final line everywhere.
//!
//! ```text
//!     *   Creating core-03 node  .. |        while it runs, on a terminal
//!  [done] Creating core-03 node              at the end; five spaces cover the animation
//! ```

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::console::{Console, lock};
use super::ink::{Ink, Palette, width};
use crate::args::ProgressForm;
use crate::failure::Failure;

const FRAMES: [char; 4] = ['\\', '|', '/', '-'];
const FRAME: Duration = Duration::from_millis(100);

/// The place where the current step is shown.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    step: Option<Step>,
}

#[derive(Debug)]
struct Step {
    message: String,
    detail: String,
    animated: bool,
    frame: usize,
    /// Cells on the terminal that the next drawing must cover.
    drawn: usize,
    palette: Palette,
    form: ProgressForm,
}

impl Stage {
    /// Removes the moving line, so that something can be written in its place.
    pub(super) fn clear(&mut self, out: &mut impl Write) -> io::Result<()> {
        match &mut self.step {
            Some(step) if step.animated && step.drawn > 0 => {
                write!(out, "\r{:1$}\r", "", std::mem::take(&mut step.drawn))
            }
            _ => Ok(()),
        }
    }

    /// Draws the moving line.
    pub(super) fn redraw(&mut self, out: &mut impl Write) -> io::Result<()> {
        let Some(step) = self.step.as_mut().filter(|step| step.animated) else {
            return Ok(());
        };
        let line = step.moving_line(columns());
        let cells = width(&line);
        let cover = step.drawn.saturating_sub(cells);
        write!(out, "\r{line}{:1$}", "", cover)?;
        step.drawn = cells + cover;
        out.flush()
    }

    fn tick(&mut self, out: &mut impl Write) -> io::Result<()> {
        if let Some(step) = &mut self.step {
            step.frame += 1;
        }
        self.redraw(out)
    }

    fn end(&mut self, out: &mut impl Write, well: bool) -> io::Result<()> {
        let Some(step) = self.step.take() else {
            return Ok(());
        };
        step.end(out, well)
    }

    /// Says that the current step was interrupted.
    pub(crate) fn interrupt(&mut self) {
        if let Some(step) = &mut self.step {
            // The terminal has written `^C` behind the moving line.
            step.drawn += 2;
            let _ = self.end(&mut io::stdout().lock(), false);
        }
    }
}

impl Step {
    fn moving_line(&self, columns: usize) -> String {
        let frame = FRAMES.get(self.frame % FRAMES.len()).copied().unwrap_or(' ');
        let head = format!("    *   {} ", self.message);
        // Two cells stay free for the `^C` of an interruption.
        let room = columns.saturating_sub(width(&head) + 3);
        if self.detail.is_empty() || room < 8 {
            return format!("{head}.. {frame}");
        }
        let mut detail = self.detail.clone();
        if width(&detail) > room {
            detail = detail.chars().take(room.saturating_sub(3)).collect();
            detail.push_str("...");
        }
        format!("{}{detail}", head.replacen("    *  ", &format!("    {frame}  "), 1))
    }

    fn end(self, out: &mut impl Write, well: bool) -> io::Result<()> {
        let (word, ink) = if well { ("done", Ink::Green) } else { ("fail", Ink::Red) };
        if self.form == ProgressForm::None {
            return Ok(());
        }
        if self.form == ProgressForm::Plain {
            writeln!(out, "* {}.. {word}", self.message)?;
            return out.flush();
        }
        let line = format!(" [{}] {}     ", self.palette.paint(ink, word), self.message);
        if self.animated {
            // Only a line longer than the usual one leaves something to wipe.
            let usual = width(&line);
            if self.drawn > usual {
                write!(out, "\r{:1$}", "", self.drawn)?;
            }
            write!(out, "\r")?;
        }
        writeln!(out, "{line}")?;
        out.flush()
    }
}

fn columns() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0))
}

/// A running step, to say more about it.
#[derive(Debug)]
pub(crate) struct Progress {
    stage: Arc<Mutex<Stage>>,
}

impl Progress {
    /// Shows `detail` behind the message while the step runs, on a terminal only.
    pub(crate) fn detail(&self, detail: String) {
        if let Some(step) = &mut lock(&self.stage).step {
            step.detail = detail;
        }
    }
}

impl Console {
    /// Shows `message` while `work` runs, then how it ended.
    pub(crate) fn step<T>(
        &self,
        message: String,
        work: impl FnOnce(&Progress) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.is_holding() {
            return work(&Progress { stage: self.stage() });
        }
        let ticker = self.begin(message)?;
        let outcome = work(&Progress { stage: self.stage() });
        drop(ticker);
        lock(&self.stage()).end(&mut io::stdout().lock(), outcome.is_ok())?;
        outcome
    }

    fn begin(&self, message: String) -> io::Result<Option<Ticker>> {
        let animated = self.setup.animated;
        let form = self.setup.progress;
        let stage = self.stage();
        // Everywhere the stage is locked before standard output.
        let mut place = lock(&stage);
        let mut out = io::stdout().lock();
        if form == ProgressForm::Plain {
            writeln!(out, "* {message}.. ")?;
        }
        let palette = self.palette();
        let step =
            Step { message, detail: String::new(), animated, frame: 0, drawn: 0, palette, form };
        place.step = Some(step);
        place.redraw(&mut out)?;
        drop((place, out));
        Ok(animated.then(|| Ticker::start(stage)))
    }
}

/// Moves the line until it is dropped.
struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Ticker {
    fn start(stage: Arc<Mutex<Stage>>) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            while stopped.recv_timeout(FRAME) == Err(RecvTimeoutError::Timeout) {
                if lock(&stage).tick(&mut io::stdout().lock()).is_err() {
                    break;
                }
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(animated: bool, form: ProgressForm) -> Step {
        Step {
            message: "Creating x node ".into(),
            detail: String::new(),
            animated,
            frame: 1,
            drawn: 0,
            palette: Palette::default(),
            form,
        }
    }

    fn end(step: Step, well: bool) -> String {
        let mut out = Vec::new();
        step.end(&mut out, well).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_final_line_has_six_blanks() {
        assert_eq!(end(step(false, ProgressForm::Auto), true), " [done] Creating x node      \n");
        assert_eq!(end(step(true, ProgressForm::Auto), false), "\r [fail] Creating x node      \n");
        assert_eq!(end(step(false, ProgressForm::Plain), true), "* Creating x node .. done\n");
        assert_eq!(end(step(false, ProgressForm::None), true), "");
    }

    #[test]
    fn the_moving_line_is_covered_exactly() {
        let step = step(true, ProgressForm::Auto);
        let moving = step.moving_line(80);
        assert_eq!(moving, "    *   Creating x node  .. |");
        assert_eq!(width(&moving), width(end(step, true).trim_matches(['\r', '\n'])));
    }

    #[test]
    fn a_detail_is_cut_at_the_edge_and_wiped_at_the_end() {
        let mut step = step(true, ProgressForm::Auto);
        step.detail = "1/3 [######------------] core-02 deploying (14s)".into();
        assert!(width(&step.moving_line(40)) < 40);
        step.drawn = 60;
        assert!(end(step, true).starts_with(&format!("\r{}\r [done]", " ".repeat(60))));
    }

    #[test]
    fn lines_written_meanwhile_replace_the_moving_one() {
        let mut stage = Stage { step: Some(step(true, ProgressForm::Auto)) };
        let mut out = Vec::new();
        stage.redraw(&mut out).unwrap();
        let drawn = out.len() - 1;
        stage.clear(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with(&format!("\r{}\r", " ".repeat(drawn))));
    }
}
