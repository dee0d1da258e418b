//! Rolling out a deploy: the next step, from stored facts alone (`scheduling.md` 5.2 to 5.8).
//!
//! ```text
//!  pending ──start──> ongoing ──place, at most so many in flight──> … ──all ended──> success
//!     │                  │   each instance: [preparing its volumes] -> [stopping on its old node]
//!     │                  │                  -> starting -> success | error
//!     └── refused        └── halted: takes up nothing more; error once nothing is in flight
//! ```
//!
//! Nothing is kept in memory: [`step`] may be called at any time and by any master, and says the same
//! about the same picture. It is level-triggered, like the judgement of a service: what an agent has
//! reported is read from the instance, not from an event.

mod begin;
mod desired;
mod flight;
mod halt;
mod limits;
mod start;
mod volumes;
mod work;

#[cfg(test)]
mod tests;

pub use desired::{availability_changes, desired_changes};
pub(crate) use halt::no_node_text;
pub use limits::{DEPLOY_LIMIT, INSTANCE_LIMIT, NOTIFY_LIMIT, most_in_flight, overdue_at};

use crate::{
    domain::{Change, DeployId, NodeId, Phase, Time},
    grace::Graces,
    moment::Moment,
    snapshot::Snapshot,
};
use halt::Halt;
use work::Work;

/// The error of an instance whose node did not answer within [`NOTIFY_LIMIT`].
pub const NOTIFY_TIMEOUT: &str = "RpcClient::TimeoutError: Connection timeout (5.0s)";
/// The error of an instance whose node did not answer within [`NOTIFY_LIMIT`] that it has heard of its
/// volumes.
pub const VOLUMES_TIMEOUT: &str = "RpcClient::TimeoutError: Connection timeout (5s)";
/// The error of an instance whose node is not connected when it is to be told.
pub const HOST_OFFLINE: &str = "GridServiceInstanceDeployer::NodeError: Host node is offline";

/// What comes next in a deploy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Step {
    /// To be committed together, in this order. Where there are any, another step follows once they are
    /// applied.
    pub changes: Vec<Change>,
    /// To be carried out once the changes are committed.
    pub orders: Vec<Order>,
    /// When to look again though nothing has happened.
    pub wake_at: Option<Time>,
}

/// Something to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Tell a node that its instances have changed, and wait for its answer ([`NOTIFY_LIMIT`]); without
    /// one, [`notify_failed`] follows.
    TellNode {
        /// The node.
        node: NodeId,
        /// The deploy that waits.
        deploy: DeployId,
        /// The instance it waits for.
        number: u32,
    },
    /// Tell a node that its volumes have changed, and wait for its answer ([`NOTIFY_LIMIT`]): without one,
    /// [`notify_failed`] follows, else [`volumes_refreshed`].
    RefreshVolumes {
        /// The node.
        node: NodeId,
        /// The deploy that waits.
        deploy: DeployId,
        /// The instance it waits for.
        number: u32,
    },
    /// Tell a node that its instances have changed; nobody waits.
    RefreshNode {
        /// The node.
        node: NodeId,
    },
}

/// The next step of an unfinished deploy; nothing where it is not its turn.
#[must_use]
pub fn step(snapshot: &Snapshot, deploy: DeployId, graces: &Graces, moment: &mut Moment) -> Step {
    let Some(mut work) = Work::new(snapshot, deploy, graces, moment) else {
        return Step::default();
    };
    match work.rev() {
        None => start::start(&mut work),
        Some(rev) => proceed(&mut work, &rev),
    }
    work.step
}

fn proceed(work: &mut Work<'_>, rev: &str) {
    flight::advance(work, rev);
    let mut halt = halt::before_next(work);
    if halt.is_none() && work.has_room() {
        if let Some((reason, until)) = start::awaited(work) {
            work.wait(reason, until);
            return;
        }
        work.wait_no_longer();
        halt = begin::place_more(work, rev);
    }
    // Keeps the service to itself until nothing is in flight (8.2 #9).
    if !work.in_flight.is_empty() {
        if work.has_next() && halt.is_none() {
            work.wake_by(work.overdue_at());
        }
        return;
    }
    match halt {
        Some(halt) => halt::finish(work, &halt),
        None if work.has_next() => {}
        None if work.failed => halt::finish(work, &Halt::InstancesFailed),
        None => halt::succeed(work),
    }
}

/// What follows when a node did not answer within [`NOTIFY_LIMIT`], or could not be asked: the instance
/// fails with the text, or, where it was only to be stopped there, the move goes on. News about a node
/// that is no longer waited for changes nothing.
#[must_use]
pub fn notify_failed(
    snapshot: &Snapshot,
    deploy: DeployId,
    number: u32,
    node: NodeId,
    text: &str,
    moment: &mut Moment,
) -> Step {
    let graces = Graces::default();
    let Some(mut work) = Work::new(snapshot, deploy, &graces, moment) else {
        return Step::default();
    };
    let known = work.in_flight.iter().find(|known| known.number == number);
    if let (Some(known), Some(rev)) = (known.cloned(), work.rev())
        && flight::waits_for(&work, &known) == Some(node)
    {
        match known.phase {
            Phase::Stopping => flight::go_on(&mut work, &known, &rev, Some(text)),
            Phase::Preparing | Phase::Starting => work.fail_instance(known, text),
        }
    }
    work.step.wake_at = None;
    work.step
}

/// What follows when a node has heard of the volumes of an instance: the instance goes there. A node that
/// is not connected, or refuses to listen, asks for its volumes by itself. News about a node that is no
/// longer waited for changes nothing.
#[must_use]
pub fn volumes_refreshed(
    snapshot: &Snapshot,
    deploy: DeployId,
    number: u32,
    node: NodeId,
    moment: &mut Moment,
) -> Step {
    let graces = Graces::default();
    let Some(mut work) = Work::new(snapshot, deploy, &graces, moment) else {
        return Step::default();
    };
    let known = work.in_flight.iter().find(|known| known.number == number);
    if let (Some(known), Some(rev)) = (known.cloned(), work.rev())
        && known.phase == Phase::Preparing
        && known.node == Some(node)
    {
        flight::prepared(&mut work, &known, &rev);
    }
    work.step.wake_at = None;
    work.step
}

/// What to tell nodes again after whoever waited for their answers has started afresh: the connected
/// ones that instances in flight wait for. The others find out by themselves when they connect.
#[must_use]
pub fn resume(snapshot: &Snapshot, deploy: DeployId) -> Vec<Order> {
    let graces = Graces::default();
    // The time is not looked at.
    let mut moment = Moment::new(snapshot.listening_since, 0);
    let Some(work) = Work::new(snapshot, deploy, &graces, &mut moment) else {
        return Vec::new();
    };
    let waiting = work.in_flight.iter().filter_map(|known| {
        let node = snapshot.node(flight::waits_for(&work, known)?)?;
        let (id, number) = (node.id, known.number);
        if known.phase == Phase::Preparing {
            // Also one that is not connected: it is not waited for.
            return Some(Order::RefreshVolumes { node: id, deploy, number });
        }
        node.connected.then_some(Order::TellNode { node: id, deploy, number })
    });
    waiting.collect()
}
