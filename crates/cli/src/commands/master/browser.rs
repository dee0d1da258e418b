//! The part of a login that happens in a browser.
//!
//! ```text
//! local    GET /authenticate -> a browser goes there -> and comes back to a port of this machine with a code
//! remote   GET /authenticate -> the user goes there -> and types the code that the last page shows
//! ```
//!
//! A master that leads straight to the end, as it does for an invitation, needs no browser at all.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::api::{Client, Origin};
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::output::Ink;
use crate::session::Session;

/// What a login in a browser starts from.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    /// Address of the master.
    pub(super) url: &'a str,
    /// Code of an invitation.
    pub(super) invite: Option<&'a str>,
    /// Seconds the token shall last.
    pub(super) expires_in: i64,
    /// The browser is on another machine.
    pub(super) remote: bool,
    /// Say as little as possible.
    pub(super) silent: bool,
}

/// What a browser brings back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Brought {
    /// To be exchanged for a token.
    pub(super) code: String,
    /// What the master calls itself.
    pub(super) server_name: Option<String>,
}

/// How long the user may look at what is about to happen.
const LOOK: Duration = Duration::from_secs(10);

/// Bytes of a request that are read.
const HEAD_LIMIT: u64 = 64 * 1024;

/// How long a browser may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Gets a code.
pub(super) fn visit(
    session: &Session<'_>,
    client: &Client,
    wish: &Wish<'_>,
) -> Result<Brought, Failure> {
    if wish.remote {
        visit_elsewhere(session, client, wish)
    } else {
        visit_here(session, client, wish)
    }
}

/// The path to ask for the way.
fn question(redirect_uri: &str, wish: &Wish<'_>) -> String {
    let invite = wish.invite.map(|code| format!("&invite_code={}", form_encoded(code)));
    format!(
        "/authenticate?redirect_uri={}{}&expires_in={}",
        form_encoded(redirect_uri),
        invite.unwrap_or_default(),
        wish.expires_in
    )
}

fn visit_elsewhere(
    session: &Session<'_>,
    client: &Client,
    wish: &Wish<'_>,
) -> Result<Brought, Failure> {
    let location = client.authenticate(&question("/code", wish))?;
    if let Some((page, pairs)) = location.split_once('#')
        && page.ends_with("/code")
        && let Some(brought) = brought(pairs)?
    {
        return Ok(brought);
    }
    let console = session.console;
    if !wish.silent {
        console.line("Visit this URL in a browser:")?;
    }
    console.line(absolute(&location, wish.url))?;
    let code = console.value("Enter code displayed in browser:")?;
    Ok(Brought { code, server_name: None })
}

fn visit_here(session: &Session<'_>, client: &Client, wish: &Wish<'_>) -> Result<Brought, Failure> {
    let console = session.console;
    let listening = TcpListener::bind(("localhost", 0)).and_then(|listener| {
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    });
    let (listener, port) = listening.map_err(|error| {
        Failure::said(format!(
            "Cannot wait for the browser: {error}. Use: kontena master login --remote"
        ))
    })?;
    let target = format!("http://localhost:{port}/cb");
    let location = client.authenticate(&question(&target, wish))?;
    if let Some(pairs) = location.strip_prefix(&format!("{target}?"))
        && let Some(brought) = brought(pairs)?
    {
        return Ok(brought);
    }
    let location = absolute(&location, wish.url);
    if !wish.silent {
        let place = Origin::parse(&location).map_or_else(|| wish.url.to_owned(), |to| to.join(""));
        console.line(format!("Opening a browser to {}", console.paint(Ink::Cyan, place)))?;
        console.line("Press Enter to go there now; it happens by itself in 10 seconds.")?;
        console.line("Without a browser here, use: kontena master login --remote")?;
        wait_for_key(session);
    }
    open(&location)?;
    console.step("Waiting for browser authorization response".to_owned(), |_| answer(&listener))
}

/// Where nobody can press a key there is nothing to wait for.
fn wait_for_key(session: &Session<'_>) {
    if session.console.require_user().is_err() {
        return;
    }
    let (send, pressed) = mpsc::channel();
    thread::spawn(move || {
        let _ = std::io::stdin().lock().read_line(&mut String::new());
        let _ = send.send(());
    });
    let _ = pressed.recv_timeout(LOOK);
}

fn open(url: &str) -> Result<(), Failure> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(drop).map_err(|error| {
        Failure::said(format!("Cannot run {program}: {error}. Use: kontena master login --remote"))
    })
}

/// Answers browsers until one brings a code; it may ask for an icon before.
fn answer(listener: &TcpListener) -> Result<Brought, Failure> {
    let refuse =
        |error: std::io::Error| Failure::said(format!("Cannot wait for the browser: {error}"));
    listener.set_nonblocking(true).map_err(refuse)?;
    let started = clock::now();
    while (clock::now() - started).to_std().is_ok_and(|passed| passed < PATIENCE) {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Some(brought) = converse(stream)? {
                    return Ok(brought);
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                clock::pause(Duration::from_millis(50));
            }
            Err(error) => return Err(refuse(error)),
        }
    }
    Err(Failure::known(
        Kind::Timeout,
        "The browser did not come back. Use: kontena master login --remote",
    ))
}

fn converse(mut stream: TcpStream) -> Result<Option<Brought>, Failure> {
    let _ = stream.set_nonblocking(false);
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut head = BufReader::new(&stream).take(HEAD_LIMIT);
    let mut line = String::new();
    if head.read_line(&mut line).is_err() {
        return Ok(None);
    }
    // What is left unread when the connection is closed would cost the browser its answer.
    let mut rest = String::new();
    while head.read_line(&mut rest).is_ok_and(|read| read > 2) {
        rest.clear();
    }
    let pairs = line.strip_prefix("GET /cb?").and_then(|rest| rest.split(' ').next());
    let outcome = pairs.map_or(Ok(None), brought);
    let (status, text) = match &outcome {
        Ok(Some(_)) => ("200 OK", "You are logged in. You may close this window."),
        Ok(None) => ("404 Not Found", "There is nothing here."),
        Err(_) => ("400 Bad Request", "The login failed. The terminal says why."),
    };
    let page = format!("<!doctype html><title>kontena</title><p>{text}</p>");
    let length = page.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{page}"
    );
    outcome
}

/// Reads what comes back: `code=…&server_name=…`, or why there is no code.
fn brought(pairs: &str) -> Result<Option<Brought>, Failure> {
    let value = |key: &str| {
        let mut pairs = pairs.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == key).map(|(_, value)| decoded(value))
    };
    if let Some(error) = value("error") {
        let why = value("error_description").unwrap_or_default();
        let text = format!("The master refused the login: {error} {why}");
        return Err(Failure::known(Kind::NotLoggedIn, text.trim_end()));
    }
    let code = value("code").filter(|code| !code.is_empty());
    let server_name = value("server_name").filter(|name| !name.is_empty());
    Ok(code.map(|code| Brought { code, server_name }))
}

/// A place on the master may come without its address.
fn absolute(location: &str, url: &str) -> String {
    match Origin::parse(url) {
        Some(origin) if location.starts_with('/') => origin.join(location),
        _ => location.to_owned(),
    }
}

fn form_encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = match (byte, tail.get(2..)) {
            (Some(byte), Some(behind)) => {
                bytes.push(byte);
                behind
            }
            _ => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                tail
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_read() {
        assert_eq!(
            brought("code=a%2Bb&server_name=my+master").unwrap(),
            Some(Brought { code: "a+b".into(), server_name: Some("my master".into()) })
        );
        assert_eq!(brought("code=&server_name=").unwrap(), None);
        let refused = brought("error=access_denied&error_description=no").unwrap_err();
        assert_eq!(refused.to_string(), "The master refused the login: access_denied no");
        assert_eq!(decoded("%zz%4"), "%zz%4");
    }

    #[test]
    fn the_question_names_who_is_invited() {
        let wish = Wish {
            url: "http://m",
            invite: Some("a/b"),
            expires_in: 7200,
            remote: true,
            silent: false,
        };
        assert_eq!(
            question("/code", &wish),
            "/authenticate?redirect_uri=%2Fcode&invite_code=a%2Fb&expires_in=7200"
        );
        assert_eq!(absolute("/code#x", "http://m:1/p"), "http://m:1/code#x");
        assert_eq!(absolute("https://idp/x", "http://m"), "https://idp/x");
    }
}
