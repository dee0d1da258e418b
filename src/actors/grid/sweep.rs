//! The safety net under `sessions`: nodes recorded as connected that have no session here and gave no
//! sign of life for two keepalive intervals. Happens where a session and its grid actor were lost
//! together; never the normal way a node goes offline.

use actix::prelude::*;
use kontena_core::{
    cleanup,
    domain::{Change, Node},
};
use kontena_store::nodes;

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
            Ok(nodes) => nodes.iter().for_each(|node| actor.sweep_node(node, ctx)),
            Err(error) => log::error!("grid {}: cannot sweep its nodes: {error}", actor.grid),
        }));
    }

    fn sweep_node(&mut self, node: &Node, ctx: &mut Context<Self>) {
        let tools = self.tools();
        let at = tools.clock.now();
        let Some(connected_at) = node.connected_at else {
            return;
        };
        let is_known = self.sessions.contains_key(&node.id) || self.is_ending(node.id);
        if is_known || !cleanup::is_stale(node, &tools.rules.limits, at) {
            return;
        }
        log::warn!("grid {}: node {} is recorded as connected and is not", self.grid, node.name);
        self.record_end(node.id, Change::NodeSwept { node: node.id, connected_at, at }, ctx);
    }
}
