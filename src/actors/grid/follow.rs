//! What a grid actor does about committed changes of its grid.

use actix::prelude::*;
use kontena_core::domain::{Change, NodeId};
use kontena_protocol::agent::{json, method};
use kontena_store::{Committed, Follower, grids, nodes};

use super::GridActor;
use crate::{actors::session, wire};

impl GridActor {
    /// Follows the grid from now on; ends the actor where the grid is gone.
    pub(super) fn follow(&mut self, ctx: &mut Context<Self>) {
        let (store, grid) = (self.tools().store.clone(), self.grid);
        let follow = async move { store.follow(grid).await };
        ctx.spawn(follow.into_actor(self).map(|followed, actor, ctx| match followed {
            Ok(Some((_, follower))) => actor.listen(follower, ctx),
            Ok(None) => ctx.stop(),
            Err(error) => {
                log::error!("grid {}: cannot follow its changes: {error}", actor.grid);
                ctx.run_later(std::time::Duration::from_secs(1), Self::follow);
            }
        }));
    }

    fn listen(&mut self, mut follower: Follower, ctx: &mut Context<Self>) {
        let next = async move {
            let committed = follower.next().await;
            (follower, committed)
        };
        ctx.spawn(next.into_actor(self).map(|(follower, committed), actor, ctx| {
            match committed {
                Some(committed) => {
                    actor.committed(&committed, ctx);
                    actor.listen(follower, ctx);
                }
                // Cut off: whatever was missed is found at the next keepalive of each session.
                None => actor.follow(ctx),
            }
        }));
    }

    fn committed(&mut self, committed: &Committed, ctx: &mut Context<Self>) {
        let mut tell_everyone = false;
        for change in committed.changes.iter() {
            match change {
                Change::NodeRemoved(node) => {
                    tell_everyone = true;
                    if let Some(live) = self.sessions.remove(node) {
                        live.session.do_send(session::NodeGone);
                    }
                }
                Change::NodeTokenChanged { node, disconnect: true, .. } => self.disconnect(*node),
                Change::NodeEdited { .. } | Change::GridUpdated(_) => tell_everyone = true,
                Change::GridRemoved(_) => ctx.stop(),
                _ => {}
            }
        }
        if tell_everyone {
            self.tell_everyone(ctx);
        }
    }

    fn disconnect(&mut self, node: NodeId) {
        if let Some(live) = self.sessions.get(&node) {
            live.session.do_send(session::Disconnected);
        }
    }

    /// Sends every connected node what the master knows about it now.
    fn tell_everyone(&mut self, ctx: &mut Context<Self>) {
        let (store, grid) = (self.tools().store.clone(), self.grid);
        let read = async move {
            store
                .read(move |conn| Ok((grids::by_id(conn, grid)?, nodes::of_grid(conn, grid)?)))
                .await
        };
        ctx.spawn(read.into_actor(self).map(|found, actor, _| {
            let (grid, nodes) = match found {
                Ok((Some(grid), nodes)) => (grid, nodes),
                Ok((None, _)) => return,
                Err(error) => {
                    log::error!("grid {}: cannot read its nodes: {error}", actor.grid);
                    return;
                }
            };
            for node in &nodes {
                if let Some(live) = actor.sessions.get(&node.id) {
                    let info = wire::node_info(&grid, node, &nodes);
                    live.session.do_send(session::NotifyAgent {
                        method: method::NODE_INFO,
                        params: vec![json::encode(&info)],
                    });
                }
            }
        }));
    }
}
