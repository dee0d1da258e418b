//! What a handler could reach at most: actix-web with one handler that returns given bytes.

use std::{net::SocketAddr, sync::mpsc, thread};

use actix_web::{App, HttpResponse, HttpServer, web};

/// A running server; stops with the process.
pub struct Bare {
    pub addr: SocketAddr,
}

impl Bare {
    /// Serves these bytes on a free port, with as many workers as a master has.
    pub fn start(bytes: Vec<u8>) -> anyhow::Result<Self> {
        let (started, addr) = mpsc::channel();
        let bytes = web::Bytes::from(bytes);
        thread::spawn(move || {
            actix::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    let bytes = bytes.clone();
                    App::new().default_service(web::to(move || {
                        let body = bytes.clone();
                        async move { HttpResponse::Ok().content_type("application/json").body(body) }
                    }))
                });
                let workers = thread::available_parallelism().map_or(2, usize::from);
                let server = server.workers(workers).bind("127.0.0.1:0")?;
                let addr = server.addrs().first().copied();
                started.send(addr).ok();
                server.run().await
            })
        });
        let addr =
            addr.recv()?.ok_or_else(|| anyhow::anyhow!("the bare server does not listen"))?;
        Ok(Self { addr })
    }
}
