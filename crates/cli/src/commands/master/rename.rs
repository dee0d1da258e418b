//! `kontena master rename`.

use crate::args::master::Rename;
use crate::failure::{Failure, Kind};
use crate::output::Ink;
use crate::session::{Session, unknown_master};

/// Gives an entry of the configuration another name.
pub(super) fn run(session: &Session<'_>, args: &Rename) -> Result<(), Failure> {
    session.file.update(|config| {
        if config.server(&args.name).is_none() {
            return Err(unknown_master(config, &args.name));
        }
        if args.name != args.new_name && config.server(&args.new_name).is_some() {
            return Err(Failure::known(
                Kind::Invalid,
                format!("There is a master with the name {} already", args.new_name),
            ));
        }
        if let Some(server) = config.server_mut(&args.name) {
            server.name.clone_from(&args.new_name);
        }
        if config.current_server.as_ref() == Some(&args.name) {
            config.current_server = Some(args.new_name.clone());
        }
        Ok(())
    })?;
    let paint = |name: &str| session.console.paint(Ink::Cyan, name);
    let (old, new) = (paint(&args.name), paint(&args.new_name));
    Ok(session.console.line(format!("Renamed master {old} to {new}"))?)
}
