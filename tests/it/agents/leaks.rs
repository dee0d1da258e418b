//! Nothing is left of a connection, however it came and went: ten thousand of them against a master on
//! real sockets, and then a look at what the process, the actors and the database still hold.

use std::{collections::BTreeSet, net::Shutdown, thread, time::Duration};

use kontena_core::domain::Node;
use kontena_master::{actors::grid::ListConnected, clock, http::App};
use kontena_protocol::agent::{Decoded, Message};
use kontena_store::{grids, nodes};
use serde_json::json;

use super::wire::{Dial, Host, Wire, frame, goodbye, list};

/// Clients at work at the same time; each has a grid of its own, so that nobody is told about all nodes.
const CLIENTS: usize = 8;
/// How often each goes through [`BATCH`].
const ROUNDS: usize = 50;
/// What may come and go without being held by a connection, such as a reader of the database.
const HANDFUL: usize = 8;
/// What memory may grow by: buffers and heaps that are used again, not something per connection.
const GROWTH: usize = 64 * 1024 * 1024;

/// How a connection comes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Refused for its token; leaves without answering the close frame.
    WrongToken,
    /// Refused for its token; answers the close frame.
    WrongTokenPolitely,
    /// Refused for its version.
    WrongVersion,
    /// Refused by HTTP: an upgrade without a key.
    NoKey,
    /// Connects by TCP and leaves.
    Silent,
    /// Leaves in the middle of the upgrade.
    HalfUpgrade,
    /// Leaves while it is being logged in, without reading anything.
    GoneDuringLogin,
    /// Admitted; leaves with a request on its way and without a close frame.
    Vanishes,
    /// Admitted; leaves with a close frame.
    SaysGoodbye,
    /// Admitted; leaves in the middle of a frame.
    HalfFrame,
    /// Admitted; leaves between the fragments of a message.
    HalfMessage,
    /// The same engine for all clients, again and again: the newest counts.
    SameEngine,
}

/// The connections that one client has open at the same time, and whose engine each is. Who is gone during
/// its login has dialled before the connection of the same engine that stays.
const BATCH: [(Way, &str); 25] = [
    (Way::GoneDuringLogin, "v1"),
    (Way::GoneDuringLogin, "g1"),
    (Way::GoneDuringLogin, "f1"),
    (Way::SameEngine, ""),
    (Way::WrongToken, "w"),
    (Way::WrongToken, "v1"),
    (Way::WrongToken, "x"),
    (Way::WrongTokenPolitely, "w"),
    (Way::WrongTokenPolitely, "x"),
    (Way::WrongVersion, "w"),
    (Way::WrongVersion, "v1"),
    (Way::WrongVersion, "x"),
    (Way::NoKey, "w"),
    (Way::Silent, ""),
    (Way::Silent, ""),
    (Way::HalfUpgrade, "w"),
    (Way::HalfUpgrade, "w"),
    (Way::HalfUpgrade, "w"),
    (Way::Vanishes, "v1"),
    (Way::Vanishes, "v2"),
    (Way::SaysGoodbye, "g1"),
    (Way::SaysGoodbye, "g2"),
    (Way::HalfFrame, "f1"),
    (Way::HalfMessage, "f2"),
    (Way::SameEngine, ""),
];

/// A client, and where it dials.
struct Client<'a> {
    host: &'a Host,
    number: usize,
    /// The token of its grid.
    token: String,
}

impl Client<'_> {
    fn engine(&self, way: Way, name: &str) -> String {
        if way == Way::SameEngine { "SAME".to_owned() } else { format!("E{}-{name}", self.number) }
    }

    /// Connects and sends what comes before the first answer.
    fn open(&self, way: Way, name: &str) -> Wire {
        let id = self.engine(way, name);
        let own = Dial { id: &id, name: &id, token: &self.token, ..self.host.a() };
        let mut wire = Wire::connect(&self.host.server);
        let request = match way {
            Way::Silent => return wire,
            Way::WrongToken | Way::WrongTokenPolitely => Dial { token: "none", ..own }.request(),
            Way::WrongVersion => Dial { version: "0.1.0", ..own }.request(),
            Way::SameEngine => Dial { token: &self.host.token, ..own }.request(),
            Way::NoKey => {
                let request = String::from_utf8(own.request()).expect("text");
                request.replace("Sec-WebSocket-Key", "Sec-WebSocket-Kex").into_bytes()
            }
            Way::HalfUpgrade => own.request()[..150].to_vec(),
            _ => own.request(),
        };
        wire.send(&request);
        if way == Way::GoneDuringLogin {
            // Connections of one engine are told apart by the millisecond; of two in the same one, the
            // one that is logged in first stays, and that could be this.
            thread::sleep(Duration::from_millis(2));
        }
        wire
    }

    /// Sees that the connection is treated as it should be, and leaves.
    fn leave(&self, way: Way, mut wire: Wire) {
        match way {
            Way::Silent | Way::HalfUpgrade | Way::GoneDuringLogin => return,
            _ => wire.read_head(),
        }
        if way == Way::NoKey {
            assert!(wire.head.starts_with("HTTP/1.1 400"), "{}", wire.head);
            return;
        }
        let refused = refusal(&mut wire);
        match way {
            Way::WrongToken => assert_eq!(refused, Some(4001)),
            Way::WrongTokenPolitely => {
                assert_eq!(refused, Some(4001));
                wire.send(&goodbye(4001, "Invalid grid token"));
            }
            Way::WrongVersion => assert_eq!(refused, Some(4010)),
            Way::SameEngine => assert!(matches!(refused, None | Some(4041)), "{refused:?}"),
            admitted => {
                assert_eq!(refused, None, "client {}, {admitted:?}", self.number);
                leave_admitted(admitted, &mut wire);
            }
        }
    }
}

/// How the master refuses a connection; nothing where it admits it, which `node_info` shows.
fn refusal(wire: &mut Wire) -> Option<u16> {
    loop {
        match wire.next() {
            (8, payload) => return payload.first_chunk().map(|code| u16::from_be_bytes(*code)),
            (2, payload) => match Message::decode(&payload).expect("a message") {
                Decoded::Message(Message::Notification { method, .. })
                    if method == "/agent/node_info" =>
                {
                    return None;
                }
                _ => {}
            },
            _ => {}
        }
    }
}

fn leave_admitted(way: Way, wire: &mut Wire) {
    match way {
        Way::Vanishes => {
            wire.send(&list(1, "whose"));
            wire.stream.shutdown(Shutdown::Both).expect("shuts down");
        }
        Way::SaysGoodbye => {
            wire.send(&goodbye(1000, "bye"));
            assert_eq!(wire.close_payload(), 1000_u16.to_be_bytes());
        }
        Way::HalfFrame => wire.send(&frame(2, &[0; 1000])[..500]),
        Way::HalfMessage => {
            let mut first = frame(2, &[0; 1000]);
            first[0] &= 0x7f;
            wire.send(&first);
        }
        other => panic!("{other:?} is not admitted"),
    }
}

/// What is held somewhere by connections.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    sockets: usize,
    sessions: usize,
    by_grid_actors: usize,
    nodes_connected: Vec<String>,
    descriptors: usize,
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

fn all_nodes(app: &App) -> Vec<Node> {
    let read = app.means.store.read(|conn| {
        let grids = grids::all(conn)?.into_iter();
        grids.map(|grid| nodes::of_grid(conn, grid.id)).collect::<Result<Vec<_>, _>>()
    });
    block_on(read).expect("reads").concat()
}

/// Whether this process runs one test only, so that what it holds says something: nextest does it so,
/// `cargo test` runs all tests in one.
fn is_alone() -> bool {
    std::env::var("NEXTEST_EXECUTION_MODE").is_ok_and(|mode| mode == "process-per-test")
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("Linux").count()
}

/// The bytes of memory this process occupies.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes * 1024
}

fn held(app: &App) -> Held {
    let mut by_grid_actors = 0;
    for (_, grid) in app.registry.grids() {
        by_grid_actors += block_on(grid.send(ListConnected)).expect("lives").len();
    }
    let connected = all_nodes(app).into_iter().filter(|node| node.connected);
    Held {
        sockets: app.registry.sessions(),
        sessions: app.registry.session_actors(),
        by_grid_actors,
        nodes_connected: connected.map(|node| node.name).collect(),
        descriptors: descriptors(),
    }
}

/// Waits until connections hold nothing any more, and no more descriptors are open than this.
fn until_free(app: &App, descriptors: usize) -> Held {
    let limit = clock::instant() + Duration::from_secs(10);
    loop {
        let held = held(app);
        let free = held.sockets + held.sessions + held.by_grid_actors == 0
            && held.nodes_connected.is_empty()
            && (held.descriptors <= descriptors || !is_alone());
        if free {
            return held;
        }
        assert!(clock::instant() < limit, "still held, at most {descriptors} open: {held:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn go_through(clients: &[Client<'_>], rounds: usize) {
    thread::scope(|scope| {
        for client in clients {
            scope.spawn(move || {
                for _ in 0..rounds {
                    let open = BATCH.map(|(way, name)| (way, client.open(way, name)));
                    open.into_iter().for_each(|(way, wire)| client.leave(way, wire));
                }
            });
        }
    });
}

/// A client for each grid; the first has the grid that is there.
fn clients(host: &Host) -> Vec<Client<'_>> {
    let make = |number: usize| {
        let token = if number == 0 {
            host.token.clone()
        } else {
            let body = json!({ "name": format!("test-{number}") });
            let grid = host.server.call("POST", "/v1/grids", &host.admin, Some(&body));
            grid.body["token"].as_str().expect("a token").to_owned()
        };
        Client { host, number, token }
    };
    (0..CLIENTS).map(make).collect()
}

#[test]
fn ten_thousand_connections_leave_nothing_behind() {
    assert_eq!(CLIENTS * ROUNDS * BATCH.len(), 10_000);
    let host = Host::start();
    let app = &host.server.app;
    let clients = clients(&host);
    let idle = descriptors();
    // The first round is counted, and warms up what is kept once and for all.
    go_through(&clients, 1);
    let before = until_free(app, idle + 4 * HANDFUL);
    let memory_before = memory();

    go_through(&clients, ROUNDS - 1);
    until_free(app, before.descriptors + HANDFUL);
    let grown = memory().saturating_sub(memory_before);
    assert!(grown < GROWTH || !is_alone(), "{grown} bytes");

    let admitted = |(way, _): &&(Way, &str)| {
        use Way::{HalfFrame, HalfMessage, SameEngine, SaysGoodbye, Vanishes};
        matches!(way, Vanishes | SaysGoodbye | HalfFrame | HalfMessage | SameEngine)
    };
    let engines = |client: &Client<'_>| -> Vec<String> {
        BATCH.iter().filter(admitted).map(|(way, name)| client.engine(*way, name)).collect()
    };
    let expected: BTreeSet<String> = clients.iter().flat_map(engines).collect();
    let rows = all_nodes(app);
    let known: BTreeSet<String> =
        rows.iter().filter_map(|node| Some(node.engine_id.as_ref()?.as_str().to_owned())).collect();
    assert_eq!(known, expected);
    assert_eq!(rows.len(), expected.len(), "a row for each engine");

    // And the master serves on.
    let mut wire = host.accepted();
    wire.send(&list(1, "ID1"));
    wire.answers(1);
    let metrics = host.server.raw("GET", "/metrics", &[], "").body;
    let text = metrics.as_str().expect("text");
    assert!(text.contains("kontena_sessions 1\n"), "{text}");
}

#[test]
fn beyond_the_bound_a_handshake_gets_503_and_places_are_given_back() {
    let host = Host::start_with(&[("KONTENA_MAX_AGENTS", "3")]);
    let dial = |number: usize| {
        let id = format!("ID{number}");
        host.dial(&Dial { id: &id, name: &id, ..host.a() })
    };
    let mut admitted: Vec<Wire> = (0..3).map(dial).collect();
    for wire in &mut admitted {
        assert!(wire.head.starts_with("HTTP/1.1 101"), "{}", wire.head);
        assert_eq!(refusal(wire), None);
    }
    // Refused ones take no place, however many.
    for number in 3..20 {
        let refused = dial(number);
        assert!(refused.head.starts_with("HTTP/1.1 503"), "{}", refused.head);
        assert_eq!(refused.header("retry-after"), ["1"]);
    }
    for round in 0..3 {
        admitted.pop();
        let limit = clock::instant() + Duration::from_secs(5);
        let mut next = dial(20 + round);
        while !next.head.starts_with("HTTP/1.1 101") {
            assert!(clock::instant() < limit, "no place was given back: {}", next.head);
            thread::sleep(Duration::from_millis(10));
            next = dial(20 + round);
        }
        assert_eq!(refusal(&mut next), None);
        admitted.insert(0, next);
        let refused = dial(30 + round);
        assert!(refused.head.starts_with("HTTP/1.1 503"), "{}", refused.head);
    }
    drop(admitted);
    until_free(&host.server.app, usize::MAX);
}
