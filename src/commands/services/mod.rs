//! Services: create, update, environment, deploy, scale, start, stop, restart, remove, an instance without a
//! node, explain, plan.

mod create;
mod deploy;
mod detach;
mod env;
mod explain;
mod remove;
mod restart;
mod update;

pub use create::create;
pub use deploy::{deploy, scale, set_state};
pub use detach::detach;
pub use env::{add_env, remove_env};
pub use explain::{Horizon, Told, explain, plan};
pub use remove::remove;
pub use restart::restart;
pub use update::update;

use kontena_core::{
    domain::{Grid, Service},
    validate::service::Surroundings,
};
use kontena_store::{Conn, StoreError, secrets, services, volumes};

use super::Subject;

const RESOURCE: &str = "GridService";

fn subject<'a>(grid: &'a Grid, service: &'a Service) -> Subject<'a> {
    Subject {
        grid: Some(&grid.name),
        resource_type: RESOURCE,
        name: &service.name,
        id: format!("{}/{}", grid.name, service.stack_path()),
        what: String::new(),
    }
}

/// What a specification is compared with.
fn surroundings(conn: &mut Conn, grid: &Grid, stack: &str) -> Result<Surroundings, StoreError> {
    let services = services::of_grid(conn, grid.id)?;
    let volumes = volumes::of_grid(conn, grid.id)?;
    Ok(Surroundings {
        grid: grid.name.clone(),
        stack: stack.to_owned(),
        stacks: services.iter().map(|service| service.stack_name.clone()).collect(),
        services: services.into_iter().map(|service| (service.stack_name, service.name)).collect(),
        volumes: volumes
            .into_iter()
            .map(|volume| (volume.name.clone(), volume.as_used()))
            .collect(),
        secrets: secrets::names(conn, grid.id)?,
    })
}
