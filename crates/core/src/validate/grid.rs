//! Grids: their names, networks, default affinity, statistics and logs (`http-api.md` 3.2).
//!
//! Whether a name or a token is taken is found by the store; names and tokens that are not sent are made
//! by the command.

use serde_json::Value;

use super::{
    affinity,
    error::{FieldErrors, Title},
    fields::{Fields, body, list, object},
    rules::{self, Checked},
};
use crate::domain::{Cidr, Grid, LogForwarding, Statsd, net::InvalidCidr, text};

/// The fewest letters of a grid's name.
const SHORTEST_NAME: usize = 3;

/// How many initial nodes a grid may have.
const INITIAL_SIZES: std::ops::RangeInclusive<i64> = 1..=7;

/// The log option without which fluentd cannot be reached.
const FLUENTD_ADDRESS: &str = "fluentd-address";

/// A grid to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct GridDraft {
    /// The name; none: one is to be made.
    pub name: Option<String>,
    /// The grid token; none: one is to be made.
    pub token: Option<String>,
    /// 1 to 7.
    pub initial_size: u32,
    /// The overlay network of nodes and containers.
    pub subnet: Cidr,
    /// The network other networks are cut from.
    pub supernet: Cidr,
    /// Affinity of services that have none of their own.
    pub default_affinity: Vec<String>,
    /// Networks between nodes that need no encryption.
    pub trusted_subnets: Vec<Cidr>,
    /// Where agents send statistics.
    pub statsd: Option<Statsd>,
    /// Where agents send logs.
    pub logs: Option<LogForwarding>,
}

/// Changes to a grid; what is none stays, what is none inside is cleared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GridEdit {
    /// The whole new list. That it was sent asks for a reschedule, whatever its value.
    pub default_affinity: Option<Vec<String>>,
    /// The whole new list.
    pub trusted_subnets: Option<Vec<Cidr>>,
    /// Where agents send statistics.
    pub statsd: Option<Option<Statsd>>,
    /// Where agents send logs.
    pub logs: Option<Option<LogForwarding>>,
}

/// Reads the body that creates a grid.
pub fn create(value: &Value) -> Result<GridDraft, FieldErrors> {
    body(value, |fields| {
        let name = fields.optional("name", name);
        let token = fields.optional("token", rules::text);
        let initial_size = fields.optional("initial_size", initial_size);
        let subnet = fields.optional("subnet", cidr);
        let supernet = fields.optional("supernet", cidr);
        let changeable = changeable(fields);
        Some(GridDraft {
            name,
            token,
            initial_size: initial_size.unwrap_or(1),
            subnet: subnet.unwrap_or(Cidr::DEFAULT_SUBNET),
            supernet: supernet.unwrap_or(Cidr::DEFAULT_SUPERNET),
            default_affinity: changeable.default_affinity.unwrap_or_default(),
            trusted_subnets: changeable.trusted_subnets.unwrap_or_default(),
            statsd: changeable.statsd.flatten(),
            logs: changeable.logs.flatten(),
        })
    })
}

/// Reads the body that changes a grid.
pub fn update(value: &Value) -> Result<GridEdit, FieldErrors> {
    body(value, |fields| Some(changeable(fields)))
}

/// Carries changes out on a grid.
pub fn apply(edit: &GridEdit, grid: &mut Grid) {
    let GridEdit { default_affinity, trusted_subnets, statsd, logs } = edit;
    if let Some(expressions) = default_affinity {
        grid.default_affinity.clone_from(expressions);
    }
    if let Some(subnets) = trusted_subnets {
        grid.trusted_subnets.clone_from(subnets);
    }
    if let Some(statsd) = statsd {
        grid.statsd.clone_from(statsd);
    }
    if let Some(logs) = logs {
        grid.logs.clone_from(logs);
    }
}

fn changeable(fields: &mut Fields<'_>) -> GridEdit {
    GridEdit {
        default_affinity: fields.optional("default_affinity", affinity::expressions),
        trusted_subnets: fields.optional("trusted_subnets", trusted_subnets),
        statsd: fields
            .optional("stats", object(|stats| Some(stats.optional("statsd", object(statsd))))),
        logs: fields.optional("logs", logs),
    }
}

fn name(value: &Value, title: Title<'_>) -> Checked<String> {
    let name = rules::text(value, title)?;
    if name.chars().count() < SHORTEST_NAME {
        return Err(title.says("is too short"));
    }
    if !rules::is_name(&name) {
        return Err(title.says("isn't in the right format"));
    }
    if name.len() > text::NAME {
        return Err(title.says("is too long"));
    }
    Ok(name)
}

fn initial_size(value: &Value, title: Title<'_>) -> Checked<u32> {
    let size = rules::integer(INITIAL_SIZES)(value, title)?;
    u32::try_from(size).map_err(|_| title.says("is too big"))
}

fn cidr(value: &Value, title: Title<'_>) -> Checked<Cidr> {
    let text = rules::text(value, title)?;
    text.parse().map_err(|error: InvalidCidr| error.to_string().into())
}

/// Of several bad subnets the last one is told, in a sentence instead of a list, as Kontena does.
fn trusted_subnets(value: &Value, title: Title<'_>) -> Checked<Vec<Cidr>> {
    let texts = list(rules::text)(value, title)?;
    let subnets: Vec<Result<Cidr, String>> = texts
        .iter()
        .map(|text| text.parse().map_err(|_| format!("Invalid trusted_subnet {text}")))
        .collect();
    // Reversed, so that collecting stops at the last bad one.
    let mut good = subnets.into_iter().rev().collect::<Result<Vec<_>, _>>()?;
    good.reverse();
    Ok(good)
}

fn statsd(fields: &mut Fields<'_>) -> Option<Statsd> {
    let server = fields.required("server", rules::text);
    let port = fields.required("port", rules::port(1));
    Some(Statsd { server: server?, port: port? })
}

/// Log forwarding; none where the forwarder is called `none`.
fn logs(value: &Value, title: Title<'_>) -> Checked<Option<LogForwarding>> {
    let forwarders = rules::one_of(&[("fluentd", true), ("none", false)]);
    let (is_fluentd, opts) = object(|fields| {
        let is_fluentd = fields.required("forwarder", &forwarders);
        let opts = rules::texts_by_key("isn't the right class", rules::exact_text);
        let opts = fields.optional("opts", opts);
        Some((is_fluentd?, opts.unwrap_or_default()))
    })(value, title)?;
    if !is_fluentd {
        return Ok(None);
    }
    let address = opts.get(FLUENTD_ADDRESS);
    if address.is_none_or(|address| address.trim().is_empty()) {
        return Err(format!("{FLUENTD_ADDRESS} option must be given").into());
    }
    Ok(Some(LogForwarding { forwarder: "fluentd".to_owned(), opts }))
}
