//! `kontena master current`.

use serde_json::json;

use crate::api::Origin;
use crate::args::master::MasterCurrent;
use crate::commands::document;
use crate::failure::Failure;
use crate::session::Session;

/// Shows the selected master.
pub(super) fn run(session: &Session<'_>, args: &MasterCurrent) -> Result<(), Failure> {
    let master = session.master()?;
    if !(args.name || args.address || args.url) {
        let object = json!({ "name": master.name, "url": master.url });
        if document::object(session.console, args.form.output, &object)? {
            return Ok(());
        }
    }
    let line = if args.name {
        master.name.clone()
    } else if args.address {
        Origin::parse(&master.url).map(|origin| origin.host().to_owned()).unwrap_or_default()
    } else if args.url {
        master.url.clone()
    } else {
        format!("{} {}", master.name, master.url)
    };
    Ok(session.console.line(line)?)
}
