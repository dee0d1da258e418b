//! `kontena node update`.

use kontena_protocol::api::NodeUpdate as Body;

use crate::api::Method;
use crate::args::node::NodeUpdate;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Changes labels or availability, node after node.
pub(super) fn run(session: &Session<'_>, args: &NodeUpdate) -> Result<(), Failure> {
    let labels = match (args.clear_labels, args.labels.is_empty()) {
        (true, _) => Some(Vec::new()),
        (false, false) => Some(args.labels.clone()),
        (false, true) => None,
    };
    let body = Body { labels, availability: args.availability.clone() };
    update(session, &args.nodes, &body)
}

/// Changes the availability, node after node.
pub(super) fn set_availability(
    session: &Session<'_>,
    nodes: &[String],
    availability: &str,
) -> Result<(), Failure> {
    let body = Body { labels: None, availability: Some(availability.to_owned()) };
    update(session, nodes, &body)
}

fn update(session: &Session<'_>, nodes: &[String], body: &Body) -> Result<(), Failure> {
    for node in nodes {
        let path = super::node_path(session, node)?;
        let client = session.client()?;
        let name = session.console.paint(Ink::Cyan, node);
        session
            .console
            .step(format!("Updating {name} node "), |_| client.tell(Method::Put, &path, body))?;
    }
    Ok(())
}
