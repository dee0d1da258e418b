//! `kontena service deploy` and `kontena service scale`.
//!
//! ```text
//! POST …/deploy -> GET …/deploys/ID, each second until finished_at -> one line per instance
//! ```

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use crate::api::{Client, Deploy, HttpFailure, InstanceDeploy, Method, encode, path_of};
use crate::args::service::{ServiceDeploy, ServiceScale};
use crate::clock;
use crate::commands::text;
use crate::failure::Failure;
use crate::output::{Console, Ink, Mark, Progress, seconds_since};
use crate::session::Session;

const POLL: Duration = Duration::from_secs(1);
/// How long a deploy is waited for; it goes on without anyone watching.
const LIMIT_SECONDS: i64 = 600;
const BAR_CELLS: usize = 18;

/// Deploys a service.
pub(super) fn deploy(session: &Session<'_>, args: &ServiceDeploy) -> Result<(), Failure> {
    let path = format!("{}/deploy", super::service_path(session, &args.name)?);
    let body = if args.force { json!({ "force": true }) } else { json!({}) };
    let message = format!("Deploying service {} ", session.console.paint(Ink::Cyan, &args.name));
    run(session, &path, &body, message, args.wait.wanted())
}

/// Sets the number of instances and deploys.
pub(super) fn scale(session: &Session<'_>, args: &ServiceScale) -> Result<(), Failure> {
    let path = format!("{}/scale", super::service_path(session, &args.name)?);
    let body = json!({ "instances": args.instances });
    let name = session.console.paint(Ink::Cyan, &args.name);
    let message = format!("Scaling {name} to {} instances ", args.instances);
    run(session, &path, &body, message, args.wait.wanted())
}

fn run(
    session: &Session<'_>,
    path: &str,
    body: &impl Serialize,
    message: String,
    wait: bool,
) -> Result<(), Failure> {
    let client = session.client()?;
    let console = session.console;
    let deploy = console.step(message, |progress| {
        let deploy: Option<Deploy> = client.send(Method::Post, path, body)?;
        let deploy = deploy.unwrap_or_default();
        if !wait {
            return Ok(None);
        }
        let deploy = wait_for(client, deploy, progress)?;
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
fn wait_for(client: &Client, start: Deploy, progress: &Progress) -> Result<Deploy, Failure> {
    let path = format!(
        "{}/deploys/{}",
        path_of("services", text(&start.service_id)),
        encode(text(&start.id))
    );
    let started = clock::now();
    let mut deploy = start;
    let mut polled = false;
    while deploy.finished_at.is_none() {
        let waited = clock::now().signed_duration_since(started).num_seconds();
        if waited > LIMIT_SECONDS {
            return Err(HttpFailure::timed_out("deploy timed out").into());
        }
        progress.detail(detail(&deploy, waited));
        if polled {
            clock::pause(POLL);
        }
        deploy = client.get(&path)?;
        polled = true;
    }
    Ok(deploy)
}

/// What a running deploy is at: `1/3 [######------------] core-02 deploying (14s)`.
fn detail(deploy: &Deploy, waited: i64) -> String {
    let instances = deploy.instance_deploys.as_deref().unwrap_or_default();
    let done = instances.iter().filter(|one| one.state.as_deref() == Some("success")).count();
    let wanted = usize::try_from(deploy.instance_count.unwrap_or(0)).unwrap_or(0);
    let total = wanted.max(instances.len());
    let filled = (done * BAR_CELLS).checked_div(total).unwrap_or(0);
    let bar = format!("{:#<1$}", "", filled);
    let ongoing = instances.iter().find(|one| one.state.as_deref() == Some("ongoing"));
    let what = match (&deploy.reason, ongoing) {
        (Some(reason), _) if !reason.is_empty() => format!("waits: {}", reason.trim()),
        (_, Some(instance)) => format!("{} deploying", text(&instance.node)),
        _ => "queued".to_owned(),
    };
    let age = deploy.created_at.as_deref().and_then(|at| seconds_since(at, clock::now()));
    format!("{done}/{total} [{bar:-<BAR_CELLS$}] {what} ({}s)", age.unwrap_or(waited))
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
    use serde_json::Value;

    use super::*;

    fn deploy(value: Value) -> Deploy {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn progress_says_how_far_and_what_for() {
        let running = deploy(json!({"instance_count": 3, "instance_deploys": [
            {"instance_number": 1, "node": "core-01", "state": "success"},
            {"instance_number": 2, "node": "core-02", "state": "ongoing"}]}));
        assert_eq!(detail(&running, 14), "1/3 [######------------] core-02 deploying (14s)");
        let waiting = deploy(json!({"instance_count": 1, "reason": "no node has label a=b"}));
        assert_eq!(
            detail(&waiting, 2),
            "0/1 [------------------] waits: no node has label a=b (2s)"
        );
        assert_eq!(detail(&Deploy::default(), 0), "0/0 [------------------] queued (0s)");
    }

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
