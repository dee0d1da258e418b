//! The last decision about each service, for whoever asks why. Kept in memory: a scheduler that starts
//! looks at every service at once, so that there is one again.

use std::{collections::BTreeMap, sync::Arc};

use actix::prelude::*;
use kontena_core::domain::{ServiceId, Time};

use super::SchedulerActor;

/// What the scheduler decided about a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// When it came to it.
    pub at: Time,
    /// What made it look.
    pub trigger: Arc<str>,
    /// What it decided, and why, in one sentence.
    pub reason: String,
    /// The last one before this that asked for a deploy.
    pub acted: Option<Box<Decision>>,
}

/// Asks for the last decision about a service; none before the first.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "Option<Decision>")]
pub struct ReadDecision {
    /// The service.
    pub service: ServiceId,
}

/// The last decisions.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    by_service: BTreeMap<ServiceId, Decision>,
}

impl Decisions {
    /// Takes note of a look at a service. One that comes to the same is no new decision, so that what
    /// brought it about is not covered up by the regular looks that follow.
    pub(super) fn note(&mut self, service: ServiceId, mut decision: Decision, acts: bool) {
        let known = self.by_service.remove(&service);
        let decision = match known {
            Some(known) if known.reason == decision.reason && !acts => known,
            known => {
                let acted = known.and_then(|known| known.acted);
                decision.acted = if acts { Some(Box::new(decision.clone())) } else { acted };
                decision
            }
        };
        self.by_service.insert(service, decision);
    }

    pub(super) fn forget(&mut self, service: ServiceId) {
        self.by_service.remove(&service);
    }
}

impl Handler<ReadDecision> for SchedulerActor {
    type Result = MessageResult<ReadDecision>;

    fn handle(&mut self, asked: ReadDecision, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.decisions.by_service.get(&asked.service).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_look_that_changes_nothing_is_no_decision() {
        let service = ServiceId::from_bytes([1; 12]);
        let decision = |second: i64, trigger: &str, reason: &str| Decision {
            at: Time::default() + chrono::TimeDelta::seconds(second),
            trigger: trigger.into(),
            reason: reason.to_owned(),
            acted: None,
        };
        let mut decisions = Decisions::default();
        decisions.note(service, decision(1, "node a connected", "as it shall be"), false);
        decisions.note(service, decision(2, "the regular look", "as it shall be"), false);
        let known = |decisions: &Decisions| decisions.by_service.get(&service).cloned();
        assert_eq!(known(&decisions), Some(decision(1, "node a connected", "as it shall be")));
        decisions.note(service, decision(3, "node b came online", "to be deployed"), true);
        decisions.note(service, decision(4, "an instance was reported", "as it shall be"), false);
        let acted = Some(Box::new(decision(3, "node b came online", "to be deployed")));
        let expected = decision(4, "an instance was reported", "as it shall be");
        assert_eq!(known(&decisions), Some(Decision { acted, ..expected }));
        decisions.forget(service);
        assert_eq!(known(&decisions), None);
    }
}
