//! `kontena service deploy` and `kontena service scale`.
//!
//! ```text
//! POST …/deploy -> GET …/deploys/ID, each second until finished_at -> one line per instance
//! ```
//!
//! What is shown meanwhile is `progress`'s.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::progress::View;
use crate::api::{Client, Deploy, HttpFailure, InstanceDeploy, Method, encode, path_of};
use crate::args::Wait;
use crate::args::service::{ServiceDeploy, ServiceScale};
use crate::clock;
use crate::commands::text;
use crate::failure::Failure;
use crate::output::{Console, Ink, Mark, Progress};
use crate::session::Session;

const POLL: Duration = Duration::from_secs(1);

/// Deploys a service, or waits for a deploy that was started before.
pub(super) fn deploy(session: &Session<'_>, args: &ServiceDeploy) -> Result<(), Failure> {
    let service = super::service_path(session, &args.name)?;
    let body = if args.force { json!({ "force": true }) } else { json!({}) };
    let message = format!("Deploying service {} ", session.console.paint(Ink::Cyan, &args.name));
    let is_resumed = args.follow.is_some();
    run(session, message, &args.name, &args.wait, is_resumed, |client| match &args.follow {
        Some(id) => client.get(&format!("{service}/deploys/{}", encode(id))),
        None => start(client, &format!("{service}/deploy"), &body),
    })
}

/// Sets the number of instances and deploys.
pub(super) fn scale(session: &Session<'_>, args: &ServiceScale) -> Result<(), Failure> {
    let path = format!("{}/scale", super::service_path(session, &args.name)?);
    let body = json!({ "instances": args.instances });
    let name = session.console.paint(Ink::Cyan, &args.name);
    let message = format!("Scaling {name} to {} instances ", args.instances);
    run(session, message, &args.name, &args.wait, false, |client| start(client, &path, &body))
}

fn start(client: &Client, path: &str, body: &impl Serialize) -> Result<Deploy, Failure> {
    let deploy: Option<Deploy> = client.send(Method::Post, path, body)?;
    Ok(deploy.unwrap_or_default())
}

/// Shows `message` while a deploy goes on, then what became of its instances.
fn run(
    session: &Session<'_>,
    message: String,
    name: &str,
    wait: &Wait,
    is_resumed: bool,
    begin: impl FnOnce(&Client) -> Result<Deploy, Failure>,
) -> Result<(), Failure> {
    let client = session.client()?;
    let console = session.console;
    let deploy = console.step(message, |progress| {
        let deploy = begin(client)?;
        if !wait.wanted() {
            return Ok(None);
        }
        progress.farewell(format!(
            "The deploy goes on. Watch it with: kontena service deploy --follow {} {name}",
            text(&deploy.id)
        ));
        let mut view = View::new(console, is_resumed);
        let deploy = wait_for(client, deploy, wait.timeout, progress, &mut view)?;
        match deploy.state.as_deref() {
            Some("error") => Err(failed(console, &deploy)),
            _ => Ok(Some(deploy)),
        }
    })?;
    let Some(deploy) = deploy else { return Ok(()) };
    let service = text(&deploy.service_id);
    for instance in deploy.instance_deploys.iter().flatten() {
        console.line(line(service, instance, |mark, ink| console.mark_in(mark, ink)))?;
    }
    Ok(())
}

/// Asks for the deploy until it has ended.
fn wait_for(
    client: &Client,
    start: Deploy,
    limit: Duration,
    progress: &Progress,
    view: &mut View<'_>,
) -> Result<Deploy, Failure> {
    let service = path_of("services", text(&start.service_id));
    let path = format!("{service}/deploys/{}", encode(text(&start.id)));
    let limit = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
    let started = clock::now();
    let mut deploy = start;
    let mut polled = false;
    while deploy.finished_at.is_none() {
        let waited = clock::now().signed_duration_since(started).num_seconds();
        if polled && waited >= limit {
            return Err(HttpFailure::timed_out("deploy timed out").into());
        }
        if progress.is_watched() {
            view.explain(client, &service, &deploy, waited)?;
            view.show(progress, &deploy, waited);
        }
        if polled {
            clock::pause(POLL);
        }
        deploy = client.get(&path)?;
        polled = true;
    }
    Ok(deploy)
}

/// The failure of a deploy, with a line for each instance.
fn failed(console: &Console, deploy: &Deploy) -> Failure {
    let reason = deploy.reason.as_deref().unwrap_or("deploy failed").trim();
    let mut message = format!("{reason}:");
    for instance in deploy.instance_deploys.iter().flatten() {
        let line = line(text(&deploy.service_id), instance, |mark, ink| {
            console.paint_note(ink, console.plain_mark(mark))
        });
        message.push_str("\n\t");
        message.push_str(&line);
    }
    HttpFailure::new(500, message).into()
}

fn line(service: &str, instance: &InstanceDeploy, mark: impl Fn(Mark, Ink) -> String) -> String {
    let number = instance.instance_number.unwrap_or_default();
    let node = instance.node.as_deref().unwrap_or("-");
    let what = format!("instance {service}-{number} to node {node}");
    match text(&instance.state) {
        "created" => format!("{} Deploy {what}", mark(Mark::Absent, Ink::Dim)),
        "ongoing" => format!("{} Deploying {what}...", mark(Mark::Fair, Ink::Cyan)),
        "success" => format!("{} Deployed {what}", mark(Mark::Good, Ink::Green)),
        "error" => {
            let error = text(&instance.error);
            format!("{} Failed to deploy {what}: {error}", mark(Mark::Bad, Ink::Red))
        }
        _ => format!("{} Deploy {what}?", mark(Mark::Bad, Ink::Dim)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_an_instance() {
        for (state, text) in [
            ("created", "- Deploy instance g/s/x-1 to node n"),
            ("ongoing", "~ Deploying instance g/s/x-1 to node n..."),
            ("success", "+ Deployed instance g/s/x-1 to node n"),
            ("error", "x Failed to deploy instance g/s/x-1 to node n: boom"),
            ("strange", "x Deploy instance g/s/x-1 to node n?"),
        ] {
            let instance = InstanceDeploy {
                instance_number: Some(1),
                node: Some("n".into()),
                state: Some(state.into()),
                error: Some("boom".into()),
            };
            let line = line("g/s/x", &instance, |mark, _| mark.symbol(false).to_string());
            assert_eq!(line, text);
        }
    }
}
