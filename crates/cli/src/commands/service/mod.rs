//! `kontena service …`.

use crate::api::path_of;
use crate::args::service::{SecretCommand, ServiceCommand};
use crate::failure::Failure;
use crate::session::Session;

mod containers;
mod create;
mod definition;
mod deploy;
mod env;
mod exec;
mod explain;
mod link;
mod list;
mod logs;
mod monitor;
mod plan;
mod progress;
mod remove;
mod secret;
mod settings;
mod show;
mod signal;
mod stats;
mod words;

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &ServiceCommand) -> Result<(), Failure> {
    match command {
        ServiceCommand::List(args) => list::run(session, args),
        ServiceCommand::Show(args) => show::run(session, args),
        ServiceCommand::Explain(args) => explain::run(session, args),
        ServiceCommand::Create(args) => create::create(session, args),
        ServiceCommand::Update(args) => create::update(session, args),
        ServiceCommand::Plan(args) => plan::run(session, args),
        ServiceCommand::Deploy(args) => deploy::deploy(session, args),
        ServiceCommand::Scale(args) => deploy::scale(session, args),
        ServiceCommand::Start(args) => signal::start(session, args),
        ServiceCommand::Stop(args) => signal::stop(session, args),
        ServiceCommand::Restart(args) => signal::restart(session, args),
        ServiceCommand::Remove(args) => remove::run(session, args),
        ServiceCommand::Containers(args) => containers::run(session, args),
        ServiceCommand::Logs(args) => logs::logs(session, args),
        ServiceCommand::Events(args) => logs::events(session, args),
        ServiceCommand::Stats(args) => stats::run(session, args),
        ServiceCommand::Monitor(args) => monitor::run(session, args),
        ServiceCommand::Exec(args) => exec::run(session, args),
        ServiceCommand::Env(command) => env::run(session, command),
        ServiceCommand::Link(args) => link::link(session, args),
        ServiceCommand::Unlink(args) => link::unlink(session, args),
        ServiceCommand::Secret(SecretCommand::Link(args)) => secret::link(session, args),
        ServiceCommand::Secret(SecretCommand::Unlink(args)) => secret::unlink(session, args),
    }
}

/// The path of a service.
fn service_path(session: &Session<'_>, name: &str) -> Result<String, Failure> {
    Ok(path_of("services", &service_id(session, name)?))
}

/// The id of a service, `GRID/STACK/NAME`, of which the first parts may be left out.
fn service_id(session: &Session<'_>, name: &str) -> Result<String, Failure> {
    let grid = session.grid()?;
    Ok(match name.split('/').count() {
        1 => format!("{grid}/null/{name}"),
        2 => format!("{grid}/{name}"),
        _ => name.to_owned(),
    })
}
