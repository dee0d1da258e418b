//! `kontena service remove`: whole services, or one instance.

use std::time::Duration;

use serde_json::Value;

use crate::api::{Instance, encode};
use crate::args::Wait;
use crate::args::service::ServiceRemove;
use crate::clock;
use crate::commands::document;
use crate::failure::{Failure, Kind};
use crate::output::Ink;
use crate::session::Session;

const POLL: Duration = Duration::from_secs(1);

/// Removes services one after the other; the first failure stops.
pub(super) fn run(session: &Session<'_>, args: &ServiceRemove) -> Result<(), Failure> {
    let force = args.force.given();
    args.names.iter().try_for_each(|name| match args.instance {
        Some(number) => remove_instance(session, name, number, force),
        None => remove(session, name, &args.wait, force),
    })
}

/// Removes a service and waits until the master does not know it any more.
fn remove(session: &Session<'_>, name: &str, wait: &Wait, force: bool) -> Result<(), Failure> {
    let path = super::service_path(session, name)?;
    let client = session.client()?;
    session.console.confirm_name(name, force)?;
    let shown = session.console.paint(Ink::Cyan, name);
    session.console.step(format!("Removing service {shown} "), |_| {
        client.delete(&path)?;
        let limit = i64::try_from(wait.timeout.as_secs()).unwrap_or(i64::MAX);
        let started = clock::now();
        while wait.wanted() {
            match client.get::<Value>(&path) {
                Err(failure) if failure.status() == Some(404) => return Ok(()),
                Err(failure) => return Err(failure),
                Ok(_) if (clock::now() - started).num_seconds() >= limit => {
                    let text = format!(
                        "Service {name} is still being removed. Use: kontena service show {name}"
                    );
                    return Err(Failure::known(Kind::Timeout, text));
                }
                Ok(_) => clock::pause(POLL),
            }
        }
        Ok(())
    })
}

fn remove_instance(
    session: &Session<'_>,
    name: &str,
    number: i64,
    force: bool,
) -> Result<(), Failure> {
    let path = format!("{}/instances", super::service_path(session, name)?);
    let client = session.client()?;
    let label = format!("{name}/{number}");
    session.console.confirm_name(&label, force)?;
    let answer: Value = client.get(&path)?;
    let instances: Vec<Instance> = document::views(document::items(&answer, "instances"), &path)?;
    let id = instances
        .into_iter()
        .find(|instance| instance.instance_number == Some(number))
        .and_then(|instance| instance.id)
        .ok_or_else(|| Failure::said("Instance not found"))?;
    let path = format!("{path}/{}", encode(&id));
    let shown = session.console.paint(Ink::Cyan, label);
    session.console.step(format!("Removing service instance {shown} "), |_| client.delete(&path))
}
