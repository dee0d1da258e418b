//! What is done in each kind of case, and how the result is compared.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use kontena_core::{
    Moment, Snapshot, cleanup,
    domain::{Availability, Change, DeployId, NodeId, Service},
    grace::Graces,
    placement::{Failure, Run},
    reconcile::{self, Cause, Verdict},
    rollout,
};
use serde_json::{Value, json};

use super::{
    agents::{self, Outcome},
    given::Case,
    picture::{Builder, now, pending, the_service},
};

/// How often a case with several allowed outcomes is repeated.
const SEEDS: u64 = 200;

pub(super) type Checked = Result<(), String>;

fn service(snapshot: &Snapshot) -> Result<&Service, String> {
    let service = snapshot.service(the_service());
    service.ok_or_else(|| "the case has no service".into())
}

fn name(snapshot: &Snapshot, node: NodeId) -> String {
    let node = snapshot.node(node);
    node.map_or_else(|| "(gone)".into(), |node| node.name.clone())
}

/// How many seeds a case is run with.
fn seeds(then: &Value) -> std::ops::Range<u64> {
    0..if then.get("allowed").is_some() { SEEDS } else { 5 }
}

/// Compares one field, where the case names it.
pub(super) fn same(then: &Value, field: &str, found: &Value) -> Checked {
    match then.get(field) {
        Some(expected) if expected != found => {
            Err(format!("{field}: expected {expected}, found {found}"))
        }
        _ => Ok(()),
    }
}

/// Compares a placement with the only or the allowed ones.
fn same_placement(then: &Value, found: &BTreeMap<String, String>) -> Checked {
    let found = json!(found);
    same(then, "placement", &found)?;
    match then.get("allowed").and_then(Value::as_array) {
        Some(allowed) if !allowed.contains(&found) => {
            Err(format!("placement {found} is not among {allowed:?}"))
        }
        _ => Ok(()),
    }
}

fn same_failure(then: &Value, failure: &Failure) -> Checked {
    let fatal = matches!(failure, Failure::Fatal(_));
    let expected = then.get("fatal") == Some(&json!(true));
    let any = expected || then.get("error").is_some();
    if !any || expected != fatal {
        return Err(format!("expected {then}, found {failure:?}"));
    }
    same(then, "error", &json!(failure.to_string()))
}

pub(super) fn no_failure(then: &Value) -> Checked {
    match then.get("error").or(then.get("fatal")) {
        Some(expected) => Err(format!("expected the error {expected}, found none")),
        None => Ok(()),
    }
}

pub(super) fn select(case: &Case, then: &Value) -> Checked {
    let builder = Builder::new(&case.given);
    let snapshot = builder.snapshot();
    let service = service(&snapshot)?;
    let number = case.given.instance_number;
    for seed in seeds(then) {
        // A selection by itself; what evens out a whole run of daemon (8.2 #6) is left aside.
        let mut run = Run::connected(&snapshot, service).sticking();
        for (node, numbers) in &case.given.scheduled {
            for number in numbers {
                let node = builder.node(node).ok_or("scheduled on an unknown node")?;
                run.note(*number, node);
            }
        }
        match run.select(number, &mut Moment::new(now(), seed)) {
            Err(failure) => same_failure(then, &failure)?,
            Ok(node) => {
                no_failure(then)?;
                let found = [(number.to_string(), name(&snapshot, node))];
                same_placement(then, &BTreeMap::from(found))?;
            }
        }
    }
    Ok(())
}

pub(super) fn filter(case: &Case, then: &Value) -> Checked {
    let snapshot = Builder::new(&case.given).snapshot();
    let run = Run::connected(&snapshot, service(&snapshot)?);
    match run.survivors(case.given.instance_number) {
        Err(failure) => same_failure(then, &failure),
        Ok(nodes) => {
            no_failure(then)?;
            let names = nodes.into_iter().map(|node| name(&snapshot, node));
            let names: BTreeSet<_> = names.collect();
            same(then, "nodes", &json!(names))
        }
    }
}

pub(super) fn count(case: &Case, then: &Value) -> Checked {
    let snapshot = Builder::new(&case.given).snapshot();
    let total = Run::connected(&snapshot, service(&snapshot)?).total();
    let total = total.map_err(|failure| failure.to_string())?;
    same(then, "count", &json!(total))
}

pub(super) fn deploy(case: &Case, then: &Value) -> Checked {
    for seed in seeds(then) {
        let mut snapshot = Builder::new(&case.given).snapshot();
        let deploy = request(&mut snapshot)?;
        let outcome = run_deploy(case, &mut snapshot, deploy, seed)?;
        same_deploy(then, &outcome)?;
    }
    Ok(())
}

/// An administrator asks for a deploy; the case says in which state the service is.
fn request(snapshot: &mut Snapshot) -> Result<DeployId, String> {
    let deploy = pending(service(snapshot)?, 0);
    let id = deploy.id;
    snapshot.apply(&Change::DeployCreated(Box::new(deploy)));
    Ok(id)
}

fn run_deploy(
    case: &Case,
    snapshot: &mut Snapshot,
    deploy: DeployId,
    seed: u64,
) -> Result<Outcome, String> {
    let builder = Builder::new(&case.given);
    let nodes = case.given.fail_nodes.iter();
    let fail_nodes: Vec<_> = nodes.filter_map(|node| builder.node(node)).collect();
    agents::run(snapshot, deploy, &fail_nodes, false, Moment::new(now(), seed))
}

fn same_deploy(then: &Value, outcome: &Outcome) -> Checked {
    let deploy = &outcome.deploy;
    same(then, "state", &json!(agents::word(deploy.state)))?;
    same(then, "count", &json!(deploy.total))?;
    same(then, "error", &json!(deploy.reason))?;
    same(then, "events", &json!(outcome.events))?;
    same_placement(then, &outcome.placement())?;
    let expected = then.get("removed_instances");
    let found = json!(outcome.removed);
    if *expected.unwrap_or(&json!([])) != found {
        return Err(format!("removed_instances: expected {expected:?}, found {found}"));
    }
    Ok(())
}

/// Asks for a deploy by itself where one is due, and compares the decision.
fn judged(snapshot: &mut Snapshot, then: &Value, seed: u64) -> Result<Option<DeployId>, String> {
    let mut moment = Moment::new(now(), seed);
    let graces = Graces::default();
    let judgement = reconcile::judge(snapshot, the_service(), now(), &graces, &mut moment);
    let (due, cause, error) = match judgement.verdict {
        Verdict::Leave => (false, None, None),
        Verdict::Deploy(cause) => (true, Some(cause), None),
        Verdict::Failed(text) => (false, None, Some(text)),
    };
    same(then, "reschedule", &json!(due))?;
    same(then, "cause", &json!(cause.map(Cause::as_str)))?;
    same(then, "check_error", &json!(error))?;
    let Some(cause) = cause else {
        return Ok(None);
    };
    let before = service(snapshot)?.revision;
    let changes = reconcile::deploy_changes(snapshot, the_service(), cause, &mut moment);
    for change in &changes {
        snapshot.apply(change);
    }
    let bumped = service(snapshot)?.revision > before;
    same(then, "revision_bumped", &json!(bumped))?;
    let deploy = changes.iter().find_map(|change| match change {
        Change::DeployCreated(deploy) => Some(deploy.id),
        _ => None,
    });
    deploy.map(Some).ok_or_else(|| "no deploy was asked for".into())
}

pub(super) fn reschedule(case: &Case, then: &Value) -> Checked {
    for seed in seeds(then) {
        judged(&mut Builder::new(&case.given).snapshot(), then, seed)?;
    }
    Ok(())
}

pub(super) fn reschedule_then_deploy(case: &Case, then: &Value) -> Checked {
    for seed in seeds(then) {
        let mut snapshot = Builder::new(&case.given).snapshot();
        if let Some(deploy) = judged(&mut snapshot, then, seed)? {
            same_deploy(then, &run_deploy(case, &mut snapshot, deploy, seed)?)?;
        }
    }
    Ok(())
}

pub(super) fn remove_node(case: &Case, then: &Value) -> Checked {
    for seed in seeds(then) {
        let builder = Builder::new(&case.given);
        let mut snapshot = builder.snapshot();
        let node = builder.node(&case.given.node).ok_or("an unknown node")?;
        snapshot.apply(&Change::NodeRemoved(node));
        let rows = snapshot.instances(the_service()).map(|row| {
            let node = row.node.map(|node| name(&snapshot, node));
            json!({"number": row.number, "node": node})
        });
        same(then, "instances", &json!(rows.collect::<Vec<_>>()))?;
        let deploy = match judged(&mut snapshot, then, seed)? {
            None if case.given.manual_deploy => Some(request(&mut snapshot)?),
            deploy => deploy,
        };
        if let Some(deploy) = deploy {
            let outcome = run_deploy(case, &mut snapshot, deploy, seed)?;
            same_placement(then, &outcome.placement())?;
        }
    }
    Ok(())
}

pub(super) fn throttle(case: &Case, then: &Value) -> Checked {
    let mut snapshot = Builder::new(&case.given).snapshot();
    let deploy = request(&mut snapshot)?;
    let moment = Moment::new(now(), 0);
    let outcome = agents::run(&mut snapshot, deploy, &[], true, moment)?;
    let found = json!(outcome.most_in_flight);
    if then.get("max_parallel_exact") == Some(&found) {
        return Ok(());
    }
    same(then, "max_parallel", &found)
}

pub(super) fn availability(case: &Case, then: &Value) -> Checked {
    let builder = Builder::new(&case.given);
    let mut snapshot = builder.snapshot();
    let node = builder.node(&case.given.node).ok_or("an unknown node")?;
    let availability =
        if case.when == "drain_node" { Availability::Drain } else { Availability::Active };
    let (mut changes, notified) =
        rollout::availability_changes(&snapshot, node, availability, now());
    changes.push(Change::NodeEdited {
        node,
        labels: snapshot.node(node).map(|node| node.labels.clone()).unwrap_or_default(),
        availability,
        at: now(),
    });
    for change in &changes {
        snapshot.apply(change);
    }
    let services = snapshot.services();
    let rows = services.flat_map(|service| {
        let rows = snapshot.instances(service.id);
        rows.map(|row| {
            let key = format!("{}-{}", service.stack_path(), row.number);
            (key, row.desired_state.as_str())
        })
    });
    let desired: BTreeMap<_, _> = rows.collect();
    same(then, "desired", &json!(desired))?;
    let notified: Vec<_> = notified.into_iter().map(|node| name(&snapshot, node)).collect();
    same(then, "notified", &json!(notified))?;
    let found = snapshot.node(node).map(|node| node.availability.as_str());
    same(then, "availability", &json!(found))
}

/// The sweep of connections, then that of ephemeral nodes.
pub(super) fn node_cleanup(case: &Case, then: &Value) -> Checked {
    let mut snapshot = Builder::new(&case.given).snapshot();
    let limits = cleanup::Limits {
        stale: TimeDelta::seconds(60),
        ephemeral: TimeDelta::hours(6),
        listening_since: snapshot.listening_since,
        absences: snapshot.absences.clone(),
    };
    let stale: Vec<_> =
        snapshot.nodes().filter(|node| cleanup::is_stale(node, &limits, now())).cloned().collect();
    for node in &stale {
        let connected_at = node.connected_at.unwrap_or_default();
        snapshot.apply(&Change::NodeSwept { node: node.id, connected_at, at: now() });
    }
    let size = snapshot.grid.initial_size;
    let removed: BTreeSet<_> = snapshot
        .nodes()
        .filter(|node| {
            let containers = snapshot.containers().filter(|container| container.node == node.id);
            let of_containers = containers.filter_map(|container| container.service);
            let of_instances = snapshot.instances_on(node.id).map(|instance| instance.service);
            let on_node = of_instances.chain(of_containers);
            let holds_state = cleanup::holds_state(on_node.filter_map(|id| snapshot.service(id)));
            cleanup::is_expired(node, size, holds_state, &limits, now())
        })
        .map(|node| node.name.clone())
        .collect();
    let disconnected: BTreeSet<_> = stale.into_iter().map(|node| node.name).collect();
    same(then, "disconnected", &json!(disconnected))?;
    same(then, "removed", &json!(removed))
}
