//! The safety net under `sessions`: nodes recorded as connected that have no session here and gave no
//! sign of life for two keepalive intervals. Happens where a session and its grid actor were lost
//! together; never the normal way a node goes offline.

use actix::prelude::*;
use kontena_core::domain::{Change, Node, NodeId};
use kontena_store::{StoreError, nodes};

use super::GridActor;

impl GridActor {
    /// Sweeps every two keepalive intervals.
    pub(super) fn sweep_regularly(&mut self, ctx: &mut Context<Self>) {
        let period = self.tools().rules.keepalive.interval * 2;
        ctx.run_interval(period, Self::sweep);
    }

    fn sweep(&mut self, ctx: &mut Context<Self>) {
        if self.draining {
            return;
        }
        let (store, grid) = (self.tools().store.clone(), self.grid);
        let read = async move { store.read(move |conn| nodes::of_grid(conn, grid)).await };
        ctx.spawn(read.into_actor(self).map(|nodes, actor, ctx| match nodes {
            Ok(nodes) => nodes.iter().for_each(|node| actor.unplug_stale(node, ctx)),
            Err(error) => log::error!("grid {}: cannot sweep its nodes: {error}", actor.grid),
        }));
    }

    fn unplug_stale(&mut self, node: &Node, ctx: &mut Context<Self>) {
        let tools = self.tools();
        let silent = tools.rules.keepalive.interval * 2;
        let now = tools.clock.now();
        let is_silent = node.last_seen_at.is_none_or(|seen| now - seen > to_delta(silent));
        let Some(connected_at) = node.connected_at else {
            return;
        };
        if !node.connected || !is_silent || self.sessions.contains_key(&node.id) {
            return;
        }
        log::warn!("grid {}: node {} is recorded as connected and is not", self.grid, node.name);
        self.unplug(node.id, connected_at, 1006, String::new(), ctx);
    }

    /// Records that a connection has ended, unless another one counts by now.
    pub(super) fn unplug(
        &mut self,
        node: NodeId,
        connected_at: kontena_core::domain::Time,
        close_code: u16,
        close_reason: String,
        ctx: &mut Context<Self>,
    ) {
        let (tools, grid) = (self.tools().clone(), self.grid);
        let unplug = async move {
            let at = tools.clock.now();
            let change = Change::NodeUnplugged { node, connected_at, at, close_code, close_reason };
            match tools.store.change(grid, change).await {
                // Another connection has taken the node, or it is gone: nothing to be recorded.
                Ok(()) | Err(StoreError::Conflict(_)) => {}
                Err(error) => {
                    log::error!("grid {grid}: cannot record that node {node} is offline: {error}");
                }
            }
        };
        ctx.spawn(unplug.into_actor(self));
    }
}

fn to_delta(span: std::time::Duration) -> chrono::TimeDelta {
    chrono::TimeDelta::from_std(span).unwrap_or(chrono::TimeDelta::MAX)
}
