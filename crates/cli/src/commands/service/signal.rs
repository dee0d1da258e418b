//! `kontena service start`, `stop` and `restart`.

use serde_json::json;

use crate::api::Method;
use crate::args::service::{ServiceRestart, ServiceStart, ServiceStop};
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Starts services one after the other.
pub(super) fn start(session: &Session<'_>, args: &ServiceStart) -> Result<(), Failure> {
    args.names.iter().try_for_each(|name| {
        let shown = session.console.paint(Ink::Cyan, name);
        send(session, name, "start", format!("Sending start signal to {shown} service "))
    })
}

/// Stops services one after the other.
pub(super) fn stop(session: &Session<'_>, args: &ServiceStop) -> Result<(), Failure> {
    args.names.iter().try_for_each(|name| {
        let shown = session.console.paint(Ink::Cyan, name);
        send(session, name, "stop", format!("Sending stop signal to {shown} service "))
    })
}

/// Restarts the containers of a service where they are.
pub(super) fn restart(session: &Session<'_>, args: &ServiceRestart) -> Result<(), Failure> {
    let shown = session.console.paint(Ink::Cyan, &args.name);
    let message = format!("Sending restart signal to service {shown} ");
    send(session, &args.name, "restart", message)
}

fn send(session: &Session<'_>, name: &str, signal: &str, message: String) -> Result<(), Failure> {
    let path = format!("{}/{signal}", super::service_path(session, name)?);
    let client = session.client()?;
    session.console.step(message, |_| client.tell(Method::Post, &path, &json!({})))
}
