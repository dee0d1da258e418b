//! `kontena grid trusted-subnet …`.

use kontena_protocol::api::GridUpdate;

use crate::api::{Client, Grid, Method, path};
use crate::args::grid::TrustedSubnetCommand;
use crate::commands::document;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &TrustedSubnetCommand) -> Result<(), Failure> {
    match command {
        TrustedSubnetCommand::List(args) => {
            let (_, _, subnets) = read(session)?;
            document::texts(session.console, args.output, &subnets)
        }
        TrustedSubnetCommand::Add(args) => add(session, &args.subnet),
        TrustedSubnetCommand::Remove(args) => {
            args.subnets.iter().try_for_each(|subnet| remove(session, subnet, args.force.given()))
        }
    }
}

fn read<'a>(session: &'a Session<'_>) -> Result<(&'a Client, String, Vec<String>), Failure> {
    let path = path(&["grids", session.grid()?]);
    let client = session.client()?;
    let grid: Grid = client.get(&path)?;
    Ok((client, path, grid.trusted_subnets.unwrap_or_default()))
}

fn add(session: &Session<'_>, subnet: &str) -> Result<(), Failure> {
    let console = session.console;
    let grid = console.paint(Ink::Cyan, session.grid()?);
    let shown = console.paint(Ink::Cyan, subnet);
    console.step(format!("Adding {shown} as a trusted subnet in {grid} grid "), |_| {
        let (client, path, mut subnets) = read(session)?;
        if !subnets.iter().any(|known| known == subnet) {
            subnets.push(subnet.to_owned());
        }
        write(client, &path, subnets)
    })
}

fn remove(session: &Session<'_>, subnet: &str, force: bool) -> Result<(), Failure> {
    let console = session.console;
    let (client, path, mut subnets) = read(session)?;
    let before = subnets.len();
    subnets.retain(|known| known != subnet);
    let grid = session.grid()?;
    if subnets.len() == before {
        return Err(Failure::said(format!("Grid {grid} does not have trusted subnet {subnet}")));
    }
    console.confirm_name(subnet, force)?;
    let (grid, shown) = (console.paint(Ink::Cyan, grid), console.paint(Ink::Cyan, subnet));
    console.step(format!("Removing trusted subnet {shown} from {grid} grid "), |_| {
        write(client, &path, subnets)
    })
}

fn write(client: &Client, path: &str, subnets: Vec<String>) -> Result<(), Failure> {
    let body = GridUpdate { trusted_subnets: Some(subnets), ..GridUpdate::default() };
    client.tell(Method::Put, path, &body)
}
