//! `kontena service exec`: in which containers of a service a command is run.

use serde_json::Value;

use crate::api::{Container, path_of};
use crate::args::service::ServiceExec;
use crate::commands::{document, exec, text};
use crate::failure::{Failure, Kind};
use crate::output::Ink;
use crate::session::Session;

/// Runs a command in one container of a service, or in all of them.
pub(super) fn run(session: &Session<'_>, args: &ServiceExec) -> Result<(), Failure> {
    exec::check(&args.mode)?;
    if args.all && args.mode.interactive {
        return Err(Failure::said("--interactive cannot be used with --all"));
    }
    let path = format!("{}/containers", super::service_path(session, &args.name)?);
    let answer: Value = session.client()?.get(&path)?;
    let mut containers: Vec<Container> =
        document::views(document::items(&answer, "containers"), &path)?;
    containers.sort_by_key(|container| container.instance_number);
    if args.all {
        return in_all(session, args, &containers);
    }
    let container = match args.instance {
        Some(number) => given(&args.name, number, &containers)?,
        None => containers.iter().find(|container| is_running(container)).ok_or_else(|| {
            Failure::said(format!("Service {} does not have any running containers", args.name))
        })?,
    };
    in_one(session, args, container)
}

fn given<'a>(
    service: &str,
    number: i64,
    containers: &'a [Container],
) -> Result<&'a Container, Failure> {
    let of_instance =
        || containers.iter().filter(|container| container.instance_number == Some(number));
    // While an instance is replaced it has two.
    let running = of_instance().find(|container| is_running(container));
    match (running, of_instance().next()) {
        (Some(container), _) => Ok(container),
        (None, Some(container)) => Err(Failure::said(format!(
            "Service {service} container {} is not running, it is {}",
            text(&container.name),
            status(container)
        ))),
        (None, None) => Err(Failure::known(
            Kind::NotFound,
            format!("Service {service} does not have container instance {number}"),
        )),
    }
}

fn in_all(
    session: &Session<'_>,
    args: &ServiceExec,
    containers: &[Container],
) -> Result<(), Failure> {
    let mut failed = false;
    let mut ran = false;
    for container in containers {
        if !is_running(container) {
            session.console.warn(format!(
                "Service {} container {} is {}, skipping",
                args.name,
                text(&container.name),
                status(container)
            ));
            continue;
        }
        ran = true;
        match in_one(session, args, container) {
            Err(failure @ Failure::Exit(_)) if !args.skip => return Err(failure),
            Err(Failure::Exit(_)) => failed = true,
            outcome => outcome?,
        }
    }
    match (ran, failed) {
        (false, _) => Err(Failure::said(format!(
            "Service {} does not have any running containers",
            args.name
        ))),
        (true, true) => Err(Failure::Exit(1)),
        (true, false) => Ok(()),
    }
}

fn in_one(session: &Session<'_>, args: &ServiceExec, container: &Container) -> Result<(), Failure> {
    let path = path_of("containers", text(&container.id));
    let run = || exec::run(session, &path, &args.cmd, &args.mode);
    if args.silent || !(args.all || args.verbose) {
        return run();
    }
    let name = session.console.paint(Ink::Cyan, text(&container.name));
    session.console.step_still(format!("Executing command on {name}"), |_| run())
}

fn is_running(container: &Container) -> bool {
    container.status.as_deref() == Some("running")
}

fn status(container: &Container) -> &str {
    container.status.as_deref().unwrap_or("unknown")
}
