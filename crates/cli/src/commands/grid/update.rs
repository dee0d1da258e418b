//! `kontena grid update`.

use serde_json::json;

use super::settings;
use crate::api::{Method, path};
use crate::args::grid::GridUpdate;
use crate::failure::Failure;
use crate::session::Session;

/// Changes what is given; silent.
pub(super) fn run(session: &Session<'_>, args: &GridUpdate) -> Result<(), Failure> {
    let client = session.client()?;
    let mut body = settings::read(&args.settings, |note| session.console.note(note))?;
    if args.no_default_affinity {
        body.default_affinity = Some(Vec::new());
    }
    if args.no_statsd_server {
        body.stats = Some(json!({ "statsd": null }));
    }
    client.tell(Method::Put, &path(&["grids", &args.name]), &body)
}
