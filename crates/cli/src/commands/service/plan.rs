//! `kontena service plan`: what a deploy would do now; nothing is changed.

use std::fmt::Write as _;

use kontena_protocol::api::{Explanation, InstanceExplanation, PlannedAction};
use serde_json::Value;

use super::{definition, explain};
use crate::api::{Method, read};
use crate::args::service::ServicePlan;
use crate::commands::document;
use crate::failure::Failure;
use crate::output::{Console, Ink, Table};
use crate::session::Session;

/// Asks for a plan and shows it. A plan that ends in an error is an answer, not a failure.
pub(super) fn run(session: &Session<'_>, args: &ServicePlan) -> Result<(), Failure> {
    let path = format!("{}/plan", super::service_path(session, &args.name)?);
    let body = definition::changed(&args.changes)?;
    let object: Value = session.client()?.send(Method::Post, &path, &body)?;
    if document::object(session.console, args.showing.output, &object)? {
        return Ok(());
    }
    let plan: Explanation = read(object, &path)?;
    Ok(session.console.text(&render(session.console, &plan))?)
}

fn render(console: &Console, plan: &Explanation) -> String {
    let mut table = Table::new(&["NUMBER", "ACTION", "NODE", "FROM", "REASON"]);
    for instance in &plan.instances {
        table.row(row(console, instance));
    }
    let mut out = table.render(console.palette());
    out.push('\n');
    if let Some(error) = &plan.error {
        let word = console.paint(Ink::Red, "error");
        let _ = writeln!(out, "The deploy would end in an {word}: {error}");
    }
    let _ = writeln!(out, "{}. Nothing was changed.", summary(&plan.instances));
    out
}

fn row(console: &Console, instance: &InstanceExplanation) -> Vec<String> {
    let step = instance.step.as_ref();
    let (action, ink) = match step.map(|step| step.action) {
        Some(action @ PlannedAction::Keep) => (action.as_str(), Ink::Dim),
        Some(action @ PlannedAction::Create) => (action.as_str(), Ink::Green),
        Some(action @ PlannedAction::Move) => (action.as_str(), Ink::Yellow),
        Some(action @ PlannedAction::Remove) => (action.as_str(), Ink::Red),
        None => ("-", Ink::Dim),
    };
    vec![
        instance.number.to_string(),
        console.paint(ink, action),
        place(instance).to_owned(),
        step.and_then(|step| step.from.as_deref()).unwrap_or("-").to_owned(),
        instance.reason.clone(),
    ]
}

/// Where an instance would be; one that goes would be on no node, and that is no fault.
fn place(instance: &InstanceExplanation) -> &str {
    match &instance.step {
        Some(step) if step.action == PlannedAction::Remove => "-",
        _ => explain::node(instance.node.as_deref()),
    }
}

/// What instances are counted under, in the order of the summary.
const OUTCOMES: [&str; 5] = ["to create", "to move", "to remove", "kept", "without a node"];

fn outcome(instance: &InstanceExplanation) -> Option<&'static str> {
    Some(match instance.step.as_ref()?.action {
        PlannedAction::Remove => "to remove",
        _ if instance.node.is_none() => "without a node",
        PlannedAction::Create => "to create",
        PlannedAction::Move => "to move",
        PlannedAction::Keep => "kept",
    })
}

/// `2 to create, 1 to move, 3 kept`.
fn summary(instances: &[InstanceExplanation]) -> String {
    let counts = OUTCOMES.map(|word| {
        let counted = instances.iter().filter(|instance| outcome(instance) == Some(word));
        (counted.count(), word)
    });
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = counts.map(|(count, word)| format!("{count} {word}")).collect();
    if parts.is_empty() { "No instances".to_owned() } else { parts.join(", ") }
}
