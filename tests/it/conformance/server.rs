//! A master on a free port, and a client without opinions.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Mutex,
    time::Duration,
};

use kontena_master::{
    boot::Master,
    config::{Config, File, Settings, setting::Flags},
    http::App,
};
use serde_json::Value;

/// A running master on its own thread; stops when dropped.
pub struct Server {
    pub addr: SocketAddr,
    /// What its handlers work with, for tests that look behind the doors.
    pub app: App,
    running: Mutex<Option<Running>>,
    url: String,
    _folder: tempfile::TempDir,
}

/// Dropped, the sender has the thread end.
type Running = (tokio::sync::oneshot::Sender<()>, std::thread::JoinHandle<()>);

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Value,
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/k.db", folder.path().display());
        Self::start_on(url, folder, settings)
    }

    /// On a database, with a folder that is removed at the end.
    pub fn start_on(url: String, folder: tempfile::TempDir, settings: &[(&str, &str)]) -> Self {
        // The first of a name counts.
        let mut all = settings.to_vec();
        all.extend([
            ("LISTEN", "127.0.0.1:0"),
            ("DATABASE_URL", url.as_str()),
            ("INITIAL_ADMIN_CODE", "first-code"),
        ]);
        let config = config(&all);
        let (started, master) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            actix::System::new().block_on(async move {
                let master = Master::start(config).await.expect("starts");
                started.send((master.addr(), master.app().clone())).expect("awaited");
                stopped.await.ok();
                master.stop().await;
            });
        });
        let (addr, app) = master.recv_timeout(Duration::from_secs(30)).expect("listens");
        Self { addr, app, running: Mutex::new(Some((stop, thread))), url, _folder: folder }
    }

    /// Where the master keeps its data.
    pub fn database_url(&self) -> String {
        self.url.clone()
    }

    pub fn call(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
        let body = body.map(Value::to_string).unwrap_or_default();
        self.raw(method, path, &[("Authorization", &format!("Bearer {token}"))], &body)
    }

    /// Sends a body as JSON where there is one.
    pub fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut all = headers.to_vec();
        if !body.is_empty() {
            all.push(("Content-Type", "application/json"));
        }
        self.typed(method, path, &all, body)
    }

    /// Sends a body as what the headers say.
    pub fn typed(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.addr).expect("listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("sets");
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: master\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(request.as_bytes()).expect("sends");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("answers");
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
        Answer { status, head: head.to_ascii_lowercase(), body }
    }

    pub fn log_in(&self) -> String {
        self.first_login()["access_token"].as_str().expect("a token").to_owned()
    }

    /// Exchanges the code that the first administrator was made with.
    pub fn first_login(&self) -> Value {
        let body = serde_json::json!({ "grant_type": "authorization_code", "code": "first-code" });
        let answer = self.raw("POST", "/oauth2/token", &[], &body.to_string());
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body
    }

    /// Stops as at a signal. What was kept stays until this is dropped.
    pub fn stop(&self) {
        if let Some((stop, thread)) = self.running.lock().ok().and_then(|mut it| it.take()) {
            drop(stop);
            thread.join().ok();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn config(pairs: &[(&str, &str)]) -> Config {
    let environment =
        |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
    let settings = Settings::resolve(&Flags::default(), &environment, &File::default());
    Config::check(&settings).expect("a valid configuration")
}
