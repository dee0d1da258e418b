//! The user's terminal as a device: its size, raw mode, and standard input in pieces.

use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Read, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// Longest piece of standard input; a longer line is sent in several.
const PIECE: u64 = 16 * 1024;
/// Pieces that wait for a slow peer.
const WAITING: usize = 16;

/// The size of the terminal, as it was last told.
#[derive(Debug, Default)]
pub(crate) struct Window {
    told: Option<(u16, u16)>,
}

impl Window {
    /// Returns columns and rows if they are not what was returned last.
    pub(crate) fn changed(&mut self) -> Option<(u16, u16)> {
        let size = tcgetwinsize(io::stdout()).or_else(|_| tcgetwinsize(io::stdin())).ok()?;
        let size = (size.ws_col, size.ws_row);
        // A terminal that does not know its size says 0.
        let is_known = size.0 > 0 && size.1 > 0;
        (is_known && self.told != Some(size)).then(|| {
            self.told = Some(size);
            size
        })
    }
}

/// How the terminal was before it was made raw; a signal ends the program without unwinding.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Keeps the terminal raw, keystrokes going through as they are, until it is dropped.
#[derive(Debug)]
pub(crate) struct Raw(());

impl Raw {
    /// Makes the terminal of standard input raw.
    pub(crate) fn enter() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        // Kept first: from then on a signal may come at any time.
        *before_raw() = Some(before);
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(Self(()))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
    }
}

fn before_raw() -> MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the terminal as it was before it was made raw, if it is.
pub(crate) fn restore() {
    if let Some(before) = before_raw().take() {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}

/// Standard input, read aside and handed out piece by piece.
#[derive(Debug)]
pub(crate) struct Input {
    pieces: Option<Receiver<Option<String>>>,
    bell: UnixStream,
    // Kept open to the end: a bell whose other side is gone rings for ever.
    _clapper: UnixStream,
    _raw: Option<Raw>,
}

impl Input {
    /// Reads standard input: keystroke by keystroke from a raw terminal, line by line from anything else.
    pub(crate) fn start(raw: bool) -> io::Result<Self> {
        let raw = if raw { Some(Raw::enter()?) } else { None };
        let (bell, clapper) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        let (send, pieces) = mpsc::sync_channel(WAITING);
        let by_line = !io::stdin().is_terminal();
        let mut striker = clapper.try_clone()?;
        thread::spawn(move || pump(io::stdin(), by_line, &send, &mut striker));
        Ok(Self { pieces: Some(pieces), bell, _clapper: clapper, _raw: raw })
    }

    /// Has nothing to give.
    pub(crate) fn closed() -> io::Result<Self> {
        let (bell, clapper) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        Ok(Self { pieces: None, bell, _clapper: clapper, _raw: None })
    }

    /// Returns the next piece, `Some(None)` once at the end, nothing where none is there yet.
    pub(crate) fn take(&mut self) -> Option<Option<String>> {
        match self.pieces.as_ref()?.try_recv() {
            Ok(piece) => Some(piece),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.pieces = None;
                None
            }
        }
    }

    /// What can be read from when a piece is there.
    pub(crate) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// Makes the bell silent until the next piece.
    pub(crate) fn hush(&mut self) {
        let mut rings = [0; 64];
        while matches!(self.bell.read(&mut rings), Ok(1..)) {}
    }
}

fn pump(from: impl Read, by_line: bool, to: &SyncSender<Option<String>>, clapper: &mut UnixStream) {
    let mut from = BufReader::with_capacity(PIECE as usize, from);
    let mut pending = Vec::new();
    loop {
        let read = if by_line {
            from.by_ref().take(PIECE).read_until(b'\n', &mut pending)
        } else {
            match from.fill_buf() {
                Ok(buffer) => {
                    let length = buffer.len();
                    pending.extend_from_slice(buffer);
                    from.consume(length);
                    Ok(length)
                }
                Err(error) => Err(error),
            }
        };
        let at_end = match read {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => true,
        };
        let text = decode(&mut pending, at_end);
        if !text.is_empty() && !hand_over(to, Some(text), clapper) {
            return;
        }
        if at_end {
            hand_over(to, None, clapper);
            return;
        }
    }
}

fn hand_over(
    to: &SyncSender<Option<String>>,
    piece: Option<String>,
    clapper: &mut UnixStream,
) -> bool {
    to.send(piece).is_ok() && clapper.write_all(&[0]).is_ok()
}

/// Takes whole letters out of `pending`; the beginning of one that is cut stays until the rest comes.
/// What is no UTF-8 is replaced.
fn decode(pending: &mut Vec<u8>, at_end: bool) -> String {
    let mut text = String::new();
    let mut rest: &[u8] = pending;
    loop {
        match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                rest = &[];
                break;
            }
            Err(error) => {
                let (valid, after) = rest.split_at(error.valid_up_to());
                text.push_str(&String::from_utf8_lossy(valid));
                match error.error_len() {
                    None if !at_end => {
                        rest = after;
                        break;
                    }
                    length => {
                        text.push(char::REPLACEMENT_CHARACTER);
                        rest = after.get(length.unwrap_or(after.len())..).unwrap_or_default();
                    }
                }
            }
        }
    }
    *pending = rest.to_vec();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_cut_in_two_waits_for_its_rest() {
        let mut pending = b"a\xe2\x8a".to_vec();
        assert_eq!(decode(&mut pending, false), "a");
        pending.push(0x9b);
        assert_eq!(decode(&mut pending, false), "⊛");
        pending.extend(b"\xff!\xe2\x8a");
        assert_eq!(decode(&mut pending, false), "\u{fffd}!");
        assert_eq!(decode(&mut pending, true), "\u{fffd}");
        assert!(pending.is_empty());
    }

    #[test]
    fn lines_are_pieces_and_the_end_is_told_once() {
        let (send, receive) = mpsc::sync_channel(WAITING);
        let (_bell, mut clapper) = UnixStream::pair().unwrap();
        pump(&b"one\ntwo\nthree"[..], true, &send, &mut clapper);
        drop(send);
        let pieces: Vec<_> = receive.iter().collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(pieces, [text("one\n"), text("two\n"), text("three"), None]);
    }
}
