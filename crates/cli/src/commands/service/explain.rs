//! `kontena service explain`: the last decision about a service, instance by instance.
//!
//! ```text
//! ID decided at TIME (TRIGGER): REASON
//! ⊗ 2 nowhere: REASON
//!     FILTER: REASON (NODE, NODE)
//!     ranked: NODE [KEY], NODE [KEY]
//! ```

use std::fmt::Write as _;

use serde_json::Value;

use crate::api::{Explanation, InstanceExplanation, Rank, Refusals, read};
use crate::args::service::ServiceExplain;
use crate::commands::document;
use crate::failure::Failure;
use crate::output::{Console, Mark};
use crate::session::Session;

/// Most nodes named in a line of refusals.
const NAMED: usize = 5;
/// Most nodes in a line of ranks.
const RANKED: usize = 3;

/// Explains the last decision, or says that there is none yet.
pub(super) fn run(session: &Session<'_>, args: &ServiceExplain) -> Result<(), Failure> {
    let service = super::service_path(session, &args.name)?;
    let client = session.client()?;
    let path = match args.instance {
        Some(number) => format!("{service}/explain?instance={number}"),
        None => format!("{service}/explain"),
    };
    let object: Value = match client.get(&path) {
        // The service itself may be what is not found.
        Err(failure) if failure.status() == Some(404) => {
            client.get::<Value>(&service)?;
            return Err(undecided(&args.name));
        }
        answer => answer?,
    };
    if document::object(session.console, args.showing.output, &object)? {
        return Ok(());
    }
    let mut explanation: Explanation = read(object, &path)?;
    if explanation.service.is_empty() {
        explanation.service.clone_from(&args.name);
    }
    if args.instance.is_some() && explanation.instances.is_empty() {
        return Err(Failure::said("Instance not found"));
    }
    let text = render(session.console, &explanation, args.instance.is_some());
    Ok(session.console.text(&text)?)
}

fn undecided(name: &str) -> Failure {
    Failure::said(format!(
        "Nothing has been decided about {name} yet. Use: kontena service deploy {name}"
    ))
}

/// Writes what was decided; with `ranks` also for instances that nobody was refused for.
fn render(console: &Console, explanation: &Explanation, ranks: bool) -> String {
    let Explanation { service, decided_at, trigger, reason, .. } = explanation;
    let mut out = service.clone();
    if !decided_at.is_empty() {
        let _ = write!(out, " decided at {decided_at}");
    }
    if !trigger.is_empty() {
        let _ = write!(out, " ({trigger})");
    }
    if !reason.is_empty() {
        let _ = write!(out, ": {reason}");
    }
    out.push('\n');
    let mut told: Option<&InstanceExplanation> = None;
    for instance in &explanation.instances {
        let _ = writeln!(out, "{} {}", mark(console, instance), headline(instance));
        match told.filter(|told| told.filters == instance.filters) {
            Some(told) if !told.filters.is_empty() => {
                let _ = writeln!(out, "    refused: as for instance {}", told.number);
            }
            _ => {
                let lines = instance.filters.iter().map(refused);
                lines.for_each(|line| _ = writeln!(out, "    {line}"));
                told = Some(instance);
            }
        }
        if !instance.ranks.is_empty() && (ranks || !instance.filters.is_empty()) {
            let _ = writeln!(out, "    ranked: {}", ranked(&instance.ranks));
        }
    }
    out
}

fn mark(console: &Console, instance: &InstanceExplanation) -> String {
    console.mark(if instance.node.is_some() { Mark::Good } else { Mark::Bad })
}

/// `2 core-01: REASON`.
fn headline(instance: &InstanceExplanation) -> String {
    let place = node(instance.node.as_deref());
    match instance.reason.as_str() {
        "" => format!("{} {place}", instance.number),
        reason => format!("{} {place}: {reason}", instance.number),
    }
}

/// A node's name, or that there is none.
pub(super) fn node(name: Option<&str>) -> &str {
    name.unwrap_or("nowhere")
}

/// `Port: 2 of 5 nodes refused: a port of [80] is taken (core-01, core-02)`.
fn refused(refusals: &Refusals) -> String {
    let named = refusals.nodes.iter().take(NAMED).map(String::as_str).collect();
    let total = usize::try_from(refusals.refused).unwrap_or(usize::MAX);
    let mut text = format!("{}: {}", refusals.filter, refusals.reason);
    if !refusals.nodes.is_empty() {
        let _ = write!(text, " ({})", and_more(named, total));
    }
    text
}

fn ranked(ranks: &[Rank]) -> String {
    let shown = ranks.iter().take(RANKED).map(|rank| {
        let key: Vec<_> = rank.key.iter().map(|part| shown(*part)).collect();
        format!("{} [{}]", rank.node, key.join(", "))
    });
    let shown: Vec<_> = shown.collect();
    and_more(shown.iter().map(String::as_str).collect(), ranks.len())
}

fn and_more(shown: Vec<&str>, total: usize) -> String {
    let more = total.saturating_sub(shown.len());
    let shown = shown.join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// A part of a key with at most two decimals; infinite is what is not known.
fn shown(part: f64) -> String {
    match part.is_finite() {
        true => ((part * 100.0).round() / 100.0).to_string(),
        false => "unknown".to_owned(),
    }
}

/// Why instances have no node, for the listing of a service: `2: REASON` for each that is nowhere.
pub(super) fn hindrances(explanation: &Explanation) -> Vec<String> {
    let nowhere = explanation.instances.iter().filter(|instance| instance.node.is_none());
    nowhere.map(|instance| format!("{}: {}", instance.number, why(instance))).collect()
}

/// Why an instance is where it is, or nowhere.
pub(super) fn why(instance: &InstanceExplanation) -> String {
    match instance.reason.as_str() {
        "" => instance.filters.iter().map(refused).collect::<Vec<_>>().join("; "),
        reason => reason.to_owned(),
    }
}
