//! Step five of a turn: nodes are told. An order that fails is not repeated here: a deploy hears of it,
//! and what is not a deploy's is found by the node at its next poll.

use actix::prelude::*;
use kontena_core::{
    domain::DeployId,
    rollout::{self, Order},
};
use kontena_protocol::agent::method;
use rmpv::Value;

use super::{OrderFailed, SchedulerActor};
use crate::actors::grid::{Call, CallFailed, Notify};

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
                let call = Call {
                    node,
                    method: method::NOTIFY_UPDATE,
                    // One argument, an empty list: what stock agents are used to.
                    params: vec![Value::Array(vec![])],
                    timeout: rollout::NOTIFY_LIMIT.to_std().unwrap_or_default(),
                };
                let told = self.parent.send(call).into_actor(self).map(
                    move |answer, _, ctx: &mut Context<Self>| {
                        let text = match answer {
                            Ok(Ok(_)) => return,
                            Ok(Err(CallFailed::TimedOut)) => rollout::NOTIFY_TIMEOUT,
                            // An agent that answers with an error has heard it all the same.
                            Ok(Err(CallFailed::Refused(_))) => return,
                            // The deploy waits for the node to come back, and has limits of its own.
                            Ok(Err(CallFailed::NotConnected)) | Err(_) => return,
                        };
                        ctx.notify(OrderFailed { deploy, number, node, text });
                    },
                );
                ctx.spawn(told);
            }
        }
    }

    /// Tells nodes whose list has changed.
    pub(super) fn refresh_nodes(&mut self) {
        let Some(picture) = self.picture.as_mut() else {
            return;
        };
        for node in std::mem::take(&mut picture.refresh) {
            let params = vec![Value::from("update")];
            self.parent.do_send(Notify { node, method: method::NOTIFY_UPDATE, params });
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
