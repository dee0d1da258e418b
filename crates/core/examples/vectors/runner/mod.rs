//! Runs the contract's vectors through the real core: one file's cases, pass or fail each.
//!
//! Random outcomes (`allowed`) are repeated with many seeds; each result has to be a member.

mod agents;
mod cases;
mod given;
mod newcomers;
mod picture;
mod replaced;
mod stacks;

use std::fmt;

pub(crate) use given::Case;
pub(crate) use replaced::REPLACED;
use serde_json::Value;

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As the case says.
    Pass,
    /// As the guarantee says that replaces the case; with the reason.
    Better(&'static str),
    /// Otherwise: what came out.
    Fail(String),
    /// Nothing in the core does this yet.
    NotBuilt,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("pass"),
            Self::Better(reason) => write!(f, "pass (better: {reason})"),
            Self::Fail(found) => write!(f, "FAIL: {found}"),
            Self::NotBuilt => f.write_str("not built"),
        }
    }
}

/// Reads the cases of a vectors file.
pub(crate) fn read(text: &str) -> Result<Vec<Case>, String> {
    serde_json::from_str(text).map_err(|error| format!("not a vectors file: {error}"))
}

/// Runs a case.
pub(crate) fn run(case: &Case) -> Outcome {
    let replaced = REPLACED.iter().find(|(name, ..)| *name == case.name);
    let Some((_, reason, then)) = replaced.filter(|_| case.level == "quirk") else {
        return run_as(case, &case.then).unwrap_or_else(Outcome::Fail);
    };
    let Ok(then) = serde_json::from_str::<Value>(then) else {
        return Outcome::Fail("the better result is not JSON".into());
    };
    match run_as(case, &then) {
        Ok(Outcome::Pass) => Outcome::Better(reason),
        Ok(outcome) => outcome,
        Err(found) => Outcome::Fail(found),
    }
}

fn run_as(case: &Case, then: &Value) -> Result<Outcome, String> {
    match case.when.as_str() {
        "select" => cases::select(case, then),
        "filter" => cases::filter(case, then),
        "count" => cases::count(case, then),
        "deploy" => cases::deploy(case, then),
        "reschedule" => cases::reschedule(case, then),
        "reschedule_then_deploy" => cases::reschedule_then_deploy(case, then),
        "remove_node" => cases::remove_node(case, then),
        "node_cleanup" => cases::node_cleanup(case, then),
        "throttle" => cases::throttle(case, then),
        "drain_node" | "activate_node" => cases::availability(case, then),
        "join_node" => newcomers::join(case, then),
        "stack_order" => stacks::order(case, then),
        _ => return Ok(Outcome::NotBuilt),
    }
    .map(|()| Outcome::Pass)
}
