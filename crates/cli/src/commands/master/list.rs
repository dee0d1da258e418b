//! `kontena master list`.

use serde_json::{Value, json};

use crate::args::ListFormat;
use crate::args::master::MasterList;
use crate::commands::{document, text};
use crate::failure::Failure;
use crate::output::{Ink, Table};
use crate::session::Session;

/// Lists the masters of the configuration; tokens are not shown in any format.
pub(super) fn run(session: &Session<'_>, args: &MasterList) -> Result<(), Failure> {
    let console = session.console;
    let servers = &session.config.servers;
    let current = session.master().ok().map(|master| master.name.as_str());
    let objects: Vec<Value> = servers
        .iter()
        .map(|server| {
            json!({
                "name": server.name, "url": server.url, "grid": server.grid,
                "username": server.username, "current": current == Some(server.name.as_str()),
            })
        })
        .collect();
    let format = args.listing.format();
    if document::list(console, format, &objects)? {
        return Ok(());
    }
    if format == ListFormat::Name {
        let names: String = servers.iter().map(|server| format!("{}\n", server.name)).collect();
        return Ok(console.text(&names)?);
    }
    let mut table = Table::new(&["NAME", "URL"]);
    for server in servers {
        let star = match current == Some(server.name.as_str()) {
            true => console.paint(Ink::Yellow, "* "),
            false => String::new(),
        };
        table.row(vec![format!("{star}{}", server.name), text(&server.url).to_owned()]);
    }
    Ok(console.text(&table.render(console.palette()))?)
}
