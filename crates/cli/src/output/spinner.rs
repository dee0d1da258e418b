//! Progress of one step: an animated line on a terminal, its final line everywhere.
//!
//! ```text
//!     *   Creating core-03 node  .. |        while it runs, on a terminal
//!       ⊙ 1 core-02 deploying                lines below it, where there is more to say
//!  [done] Creating core-03 node              at the end; five spaces cover the animation
//! ```

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::console::{Console, lock};
use super::ink::{Clean, END, Ink, Palette, clean, width};
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
    /// Lines under the moving one.
    below: Vec<String>,
    /// What to say on standard error when the step is interrupted.
    farewell: Option<String>,
    animated: bool,
    frame: usize,
    /// Cells on the terminal that the next drawing must cover.
    drawn: usize,
    /// Lines on the terminal under the moving one.
    drawn_below: usize,
    palette: Palette,
    form: ProgressForm,
}

impl Stage {
    /// Removes the moving line, so that something can be written in its place.
    pub(super) fn clear(&mut self, out: &mut impl Write) -> io::Result<()> {
        match &mut self.step {
            Some(step) if step.animated && step.drawn > 0 => {
                step.wipe_below(out)?;
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
        let (columns, rows) = size();
        let line = step.moving_line(columns);
        let cells = width(&line);
        let cover = step.drawn.saturating_sub(cells);
        step.wipe_below(out)?;
        write!(out, "\r{line}{:1$}", "", cover)?;
        step.drawn = cells + cover;
        step.draw_below(out, columns, rows)?;
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
    pub(super) fn interrupt(&mut self) {
        if let Some(step) = &mut self.step {
            // The terminal has written `^C` behind the moving line.
            step.drawn += 2;
            let farewell = step.farewell.take();
            let _ = self.end(&mut io::stdout().lock(), false);
            if let Some(farewell) = farewell {
                let _ = writeln!(io::stderr(), "{farewell}");
            }
        }
    }
}

impl Step {
    /// Removes the lines below the moving one and goes back to it.
    fn wipe_below(&mut self, out: &mut impl Write) -> io::Result<()> {
        match std::mem::take(&mut self.drawn_below) {
            0 => Ok(()),
            lines => write!(out, "\r\u{1b}[{lines}A\r\u{1b}[J"),
        }
    }

    /// Draws the lines below, as many as leave the moving one on the terminal.
    fn draw_below(&mut self, out: &mut impl Write, columns: usize, rows: usize) -> io::Result<()> {
        let room = rows.saturating_sub(3);
        let shown = if self.below.len() > room { room.saturating_sub(1) } else { room };
        for line in self.below.iter().take(shown) {
            write!(out, "\n\r{}", cut(line, columns.saturating_sub(3)))?;
            self.drawn_below += 1;
        }
        let more = self.below.len().saturating_sub(shown);
        if more > 0 && room > 0 {
            write!(out, "\n\r      and {more} more")?;
            self.drawn_below += 1;
        }
        Ok(())
    }

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

    fn end(mut self, out: &mut impl Write, well: bool) -> io::Result<()> {
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
            self.wipe_below(out)?;
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

/// Columns and rows of the terminal.
fn size() -> (usize, usize) {
    let size = terminal_size::terminal_size();
    size.map_or((80, 24), |(width, height)| (usize::from(width.0), usize::from(height.0)))
}

/// Shortens a text, which may be coloured, to `cells`.
fn cut(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut inside = false;
    for letter in text.chars() {
        inside |= letter == '\u{1b}';
        if !inside && width(&shown) + 3 >= cells {
            break;
        }
        shown.push(letter);
        inside &= !letter.is_ascii_alphabetic();
    }
    format!("{shown}...{}", if text.contains('\u{1b}') { END } else { "" })
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
            step.detail = clean(&detail, step.palette, Clean::Cell).into_owned();
        }
    }

    /// Shows lines below the message while the step runs, on a terminal only.
    pub(crate) fn below(&self, lines: Vec<String>) {
        if let Some(step) = &mut lock(&self.stage).step {
            let lines =
                lines.iter().map(|line| clean(line, step.palette, Clean::Cell).into_owned());
            step.below = lines.collect();
        }
    }

    /// Says this on standard error if the step is interrupted.
    pub(crate) fn farewell(&self, text: String) {
        if let Some(step) = &mut lock(&self.stage).step {
            step.farewell = Some(text);
        }
    }

    /// Tells whether details are shown at all.
    pub(crate) fn is_watched(&self) -> bool {
        lock(&self.stage).step.as_ref().is_some_and(|step| step.animated)
    }
}

impl Console {
    /// Shows `message` while `work` runs, then how it ended.
    pub(crate) fn step<T>(
        &self,
        message: String,
        work: impl FnOnce(&Progress) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.show(message, self.setup.animated, work)
    }

    /// Says how `work` ended, without a moving line: it writes to the terminal itself.
    pub(crate) fn step_still<T>(
        &self,
        message: String,
        work: impl FnOnce(&Progress) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.show(message, false, work)
    }

    fn show<T>(
        &self,
        message: String,
        animated: bool,
        work: impl FnOnce(&Progress) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.is_holding() {
            return work(&Progress { stage: self.stage() });
        }
        let ticker = self.begin(message, animated)?;
        let outcome = work(&Progress { stage: self.stage() });
        drop(ticker);
        lock(&self.stage()).end(&mut io::stdout().lock(), outcome.is_ok())?;
        outcome
    }

    fn begin(&self, message: String, animated: bool) -> io::Result<Option<Ticker>> {
        let form = self.setup.progress;
        let stage = self.stage();
        // Everywhere the stage is locked before standard output.
        let mut place = lock(&stage);
        let mut out = io::stdout().lock();
        if form == ProgressForm::Plain {
            writeln!(out, "* {message}.. ")?;
        }
        let palette = self.palette();
        let step = Step {
            message,
            detail: String::new(),
            below: Vec::new(),
            farewell: None,
            animated,
            frame: 0,
            drawn: 0,
            drawn_below: 0,
            palette,
            form,
        };
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
            below: Vec::new(),
            farewell: None,
            animated,
            frame: 1,
            drawn: 0,
            drawn_below: 0,
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

    #[test]
    fn lines_below_are_wiped_and_never_push_the_moving_line_away() {
        let mut step = step(true, ProgressForm::Auto);
        step.below = (1..=9).map(|number| format!("line {number}")).collect();
        let mut out = Vec::new();
        step.draw_below(&mut out, 80, 6).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\n\rline 1\n\rline 2\n\r      and 7 more");
        assert_eq!(step.drawn_below, 3);
        assert!(end(step, true).starts_with("\r\u{1b}[3A\r\u{1b}[J\r [done]"));
    }

    #[test]
    fn a_coloured_line_is_cut_by_its_cells() {
        let line = format!("{}abcdef{END} and more", Ink::Red.start());
        assert_eq!(width(&cut(&line, 8)), 8);
        assert!(cut(&line, 8).ends_with(END));
        assert_eq!(cut("short", 8), "short");
        assert_eq!(cut("much too long", 8), "much ...");
    }
}
