//! `kontena service list`.

use serde_json::Value;

use crate::api::{HealthStatus, Port, Service, Services, encode, path};
use crate::args::ListFormat;
use crate::args::service::ServiceList;
use crate::commands::{document, text, yes_no};
use crate::failure::Failure;
use crate::output::{Console, Ink, Mark, Table};
use crate::session::Session;
use crate::suggest;

/// Lists the services of the grid, the last changed first.
pub(super) fn run(session: &Session<'_>, args: &ServiceList) -> Result<(), Failure> {
    let grid = session.grid()?;
    let mut path = path(&["grids", grid, "services"]);
    if let Some(stack) = &args.stack {
        path = format!("{path}?stack={}", encode(stack));
    }
    let answer: Services = session.client()?.get(&path)?;
    let views: Vec<Service> = document::views(&answer.services, &path)?;
    let mut services: Vec<(Service, Value)> = views.into_iter().zip(answer.services).collect();
    services.sort_by(|(one, _), (other, _)| other.updated_at.cmp(&one.updated_at));
    if args.stack.is_none() {
        let names = services.iter().map(|(service, _)| name(service)).collect();
        suggest::remember(session, grid, "services", names);
    }
    let objects: Vec<Value> = services.iter().map(|(_, object)| object.clone()).collect();
    let format = args.listing.format();
    if document::list(session.console, format, &objects)? {
        return Ok(());
    }
    let services = services.iter().map(|(service, _)| service);
    if format == ListFormat::Name {
        let names: String =
            services.map(|service| format!("{}\n", full_id(grid, service))).collect();
        return Ok(session.console.text(&names)?);
    }
    let wide = format == ListFormat::Wide;
    let mut titles = vec!["NAME", "INSTANCES", "STATEFUL", "STATE", "EXPOSED PORTS"];
    if wide {
        titles.extend(["IMAGE", "REVISION", "STRATEGY"]);
    }
    let mut table = Table::new(&titles);
    for service in services {
        let mut row = row(session.console, service);
        if wide {
            row.push(text(&service.image).to_owned());
            row.push(service.revision.map(|number| number.to_string()).unwrap_or_default());
            row.push(text(&service.strategy).to_owned());
        }
        table.row(row);
    }
    Ok(session.console.text(&table.render(session.console.palette()))?)
}

fn row(console: &Console, service: &Service) -> Vec<String> {
    let mark = console.mark(mark(service.health_status.as_ref()));
    let wanted = service.instances.unwrap_or_default();
    let running = service.instance_counts.as_ref().and_then(|counts| counts.running).unwrap_or(0);
    let shown = match running < wanted {
        true => console.paint(Ink::Cyan, running),
        false => running.to_string(),
    };
    let stateful = service.stateful.unwrap_or(false);
    let yes = yes_no(service.stateful);
    let ports: Vec<String> = service.ports.iter().flatten().map(port).collect();
    vec![
        format!("{mark} {}", name(service)),
        format!("{shown} / {wanted}"),
        if stateful { console.paint(Ink::Green, yes) } else { yes.to_owned() },
        state(console, text(&service.state)),
        ports.join(","),
    ]
}

fn state(console: &Console, state: &str) -> String {
    let ink = match state {
        "running" => Ink::Green,
        "initialized" => Ink::Cyan,
        "stopped" => Ink::Red,
        _ => Ink::Blue,
    };
    console.paint(ink, state)
}

fn mark(health: Option<&HealthStatus>) -> Mark {
    let Some(health) = health else {
        return Mark::Absent;
    };
    let (healthy, total) = (health.healthy.unwrap_or(0), health.total.unwrap_or(0));
    match healthy {
        0 => Mark::Bad,
        some if some < total => Mark::Fair,
        _ => Mark::Good,
    }
}

fn stack(service: &Service) -> &str {
    let stack = service.stack.as_ref().and_then(|stack| stack.name.as_deref());
    stack.unwrap_or("null")
}

/// `STACK/NAME`, the name alone for services without a stack.
fn name(service: &Service) -> String {
    match stack(service) {
        "null" => text(&service.name).to_owned(),
        stack => format!("{stack}/{}", text(&service.name)),
    }
}

fn full_id(grid: &str, service: &Service) -> String {
    match &service.id {
        Some(id) => id.clone(),
        None => format!("{grid}/{}/{}", stack(service), text(&service.name)),
    }
}

fn port(port: &Port) -> String {
    let ip = port.ip.as_deref().unwrap_or("0.0.0.0");
    let protocol = port.protocol.as_deref().unwrap_or("tcp");
    let (node, container) =
        (document::plain(&port.node_port), document::plain(&port.container_port));
    format!("{ip}:{node}->{container}/{protocol}")
}
