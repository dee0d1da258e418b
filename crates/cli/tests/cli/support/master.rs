//! A master on a socket: canned answers by method and path, streams, websockets, and a record of what was
//! asked.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;
use tungstenite::{Message, WebSocket};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `GET /v1/grids`.
    pub(crate) line: String,
    /// Lower-case names.
    pub(crate) headers: HashMap<String, String>,
    /// Null where there was none.
    pub(crate) body: Value,
}

/// A connection of a client, with TLS or without.
pub(crate) type Line = Box<dyn Wire>;

/// What can be read from and written to.
pub(crate) trait Wire: Read + Write + Send {}

impl<T: Read + Write + Send> Wire for T {}

/// A piece of an answer that goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece {
    /// An HTTP chunk.
    Chunk(&'static str),
    /// The connection breaks.
    Cut,
    /// Nothing more for as long as the client stays.
    Hold,
}

/// The master's side of a websocket.
pub(crate) type Talk = Arc<dyn Fn(&mut WebSocket<Line>) -> Vec<Value> + Send + Sync>;

#[derive(Clone)]
enum Answer {
    Whole(u16, String),
    Stream(Vec<Piece>),
    Talk(Talk),
}

#[derive(Clone, Default)]
pub(super) struct Script {
    answers: HashMap<String, Vec<Answer>>,
    redirects: HashMap<String, String>,
    to_idp: Option<String>,
    headers: String,
    seen: Vec<Request>,
    frames: Vec<Value>,
}

impl Script {
    fn location(&self, line: &str) -> Option<String> {
        if let Some(location) = self.redirects.get(line) {
            return Some(location.clone());
        }
        let back = line.strip_prefix("GET /authenticate?redirect_uri=")?.split('&').next()?;
        let back = back.replace("%3A", ":").replace("%2F", "/");
        self.to_idp.as_ref().map(|url| format!("{url}?redirect={back}"))
    }
}

/// The scripted master; it lives until the test ends.
pub(crate) struct Master {
    pub(crate) address: String,
    script: Arc<Mutex<Script>>,
}

impl Master {
    /// Starts a master that knows nothing: every answer is 404 `Not found`.
    pub(crate) fn new() -> Self {
        Self::on_listener(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// Starts one where somebody listens already.
    pub(crate) fn on_listener(listener: TcpListener) -> Self {
        Self::listen(listener, |stream| Box::new(stream))
    }

    /// Starts such a master that shows a certificate and has the key of it.
    pub(crate) fn with_tls(certificate: &[u8], key: &[u8]) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(certificate).unwrap()],
                PrivateKeyDer::from_pem_slice(key).unwrap(),
            );
        let config = Arc::new(config.unwrap());
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap(), move |stream| {
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            Box::new(StreamOwned::new(session, stream))
        })
    }

    fn listen(listener: TcpListener, wrap: impl Fn(TcpStream) -> Line + Send + 'static) -> Self {
        let address = listener.local_addr().unwrap().to_string();
        let headers = "Content-Type: application/json\r\nX-Kontena-Version: 1.5.4\r\n".into();
        let script = Arc::new(Mutex::new(Script { headers, ..Script::default() }));
        let shared = Arc::clone(&script);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                let line = wrap(stream);
                thread::spawn(move || answer(line, &shared));
            }
        });
        Self { address, script }
    }

    /// Answers `GET /v1/…` and the like; of several answers to one request the last repeats.
    pub(crate) fn on(&self, line: &str, status: u16, body: impl ToString) -> &Self {
        self.add(line, Answer::Whole(status, body.to_string()))
    }

    /// Answers with a stream, which ends cleanly behind its last piece.
    pub(crate) fn streams(&self, line: &str, pieces: &[Piece]) -> &Self {
        self.add(line, Answer::Stream(pieces.to_vec()))
    }

    /// Answers with a websocket and records the frames that `talk` returns.
    pub(crate) fn talks(
        &self,
        line: &str,
        talk: impl Fn(&mut WebSocket<Line>) -> Vec<Value> + Send + Sync + 'static,
    ) -> &Self {
        self.add(line, Answer::Talk(Arc::new(talk)))
    }

    fn add(&self, line: &str, answer: Answer) -> &Self {
        let mut script = self.script.lock().unwrap();
        script.answers.entry(line.to_owned()).or_default().push(answer);
        self
    }

    /// The frames that came through websockets, once there are `count` of them.
    pub(crate) fn frames(&self, count: usize) -> Vec<Value> {
        for _ in 0..200 {
            let frames = self.script.lock().unwrap().frames.clone();
            if frames.len() >= count {
                return frames;
            }
            thread::sleep(Duration::from_millis(25));
        }
        panic!("no {count} frames but {:?}", self.script.lock().unwrap().frames);
    }

    /// Answers a request with 302.
    pub(crate) fn redirect(&self, line: &str, location: &str) -> &Self {
        let mut script = self.script.lock().unwrap();
        script.redirects.insert(line.to_owned(), location.to_owned());
        self
    }

    /// Answers every `/authenticate` with a way to `url?redirect=…`, the address to come back to.
    pub(crate) fn redirect_to_idp(&self, url: &str) -> &Self {
        self.script.lock().unwrap().to_idp = Some(url.to_owned());
        self
    }

    /// Forgets the answers to a request.
    pub(crate) fn forget(&self, line: &str) -> &Self {
        self.script.lock().unwrap().answers.remove(line);
        self
    }

    /// Replaces the headers of every answer.
    pub(crate) fn headers(&self, headers: &str) -> &Self {
        self.script.lock().unwrap().headers = headers.to_owned();
        self
    }

    /// Everything there is to know, to go back to.
    pub(super) fn snapshot(&self) -> Script {
        self.script.lock().unwrap().clone()
    }

    /// Goes back.
    pub(super) fn restore(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    /// What was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.script.lock().unwrap().seen.clone()
    }

    /// Methods and paths of what was asked so far, `/v1/` left out.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.line.replace(" /v1/", " ")).collect()
    }

    /// The body of the last request that had one.
    pub(crate) fn body(&self) -> Value {
        let requests = self.requests();
        requests.iter().rev().find(|one| !one.body.is_null()).map(|one| one.body.clone()).unwrap()
    }
}

fn answer(stream: Line, shared: &Mutex<Script>) {
    let mut reader = BufReader::new(stream);
    let Some(request) = read(&mut reader) else {
        return;
    };
    let mut script = shared.lock().unwrap();
    let missing = Answer::Whole(404, r#"{"error":"Not found"}"#.to_owned());
    let answer = match script.answers.get_mut(&request.line) {
        Some(answers) if answers.len() > 1 => answers.remove(0),
        Some(answers) => answers[0].clone(),
        None => missing,
    };
    let mut headers = script.headers.clone();
    let location = script.location(&request.line);
    if let Some(location) = &location {
        headers.push_str(&format!("Location: {location}\r\n"));
    }
    let key = request.headers.get("sec-websocket-key").cloned().unwrap_or_default();
    script.seen.push(request);
    drop(script);
    let mut stream = reader.into_inner();
    match answer {
        Answer::Whole(status, body) => {
            let status = if location.is_some() { 302 } else { status };
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} Whatever\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
        Answer::Stream(pieces) => {
            let head = "Transfer-Encoding: chunked\r\nConnection: close\r\n";
            let _ = write!(stream, "HTTP/1.1 200 OK\r\n{headers}{head}\r\n");
            flow(&mut stream, &pieces);
        }
        Answer::Talk(talk) => {
            let head = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
            let accept = derive_accept_key(key.as_bytes());
            let _ = write!(stream, "HTTP/1.1 101 Switching Protocols\r\n{head}{accept}\r\n\r\n");
            let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
            let frames = talk(&mut socket);
            shared.lock().unwrap().frames.extend(frames);
        }
    }
}

fn flow(stream: &mut Line, pieces: &[Piece]) {
    for piece in pieces {
        match piece {
            Piece::Chunk(text) => {
                if write!(stream, "{:x}\r\n{text}\r\n", text.len()).is_err() {
                    return;
                }
            }
            Piece::Cut => return,
            Piece::Hold => {
                let _ = stream.read(&mut [0]);
                return;
            }
        }
    }
    let _ = write!(stream, "0\r\n\r\n");
}

/// Reads the next frame of a client; null where it has left.
pub(crate) fn frame(socket: &mut WebSocket<Line>) -> Value {
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
            Ok(_) => {}
            Err(_) => return Value::Null,
        }
    }
}

/// Sends a frame to a client.
pub(crate) fn say(socket: &mut WebSocket<Line>, frame: &Value) {
    let _ = socket.send(Message::text(frame.to_string()));
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let line = line.rsplit_once(' ')?.0.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    Some(Request { line, headers, body })
}
