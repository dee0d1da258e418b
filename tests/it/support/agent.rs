//! A real agent on the simulated engine that reaches a [`TestMaster`](super::TestMaster) without a socket.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix::prelude::*;
use actix_web::web::Bytes;
use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use kontena_agent::{
    Agent, AgentConfig, Clock, Token,
    engine::simulated::{self, SimulatedEngine, SimulatedOptions},
    session::transport::{
        Connection, Dialer, Frame, FrameSink, TransportError, Upgrade, memory_pair,
    },
};
use kontena_master::actors::{
    Registry,
    lifeline::{End, lifeline},
    session::{
        Incoming, Line, Outflow, Outgoing, PongReceived, SessionActor, SocketClosed,
        socket::encoded_length,
    },
};
use kontena_protocol::agent::{CloseCode, Hello};
use tokio::sync::{mpsc, oneshot, watch};

use super::epoch;

type Dial = (Upgrade, Connection);

/// Hands the master's end of a pair of pipes over, if a master listens.
struct Dialling {
    door: Mutex<Option<mpsc::UnboundedSender<Dial>>>,
    cable: watch::Receiver<bool>,
}

impl Dialer for Dialling {
    fn dial(&self, upgrade: Upgrade) -> BoxFuture<'_, Result<Connection, TransportError>> {
        if !*self.cable.borrow() {
            return Box::pin(std::future::pending());
        }
        let (ours, theirs) = memory_pair(64);
        let door = self.door.lock().expect("not poisoned").clone();
        let sent = door.is_some_and(|door| door.send((upgrade, theirs)).is_ok());
        Box::pin(async move {
            if sent { Ok(ours) } else { Err(TransportError::Broken("nobody listens".to_owned())) }
        })
    }
}

/// An agent of a story, and the machine it runs on.
pub struct StoryAgent {
    pub engine: Arc<SimulatedEngine>,
    dialling: Arc<Dialling>,
    config: AgentConfig,
    clock: Clock,
    running: Option<(oneshot::Sender<()>, actix_rt::task::JoinHandle<()>)>,
    cable: watch::Sender<bool>,
    wires: RefCell<Wires>,
}

type Tasks = Rc<RefCell<Vec<actix_rt::task::JoinHandle<()>>>>;

/// The connections of one machine to one master.
#[derive(Clone)]
struct Wires {
    to_master: Tasks,
    to_agent: Tasks,
    /// False where the master's process is dead: it hears of nothing any more.
    master_lives: Rc<Cell<bool>>,
    /// True unless the cable is cut: nothing passes then, and nobody is told.
    cable: watch::Receiver<bool>,
}

impl Wires {
    fn keep(tasks: &Tasks, task: actix_rt::task::JoinHandle<()>) {
        let mut tasks = tasks.borrow_mut();
        tasks.retain(|known| !known.is_finished());
        tasks.push(task);
    }
}

impl StoryAgent {
    /// A machine of this name; its agent is started by [`StoryAgent::start`].
    pub fn new(name: &str, token: Token) -> Self {
        let seed = name.bytes().fold(1_u64, |seed, byte| seed * 131 + u64::from(byte));
        let options =
            SimulatedOptions { seed, name: name.to_owned(), ..SimulatedOptions::default() };
        Self::with(options, token)
    }

    /// A machine like this.
    pub fn with(options: SimulatedOptions, token: Token) -> Self {
        let clock = Clock::following(epoch(), options.seed);
        let (cable, end) = watch::channel(true);
        let wires = Wires {
            to_master: Rc::default(),
            to_agent: Rc::default(),
            master_lives: Rc::new(Cell::new(true)),
            cable: end.clone(),
        };
        let mut config =
            AgentConfig::new("ws://master:9292", token).expect("a valid configuration");
        config.first_connect_delay = Duration::ZERO;
        Self {
            engine: simulated::shared(options, clock.clone()),
            dialling: Arc::new(Dialling { door: Mutex::new(None), cable: end }),
            config,
            clock,
            running: None,
            cable,
            wires: RefCell::new(wires),
        }
    }

    /// Lets the machine reach a master.
    pub fn reach(&self, registry: &Registry) {
        let (door, mut dials) = mpsc::unbounded_channel::<Dial>();
        *self.dialling.door.lock().expect("not poisoned") = Some(door);
        self.wires.borrow_mut().master_lives = Rc::new(Cell::new(true));
        let (registry, wires) = (registry.clone(), self.wires.borrow().clone());
        actix_rt::spawn(async move {
            while let Some((upgrade, connection)) = dials.recv().await {
                accept(&registry, &upgrade, connection, &wires);
            }
        });
    }

    /// The cable is cut, or whole again: meanwhile nothing passes and nobody is told.
    pub fn set_cable(&self, whole: bool) {
        self.cable.send_replace(whole);
    }

    /// The token of every later start.
    pub fn set_token(&mut self, token: Token) {
        self.config.token = token;
    }

    /// Whether the agent's process runs.
    pub fn runs(&self) -> bool {
        self.running.as_ref().is_some_and(|(_, running)| !running.is_finished())
    }

    pub fn start(&mut self) {
        let agent = Agent::new(self.config.clone(), self.engine.clone())
            .with_clock(self.clock.clone())
            .with_dialer(self.dialling.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let running = actix_rt::spawn(async move {
            let shutdown = async move {
                stopped.await.ok();
            };
            // How it ends is what some stories are about; they look at the node.
            drop(agent.run(shutdown).await);
        });
        self.running = Some((stop, running));
    }

    /// The process dies: the connection breaks without a word; containers live on.
    pub async fn kill(&mut self) {
        if let Some((_, running)) = self.running.take() {
            running.abort();
        }
        tokio::task::yield_now().await;
    }

    /// The master is gone without a word, or the cable is cut: the pipes end.
    pub fn lose_master(&self) {
        *self.dialling.door.lock().expect("not poisoned") = None;
        let wires = self.wires.borrow();
        wires.to_master.borrow_mut().drain(..).for_each(|pipe| pipe.abort());
    }

    /// The master's process is killed: the agent sees its connection end, and what is left of the master
    /// in this process sees nothing.
    pub fn master_dies(&self) {
        let wires = self.wires.borrow();
        wires.master_lives.set(false);
        self.lose_master();
        wires.to_agent.borrow_mut().drain(..).for_each(|pipe| pipe.abort());
    }

    /// Names of the containers that run on the machine, sorted.
    pub fn running_containers(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .engine
            .containers()
            .into_iter()
            .filter(|container| container.running)
            .map(|container| container.name)
            .collect();
        names.sort();
        names
    }
}

/// Stands where the websocket stands in a running master.
struct Pipe {
    outflow: Outflow,
    sink: Rc<RefCell<Option<mpsc::UnboundedSender<Frame>>>>,
}

impl Actor for Pipe {
    type Context = Context<Self>;
}

impl Handler<Outgoing> for Pipe {
    type Result = ();

    fn handle(&mut self, outgoing: Outgoing, ctx: &mut Self::Context) {
        let frame = match outgoing {
            Outgoing::Frame(bytes) => {
                self.outflow.give_back(encoded_length(bytes.len()));
                Frame::Binary(bytes)
            }
            Outgoing::Ping => Frame::Ping(Vec::new()),
            Outgoing::Admitted => return,
            Outgoing::Close(code, reason) => {
                ctx.stop();
                Frame::Close(CloseCode(code), reason)
            }
        };
        let last = matches!(frame, Frame::Close(..));
        if let Some(sink) = self.sink.borrow().as_ref() {
            sink.send(frame).ok();
        }
        if last {
            self.sink.borrow_mut().take();
        }
    }
}

fn accept(registry: &Registry, upgrade: &Upgrade, connection: Connection, wires: &Wires) {
    let hello = Hello::read(|name| upgrade.get(name));
    let Connection { sink, mut stream, .. } = connection;
    let (frames, queue) = mpsc::unbounded_channel();
    let to_agent = actix_rt::spawn(write_out(sink, queue, wires.cable.clone()));
    Wires::keep(&wires.to_agent, to_agent);
    let outflow = registry.outflow();
    let sink = Rc::new(RefCell::new(Some(frames.clone())));
    let pipe = Pipe { outflow: outflow.clone(), sink }.start();
    let (to_socket, death) = lifeline();
    let out = pipe.clone().recipient();
    let line = Line { out, outflow, deaf: Rc::default(), to_socket };
    let session = SessionActor::new(registry.clone(), hello, line).start();
    actix_rt::spawn(async move {
        if let End::Lost = death.wait().await {
            pipe.do_send(Outgoing::Close(1011, "Internal server error".to_owned()));
        }
    });
    let (master_lives, mut cable) = (Rc::clone(&wires.master_lives), wires.cable.clone());
    let reading = actix_rt::spawn(async move {
        // However the reading ends, the session hears of it: that is what a socket does.
        let end = RefCell::new((1006, String::new()));
        let closed = Closed { session: session.clone(), end, master_lives };
        loop {
            let frame = stream.next().await;
            if cable.wait_for(|whole| *whole).await.is_err() {
                break;
            }
            let Some(Ok(frame)) = frame else { break };
            match frame {
                Frame::Binary(bytes) => {
                    let (done, handled) = oneshot::channel();
                    session.do_send(Incoming { bytes: Bytes::from(bytes), done });
                    handled.await.ok();
                }
                Frame::Pong(_) => session.do_send(PongReceived),
                Frame::Ping(payload) => drop(frames.send(Frame::Pong(payload))),
                Frame::Close(code, reason) => {
                    *closed.end.borrow_mut() = (code.0, reason);
                    break;
                }
                Frame::Text(_) => {}
            }
        }
    });
    Wires::keep(&wires.to_master, reading);
}

struct Closed {
    session: Addr<SessionActor>,
    end: RefCell<(u16, String)>,
    master_lives: Rc<Cell<bool>>,
}

impl Drop for Closed {
    fn drop(&mut self) {
        if !self.master_lives.get() {
            return;
        }
        let (code, reason) = self.end.borrow().clone();
        self.session.do_send(SocketClosed { code, reason });
    }
}

async fn write_out(
    mut sink: FrameSink,
    mut queue: mpsc::UnboundedReceiver<Frame>,
    mut cable: watch::Receiver<bool>,
) {
    loop {
        let frame = queue.recv().await;
        if cable.wait_for(|whole| *whole).await.is_err() {
            return;
        }
        let Some(frame) = frame else { return };
        if sink.send(frame).await.is_err() {
            return;
        }
    }
}
