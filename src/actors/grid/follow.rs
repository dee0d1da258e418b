//! What a grid actor does about committed changes of its grid.

use std::{sync::Arc, time::Duration};

use actix::prelude::*;
use kontena_core::domain::{Change, NodeId, Time};
use kontena_protocol::agent::{json, method};
use kontena_store::{Committed, Follower};

use super::{AGAIN, Directory, GridActor};
use crate::{actors::session, wire};

/// How long changes are gathered before every node is told.
const GATHER: Duration = Duration::from_millis(100);
/// Nodes that are told in one go.
const AT_A_TIME: usize = 100;
/// The pause before the next ones.
const PAUSE: Duration = Duration::from_millis(10);

impl GridActor {
    /// Follows the grid from now on; ends the actor where the grid is gone.
    pub(super) fn follow(&mut self, ctx: &mut Context<Self>) {
        let (store, grid) = (self.tools().store.clone(), self.grid);
        let follow = async move { store.follow(grid).await };
        ctx.spawn(follow.into_actor(self).map(|followed, actor, ctx| match followed {
            Ok(Some((_, follower))) => {
                // What was missed in between is told anew.
                if std::mem::replace(&mut actor.may_have_missed, true) {
                    actor.tell_everyone_soon(ctx);
                }
                actor.listen(follower, ctx);
            }
            Ok(None) => ctx.stop(),
            // The master is about to stop.
            Err(error) if error.is_fenced() => {}
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
                // Cut off. A removal or a reset that was missed is found at the session's next keepalive.
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
                // A refusal for its clock has taken the node from the connection that counted.
                Change::NodeRejected { node, connected_at, .. } => {
                    self.supersede(*node, *connected_at);
                }
                Change::NodeEdited { .. } | Change::GridUpdated(_) => tell_everyone = true,
                Change::GridRemoved(_) => ctx.stop(),
                _ => {}
            }
        }
        if tell_everyone {
            self.tell_everyone_soon(ctx);
        }
    }

    fn supersede(&mut self, node: NodeId, newer: Time) {
        if let Some(live) = self.sessions.get(&node)
            && live.connected_at < newer
        {
            live.session.do_send(session::Superseded { newer });
            self.sessions.remove(&node);
        }
    }

    fn disconnect(&mut self, node: NodeId) {
        if let Some(live) = self.sessions.get(&node) {
            live.session.do_send(session::Disconnected);
        }
    }

    /// Many changes in a row are told once.
    pub(super) fn tell_everyone_soon(&mut self, ctx: &mut Context<Self>) {
        if !std::mem::replace(&mut self.tells_everyone, true) {
            ctx.run_later(GATHER, Self::tell_everyone);
        }
    }

    /// Sends every connected node what the master knows about it now.
    fn tell_everyone(&mut self, ctx: &mut Context<Self>) {
        if self.telling {
            // The round under way is finished first: steady news must not starve the last ones.
            ctx.run_later(GATHER, Self::tell_everyone);
            return;
        }
        self.tells_everyone = false;
        self.telling = true;
        let answered = self.ask_directory(ctx);
        ctx.spawn(answered.into_actor(self).map(|found, actor, ctx| match found {
            Ok(Some(directory)) => actor.tell(directory, 0, ctx),
            Ok(None) => actor.telling = false,
            // What could not be read now is told later.
            Err(_) => {
                actor.telling = false;
                actor.tells_everyone = true;
                ctx.run_later(AGAIN, Self::tell_everyone);
            }
        }));
    }

    /// Tells some nodes now and the others a moment later: each is told about all, so that a large grid
    /// at once would hold a thread and a lot of memory.
    fn tell(&mut self, directory: Arc<Directory>, from: usize, ctx: &mut Context<Self>) {
        let Directory { grid, nodes } = &*directory;
        for node in nodes.iter().skip(from).take(AT_A_TIME) {
            if let Some(live) = self.sessions.get(&node.id) {
                let info = wire::node_info(grid, node, nodes);
                live.session.do_send(session::NotifyAgent {
                    method: method::NODE_INFO,
                    params: vec![json::encode(&info)],
                });
            }
        }
        let next = from + AT_A_TIME;
        if next < nodes.len() {
            ctx.run_later(PAUSE, move |actor, ctx| actor.tell(directory, next, ctx));
        } else {
            self.telling = false;
        }
    }
}
