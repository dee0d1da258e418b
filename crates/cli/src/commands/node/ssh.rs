//! `kontena node ssh`: becomes an `ssh` to the node.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::api::{Node, Nodes, path};
use crate::args::node::NodeSsh;
use crate::commands::document;
use crate::failure::{Failure, Kind};
use crate::session::Session;

/// Replaces this program by `ssh`.
pub(super) fn run(session: &Session<'_>, args: &NodeSsh) -> Result<(), Failure> {
    session.grid()?;
    let node = match (&args.node, args.any) {
        (Some(_), true) => return Err(Failure::said("Cannot combine --any with a node name")),
        (Some(name), false) => session.client()?.get(&super::node_path(session, name)?)?,
        (None, true) => first_online(session)?,
        (None, false) => {
            return Err(Failure::said(
                "No node name given. Use --any to connect to the first available node",
            ));
        }
    };
    if node.labels.iter().flatten().any(|label| label == "provider=vagrant") {
        return Err(Failure::said(format!(
            "Node {} is a Vagrant machine, which takes the vagrant plugin to open. \
             Use: kontena plugin install vagrant",
            node.label()
        )));
    }
    let mut ssh = Command::new("ssh");
    ssh.args(arguments(args, address(args, &node)?));
    let error = ssh.exec();
    Err(Failure::said(format!("Cannot run ssh: {error}. Install an ssh client")))
}

fn first_online(session: &Session<'_>) -> Result<Node, Failure> {
    let path = path(&["grids", session.grid()?, "nodes"]);
    let answer: Nodes = session.client()?.get(&path)?;
    let nodes: Vec<Node> = document::views(&answer.nodes, &path)?;
    nodes
        .into_iter()
        .find(Node::is_connected)
        .ok_or_else(|| Failure::known(Kind::NotFound, "There are no online nodes"))
}

fn address<'a>(args: &NodeSsh, node: &'a Node) -> Result<&'a str, Failure> {
    let (ip, kind) = match (args.private_ip, args.internal_ip) {
        (true, _) => (&node.private_ip, "private"),
        (false, true) => (&node.overlay_ip, "overlay"),
        (false, false) => (&node.public_ip, "public"),
    };
    ip.as_deref().filter(|ip| !ip.is_empty()).ok_or_else(|| {
        Failure::said(format!(
            "Node {} has no {kind} address. Try --private-ip or --internal-ip",
            node.label()
        ))
    })
}

fn arguments(args: &NodeSsh, ip: &str) -> Vec<String> {
    let key = args.identity_file.iter().flat_map(|file| ["-i".to_owned(), file.clone()]);
    let target = std::iter::once(format!("{}@{ip}", args.user));
    key.chain(target)
        .chain(args.commands.iter().cloned())
        .chain(args.rest.iter().cloned())
        .collect()
}
