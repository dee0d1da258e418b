//! `kontena grid health`.

use serde_json::json;

use crate::api::{Grid, Node, Nodes, path};
use crate::args::grid::GridHealth;
use crate::commands::document;
use crate::commands::node::list::grid_mark;
use crate::failure::{Failure, no_grid};
use crate::output::Mark;
use crate::session::Session;

/// Shows whether enough initial nodes are online; fails where they are not.
pub(super) fn run(session: &Session<'_>, args: &GridHealth) -> Result<(), Failure> {
    let client = session.client()?;
    let name = args.name.as_deref().or(session.grid_name()).ok_or_else(no_grid)?;
    let grid: Grid = client.get(&path(&["grids", name]))?;
    let nodes_path = path(&["grids", name, "nodes"]);
    let answer: Nodes = client.get(&nodes_path)?;
    let nodes: Vec<Node> = document::views(&answer.nodes, &nodes_path)?;
    let count = Count::of(grid.initial_size.unwrap_or(1), &nodes);
    let console = session.console;
    let mark = grid_mark(count.size, usize::try_from(count.online).unwrap_or(0));
    let is_healthy = count.online >= count.quorum();
    let object = json!({
        "name": name, "initial_size": count.size, "initial_nodes": count.initial,
        "online": count.online, "quorum": count.quorum(), "healthy": is_healthy,
    });
    if document::object(console, args.form.output, &object)? {
        return if is_healthy { Ok(()) } else { Err(Failure::Aborted) };
    }
    let (first, sentence) = count.verdict();
    console.line(format!("{} {sentence}", console.mark(first)))?;
    for node in nodes.iter().filter(|node| !node.is_connected()) {
        let (mark, kind) =
            if node.is_initial() { (mark, "Initial") } else { (Mark::Absent, "Grid") };
        console.line(format!("{} {kind} node {} is offline", console.mark(mark), node.label()))?;
    }
    if is_healthy { Ok(()) } else { Err(Failure::Aborted) }
}

/// The initial nodes of a grid.
struct Count {
    size: i64,
    initial: i64,
    online: i64,
}

impl Count {
    fn of(size: i64, nodes: &[Node]) -> Self {
        let initial = || nodes.iter().filter(|node| node.is_initial());
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let online = initial().filter(|node| node.is_connected()).count();
        Self { size, initial: count(initial().count()), online: count(online) }
    }

    fn quorum(&self) -> i64 {
        self.size / 2 + 1
    }

    /// The first line; the first sentence that is true.
    fn verdict(&self) -> (Mark, String) {
        let Self { size: n, initial: i, online: o } = *self;
        let q = self.quorum();
        let required = format!("and requires at least {q} of {n} initial nodes for operation");
        let available = format!("of {n} required for high-availability");
        if i == 0 {
            (Mark::Bad, format!("Grid does not have any initial nodes, {required}"))
        } else if o == 0 {
            (Mark::Bad, format!("Grid does not have any initial nodes online, {required}"))
        } else if i < q {
            (Mark::Bad, format!("Grid only has {i} initial nodes, {required}"))
        } else if o < q {
            (Mark::Bad, format!("Grid only has {o} initial nodes online, {required}"))
        } else if i < n {
            (Mark::Fair, format!("Grid only has {i} initial nodes {available}"))
        } else if o < n {
            (Mark::Fair, format!("Grid only has {o} initial nodes online {available}"))
        } else if i == 2 {
            (Mark::Fair, "Grid only has 2 initial nodes, and is not high-availability".to_owned())
        } else if i == 1 {
            (Mark::Fair, "Grid only has 1 initial node, and is not high-availability".to_owned())
        } else {
            (Mark::Good, format!("Grid has all {o} of {n} initial nodes online"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_that_is_true() {
        for (size, initial, online, mark, start) in [
            (
                3,
                0,
                0,
                Mark::Bad,
                "Grid does not have any initial nodes, and requires at least 2 of 3",
            ),
            (3, 1, 0, Mark::Bad, "Grid does not have any initial nodes online, and requires at"),
            (3, 1, 1, Mark::Bad, "Grid only has 1 initial nodes, and requires at least 2 of 3"),
            (3, 2, 1, Mark::Bad, "Grid only has 1 initial nodes online, and requires at least 2"),
            (3, 2, 2, Mark::Fair, "Grid only has 2 initial nodes of 3 required for high-avail"),
            (3, 3, 2, Mark::Fair, "Grid only has 2 initial nodes online of 3 required for high-"),
            (2, 2, 2, Mark::Fair, "Grid only has 2 initial nodes, and is not high-availability"),
            (1, 1, 1, Mark::Fair, "Grid only has 1 initial node, and is not high-availability"),
            (3, 3, 3, Mark::Good, "Grid has all 3 of 3 initial nodes online"),
        ] {
            let (found, sentence) = Count { size, initial, online }.verdict();
            assert!(found == mark && sentence.starts_with(start), "{sentence}");
        }
    }
}
