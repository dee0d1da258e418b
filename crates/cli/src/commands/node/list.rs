//! `kontena node list`.

use serde_json::Value;

use crate::api::{Grid, Grids, Node, Nodes, path};
use crate::args::ListFormat;
use crate::args::node::NodeList;
use crate::clock;
use crate::commands::{document, text};
use crate::failure::Failure;
use crate::output::{Console, Ink, Mark, Table, age};
use crate::session::Session;
use crate::suggest;

/// VERSION is never narrower, so that the listing of the documentation comes out.
const VERSION_CELLS: usize = 9;

/// Nodes of one grid, in the order they are listed.
struct Listed {
    grid: String,
    initial_size: i64,
    nodes: Vec<(Node, Value)>,
}

/// Lists the nodes of the selected grid, or of all grids.
pub(super) fn run(session: &Session<'_>, args: &NodeList) -> Result<(), Failure> {
    let listed: Vec<Listed> = if args.all {
        let grids: Grids = session.client()?.get("/v1/grids")?;
        let grids: Vec<Grid> = document::views(&grids.grids, "/v1/grids")?;
        grids.into_iter().map(|grid| fetch(session, grid)).collect::<Result<_, _>>()?
    } else {
        let path = path(&["grids", session.grid()?]);
        vec![fetch(session, session.client()?.get(&path)?)?]
    };
    for grid in &listed {
        let names = grid.nodes.iter().filter_map(|(node, _)| node.name.clone()).collect();
        suggest::remember(session, &grid.grid, "nodes", names);
    }
    print(session.console, &listed, args)
}

fn fetch(session: &Session<'_>, grid: Grid) -> Result<Listed, Failure> {
    let name = match grid.id.or(grid.name) {
        Some(name) => name,
        None => session.grid()?.to_owned(),
    };
    let path = path(&["grids", &name, "nodes"]);
    let answer: Nodes = session.client()?.get(&path)?;
    let views: Vec<Node> = document::views(&answer.nodes, &path)?;
    let mut nodes: Vec<(Node, Value)> = views.into_iter().zip(answer.nodes).collect();
    nodes.sort_by_key(|(node, _)| node.node_number);
    Ok(Listed { grid: name, initial_size: grid.initial_size.unwrap_or(1), nodes })
}

fn print(console: &Console, listed: &[Listed], args: &NodeList) -> Result<(), Failure> {
    let format = args.listing.format();
    if format.is_document() {
        let nodes = listed.iter().flat_map(|grid| &grid.nodes);
        let objects: Vec<Value> = nodes.map(|(_, node)| node.clone()).collect();
        document::list(console, format, &objects)?;
        return Ok(());
    }
    let wide = format == ListFormat::Wide;
    let mut titles = vec!["NAME", "VERSION", "STATUS", "INITIAL", "LABELS"];
    if wide {
        titles.extend(["AGE", "AVAILABILITY", "NODE ID", "PUBLIC IP", "PRIVATE IP", "OVERLAY IP"]);
        titles.extend(["OS", "DOCKER"]);
    }
    let mut table = Table::new(&titles).at_least("VERSION", VERSION_CELLS);
    let mut names = String::new();
    for grid in listed {
        let health = health(grid);
        for (node, _) in &grid.nodes {
            let name = match args.all {
                true => format!("{}/{}", grid.grid, node.label()),
                false => node.label().to_owned(),
            };
            let mark = console.mark(mark(node, health));
            let mut row = row(console, grid, node, format!("{mark} {name}"));
            if wide {
                row.extend(wide_cells(node));
            }
            table.row(row);
            names.push_str(&name);
            names.push('\n');
        }
    }
    let text = if format == ListFormat::Name { names } else { table.render(console.palette()) };
    Ok(console.text(&text)?)
}

fn row(console: &Console, grid: &Listed, node: &Node, name: String) -> Vec<String> {
    let number = node.node_number.unwrap_or_default();
    let initial = match node.is_initial() {
        true => format!("{number} / {}", grid.initial_size),
        false => "-".to_owned(),
    };
    let labels = node.labels.as_deref().unwrap_or_default().join(",");
    vec![
        name,
        node.agent_version.clone().unwrap_or_else(|| "-".to_owned()),
        status(console, text(&node.status)),
        initial,
        if labels.is_empty() { "-".to_owned() } else { labels },
    ]
}

fn wide_cells(node: &Node) -> [String; 8] {
    let since = match text(&node.status) {
        "created" => &node.created_at,
        "connecting" | "online" => &node.connected_at,
        "offline" => &node.disconnected_at,
        _ => &None,
    };
    [
        age(since.as_deref(), clock::now()),
        text(&node.availability).to_owned(),
        text(&node.node_id).to_owned(),
        text(&node.public_ip).to_owned(),
        text(&node.private_ip).to_owned(),
        text(&node.overlay_ip).to_owned(),
        text(&node.os).to_owned(),
        text(&node.docker_version).to_owned(),
    ]
}

fn status(console: &Console, status: &str) -> String {
    let ink = match status {
        "created" => Ink::Dim,
        "connecting" => Ink::Cyan,
        "online" => Ink::Green,
        "drain" => Ink::Yellow,
        "offline" => Ink::Red,
        _ => Ink::White,
    };
    console.paint(ink, status)
}

/// How a grid fares.
fn health(grid: &Listed) -> Mark {
    let online = grid.nodes.iter().filter(|(node, _)| node.is_initial() && node.is_connected());
    grid_mark(grid.initial_size, online.count())
}

/// How a grid fares by how many of its initial nodes are connected.
pub(in crate::commands) fn grid_mark(size: i64, online: usize) -> Mark {
    let online = i64::try_from(online).unwrap_or(i64::MAX);
    if online < size / 2 + 1 {
        Mark::Bad
    } else if online < size {
        Mark::Fair
    } else {
        Mark::Good
    }
}

/// Only connections count: a draining node is as good as any.
fn mark(node: &Node, health: Mark) -> Mark {
    match (node.is_connected(), node.is_initial()) {
        (false, _) => Mark::Absent,
        (true, false) => Mark::Good,
        (true, true) => health,
    }
}
