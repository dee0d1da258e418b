//! Runs the program with a home and a configuration of its own.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Master;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kontena");
/// The address of fixture C1, put in place of the scripted master's in everything that is compared.
const C1: &str = "192.168.66.1:9292";

/// The program and its home.
pub(crate) struct Kontena {
    home: TempDir,
    address: String,
    variables: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

impl Ran {
    /// Standard output with right-trimmed lines, compared with `lines`.
    #[track_caller]
    pub(crate) fn prints(&self, lines: &[&str]) -> &Self {
        assert_eq!(trimmed(&self.out), lines, "standard error: {}", self.err);
        self
    }

    /// Standard error with right-trimmed lines, compared with `lines`.
    #[track_caller]
    pub(crate) fn complains(&self, lines: &[&str]) -> &Self {
        assert_eq!(trimmed(&self.err), lines, "standard output: {}", self.out);
        self
    }

    /// The exit code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Success with these lines, and not a word on standard error.
    #[track_caller]
    pub(crate) fn succeeds(&self, lines: &[&str]) -> &Self {
        self.prints(lines).complains(&[]).exits(0)
    }

    /// Failure with one error line, and nothing on standard output.
    #[track_caller]
    pub(crate) fn fails(&self, line: &str) -> &Self {
        self.prints(&[]).complains(&[line]).exits(1)
    }
}

fn trimmed(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).collect()
}

impl Kontena {
    /// A home without a configuration.
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { home, address: String::new(), variables: Vec::new() }
    }

    /// Fixture C1, its current master being the scripted one.
    pub(crate) fn c1(master: &Master) -> Self {
        let mut kontena = Self::new();
        kontena.address.clone_from(&master.address);
        kontena.configure(&json!({
            "current_server": "test",
            "servers": [
                {"name": "test", "url": format!("http://{}/", master.address), "token": "tok123",
                 "grid": "development", "username": "admin"},
                {"name": "other", "url": "https://other.example.com", "grid": "prod"},
            ],
        }));
        kontena
    }

    /// Replaces the configuration.
    pub(crate) fn configure(&self, config: &Value) {
        fs::write(self.config_path(), format!("{config:#}")).unwrap();
    }

    /// Changes the entry `test` of the configuration.
    pub(crate) fn with_entry(self, change: impl FnOnce(&mut Value)) -> Self {
        let mut config = self.config();
        change(&mut config["servers"][0]);
        self.configure(&config);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Where the configuration is.
    pub(crate) fn config_path(&self) -> PathBuf {
        self.home.path().join(".kontena_client.json")
    }

    /// The home folder.
    pub(crate) fn home(&self) -> PathBuf {
        self.home.path().to_path_buf()
    }

    /// The configuration as it is now.
    pub(crate) fn config(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.config_path()).unwrap()).unwrap()
    }

    fn path(&self) -> String {
        let bin = self.home.path().join("bin");
        format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", self.path())
            .env("LANG", "C.UTF-8")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs with pipes. Words are separated by blanks.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.run_words(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs with pipes, and from the same start on a terminal: the same visible lines, requests, exit code and
    /// configuration must come of both. Returns what came through the pipes.
    #[track_caller]
    pub(crate) fn run_both(&self, master: &Master, line: &str) -> Ran {
        let config = || fs::read_to_string(self.config_path()).ok().map(without_moments);
        let (script, before) = (master.snapshot(), fs::read(self.config_path()).ok());
        let seen = master.requests().len();
        let piped = self.run(line.trim_end_matches(" </dev/null"));
        let (after, written) = (master.snapshot(), config());
        let asked = master.lines().split_off(seen);
        master.restore(script);
        match before {
            Some(before) => fs::write(self.config_path(), before).unwrap(),
            None => drop(fs::remove_file(self.config_path())),
        }
        let shown = self.run_on_terminal(line, &[]);
        let mut lines = visible(&shown.out);
        let mut wanted: Vec<String> =
            [&piped.out, &piped.err].into_iter().flat_map(|text| visible(text)).collect();
        // Both streams meet on a terminal, in the order they were written.
        lines.sort();
        wanted.sort();
        assert_eq!(lines, wanted, "on a terminal");
        assert_eq!(shown.code, piped.code, "on a terminal: {shown:?}");
        assert_eq!(master.lines().split_off(seen), asked, "on a terminal");
        assert_eq!(config(), written, "on a terminal");
        master.restore(after);
        piped
    }

    /// Runs with pipes.
    pub(crate) fn run_words(&self, words: &[&str]) -> Ran {
        self.collect(self.command(PROGRAM).args(words))
    }

    /// Runs with pipes and this on standard input.
    pub(crate) fn run_with_input(&self, line: &str, input: impl AsRef<[u8]>) -> Ran {
        let file = self.home.path().join("input");
        fs::write(&file, input).unwrap();
        self.run_shell(&format!("exec $KONTENA {line} <{}", file.display()))
    }

    /// A run to start, whose end is up to the test.
    pub(crate) fn start(&self, line: &str) -> Command {
        let mut command = self.command(PROGRAM);
        command.args(line.split_whitespace()).stdin(Stdio::null());
        command
    }

    /// Puts a program into the home's `bin`, which comes first in `PATH`.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let bin = self.home.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        let file = bin.join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn collect(&self, command: &mut Command) -> Ran {
        let output = command.stdin(Stdio::null()).output().unwrap();
        Ran {
            out: self.readable(&output.stdout),
            err: self.readable(&output.stderr),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// Runs a shell that knows the program as `$KONTENA`.
    pub(crate) fn run_shell(&self, script: &str) -> Ran {
        let mut command = self.command("sh");
        self.collect(command.env("KONTENA", PROGRAM).args(["-c", script]))
    }

    /// Runs on a terminal of 120 columns; whenever a line ends in the first half of a pair, the user
    /// types the second half.
    pub(crate) fn run_on_terminal(&self, line: &str, typed: &[(&str, &str)]) -> Ran {
        self.on_terminal(&format!("exec {PROGRAM} {line}"), typed)
    }

    /// Runs a shell on such a terminal, in the home, that knows the program as `$KONTENA`.
    pub(crate) fn run_script_on_terminal(&self, script: &str) -> Ran {
        self.on_terminal(&format!("cd; KONTENA={PROGRAM}; {script}"), &[])
    }

    fn on_terminal(&self, script: &str, typed: &[(&str, &str)]) -> Ran {
        let mut child = self
            .command("script")
            .args(["-qec", &format!("stty cols 120 rows 40; {script}"), "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let pieces = pieces(child.stdout.take().unwrap());
        let mut seen = Vec::new();
        let mut from = 0;
        for (prompt, answer) in typed {
            while !String::from_utf8_lossy(&seen[from..]).contains(prompt) {
                let piece = pieces.recv_timeout(Duration::from_secs(10));
                seen.extend(piece.unwrap_or_else(|_| {
                    panic!("no {prompt:?} in {:?}", String::from_utf8_lossy(&seen))
                }));
            }
            from = seen.len();
            stdin.write_all(answer.as_bytes()).unwrap();
            stdin.flush().unwrap();
        }
        for piece in pieces {
            seen.extend(piece);
        }
        let code = child.wait().unwrap().code().unwrap_or(-1);
        Ran { out: self.readable(&seen), err: String::new(), code }
    }

    fn readable(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if self.address.is_empty() { text } else { text.replace(&self.address, C1) }
    }
}

/// A token obtained a moment later ends a moment later.
fn without_moments(config: String) -> String {
    config.lines().filter(|line| !line.contains("token_expires_at")).collect()
}

fn pieces(mut from: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            if send.send(piece[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    receive
}

/// What a person sees in the end: colours removed, overwritten letters gone, lines right-trimmed.
pub(crate) fn visible(text: &str) -> Vec<String> {
    let mut screen = Screen::default();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => screen.control(&mut letters),
            '\r' => screen.column = 0,
            '\u{8}' => screen.column = screen.column.saturating_sub(1),
            '\n' => {
                screen.here();
                (screen.row, screen.column) = (screen.row + 1, 0);
            }
            other => screen.put(other),
        }
    }
    let rows = screen.rows.iter().map(|row| row.cells.iter().collect::<String>());
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for (text, row) in rows.zip(&screen.rows) {
        match lines.last_mut() {
            Some(line) if goes_on => line.push_str(&text),
            _ => lines.push(text),
        }
        goes_on = row.goes_on;
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Columns of the terminal.
const COLUMNS: usize = 120;

/// As much of a terminal as the program uses.
#[derive(Default)]
struct Screen {
    rows: Vec<Row>,
    row: usize,
    column: usize,
}

#[derive(Clone, Default)]
struct Row {
    cells: Vec<char>,
    /// The line was longer than the terminal is wide, and goes on in the next row.
    goes_on: bool,
}

impl Screen {
    fn here(&mut self) -> &mut Row {
        let length = self.rows.len().max(self.row + 1);
        self.rows.resize(length, Row::default());
        &mut self.rows[self.row]
    }

    fn put(&mut self, letter: char) {
        if self.column == COLUMNS {
            self.here().goes_on = true;
            (self.row, self.column) = (self.row + 1, 0);
        }
        let column = self.column;
        let row = self.here();
        row.cells.resize(row.cells.len().max(column + 1), ' ');
        row.cells[column] = letter;
        self.column += 1;
    }

    fn control(&mut self, letters: &mut std::str::Chars<'_>) {
        let mut number = String::new();
        let last = letters.by_ref().skip(1).find(|letter| {
            number.push(*letter);
            letter.is_ascii_alphabetic()
        });
        let number: Option<usize> = number[..number.len() - 1].parse().ok();
        match (last, number) {
            (Some('A'), lines) => self.row -= lines.unwrap_or(1),
            (Some('H'), None) => (self.row, self.column) = (0, 0),
            (Some('J'), Some(2)) => self.rows.clear(),
            (Some('J'), None) => {
                self.rows.truncate(self.row + 1);
                let column = self.column;
                let row = self.here();
                row.cells.truncate(column);
                row.goes_on = false;
            }
            (Some('m'), _) => {}
            other => panic!("an unknown sequence: {other:?}"),
        }
    }
}
