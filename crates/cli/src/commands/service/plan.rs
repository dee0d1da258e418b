//! `kontena service plan`: what a deploy would do now; nothing is changed.

use std::fmt::Write as _;

use serde_json::Value;

use super::{definition, explain};
use crate::api::{Explanation, InstanceExplanation, Method, read};
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
    let action = instance.action.as_deref().unwrap_or("-");
    let ink = match action {
        "create" => Ink::Green,
        "move" => Ink::Yellow,
        "remove" => Ink::Red,
        _ => Ink::Dim,
    };
    vec![
        instance.number.to_string(),
        console.paint(ink, action),
        place(instance).to_owned(),
        instance.from.as_deref().unwrap_or("-").to_owned(),
        instance.reason.clone(),
    ]
}

/// Where an instance would be; one that goes would be on no node, and that is no fault.
fn place(instance: &InstanceExplanation) -> &str {
    match instance.action.as_deref() {
        Some("remove") => "-",
        _ => explain::node(instance.node.as_deref()),
    }
}

/// What instances are counted under, in the order of the summary.
const OUTCOMES: [&str; 5] = ["to create", "to move", "to remove", "kept", "without a node"];

fn outcome(instance: &InstanceExplanation) -> Option<&'static str> {
    match (instance.action.as_deref()?, &instance.node) {
        ("remove", _) => Some("to remove"),
        (_, None) => Some("without a node"),
        ("create", _) => Some("to create"),
        ("move", _) => Some("to move"),
        ("keep", _) => Some("kept"),
        _ => None,
    }
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
