//! An agent that says exactly what a case wants it to say, over a real websocket, from a thread of its own.

use std::{
    io::ErrorKind,
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use kontena_protocol::agent::{
    Decoded, Message, RpcError, header, hello::format_connected_at, json,
};
use serde_json::Value;
use tokio_tungstenite::tungstenite::{
    Error, Message as Frame, WebSocket, client::IntoClientRequest, client::client,
};

use super::server::Server;

/// What an agent answers to a request of the master: a result, or code and message; nothing: it stays
/// silent.
pub type Answers = dyn Fn(&str, &[Value]) -> Option<Result<Value, (i64, String)>> + Send;

/// A scripted agent. Hangs up when dropped.
pub struct Agent {
    out: Option<mpsc::Sender<Vec<u8>>>,
    heard: Arc<Mutex<Vec<Message>>>,
    closed: Arc<Mutex<Option<(u16, String)>>>,
    frozen: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Agent {
    /// Dials with a grid token. `id` is the engine's, `name` the host's.
    pub fn connect(
        server: &Server,
        grid_token: &str,
        id: &str,
        name: &str,
        answers: Box<Answers>,
    ) -> Self {
        Self::dial(server, header::GRID_TOKEN, grid_token, id, name, answers)
    }

    /// Dials with a token header, and says so much of its engine that the node is online.
    pub fn dial(
        server: &Server,
        token_header: &'static str,
        token: &str,
        id: &str,
        name: &str,
        answers: Box<Answers>,
    ) -> Self {
        let agent = Self::upgrade(server, token_header, token, id, name, answers);
        let info = serde_json::json!({
            "ID": id, "Name": name, "NCPU": 2, "MemTotal": 4_000_000_000_i64,
            "OperatingSystem": "Debian", "DockerRootDir": "/var/lib/docker", "Driver": "overlay2",
            "KernelVersion": "6.1", "ServerVersion": "20.10", "AgentVersion": "1.5.4",
            "PublicIp": "203.0.113.7", "PrivateIp": "10.0.0.7",
            "Drivers": { "Volume": [{ "name": "local" }], "Network": [{ "name": "bridge" }] },
        });
        let told = Value::Bool(true);
        assert_eq!(agent.call("/nodes/update", vec![id.into(), info]), Ok(told));
        agent
    }

    /// Dials with a token header, and says nothing: whether it is admitted is seen by what it hears.
    pub fn upgrade(
        server: &Server,
        token_header: &'static str,
        token: &str,
        id: &str,
        name: &str,
        answers: Box<Answers>,
    ) -> Self {
        let stream = TcpStream::connect(server.addr).expect("listens");
        let mut request =
            format!("ws://{}/", server.addr).into_client_request().expect("a request");
        let now = format_connected_at(kontena_master::clock::Clock::system().now());
        for (name, value) in [
            (header::VERSION, "1.5.4"),
            (header::NODE_ID, id),
            (header::NODE_NAME, name),
            (header::CONNECTED_AT, now.as_str()),
            (token_header, token),
        ] {
            request.headers_mut().insert(name, value.parse().expect("a header"));
        }
        let (socket, _) = client(request, stream).expect("upgrades");
        socket.get_ref().set_read_timeout(Some(Duration::from_millis(5))).expect("sets");
        let (out, outgoing) = mpsc::channel();
        let (heard, closed) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Option<_>>>::default());
        let frozen = Arc::<AtomicBool>::default();
        let thread = std::thread::spawn({
            let (heard, closed) = (Arc::clone(&heard), Arc::clone(&closed));
            let frozen = Arc::clone(&frozen);
            move || {
                let ended = live(socket, &outgoing, &frozen, &heard, &*answers);
                *closed.lock().expect("locks") = ended;
            }
        });
        Self { out: Some(out), heard, closed, frozen, thread: Some(thread) }
    }

    /// Its machine is gone, and nobody has told the master: the connection stays open, nothing is read or
    /// answered any more.
    pub fn freeze(&self) {
        self.frozen.store(true, Ordering::Release);
    }

    /// Answers everything with null.
    pub fn agreeable() -> Box<Answers> {
        Box::new(|_, _| Some(Ok(Value::Null)))
    }

    pub fn send(&self, message: Message) {
        self.send_bytes(message.encode());
    }

    /// Sends what may be no message.
    pub fn send_bytes(&self, bytes: Vec<u8>) {
        // Who has hung up has nothing to say.
        self.out.as_ref().map(|out| out.send(bytes).ok());
    }

    pub fn notify(&self, method: &str, params: Vec<Value>) {
        let params = params.into_iter().map(json::pack).collect();
        self.send(Message::Notification { method: method.to_owned(), params });
    }

    /// Sends a request and waits for its answer.
    #[track_caller]
    pub fn call(&self, method: &str, params: Vec<Value>) -> Result<Value, (i64, String)> {
        use std::sync::atomic::AtomicU64;
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let params = params.into_iter().map(json::pack).collect();
        self.send(Message::Request { id, method: method.to_owned(), params });
        self.until(&format!("the answer to {method}"), |message| match message {
            Message::Response { id: answered, outcome } if *answered == id => Some(match outcome {
                Ok(value) => Ok(json::lossy(value)),
                Err(error) => Err((error.code, error.message.clone())),
            }),
            _ => None,
        })
    }

    /// The parameters of every call of the master by this name so far.
    pub fn heard(&self, wanted: &str) -> Vec<Vec<Value>> {
        let heard = self.heard.lock().expect("locks");
        let of_method = heard.iter().filter_map(|message| match message {
            Message::Request { method, params, .. } | Message::Notification { method, params }
                if method == wanted =>
            {
                Some(params.iter().map(json::lossy).collect())
            }
            _ => None,
        });
        of_method.collect()
    }

    /// Waits until the master calls this, and returns the parameters of the last such call.
    #[track_caller]
    pub fn hears(&self, wanted: &str) -> Vec<Value> {
        self.until(wanted, |message| match message {
            Message::Request { method, params, .. } | Message::Notification { method, params }
                if method == wanted =>
            {
                Some(params.iter().map(json::lossy).collect())
            }
            _ => None,
        })
    }

    /// Waits until the master has closed the connection; code and reason.
    #[track_caller]
    pub fn closed(&self) -> (u16, String) {
        for _ in 0..2_000 {
            if let Some(closed) = self.closed.lock().expect("locks").clone() {
                return closed;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the master did not close the connection");
    }

    #[track_caller]
    fn until<T>(&self, what: &str, find: impl Fn(&Message) -> Option<T>) -> T {
        for _ in 0..2_000 {
            // Looked at first: what was heard before the end is there when the end is.
            let closed = self.closed.lock().expect("locks").clone();
            if let Some(found) = self.heard.lock().expect("locks").iter().rev().find_map(&find) {
                return found;
            }
            assert!(closed.is_none(), "never heard: {what}; closed: {closed:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("not heard in time: {what}");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.out.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Reads and writes until either side hangs up; returns how the master did.
fn live(
    mut socket: WebSocket<TcpStream>,
    outgoing: &mpsc::Receiver<Vec<u8>>,
    frozen: &AtomicBool,
    heard: &Mutex<Vec<Message>>,
    answers: &Answers,
) -> Option<(u16, String)> {
    loop {
        loop {
            match outgoing.try_recv() {
                Ok(bytes) => socket.send(Frame::binary(bytes)).ok()?,
                Err(mpsc::TryRecvError::Empty) => break,
                Err(mpsc::TryRecvError::Disconnected) => return None,
            }
        }
        if frozen.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_millis(5));
            continue;
        }
        let frame = match socket.read() {
            Ok(frame) => frame,
            Err(Error::Io(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
            {
                continue;
            }
            Err(_) => return None,
        };
        match frame {
            Frame::Binary(bytes) => {
                let Ok(Decoded::Message(message)) = Message::decode(&bytes) else { continue };
                heard.lock().expect("locks").push(message.clone());
                if let Message::Request { id, method, params } = message {
                    let params: Vec<Value> = params.iter().map(json::lossy).collect();
                    if let Some(outcome) = answers(&method, &params) {
                        let outcome = outcome
                            .map(json::pack)
                            .map_err(|(code, text)| RpcError::new(code, text));
                        let answer = Message::Response { id, outcome };
                        socket.send(Frame::binary(answer.encode())).ok()?;
                    }
                }
            }
            Frame::Close(Some(close)) => {
                return Some((close.code.into(), close.reason.as_str().to_owned()));
            }
            Frame::Close(None) => return Some((1005, String::new())),
            _ => {}
        }
    }
}
