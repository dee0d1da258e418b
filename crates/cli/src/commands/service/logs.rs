//! `kontena service logs` and `kontena service events`.

use crate::args::stream::{ServiceEvents, ServiceLogs};
use crate::commands::logs::{Prefix, service_events, show_lines};
use crate::failure::Failure;
use crate::session::Session;

/// Shows what the containers of a service wrote.
pub(super) fn logs(session: &Session<'_>, args: &ServiceLogs) -> Result<(), Failure> {
    let path = format!("{}/container_logs", super::service_path(session, &args.name)?);
    let instance = args.instance.map(|number| format!("&instance={number}")).unwrap_or_default();
    show_lines(session, &path, instance, &args.stream, Prefix::TimeAndInstance)
}

/// Shows what happened to a service.
pub(super) fn events(session: &Session<'_>, args: &ServiceEvents) -> Result<(), Failure> {
    let path = format!("{}/event_logs", super::service_path(session, &args.name)?);
    service_events(session, &path, &args.stream)
}
