//! `kontena node show`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::api::{Node, read};
use crate::args::node::NodeShow;
use crate::commands::{document, text, yes_no};
use crate::failure::Failure;
use crate::output::{gigabytes, two_decimals};
use crate::session::Session;

/// Shows one node.
pub(super) fn run(session: &Session<'_>, args: &NodeShow) -> Result<(), Failure> {
    let path = super::node_path(session, &args.node)?;
    let object: Value = session.client()?.get(&path)?;
    if document::object(session.console, args.showing.output, &object)? {
        return Ok(());
    }
    let node: Node = read(object, &path)?;
    Ok(session.console.text(&render(session.grid()?, &node))?)
}

fn render(grid: &str, node: &Node) -> String {
    let mut out = String::new();
    let title = match &node.id {
        Some(id) => id.clone(),
        None => format!("{grid}/{}", node.label()),
    };
    let _ = writeln!(out, "{title}:");
    for (key, value) in [
        ("id", text(&node.node_id)),
        ("agent version", text(&node.agent_version)),
        ("docker version", text(&node.docker_version)),
        ("connected", yes_no(node.connected)),
        ("last connect", text(&node.connected_at)),
        ("last seen", text(&node.last_seen_at)),
        ("availability", text(&node.availability)),
        ("public ip", text(&node.public_ip)),
        ("private ip", text(&node.private_ip)),
        ("overlay ip", text(&node.overlay_ip)),
        ("os", text(&node.os)),
        ("kernel", text(&node.kernel_version)),
    ] {
        let _ = writeln!(out, "  {key}: {value}");
    }
    let volumes: Vec<&str> =
        node.volume_drivers.iter().flatten().filter_map(|driver| driver.name.as_deref()).collect();
    let _ = writeln!(out, "  drivers:\n    storage: {}", text(&node.driver));
    let _ = writeln!(out, "    volume: {}", volumes.join(","));
    let _ = writeln!(out, "  initial node: {}\n  labels:", yes_no(node.initial_member));
    for label in node.labels.iter().flatten() {
        let _ = writeln!(out, "    - {label}");
    }
    stats(&mut out, node);
    out
}

fn stats(out: &mut String, node: &Node) {
    let cpus = node.cpus.map(|cpus| cpus.to_string()).unwrap_or_default();
    let _ = writeln!(out, "  stats:\n    cpus: {cpus}");
    let Some(usage) = &node.resource_usage else {
        return;
    };
    if let Some(load) = &usage.load {
        let [one, five, fifteen] =
            [load.one, load.five, load.fifteen].map(|load| two_decimals(load.unwrap_or(0.0)));
        let _ = writeln!(out, "    load: {one} {five} {fifteen}");
    }
    if let Some(memory) = &usage.memory {
        let total = gigabytes(memory.total.unwrap_or(0.0));
        let _ = writeln!(out, "    memory: {} of {total} GB", gigabytes(memory.in_use()));
    }
    let Some(filesystems) = usage.filesystem.as_ref().filter(|list| !list.is_empty()) else {
        return;
    };
    out.push_str("    filesystem:\n");
    for filesystem in filesystems {
        let [used, total] =
            [filesystem.used, filesystem.total].map(|bytes| gigabytes(bytes.unwrap_or(0.0)));
        let name = text(&filesystem.name);
        let _ = writeln!(out, "      - {name}: {used} of {total} GB");
    }
}
