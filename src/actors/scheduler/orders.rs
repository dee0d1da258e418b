//! Step five of a turn: nodes are told. An order that fails is not repeated here: a deploy hears of it,
//! and what is not a deploy's is found by the node at its next poll.

use actix::prelude::*;
use kontena_core::{
    domain::{DeployId, NodeId},
    rollout::{self, Order},
};
use kontena_protocol::agent::method;
use rmpv::Value;

use super::{OrderEnded, SchedulerActor};
use crate::actors::grid::{Call, CallFailed, GridActor, Notify};

impl SchedulerActor {
    pub(super) fn carry_out(&mut self, order: Order, ctx: &mut Context<Self>) {
        match order {
            Order::RefreshNode { node } => {
                if let Some(picture) = self.picture.as_mut() {
                    picture.refresh.insert(node);
                }
            }
            Order::TellNode { node, deploy, number } => {
                self.tools.failpoints.pass("scheduler: before order");
                let told = self.ask(node, method::NOTIFY_UPDATE).into_actor(self).map(
                    move |answer, _, ctx: &mut Context<Self>| {
                        // An agent that answers with an error has heard it all the same. Where there is no
                        // connection, the deploy waits for the node, and has limits of its own.
                        if let Ok(Err(CallFailed::TimedOut)) = answer {
                            let outcome = Err(rollout::NOTIFY_TIMEOUT);
                            ctx.notify(OrderEnded { deploy, number, node, outcome });
                        }
                    },
                );
                ctx.spawn(told);
            }
            Order::RefreshVolumes { node, deploy, number } => {
                let told = self.ask(node, method::VOLUMES_NOTIFY_UPDATE).into_actor(self).map(
                    move |answer, _, ctx: &mut Context<Self>| {
                        let outcome = match answer {
                            Ok(Err(CallFailed::TimedOut)) => Err(rollout::VOLUMES_TIMEOUT),
                            // Without a connection it asks by itself as soon as it has one.
                            Ok(Ok(_) | Err(CallFailed::Refused(_) | CallFailed::NotConnected)) => {
                                Ok(())
                            }
                            // The grid actor was lost: this one ends too, and its successor asks again.
                            Err(_) => return,
                        };
                        ctx.notify(OrderEnded { deploy, number, node, outcome });
                    },
                );
                ctx.spawn(told);
            }
        }
    }

    /// Calls a node about something that has changed.
    fn ask(&self, node: NodeId, method: &'static str) -> Request<GridActor, Call> {
        self.parent.send(Call {
            node,
            method,
            // One argument, an empty list: what stock agents are used to.
            params: vec![Value::Array(vec![])],
            timeout: rollout::NOTIFY_LIMIT.to_std().unwrap_or_default(),
        })
    }

    /// Tells nodes whose lists have changed.
    pub(super) fn refresh_nodes(&mut self) {
        let Some(picture) = self.picture.as_mut() else {
            return;
        };
        for node in std::mem::take(&mut picture.refresh) {
            let params = vec![Value::from("update")];
            self.parent.do_send(Notify { node, method: method::NOTIFY_UPDATE, params });
        }
        for node in std::mem::take(&mut picture.refresh_volumes) {
            let params = vec![Value::from("remove")];
            self.parent.do_send(Notify { node, method: method::VOLUMES_NOTIFY_UPDATE, params });
        }
    }

    /// After a (re)start: nodes that unfinished deploys wait for are told again.
    pub(super) fn resume(&mut self, ctx: &mut Context<Self>) {
        let Some(picture) = &self.picture else { return };
        let deploys: Vec<DeployId> = picture.snapshot.deploys().map(|deploy| deploy.id).collect();
        let orders: Vec<Order> = deploys
            .into_iter()
            .flat_map(|deploy| rollout::resume(&picture.snapshot, deploy))
            .collect();
        orders.into_iter().for_each(|order| self.carry_out(order, ctx));
    }
}
