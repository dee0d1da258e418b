//! `kontena grid create`.

use kontena_protocol::api::GridCreate as Body;
use serde_json::{Map, Value, json};

use crate::api::{Grid, Method};
use crate::args::grid::GridCreate;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

const STATSD_PORT: u16 = 8125;

/// Creates a grid and makes it the current one.
pub(super) fn run(session: &Session<'_>, args: &GridCreate) -> Result<(), Failure> {
    let console = session.console;
    let client = session.client()?;
    let body = body(args, |note| console.note(note))?;
    if args.initial_size.is_none() && !args.silent {
        console.warn("Option --initial-size=1 is only recommended for test/dev usage");
    }
    let shown = console.paint(Ink::Cyan, &args.name);
    let grid: Option<Grid> = console.step(format!("Creating {shown} grid "), |_| {
        client.send(Method::Post, "/v1/grids", &body)
    })?;
    let name = grid.and_then(|grid| grid.name).unwrap_or_else(|| args.name.clone());
    let shown = console.paint(Ink::Cyan, &name);
    console.step(format!("Switching scope to {shown} grid "), |_| {
        session.update_master(|server| server.grid = Some(name))
    })
}

fn body(args: &GridCreate, note: impl Fn(&str)) -> Result<Body, Failure> {
    let initial_size = args.initial_size.unwrap_or(1);
    let affinity = &args.default_affinity;
    Ok(Body {
        name: args.name.clone(),
        // A size out of range is the master's to refuse, with the other fields' errors.
        initial_size: u32::try_from(initial_size).unwrap_or(u32::MAX),
        token: args.token.clone(),
        subnet: args.subnet.clone(),
        supernet: args.supernet.clone(),
        stats: args.statsd_server.as_deref().map(statsd).transpose()?,
        logs: logs(args, note)?,
        default_affinity: (!affinity.is_empty()).then(|| affinity.clone()),
    })
}

fn statsd(address: &str) -> Result<Value, Failure> {
    let (server, port) = match address.rsplit_once(':') {
        Some((server, port)) => {
            let port = port
                .parse()
                .map_err(|_| Failure::said(format!("Invalid statsd server value {address}")))?;
            (server, port)
        }
        None => (address, STATSD_PORT),
    };
    Ok(json!({ "statsd": { "server": server, "port": port } }))
}

fn logs(args: &GridCreate, note: impl Fn(&str)) -> Result<Option<Value>, Failure> {
    if args.log_forwarder.is_some() && args.no_log_forwarder {
        return Err(Failure::said("Can't use --log-forwarder and --no-log-forwarder together"));
    }
    let forwarder = match &args.log_forwarder {
        Some(forwarder) => forwarder.as_str(),
        None if !args.log_opt.is_empty() => {
            return Err(Failure::said("1 : Need to specify --log-forwarder when using --log-opt"));
        }
        None if args.no_log_forwarder => "none",
        None => return Ok(None),
    };
    if args.log_forwarder.as_deref() == Some("none") {
        note("[DEPRECATED] --log-forwarder none will be replaced with --no-log-forwarder");
    }
    let mut opts = Map::new();
    for option in &args.log_opt {
        let (key, value) = option
            .split_once('=')
            .ok_or_else(|| Failure::said(format!("Invalid log option value {option}")))?;
        opts.insert(key.to_owned(), Value::from(value));
    }
    Ok(Some(json!({ "forwarder": forwarder, "opts": opts })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statsd_server_may_name_its_port() {
        assert_eq!(statsd("h").unwrap(), json!({"statsd": {"server": "h", "port": 8125}}));
        assert_eq!(statsd("h:99").unwrap(), json!({"statsd": {"server": "h", "port": 99}}));
        assert!(statsd("h:x").is_err());
    }
}
