//! `kontena service create` and `kontena service update`.

use serde_json::{Map, Value};

use super::definition;
use crate::api::{Method, path};
use crate::args::service::{ServiceCreate, ServiceUpdate};
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Creates a service; nothing runs until it is deployed.
pub(super) fn create(session: &Session<'_>, args: &ServiceCreate) -> Result<(), Failure> {
    let path = path(&["grids", session.grid()?, "services"]);
    let client = session.client()?;
    let mut body = Map::new();
    body.insert("name".into(), args.name.as_str().into());
    body.insert("image".into(), definition::tagged(&args.image).into());
    body.insert("stateful".into(), args.stateful.into());
    body.insert("privileged".into(), args.privileged.into());
    body.insert("read_only".into(), args.read_only.into());
    body.insert("secrets".into(), Value::Array(Vec::new()));
    body.insert("log_opts".into(), Value::Object(Map::new()));
    definition::put_list(&mut body, "volumes", &args.volumes);
    definition::put_list(&mut body, "volumes_from", &args.volumes_from);
    definition::fill(&mut body, &args.definition)?;
    let name = session.console.paint(Ink::Cyan, &args.name);
    session
        .console
        .step(format!("Creating {name} service "), |_| client.tell(Method::Post, &path, &body))
}

/// Changes the given fields of a service and no others.
pub(super) fn update(session: &Session<'_>, args: &ServiceUpdate) -> Result<(), Failure> {
    let path = super::service_path(session, &args.name)?;
    let client = session.client()?;
    let body = definition::changed(&args.changes)?;
    let name = session.console.paint(Ink::Cyan, &args.name);
    session
        .console
        .step(format!("Updating {name} service "), |_| client.tell(Method::Put, &path, &body))
}
