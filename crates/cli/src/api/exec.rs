//! A command in a container, over a websocket of JSON frames.
//!
//! ```text
//! -> {"cmd":[…]}   {"tty_size":{…}}   {"stdin":"…"} …   {"stdin":null}
//! <- {"stream":"stdout","chunk":"…"} …   {"exit":0}  or  {"error":"…"}
//! ```

use std::io;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::websocket::{Received, Socket};
use super::{Client, encode};
use crate::clock;
use crate::config::Environment;
use crate::failure::Failure;
use crate::output::{Input, Window};

/// A silent peer is asked for a sign of life after this many seconds …
const PING_SECONDS: i64 = 30;
/// … and given up when it does not answer within so many more.
const PONG_SECONDS: i64 = 10;
/// How often the size of the terminal is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// What is to be run, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Command<'a> {
    /// The words of the command.
    pub(crate) words: &'a [String],
    /// Through a shell.
    pub(crate) shell: bool,
    /// With standard input.
    pub(crate) interactive: bool,
    /// On a terminal.
    pub(crate) tty: bool,
}

/// Where the output of the command goes.
pub(crate) trait Sink {
    /// Takes a piece of standard output.
    fn out(&mut self, chunk: &str) -> io::Result<()>;

    /// Takes a piece of standard error.
    fn err(&mut self, chunk: &str) -> io::Result<()>;
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Frame {
    stream: Option<String>,
    chunk: Option<String>,
    exit: Option<i64>,
    error: Option<String>,
}

/// Runs a command in the container at `path` and returns its exit code.
pub(crate) fn exec(
    client: &Client,
    environment: &Environment,
    path: &str,
    command: Command<'_>,
    sink: &mut dyn Sink,
) -> Result<u8, Failure> {
    let mut socket = Socket::open(client, environment, &format!("{path}/exec{}", query(command)))?;
    socket.send(json!({ "cmd": command.words }).to_string())?;
    let mut window = Window::default();
    let follows_size = command.interactive && command.tty;
    if follows_size {
        send_size(&mut socket, &mut window)?;
    }
    let input = if command.interactive { Input::start(command.tty) } else { Input::closed() };
    let mut input =
        input.map_err(|error| Failure::said(format!("Cannot read standard input: {error}")))?;
    let mut life = Life::new(clock::now());
    loop {
        if let Some(code) = read_all(&mut socket, sink, &mut life)? {
            socket.leave();
            return Ok(code);
        }
        while !socket.is_full()
            && let Some(piece) = input.take()
        {
            socket.send(json!({ "stdin": piece }).to_string())?;
        }
        if follows_size {
            send_size(&mut socket, &mut window)?;
        }
        if life.asks(clock::now())? {
            socket.ping()?;
        }
        let limit = if follows_size { LOOK } else { Duration::from_secs(1) };
        socket.wait(input.bell(), limit)?;
        input.hush();
    }
}

fn query(command: Command<'_>) -> String {
    let flags =
        [("interactive", command.interactive), ("shell", command.shell), ("tty", command.tty)];
    let given: Vec<String> = flags
        .iter()
        .filter(|(_, given)| *given)
        .map(|(name, _)| format!("{}=true", encode(name)))
        .collect();
    if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
}

fn send_size(socket: &mut Socket, window: &mut Window) -> Result<(), Failure> {
    if let Some((width, height)) = window.changed() {
        socket.send(json!({ "tty_size": { "width": width, "height": height } }).to_string())?;
    }
    Ok(())
}

/// Reads what has come; the exit code where that was the end.
fn read_all(
    socket: &mut Socket,
    sink: &mut dyn Sink,
    life: &mut Life,
) -> Result<Option<u8>, Failure> {
    loop {
        let text = match socket.receive()? {
            Received::Nothing => return Ok(None),
            Received::Pong => {
                life.seen(clock::now());
                continue;
            }
            Received::Closed(frame) => {
                return Err(Failure::said(match frame {
                    Some(frame) if !frame.reason.is_empty() => {
                        format!("Connection closed with code {}: {}", frame.code, frame.reason)
                    }
                    Some(frame) => format!("Connection closed with code {}", frame.code),
                    None => "Connection closed before the command ended".to_owned(),
                }));
            }
            Received::Text(text) => text,
        };
        life.seen(clock::now());
        let frame: Frame = serde_json::from_str(&text)
            .map_err(|error| Failure::said(format!("Invalid frame from the master: {error}")))?;
        if let Some(error) = frame.error {
            return Err(Failure::said(error));
        }
        if let Some(exit) = frame.exit {
            return Ok(Some(exit_code(exit)));
        }
        let chunk = frame.chunk.unwrap_or_default();
        match frame.stream.as_deref() {
            Some("stderr") => sink.err(&chunk)?,
            _ => sink.out(&chunk)?,
        }
    }
}

/// The lowest eight bits, which is all a program can end with; what lost more than that is no success.
fn exit_code(exit: i64) -> u8 {
    match u8::try_from(exit & 0xff) {
        Ok(0) if exit != 0 => 1,
        Ok(code) => code,
        Err(_) => 1,
    }
}

/// When the peer was last heard of.
struct Life {
    heard: DateTime<Utc>,
    asked: Option<DateTime<Utc>>,
}

impl Life {
    fn new(now: DateTime<Utc>) -> Self {
        Self { heard: now, asked: None }
    }

    fn seen(&mut self, now: DateTime<Utc>) {
        self.heard = now;
        self.asked = None;
    }

    /// Tells whether to ask now; an error when the last question stayed without an answer.
    fn asks(&mut self, now: DateTime<Utc>) -> Result<bool, Failure> {
        match self.asked {
            Some(asked) if (now - asked).num_seconds() >= PONG_SECONDS => {
                Err(Failure::said("The master does not answer any more"))
            }
            None if (now - self.heard).num_seconds() >= PING_SECONDS => {
                self.asked = Some(now);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn exit_codes_keep_success_and_failure_apart() {
        for (exit, code) in [(0, 0), (32, 32), (255, 255), (256, 1), (257, 1), (-1, 255)] {
            assert_eq!(exit_code(exit), code);
        }
    }

    #[test]
    fn only_flags_that_are_on_are_sent() {
        let command = Command { words: &[], shell: false, interactive: false, tty: false };
        assert_eq!(query(command), "");
        let command = Command { interactive: true, tty: true, shell: true, ..command };
        assert_eq!(query(command), "?interactive=true&shell=true&tty=true");
    }

    #[test]
    fn a_silent_peer_is_asked_and_then_given_up() {
        let start = DateTime::UNIX_EPOCH;
        let after = |seconds| start + TimeDelta::seconds(seconds);
        let mut life = Life::new(start);
        assert!(!life.asks(after(29)).unwrap());
        assert!(life.asks(after(30)).unwrap());
        assert!(!life.asks(after(39)).unwrap());
        let error = life.asks(after(40)).unwrap_err().to_string();
        assert_eq!(error, "The master does not answer any more");
        life.seen(after(40));
        assert!(!life.asks(after(69)).unwrap());
        assert!(life.asks(after(70)).unwrap());
    }
}
