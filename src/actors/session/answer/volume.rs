//! A node's calls about the volumes of its engine.

use kontena_core::{
    domain::{VolumeId, text},
    volumes::{MOST_OF_NODE, ReportedVolume, adopted},
};
use kontena_protocol::agent::{RpcError, VolumeState, json};
use kontena_store::{nodes, volumes};
use rmpv::Value;

use super::{Admitted, Answer, done, failed, read};
use crate::{actors::Tools, wire};

/// Which volumes shall exist on the node. The list is authoritative: a volume of the engine that carries
/// the master's labels and is not in it is removed, so anything short of the whole truth must be an error.
pub(super) async fn list(tools: &Tools, node: &Admitted) -> Answer {
    let id = node.node;
    let read = tools.store.read(move |conn| {
        // In this order: a node that is still there has not lost its volumes before.
        let listed = volumes::on_node(conn, id)?;
        Ok((listed, nodes::by_id(conn, id)?))
    });
    let (listed, node) = read.await.map_err(|error| failed(&error))?;
    let node = node.ok_or_else(|| RpcError::runtime("Node not found"))?;
    let volumes = listed
        .iter()
        .map(|(instance, volume)| json::encode(&wire::node_volume(&node, instance, volume)))
        .collect();
    Ok(Value::Map(vec![(Value::from("volumes"), Value::Array(volumes))]))
}

/// The node's engine has a volume with the master's labels.
pub(super) async fn set_state(tools: &Tools, node: &Admitted, state: &Value) -> Answer {
    let state: VolumeState = read(state)?;
    if !(1..=text::NAME).contains(&state.name.len()) {
        let text = format!("ArgumentError: a volume's name has 1 to {} bytes", text::NAME);
        return Err(RpcError::new(500, text));
    }
    let (grid, id, clock) = (node.grid, node.node, tools.clock.clone());
    let written = tools.store.write(move |tx| {
        if nodes::by_id(tx.conn(), id)?.is_none() {
            return Ok(Err(RpcError::runtime("Node not found")));
        }
        let known_as = state.volume_instance_id.as_deref().and_then(|id| id.parse().ok());
        let same_id = match known_as {
            Some(known_as) => volumes::instance(tx.conn(), known_as)?,
            None => None,
        };
        let Some(volume_id) = &state.volume_id else {
            return Ok(Ok(done()));
        };
        if same_id.as_ref().is_some_and(|known| known.node == id) {
            return Ok(Ok(done()));
        }
        let volume = match volume_id.parse::<VolumeId>() {
            Ok(volume) => volumes::by_id(tx.conn(), volume)?.filter(|volume| volume.grid == grid),
            Err(_) => None,
        };
        let Some(volume) = volume else {
            return Ok(Err(could_not_find(volume_id)));
        };
        let same_name = volumes::instance_by_name(tx.conn(), id, &state.name)?;
        if same_name.is_none() && volumes::count_on(tx.conn(), id)? >= MOST_OF_NODE {
            return Ok(Err(too_many()));
        }
        let reported =
            ReportedVolume { node: id, volume: volume.id, id: known_as, name: state.name.clone() };
        let mut moment = clock.moment();
        let changes = adopted(&reported, same_id.as_ref(), same_name.as_ref(), &mut moment);
        tx.apply_all(grid, changes)?;
        Ok(Ok(done()))
    });
    written.await.unwrap_or_else(|error| Err(failed(&error)))
}

fn could_not_find(volume: &str) -> RpcError {
    let shown = text::cut(volume, text::NAME);
    RpcError::runtime(format!("Could not find volume with id: {shown}"))
}

fn too_many() -> RpcError {
    RpcError::new(413, format!("the node has {MOST_OF_NODE} volumes, more are not kept"))
}
