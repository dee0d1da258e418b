//! `kontena grid show` and `kontena grid current`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::api::{Filesystem, Grid, Node, Nodes, path, read, websocket_uri};
use crate::args::ShowFormat;
use crate::args::grid::{GridCurrent, GridShow};
use crate::commands::{document, text};
use crate::failure::Failure;
use crate::output::{gigabytes, two_decimals};
use crate::session::Session;

/// Shows a grid by name.
pub(super) fn show(session: &Session<'_>, args: &GridShow) -> Result<(), Failure> {
    let (grid, object) = super::find(session, &args.name)?.known()?;
    if args.token {
        return Ok(session.console.line(text(&grid.token))?);
    }
    print(session, &grid, &object, args.showing.output)
}

/// Shows the current grid.
pub(super) fn current(session: &Session<'_>, args: &GridCurrent) -> Result<(), Failure> {
    let client = session.client()?;
    let name = session.grid_name().ok_or_else(|| {
        Failure::said("No grid selected. To select grid, please run: kontena grid use <grid name>")
    })?;
    let path = path(&["grids", name]);
    let object: Value = client.get(&path)?;
    let grid: Grid = read(object.clone(), &path)?;
    if args.name {
        return Ok(session.console.line(grid.name.as_deref().unwrap_or(name))?);
    }
    print(session, &grid, &object, args.showing.output)
}

fn print(
    session: &Session<'_>,
    grid: &Grid,
    object: &Value,
    format: ShowFormat,
) -> Result<(), Failure> {
    if document::object(session.console, format, object)? {
        return Ok(());
    }
    let path = path(&["grids", text(&grid.name), "nodes"]);
    let answer: Nodes = session.client()?.get(&path)?;
    let nodes: Vec<Node> = document::views(&answer.nodes, &path)?;
    Ok(session.console.text(&render(grid, &nodes, &session.master()?.url))?)
}

fn render(grid: &Grid, nodes: &[Node], url: &str) -> String {
    let mut out = String::new();
    let number = |number: Option<i64>| number.unwrap_or_default();
    let _ = writeln!(out, "{}:", text(&grid.name));
    let _ = writeln!(out, "  uri: {}", websocket_uri(url));
    let _ = writeln!(out, "  initial_size: {}", number(grid.initial_size));
    out.push_str("  default_affinity: \n");
    for rule in grid.default_affinity.iter().flatten() {
        let _ = writeln!(out, "    - {rule}");
    }
    let _ = writeln!(out, "  subnet: {}", text(&grid.subnet));
    let _ = writeln!(out, "  supernet: {}", text(&grid.supernet));
    stats(&mut out, number(grid.node_count), nodes);
    let _ = writeln!(out, "    users: {}", number(grid.user_count));
    let _ = writeln!(out, "    services: {}", number(grid.service_count));
    let _ = writeln!(out, "    containers: {}", number(grid.container_count));
    exports(&mut out, grid);
    out
}

/// Sums over the connected nodes.
fn stats(out: &mut String, node_count: i64, nodes: &[Node]) {
    let connected: Vec<&Node> = nodes.iter().filter(|node| node.is_connected()).collect();
    let sum = |value: &dyn Fn(&Node) -> f64| connected.iter().map(|node| value(node)).sum::<f64>();
    let cpus: i64 = connected.iter().filter_map(|node| node.cpus).sum();
    let loads: [&dyn Fn(&Node) -> f64; 3] =
        [&|node| load(node).0.unwrap_or(0.0), &|node| load(node).1.unwrap_or(0.0), &|node| {
            load(node).2.unwrap_or(0.0)
        }];
    let [one, five, fifteen] =
        loads.map(|load| two_decimals(sum(load) / connected.len().max(1) as f64));
    let _ = writeln!(out, "  stats:\n    nodes: {} of {node_count}", connected.len());
    let _ = writeln!(out, "    cpus: {cpus}\n    load: {one} {five} {fifteen}");
    let used = gigabytes(sum(&memory_in_use));
    let total = gigabytes(sum(&|node| node.mem_total.unwrap_or(0.0)));
    let _ = writeln!(out, "    memory: {used} of {total} GB");
    let disk = |size: fn(&Filesystem) -> Option<f64>| {
        gigabytes(sum(&|node| engine_disk(node).and_then(size).unwrap_or(0.0)))
    };
    let (used, total) = (disk(|disk| disk.used), disk(|disk| disk.total));
    let _ = writeln!(out, "    filesystem: {used} of {total} GB");
}

fn load(node: &Node) -> (Option<f64>, Option<f64>, Option<f64>) {
    let load = node.resource_usage.as_ref().and_then(|usage| usage.load.as_ref());
    load.map_or((None, None, None), |load| (load.one, load.five, load.fifteen))
}

fn memory_in_use(node: &Node) -> f64 {
    let memory = node.resource_usage.as_ref().and_then(|usage| usage.memory.as_ref());
    memory.map_or(0.0, |memory| memory.in_use())
}

/// The file system that holds the engine's data; a node that reports none counts nothing.
fn engine_disk(node: &Node) -> Option<&Filesystem> {
    let filesystems = node.resource_usage.as_ref()?.filesystem.as_ref()?;
    filesystems.iter().find(|filesystem| filesystem.name == node.engine_root_dir)
}

fn exports(out: &mut String, grid: &Grid) {
    if let Some(statsd) = grid.stats.as_ref().and_then(|stats| stats.statsd.as_ref()) {
        let port = document::plain(&statsd.port);
        let _ = writeln!(out, "  exports:\n    statsd: {}:{port}", text(&statsd.server));
    }
    if let Some(logs) = &grid.logs {
        // Not indented, as in Kontena 1.5.
        let _ = writeln!(out, "logs:\n  forwarder: {}", text(&logs.forwarder));
        for (option, value) in logs.opts.iter().flatten() {
            let _ = writeln!(out, "  {option}: {}", document::plain(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sums_go_over_connected_nodes_and_survive_missing_numbers() {
        let node = |connected: bool, usage: Value| -> Node {
            serde_json::from_value(json!({
                "connected": connected, "cpus": 4, "mem_total": 8_589_934_592_i64,
                "engine_root_dir": "/var/lib/docker", "resource_usage": usage,
            }))
            .unwrap()
        };
        let usage = json!({
            "load": {"1m": 1.0, "5m": 0.5, "15m": 0.25},
            "memory": {"used": 3_221_225_472_i64, "cached": 1_073_741_824, "buffers": 0},
            "filesystem": [{"name": "/", "used": 1, "total": 1},
                {"name": "/var/lib/docker", "used": 1_073_741_824, "total": 2_147_483_648_i64}],
        });
        let nodes = [node(true, usage.clone()), node(true, Value::Null), node(false, usage)];
        let mut out = String::new();
        stats(&mut out, 3, &nodes);
        assert_eq!(
            out,
            "  stats:\n    nodes: 2 of 3\n    cpus: 8\n    load: 0.5 0.25 0.13\n    \
             memory: 2.0 of 16.0 GB\n    filesystem: 1.0 of 2.0 GB\n"
        );
    }
}
