//! `kontena service containers`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::api::Container;
use crate::args::ListFormat;
use crate::args::service::ServiceContainers;
use crate::commands::{document, text};
use crate::failure::Failure;
use crate::output::{Console, Ink};
use crate::session::Session;

/// Lists the containers of a service.
pub(super) fn run(session: &Session<'_>, args: &ServiceContainers) -> Result<(), Failure> {
    let path = format!("{}/containers", super::service_path(session, &args.name)?);
    let answer: Value = session.client()?.get(&path)?;
    let objects = document::items(&answer, "containers");
    let format = args.listing.format();
    if document::list(session.console, format, objects)? {
        return Ok(());
    }
    let containers: Vec<Container> = document::views(objects, &path)?;
    let mut out = String::new();
    for container in &containers {
        if format == ListFormat::Name {
            let _ = writeln!(out, "{}/{}", node_name(container), text(&container.name));
        } else {
            render(session.console, &mut out, container);
        }
    }
    Ok(session.console.text(&out)?)
}

fn render(console: &Console, out: &mut String, container: &Container) {
    let status = match container.status.as_deref() {
        Some(status) => status.to_owned(),
        None => console.paint(Ink::Yellow, "unknown"),
    };
    let _ = writeln!(out, "{}:", text(&container.name));
    let _ = writeln!(out, "  rev: {}", text(&container.deploy_rev));
    let _ = writeln!(out, "  node: {}", node_name(container));
    let _ = writeln!(out, "  dns: {}", dns(container));
    let _ = writeln!(out, "  ip: {}", text(&container.ip_address));
    let _ = writeln!(out, "  public ip: {}", public_ip(container));
    let _ = writeln!(out, "  status: {status}\n");
}

/// The name of the node a container is on; its node may be gone.
pub(super) fn node_name(container: &Container) -> &str {
    container.node.as_ref().map(|node| text(&node.name)).unwrap_or_default()
}

/// The public address of the node a container is on.
pub(super) fn public_ip(container: &Container) -> &str {
    container.node.as_ref().map(|node| text(&node.public_ip)).unwrap_or_default()
}

/// The name of a container in the overlay.
pub(super) fn dns(container: &Container) -> String {
    format!("{}.{}", text(&container.hostname), text(&container.domainname))
}
