//! What a client of an exec session says, and what it is told (`http-api.md` 1.11).

use rmpv::Value;
use serde_json::json;

/// Most words of a command.
const MOST_WORDS: usize = 4096;

/// What a session was opened with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExecMode {
    /// Whether there is input.
    pub interactive: bool,
    /// Whether the command is run by `/bin/sh -c`.
    pub shell: bool,
    /// Whether there is a terminal.
    pub tty: bool,
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecAsked {
    /// Run this; once.
    Run(Vec<String>),
    /// Input; none: its end.
    Input(Option<String>),
    /// The terminal has this width and height.
    Resize(u16, u16),
}

/// Reads a text frame of a client; `running` says whether a command was given.
///
/// # Errors
/// What is wrong with it, for the close frame.
pub fn read_exec(text: &str, mode: ExecMode, running: bool) -> Result<ExecAsked, &'static str> {
    let sent = serde_json::from_str::<serde_json::Value>(text).map_err(|_| "invalid JSON")?;
    let sent = sent.as_object().ok_or("the message must be a JSON object")?;
    if let Some(cmd) = sent.get("cmd") {
        if running {
            return Err("a command was given already");
        }
        return Ok(ExecAsked::Run(command(cmd, mode).ok_or("cmd must be an array of strings")?));
    }
    if !running {
        return Err("the first message must be cmd");
    }
    if let Some(input) = sent.get("stdin") {
        return match input {
            _ if !mode.interactive => Err("stdin needs interactive"),
            serde_json::Value::Null => Ok(ExecAsked::Input(None)),
            serde_json::Value::String(text) => Ok(ExecAsked::Input(Some(text.clone()))),
            _ => Err("stdin must be a string or null"),
        };
    }
    if let Some(size) = sent.get("tty_size") {
        if !mode.tty {
            return Err("tty_size needs tty");
        }
        let side = |name: &str| size.get(name)?.as_u64().and_then(|side| u16::try_from(side).ok());
        return match (side("width"), side("height")) {
            (Some(width), Some(height)) => Ok(ExecAsked::Resize(width, height)),
            _ => Err("tty_size takes width and height"),
        };
    }
    Err("the message must hold cmd, stdin or tty_size")
}

fn command(sent: &serde_json::Value, mode: ExecMode) -> Option<Vec<String>> {
    let words = sent.as_array()?.iter().map(|word| word.as_str().map(str::to_owned));
    let words: Vec<String> = words.collect::<Option<_>>()?;
    if words.is_empty() || words.len() > MOST_WORDS {
        return None;
    }
    let shell = || ["/bin/sh".to_owned(), "-c".to_owned(), words.join(" ")].to_vec();
    Some(if mode.shell { shell() } else { words })
}

/// Joins the chunks of a stream into text: a character whose bytes come in two chunks is held back until
/// it is whole, and bytes that are no text become replacement characters.
#[derive(Debug, Default)]
pub struct Chunks {
    /// Of a character that is not whole; at most three bytes.
    begun: Vec<u8>,
}

impl Chunks {
    /// Takes a chunk; returns what is whole now.
    pub fn push(&mut self, chunk: &[u8]) -> String {
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.extend_from_slice(chunk);
        let whole = bytes.len() - unfinished(&bytes);
        self.begun = bytes.split_off(whole);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The stream has ended; returns what never became whole.
    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.begun)).into_owned()
    }
}

/// How many bytes at the end begin a character that is not whole.
fn unfinished(bytes: &[u8]) -> usize {
    let Some(last) = bytes.utf8_chunks().last() else { return 0 };
    let invalid = last.invalid();
    // Bytes that can become nothing are a fault of the output, and are not waited for.
    let begins = std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
    if begins { invalid.len() } else { 0 }
}

/// The bytes of a chunk, however an agent has typed them.
#[must_use]
pub fn chunk_bytes(value: &Value) -> &[u8] {
    match value {
        Value::String(text) => text.as_bytes(),
        Value::Binary(bytes) => bytes,
        _ => &[],
    }
}

/// Tells a client of output.
#[must_use]
pub fn exec_output(stream: &str, chunk: &str) -> String {
    json!({ "stream": stream, "chunk": chunk }).to_string()
}

/// Tells a client that its command has ended.
#[must_use]
pub fn exec_exit(code: i64) -> String {
    json!({ "exit": code }).to_string()
}

/// Tells a client what went wrong.
#[must_use]
pub fn exec_error(text: &str) -> String {
    json!({ "error": text }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_character_is_delivered_whole() {
        let mut chunks = Chunks::default();
        let e = "\u{e9}".as_bytes();
        assert_eq!(chunks.push(&[b"caf", &e[..1]].concat()), "caf");
        assert_eq!(chunks.push(&[&e[1..], b"!"].concat()), "\u{e9}!");
        let crab = "\u{1f980}".as_bytes();
        for byte in &crab[..3] {
            assert_eq!(chunks.push(&[*byte]), "");
        }
        assert_eq!(chunks.push(&crab[3..]), "\u{1f980}");
        assert_eq!(chunks.push(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(chunks.push(b"\xff"), "\u{fffd}", "nothing will make it whole");
        assert_eq!((chunks.push(&crab[..2]), chunks.finish()), ("".into(), "\u{fffd}".into()));
        assert_eq!(chunks.finish(), "");
    }

    #[test]
    fn clients_are_read_as_they_are_and_misuse_is_named() {
        let plain = ExecMode::default();
        let all = ExecMode { interactive: true, shell: true, tty: true };
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let run = |words_: &[&str]| Ok(ExecAsked::Run(words(words_)));
        assert_eq!(read_exec(r#"{"cmd":["ls","-l"]}"#, plain, false), run(&["ls", "-l"]));
        assert_eq!(
            read_exec(r#"{"cmd":["echo","$0"]}"#, all, false),
            run(&["/bin/sh", "-c", "echo $0"])
        );
        assert_eq!(read_exec(r#"{"stdin":null}"#, all, true), Ok(ExecAsked::Input(None)));
        let input = ExecAsked::Input(Some("x".to_owned()));
        assert_eq!(read_exec(r#"{"stdin":"x"}"#, all, true), Ok(input));
        let size = r#"{"tty_size":{"width":80,"height":24}}"#;
        assert_eq!(read_exec(size, all, true), Ok(ExecAsked::Resize(80, 24)));
        for (text, mode, running) in [
            ("{", all, true),
            ("[]", all, true),
            ("{}", all, true),
            (r#"{"cmd":["ls"]}"#, all, true),
            (r#"{"cmd":[]}"#, all, false),
            (r#"{"cmd":"ls"}"#, all, false),
            (r#"{"stdin":"x"}"#, plain, true),
            (r#"{"stdin":"x"}"#, all, false),
            (r#"{"stdin":1}"#, all, true),
            (size, plain, true),
            (r#"{"tty_size":{"width":-1,"height":24}}"#, all, true),
        ] {
            assert!(read_exec(text, mode, running).is_err(), "{text}");
        }
    }
}
