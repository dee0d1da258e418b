//! Default affinity, statistics and log forwarding, as the API takes them.

use kontena_protocol::api::GridUpdate;
use serde_json::{Map, Value, json};

use crate::args::grid::GridSettings;
use crate::failure::Failure;

const STATSD_PORT: u16 = 8125;

/// Reads the flags; what is not given is absent.
pub(super) fn read(args: &GridSettings, note: impl Fn(&str)) -> Result<GridUpdate, Failure> {
    let affinity = &args.default_affinity;
    Ok(GridUpdate {
        stats: args.statsd_server.as_deref().map(statsd).transpose()?,
        logs: logs(args, note)?,
        default_affinity: (!affinity.is_empty()).then(|| affinity.clone()),
        trusted_subnets: None,
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

fn logs(args: &GridSettings, note: impl Fn(&str)) -> Result<Option<Value>, Failure> {
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
