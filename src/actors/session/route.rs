//! Which call of an agent goes where: an explicit list, everything else is answered with 501.

use actix::prelude::*;
use actix_web::web::Bytes;
use kontena_core::{domain::Change, presence};
use kontena_protocol::agent::{Decoded, Message, RpcError, json, method};
use kontena_store::{StoreError, grids, instances, nodes, services};
use rmpv::Value;
use tokio::sync::oneshot;

use super::{Admitted, Incoming, Outgoing, SessionActor};
use crate::{
    actors::Tools,
    wire::{self, PodSource},
};

/// Bytes that wait for the admission of an agent.
const MOST_WAITING_BYTES: usize = 64 * 1024;

type Answer = Result<Value, RpcError>;

impl Handler<Incoming> for SessionActor {
    type Result = ();

    fn handle(&mut self, incoming: Incoming, ctx: &mut Self::Context) {
        if self.closing {
            return;
        }
        self.waiting.push_back((incoming.bytes, incoming.done));
        if self.node.is_some() {
            self.handle_next(ctx);
            return;
        }
        let waiting: usize = self.waiting.iter().map(|(bytes, _)| bytes.len()).sum();
        if waiting > MOST_WAITING_BYTES {
            self.close(1009, "too much data before the handshake ended", ctx);
        }
    }
}

impl SessionActor {
    /// Takes up the next frame unless one is being handled: effects keep the order of sending.
    pub(super) fn handle_next(&mut self, ctx: &mut Context<Self>) {
        while !self.busy && !self.closing {
            let Some((bytes, done)) = self.waiting.pop_front() else {
                return;
            };
            match self.decode(&bytes) {
                Some((id, method, params)) => self.dispatch(id, method, params, done, ctx),
                None => {
                    done.send(()).ok();
                }
            }
        }
    }

    /// Reads a frame; answers and rubbish are dealt with here.
    fn decode(&mut self, bytes: &Bytes) -> Option<(Option<u64>, String, Vec<Value>)> {
        match Message::decode(bytes) {
            Ok(Decoded::Message(Message::Request { id, method, params })) => {
                Some((Some(id), method, params))
            }
            Ok(Decoded::Message(Message::Notification { method, params })) => {
                Some((None, method, params))
            }
            Ok(Decoded::Message(Message::Response { id, outcome })) => {
                self.answered(id, outcome);
                None
            }
            Ok(Decoded::BadRequest { id }) => {
                let error = RpcError::new(500, "ArgumentError: the method is not a string");
                self.respond(id, Err(error));
                None
            }
            Ok(Decoded::Ignored) => None,
            Err(error) => {
                log::warn!("node {}: Cannot unpack message, reason {error}", self.hello.node_id);
                None
            }
        }
    }

    fn dispatch(
        &mut self,
        id: Option<u64>,
        method: String,
        params: Vec<Value>,
        done: oneshot::Sender<()>,
        ctx: &mut Context<Self>,
    ) {
        let Some(node) = self.node.clone() else {
            return;
        };
        self.tools().failpoints.pass("session: dispatch");
        let tools = self.tools().clone();
        self.busy = true;
        let call = async move {
            let answer = call(&tools, &node, &method, params).await;
            (method, answer)
        };
        ctx.spawn(call.into_actor(self).map(move |(method, answer), actor, ctx| {
            actor.busy = false;
            match id {
                Some(id) => actor.respond(id, answer),
                None => {
                    if let Err(error) = answer {
                        let node = &actor.hello.node_id;
                        log::warn!("node {node}: notification {method} failed: {error}");
                    }
                }
            }
            done.send(()).ok();
            actor.handle_next(ctx);
        }));
    }

    fn respond(&self, id: u64, outcome: Answer) {
        if !self.closing {
            self.send(Outgoing::Frame(Message::Response { id, outcome }.encode()));
        }
    }
}

async fn call(tools: &Tools, node: &Admitted, method: &str, params: Vec<Value>) -> Answer {
    // Only the second and third segment count: "/nodes/update/x" is "/nodes/update".
    let mut segments = method.split('/').skip(1);
    let short =
        format!("/{}/{}", segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
    let mut params = params.into_iter();
    let mut next = || params.next().unwrap_or(Value::Nil);
    match short.as_str() {
        method::NODES_UPDATE => {
            is_own(node, &next(), "Missing HostNode")?;
            update_node(tools, node, &next()).await
        }
        method::NODES_GET => {
            is_own(node, &next(), "Missing HostNode")?;
            node_info(tools, node).await
        }
        method::PODS_LIST => {
            is_own(node, &next(), "Node not found")?;
            list_pods(tools, node).await
        }
        method::PODS_SET_STATE => {
            is_own(node, &next(), "Node not found")?;
            set_state(tools, node, &next()).await
        }
        method::PODS_EVENT => {
            is_own(node, &next(), "Node not found")?;
            log_event(tools, node, &next()).await
        }
        _ => Err(RpcError::not_implemented()),
    }
}

/// A node speaks for itself only; any other id is answered as if that node did not exist.
fn is_own(node: &Admitted, given: &Value, refusal: &str) -> Result<(), RpcError> {
    let given = given.as_str().unwrap_or_default();
    if given == node.engine_id.as_str() {
        return Ok(());
    }
    Err(match refusal {
        "Missing HostNode" => RpcError::runtime(format!("Missing HostNode: {given}")),
        other => RpcError::runtime(other),
    })
}

fn failed(error: &StoreError) -> RpcError {
    log::error!("cannot answer an agent: {error}");
    RpcError::new(500, format!("RuntimeError: {error}"))
}

async fn update_node(tools: &Tools, node: &Admitted, info: &Value) -> Answer {
    let (report, agent_version, labels) = wire::read_docker_info(&json::lossy(info));
    let (id, grid, clock) = (node.node, node.grid, tools.clock.clone());
    let written = tools.store.write(move |tx| {
        let Some(record) = nodes::by_id(tx.conn(), id)? else {
            return Ok(false);
        };
        let (report, labels) = (report.clone(), labels.clone());
        let change = presence::report(&record, report, agent_version.clone(), labels, clock.now());
        tx.apply(grid, change)?;
        Ok(true)
    });
    match written.await {
        Ok(true) => Ok(Value::from(true)),
        Ok(false) => Err(RpcError::runtime(format!("Missing HostNode: {}", node.engine_id))),
        Err(error) => Err(failed(&error)),
    }
}

async fn node_info(tools: &Tools, node: &Admitted) -> Answer {
    let (id, grid) = (node.node, node.grid);
    let found = tools
        .store
        .read(move |conn| Ok((grids::by_id(conn, grid)?, nodes::of_grid(conn, grid)?)))
        .await
        .map_err(|error| failed(&error))?;
    let (Some(grid), nodes) = found else {
        return Err(RpcError::not_implemented());
    };
    let found = nodes.iter().find(|known| known.id == id);
    let record =
        found.ok_or_else(|| RpcError::runtime(format!("Missing HostNode: {}", node.engine_id)))?;
    Ok(json::encode(&wire::node_info(&grid, record, &nodes)))
}

/// What shall run on the node. The list is authoritative: what is not in it is destroyed with its data,
/// so anything short of the whole truth must be an error.
async fn list_pods(tools: &Tools, node: &Admitted) -> Answer {
    let (id, grid) = (node.node, node.grid);
    let read = tools.store.read(move |conn| {
        let Some(grid) = grids::by_id(conn, grid)? else {
            return Ok(None);
        };
        let Some(node) = nodes::by_id(conn, id)? else {
            return Ok(None);
        };
        let mut sources = Vec::new();
        for instance in instances::on_node(conn, id)? {
            let Some(service) = services::by_id(conn, instance.service)? else {
                continue;
            };
            let revision = instance.service_revision.unwrap_or(service.revision);
            let spec = services::spec_at(conn, service.id, revision)?;
            sources.push(PodSource { instance, spec: spec.map(Into::into), service });
        }
        Ok(Some((grid, node, sources)))
    });
    let found = read.await.map_err(|error| failed(&error))?;
    let (grid, node, sources) = found.ok_or_else(|| RpcError::runtime("Node not found"))?;
    let pods: Vec<Value> =
        sources.iter().map(|source| json::encode(&wire::pod(&grid, &node, source))).collect();
    Ok(Value::Map(vec![(Value::from("service_pods"), Value::Array(pods))]))
}

async fn set_state(tools: &Tools, node: &Admitted, state: &Value) -> Answer {
    let state = wire::read_pod_state(state)?;
    let reported = Change::InstanceReported {
        service: state.service,
        number: state.number,
        node: node.node,
        rev: state.rev,
        state: state.state,
        error: state.error,
        at: tools.clock.now(),
    };
    match tools.store.change(node.grid, reported).await {
        Ok(()) => Ok(Value::Map(vec![])),
        Err(StoreError::Conflict(_)) => Err(RpcError::runtime("Instance not found")),
        Err(error) => Err(failed(&error)),
    }
}

async fn log_event(tools: &Tools, node: &Admitted, event: &Value) -> Answer {
    let event = wire::read_pod_event(event, node.grid, node.node, tools.clock.now())?;
    let grid = node.grid;
    let written = tools.store.write(move |tx| {
        let Some(service) = event.service else {
            return Ok(());
        };
        // Of a service that is gone, or of another grid: ignored, as in Kontena 1.5.
        let known = services::by_id(tx.conn(), service)?;
        if known.is_some_and(|known| known.grid == grid) {
            tx.apply(grid, Change::EventLogged(Box::new(event.clone())))?;
        }
        Ok(())
    });
    written.await.map(|()| Value::Nil).map_err(|error| failed(&error))
}
