//! `kontena master remove`.

use crate::args::master::MasterRemove;
use crate::failure::Failure;
use crate::output::DESTRUCTIVE;
use crate::session::Session;

const HINT: &str = "
Current master was removed from the configuration. To use another one:
  kontena master use <master_name>
To log in to another one:
  kontena master login <master_url>
";

/// Removes masters from the configuration; the masters themselves do not notice.
pub(super) fn run(session: &Session<'_>, args: &MasterRemove) -> Result<(), Failure> {
    let console = session.console;
    let names = match &args.name {
        Some(name) => vec![name.clone()],
        None => choose(session)?,
    };
    if names.is_empty() {
        return Ok(console.line("No masters selected")?);
    }
    if names.iter().any(|name| session.config.server(name).is_none()) {
        return Err(Failure::Bare("Master not found in configuration".to_owned()));
    }
    if !args.force.given() {
        let plural = if names.len() == 1 { "" } else { "s" };
        console.line(format!("Removing {} master{plural} from configuration", names.len()))?;
    }
    console.confirm(DESTRUCTIVE, args.force.given())?;
    let vanished = session.file.update(|config| {
        config.servers.retain(|server| !names.contains(&server.name));
        let vanished = config.current_server.take_if(|current| names.contains(current));
        Ok(vanished.is_some())
    })?;
    if vanished {
        console.text(HINT)?;
    }
    Ok(())
}

/// Lets the user pick.
fn choose(session: &Session<'_>) -> Result<Vec<String>, Failure> {
    let names: Vec<String> =
        session.config.servers.iter().map(|server| server.name.clone()).collect();
    let title = "Select masters to remove from configuration file:";
    let picked = session.console.pick(title, &names)?;
    Ok(picked.into_iter().filter_map(|index| names.get(index).cloned()).collect())
}
