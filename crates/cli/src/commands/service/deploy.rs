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
    let id = super::service_id(session, &args.name)?;
    let service = path_of("services", &id);
    let body = if args.force { json!({ "force": true }) } else { json!({}) };
    let message = format!("Deploying service {} ", session.console.paint(Ink::Cyan, &args.name));
    let is_resumed = args.follow.is_some();
    let what = What { name: &args.name, id: &id, is_resumed };
    run(session, message, &what, &args.wait, |client| match &args.follow {
        Some(id) => client.get(&format!("{service}/deploys/{}", encode(id))),
        None => start(client, &format!("{service}/deploy"), &body),
    })
}

/// Sets the number of instances and deploys.
pub(super) fn scale(session: &Session<'_>, args: &ServiceScale) -> Result<(), Failure> {
    let id = super::service_id(session, &args.name)?;
    let path = format!("{}/scale", path_of("services", &id));
    let body = json!({ "instances": args.instances });
    let name = session.console.paint(Ink::Cyan, &args.name);
    let message = format!("Scaling {name} to {} instances ", args.instances);
    let what = What { name: &args.name, id: &id, is_resumed: false };
    run(session, message, &what, &args.wait, |client| start(client, &path, &body))
}

fn start(client: &Client, path: &str, body: &impl Serialize) -> Result<Deploy, Failure> {
    let deploy: Option<Deploy> = client.send(Method::Post, path, body)?;
    Ok(deploy.unwrap_or_default())
}

/// What is deployed.
struct What<'a> {
    /// As typed.
    name: &'a str,
    /// Where the deploy was asked for; masters may leave it out of their answers.
    id: &'a str,
    /// The deploy was started before.
    is_resumed: bool,
}

impl<'a> What<'a> {
    fn service(&self, deploy: &'a Deploy) -> &'a str {
        deploy.service_id.as_deref().filter(|id| !id.is_empty()).unwrap_or(self.id)
    }
}

/// Shows `message` while a deploy goes on, then what became of its instances.
fn run(
    session: &Session<'_>,
    message: String,
    what: &What<'_>,
    wait: &Wait,
    begin: impl FnOnce(&Client) -> Result<Deploy, Failure>,
) -> Result<(), Failure> {
    let client = session.client()?;
    let console = session.console;
    let deploy = console.step(message, |progress| {
        let deploy = begin(client)?;
        if !wait.wanted() {
            return Ok(None);
        }
        if let Some(id) = &deploy.id {
            let name = what.name;
            progress.farewell(format!(
                "The deploy goes on. Watch it with: kontena service deploy --follow {id} {name}"
            ));
        }
        let mut view = View::new(console, what.is_resumed);
        let deploy = wait_for(client, deploy, what, wait.timeout, progress, &mut view)?;
        match deploy.state.as_deref() {
            Some("error") => Err(failed(console, what.service(&deploy), &deploy)),
            _ => Ok(Some(deploy)),
        }
    })?;
    let Some(deploy) = deploy else { return Ok(()) };
    let service = what.service(&deploy);
    for instance in deploy.instance_deploys.iter().flatten() {
        console.line(line(service, instance, |mark, ink| console.mark_in(mark, ink)))?;
    }
    Ok(())
}

/// Asks for the deploy until it has ended.
fn wait_for(
    client: &Client,
    start: Deploy,
    what: &What<'_>,
    limit: Duration,
    progress: &Progress,
    view: &mut View<'_>,
) -> Result<Deploy, Failure> {
    if start.finished_at.is_some() {
        return Ok(start);
    }
    let id = start.id.as_deref().filter(|id| !id.is_empty()).ok_or_else(|| {
        let name = what.name;
        Failure::said(format!(
            "The master did not say which deploy of {name} it started, so it cannot be waited for. \
             See: kontena service show {name}"
        ))
    })?;
    let service = path_of("services", what.service(&start));
    let path = format!("{service}/deploys/{}", encode(id));
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
fn failed(console: &Console, service: &str, deploy: &Deploy) -> Failure {
    let reason = deploy.reason.as_deref().unwrap_or("deploy failed").trim();
    let mut message = format!("{reason}:");
    for instance in deploy.instance_deploys.iter().flatten() {
        let line =
            line(service, instance, |mark, ink| console.paint_note(ink, console.plain_mark(mark)));
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
