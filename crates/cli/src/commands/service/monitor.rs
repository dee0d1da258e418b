//! `kontena service monitor`: where the containers of a service are, looked at again and again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::containers::node_name;
use crate::api::{Container, Service};
use crate::args::service::ServiceMonitor;
use crate::clock;
use crate::commands::{document, text, yes_no};
use crate::failure::Failure;
use crate::output::{Console, Ink};
use crate::session::Session;

/// Shows the service until Ctrl-C.
pub(super) fn run(session: &Session<'_>, args: &ServiceMonitor) -> Result<(), Failure> {
    let path = super::service_path(session, &args.name)?;
    let client = session.client()?;
    let pause = Duration::from_secs(u64::try_from(args.interval).unwrap_or(2));
    loop {
        let service: Service = client.get(&path)?;
        let answer: Value = client.get(&format!("{path}/containers"))?;
        let containers: Vec<Container> =
            document::views(document::items(&answer, "containers"), &path)?;
        session.console.page(&render(session.console, &args.name, &service, &containers))?;
        clock::pause(pause);
    }
}

fn render(console: &Console, name: &str, service: &Service, containers: &[Container]) -> String {
    let mut out = String::new();
    let instances = service.instances.unwrap_or_default();
    let _ = writeln!(out, "service: {name} ({instances} instances)");
    let _ = writeln!(out, "strategy: {}", text(&service.strategy));
    let _ = writeln!(out, "status: {}", text(&service.state));
    let _ = writeln!(out, "stateful: {}", yes_no(service.stateful));
    let _ = writeln!(out, "nodes:");
    let mut nodes: BTreeMap<&str, String> = BTreeMap::new();
    for container in containers {
        let ink = match container.status.as_deref() {
            Some("running") => Ink::Green,
            Some("killed") => Ink::Red,
            Some("stopped") => Ink::Grey,
            _ => Ink::Yellow,
        };
        nodes.entry(node_name(container)).or_default().push_str(&console.paint(ink, "■"));
    }
    for (node, squares) in nodes {
        let _ = writeln!(out, "  {node}: {squares}");
    }
    out
}
