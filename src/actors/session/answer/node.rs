//! A node's calls about itself.

use kontena_core::{domain::Change, presence};
use kontena_protocol::agent::{RpcError, json};
use kontena_store::{StoreError, grids, nodes};
use rmpv::Value;

use super::{Admitted, Answer, failed, missing_host_node};
use crate::{actors::Tools, wire};

pub(super) async fn update(tools: &Tools, node: &Admitted, info: &Value) -> Answer {
    let (report, agent_version, labels) = wire::read_docker_info(&json::lossy(info));
    let (reporter, clock) = (node.clone(), tools.clock.clone());
    let written = tools.store.write(move |tx| {
        let Some(record) = nodes::by_id(tx.conn(), reporter.node)? else {
            return Ok(Err(missing_host_node(reporter.engine_id.to_string())));
        };
        // A report that was under way when a newer connection took the node must not make that one
        // online, which has not reported yet.
        if let Err(verdict) = presence::check_identity(reporter.connected(), &record) {
            return Ok(Err(RpcError::runtime(verdict.reason)));
        }
        let (report, labels) = (report.clone(), labels.clone());
        let change = presence::report(&record, report, agent_version.clone(), labels, clock.now());
        // Every agent reports every minute; what says nothing new is neither written nor acted on.
        if !presence::says_nothing_new(&record, &change) {
            tx.apply(reporter.grid, change)?;
        }
        Ok(Ok(Value::from(true)))
    });
    written.await.unwrap_or_else(|error| Err(failed(&error)))
}

pub(super) async fn info(tools: &Tools, node: &Admitted) -> Answer {
    let (id, grid) = (node.node, node.grid);
    let found = tools
        .store
        .read(move |conn| Ok((grids::by_id(conn, grid)?, nodes::of_grid(conn, grid)?)))
        .await
        .map_err(|error| failed(&error))?;
    let (Some(grid), nodes) = found else {
        return Err(RpcError::not_implemented());
    };
    let record = nodes.iter().find(|known| known.id == id);
    let record = record.ok_or_else(|| missing_host_node(node.engine_id.to_string()))?;
    Ok(json::encode(&wire::node_info(&grid, record, &nodes)))
}

pub(super) async fn measured(tools: &Tools, node: &Admitted, stats: &Value) -> Answer {
    let at = tools.clock.now();
    let sample = Box::new(wire::read_node_stats(&json::lossy(stats), at));
    let measured = Change::NodeMeasured { node: node.node, sample, at };
    match tools.store.change(node.grid, measured).await {
        Ok(()) => Ok(Value::Nil),
        Err(StoreError::Conflict(_)) => Err(missing_host_node(node.engine_id.to_string())),
        Err(error) => Err(failed(&error)),
    }
}
