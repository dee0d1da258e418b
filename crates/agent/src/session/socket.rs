//! The websocket transport: TCP, TLS where the URI asks for it, the upgrade, and frames of the
//! websocket library as frames of ours.
//!
//! The library answers pings by itself, so this transport does not hand them on.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{FutureExt, SinkExt, StreamExt, future::BoxFuture};
use kontena_protocol::agent::{CloseCode, truncate_reason};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    Connector, client_async_tls_with_config,
    tungstenite::{
        Error, Message,
        handshake::client::{Request, generate_key},
        http::{HeaderName, HeaderValue, Response, Uri, header},
        protocol::{CloseFrame, WebSocketConfig},
    },
};

use super::{
    transport::{Connection, Dialer, Frame, TransportError, Upgrade},
    verifier::{TlsOptions, client_config},
};

/// Largest message taken from a master.
const LARGEST_MESSAGE: usize = 67_108_863;
/// A node's connection is quiet; a small buffer keeps a fleet in one process affordable.
const READ_BUFFER: usize = 8 * 1024;
/// How long name resolution and TCP may take, and then TLS and the upgrade.
const STEP_LIMIT: Duration = Duration::from_secs(10);

/// The master's address, checked.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterUri {
    uri: Uri,
    user_info: Option<String>,
}

impl MasterUri {
    /// Reads `ws://`, `wss://`, `http://` or `https://` URIs; a leading `http` counts as `ws`.
    ///
    /// # Errors
    /// Says what the URI lacks; never repeats it, since it may hold a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let text =
            text.strip_prefix("http").map_or_else(|| text.to_owned(), |rest| format!("ws{rest}"));
        let uri: Uri = text.parse().map_err(|_| "is not a URI")?;
        if !matches!(uri.scheme_str(), Some("ws" | "wss")) {
            return Err("must begin with ws://, wss://, http:// or https://");
        }
        let authority = uri.authority().ok_or("names no host")?.as_str();
        let (user_info, host) = match authority.rsplit_once('@') {
            Some((user_info, host)) => (Some(user_info.to_owned()), host.to_owned()),
            None => (None, authority.to_owned()),
        };
        if host.is_empty() || host.starts_with(':') {
            return Err("names no host");
        }
        let mut parts = uri.into_parts();
        parts.authority = Some(host.parse().map_err(|_| "has a malformed host")?);
        let uri = Uri::from_parts(parts).map_err(|_| "is not a URI")?;
        Ok(Self { uri, user_info })
    }

    /// Returns the host without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.uri.host().unwrap_or_default();
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Returns the port, by default the one of the scheme.
    #[must_use]
    pub fn port(&self) -> u16 {
        let default = if self.is_tls() { 443 } else { 80 };
        self.uri.port_u16().unwrap_or(default)
    }

    /// Tells whether the connection is encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.uri.scheme_str() == Some("wss")
    }

    fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// The URI the library derives the TLS name from, see [`TlsOptions::hostname`].
    fn for_tls(&self, hostname: Option<&str>) -> Result<Uri, TransportError> {
        let Some(hostname) = hostname else {
            return Ok(self.uri.clone());
        };
        let mut parts = self.uri.clone().into_parts();
        let authority = hostname.parse();
        parts.authority = Some(authority.map_err(|_| bad("KONTENA_SSL_HOSTNAME is no host name"))?);
        Uri::from_parts(parts).map_err(|_| bad("KONTENA_SSL_HOSTNAME is no host name"))
    }
}

impl std::fmt::Display for MasterUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The user-info is not part of `uri`.
        self.uri.fmt(f)
    }
}

impl std::fmt::Debug for MasterUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterUri({self})")
    }
}

/// Dials a master over the network.
pub struct SocketDialer {
    uri: MasterUri,
    hostname: Option<String>,
    connector: Connector,
}

impl SocketDialer {
    /// Prepares to dial; certificates are read here, once.
    ///
    /// # Errors
    /// Where certificates are to be verified and no authority can be read.
    pub fn new(uri: MasterUri, tls: &TlsOptions) -> Result<Self, String> {
        let connector = if uri.is_tls() {
            Connector::Rustls(Arc::new(client_config(tls)?))
        } else {
            Connector::Plain
        };
        Ok(Self { uri, hostname: tls.hostname.clone(), connector })
    }

    async fn open(&self, upgrade: Upgrade) -> Result<Connection, TransportError> {
        let request = self.request(&upgrade)?;
        let address = (self.uri.host(), self.uri.port());
        let tcp = timeout(STEP_LIMIT, TcpStream::connect(address))
            .await
            .map_err(|_| bad(&format!("no TCP connection to {} within 10s", self.uri)))?
            .map_err(|error| bad(&format!("cannot connect to {}: {error}", self.uri)))?;
        // Frames are small and answers are waited for.
        let _ = tcp.set_nodelay(true);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(LARGEST_MESSAGE))
            .max_frame_size(Some(LARGEST_MESSAGE));
        let connector = Some(self.connector.clone());
        let opening = client_async_tls_with_config(request, tcp, Some(config), connector);
        let (socket, response) = timeout(STEP_LIMIT, opening)
            .await
            .map_err(|_| bad(&format!("no websocket from {} within 10s", self.uri)))?
            .map_err(from_library)?;
        let (sink, stream) = socket.split();
        Ok(Connection {
            sink: Box::pin(
                sink.sink_map_err(from_library).with(|frame| async move { Ok(to_library(frame)) }),
            ),
            stream: Box::pin(stream.filter_map(|message| async move {
                match message {
                    Ok(message) => to_frame(message).map(Ok),
                    Err(Error::ConnectionClosed | Error::AlreadyClosed) => None,
                    Err(error) => Some(Err(from_library(error))),
                }
            })),
            response: headers(&response),
        })
    }

    /// Writes the upgrade by hand: the library's own would name the TLS host in `Host`.
    fn request(&self, upgrade: &Upgrade) -> Result<Request, TransportError> {
        let mut builder = Request::builder()
            .method("GET")
            .uri(self.uri.for_tls(self.hostname.as_deref())?)
            .header(header::HOST, self.uri.authority())
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, generate_key());
        if let Some(user_info) = &self.uri.user_info {
            let value = format!("Basic {}", STANDARD.encode(user_info));
            builder = builder.header(header::AUTHORIZATION, sensitive(&value)?);
        }
        for (name, value) in &upgrade.headers {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| bad(&format!("{name} is no header name")))?;
            builder = builder.header(name, sensitive(value)?);
        }
        builder.body(()).map_err(|error| bad(&error.to_string()))
    }
}

impl Dialer for SocketDialer {
    fn dial(&self, upgrade: Upgrade) -> BoxFuture<'_, Result<Connection, TransportError>> {
        self.open(upgrade).boxed()
    }
}

/// Header values are bytes; node names may be UTF-8. The value is not shown in debug output.
fn sensitive(value: &str) -> Result<HeaderValue, TransportError> {
    let mut value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| bad("a header value holds a control character"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn bad(text: &str) -> TransportError {
    TransportError::Broken(text.to_owned())
}

fn headers(response: &Response<Option<Vec<u8>>>) -> Vec<(String, String)> {
    response
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

fn from_library(error: Error) -> TransportError {
    match error {
        Error::Http(response) => TransportError::Refused(response.status().to_string()),
        error => TransportError::Broken(error.to_string()),
    }
}

fn to_library(frame: Frame) -> Message {
    match frame {
        Frame::Binary(bytes) => Message::Binary(bytes.into()),
        Frame::Text(text) => Message::Text(text.into()),
        Frame::Ping(payload) => Message::Ping(payload.into()),
        Frame::Pong(payload) => Message::Pong(payload.into()),
        Frame::Close(code, reason) => Message::Close(Some(CloseFrame {
            code: code.0.into(),
            reason: truncate_reason(&reason).to_owned().into(),
        })),
    }
}

fn to_frame(message: Message) -> Option<Frame> {
    Some(match message {
        Message::Binary(bytes) => Frame::Binary(bytes.into()),
        Message::Text(text) => Frame::Text(text.as_str().to_owned()),
        Message::Pong(payload) => Frame::Pong(payload.into()),
        Message::Close(Some(frame)) => {
            Frame::Close(CloseCode(frame.code.into()), frame.reason.as_str().to_owned())
        }
        Message::Close(None) => Frame::Close(CloseCode::NORMAL, String::new()),
        Message::Ping(_) | Message::Frame(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_read_like_kontena_reads_it() {
        let uri = MasterUri::parse("https://user:pw@master.example/x?y=1").expect("fine");
        assert_eq!(uri.to_string(), "wss://master.example/x?y=1");
        assert_eq!((uri.host(), uri.port()), ("master.example", 443));
        assert_eq!(uri.user_info.as_deref(), Some("user:pw"));
        let uri = MasterUri::parse("ws://[::1]:9292").expect("fine");
        assert_eq!((uri.host(), uri.port(), uri.is_tls()), ("::1", 9292, false));
        for bad in ["", "master:9292", "ftp://x", "ws://", "ws://:80", "ws:///x"] {
            assert!(MasterUri::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_request_names_the_master_and_carries_the_headers() {
        let tls = TlsOptions { hostname: Some("kontena.example".into()), ..TlsOptions::default() };
        let uri = MasterUri::parse("wss://a:b@10.0.0.1:9293/").expect("fine");
        let dialer = SocketDialer::new(uri, &tls).expect("no certificates needed");
        let upgrade = Upgrade { headers: vec![("Kontena-Node-Id", "AAAA".into())] };
        let request = dialer.request(&upgrade).expect("a request");
        assert_eq!(request.uri().host(), Some("kontena.example"));
        let value = |name: &str| request.headers().get(name).map(|value| value.to_str().ok());
        assert_eq!(value("host"), Some(Some("10.0.0.1:9293")));
        assert_eq!(value("kontena-node-id"), Some(Some("AAAA")));
        assert_eq!(value("authorization"), Some(Some("Basic YTpi")));
        assert!(!format!("{request:?}").contains("YTpi"));
    }
}
