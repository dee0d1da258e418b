//! The one port.

use std::{
    any::Any,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use actix_web::{App as WebApp, HttpServer, dev::ServerHandle};
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream};

use super::BootError;
use crate::http::{App, routes};

/// Connections that wait to be accepted, for when every agent comes back at once.
const BACKLOG: u32 = 4096;
/// Far above what a process may have open; the default would stop agents at 25,000 per worker.
const MOST_CONNECTIONS: usize = 100_000;

/// How long a peer may leave unread, or unacknowledged, what it was sent. Nobody else can end the connection
/// of one that reads nothing: while the socket is full, its actor stands still.
const UNREAD_LIMIT: Duration = Duration::from_secs(60);

/// Takes the address; fails before anything else is started where it is in use. Needs a runtime.
pub(super) fn bind(addr: SocketAddr) -> Result<TcpListener, BootError> {
    let listen = || {
        let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // As the standard library does: a restart must not wait for old connections.
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        socket.listen(BACKLOG)?.into_std()
    };
    listen().map_err(|error| BootError::Listen { addr, error })
}

/// Serves on the listener.
pub(super) fn serve(listener: TcpListener, app: App) -> Result<ServerHandle, BootError> {
    let server = HttpServer::new(move || WebApp::new().configure(routes::configure(app.clone())))
        .on_connect(|connection, _| limit_unread(connection))
        .max_connections(MOST_CONNECTIONS)
        .workers(std::thread::available_parallelism().map_or(2, usize::from).min(16))
        .disable_signals()
        .shutdown_timeout(3)
        .listen(listener)?
        .run();
    let handle = server.handle();
    drop(actix_rt::spawn(server));
    Ok(handle)
}

fn limit_unread(connection: &dyn Any) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_LIMIT))
    {
        log::warn!("a connection's time limit cannot be set: {error}");
    }
}
