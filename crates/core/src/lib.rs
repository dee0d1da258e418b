//! Every decision of the Kontena master, pure.
//!
//! A decision takes a [`Snapshot`] (all it may look at), an event or a question, and a [`Moment`] (now,
//! fresh ids, chance), and returns changes to be remembered, orders to be carried out and reasons to be
//! told, or a refusal. There is no clock, no I/O, no logging and no `async` in this crate, so that six
//! hours pass in a microsecond and the same input always gives the same decision.
//!
//! Reading order: [`domain`], [`snapshot`], then the decisions; [`validate`] is what an administrator's
//! request has to pass first.

pub mod attendance;
pub mod cleanup;
pub mod containers;
pub mod domain;
pub mod explain;
pub mod grace;
pub mod invariants;
pub mod keepalive;
pub mod login;
pub mod moment;
pub mod names;
pub mod placement;
pub mod presence;
pub mod reconcile;
pub mod rollout;
pub mod snapshot;
pub mod stack_order;
#[cfg(test)]
mod testing;
pub mod validate;
pub mod volumes;

pub use moment::Moment;
pub use snapshot::Snapshot;
