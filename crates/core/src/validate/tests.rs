//! Tests of typing, nodes, grids, and of bodies nobody thought of; services have their own.

mod access;
mod grids;
mod nodes;
mod typing;
mod volumes;

use proptest::{collection, option, prelude::*};
use serde_json::{Map, Value, json};

use super::{
    error::{FieldErrors, Title},
    fields::{body, list, object},
    grid, node, rules, service, volume,
};
use crate::domain::{Availability, Cidr, Grid, GridId, LogForwarding, Statsd, Time};

/// Renders faults; `null` where there are none.
fn faults<T>(result: &Result<T, FieldErrors>) -> Value {
    result.as_ref().err().map_or(Value::Null, FieldErrors::to_json)
}

/// Values of every JSON type, with those that are nearly right among them.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "[%~=!/:,*.a-z0-9]{0,12}".prop_map(Value::from),
        "(node|label|ndoe)(==|!=)~?/?[%(a-z]{0,4}/?".prop_map(Value::from),
        "[0-9.]{0,3}[hms]?[0-9]{0,20}[hms]".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let field = prop_oneof![
            "[a-z_]{0,6}",
            proptest::sample::select(FIELDS.as_slice()).prop_map(str::to_owned)
        ];
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            collection::vec((field, inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

const FIELDS: [&str; 63] = [
    "name",
    "token",
    "labels",
    "availability",
    "reset_connection",
    "initial_size",
    "subnet",
    "supernet",
    "default_affinity",
    "trusted_subnets",
    "stats",
    "statsd",
    "server",
    "logs",
    "forwarder",
    "opts",
    "image",
    "stateful",
    "instances",
    "container_count",
    "strategy",
    "env",
    "ports",
    "node_port",
    "container_port",
    "ip",
    "protocol",
    "links",
    "alias",
    "id",
    "secrets",
    "secret",
    "certificates",
    "subject",
    "volumes",
    "volumes_from",
    "affinity",
    "cmd",
    "entrypoint",
    "pid",
    "user",
    "log_opts",
    "net",
    "memory",
    "cpus",
    "cpu_shares",
    "deploy_opts",
    "wait_for_port",
    "min_health",
    "interval",
    "health_check",
    "port",
    "uri",
    "timeout",
    "hooks",
    "pre_start",
    "oneshot",
    "stop_signal",
    "stop_grace_period",
    "force",
    "scope",
    "driver",
    "driver_opts",
];

proptest! {
    #[test]
    fn any_body_is_read_or_refused_with_its_faults(
        values in collection::vec(option::of(any_value()), FIELDS.len()),
    ) {
        let fields: Map<String, Value> = FIELDS
            .iter()
            .zip(values)
            .filter_map(|(field, value)| Some(((*field).to_owned(), value?)))
            .collect();
        let body = Value::Object(fields);
        let refusals = [
            node::create(&body).err(),
            node::update(&body).err(),
            node::token_reset(&body).err(),
            grid::create(&body).err(),
            grid::update(&body).err(),
            service::create(&body).err(),
            service::update(&body).err(),
            service::scale(&body).err(),
            service::deploy(&body).err(),
            service::env_entry(&body).err(),
            volume::create(&body).err(),
        ];
        for errors in refusals.iter().flatten() {
            prop_assert!(!errors.is_empty());
            prop_assert!(errors.fields().all(|(field, _)| FIELDS.contains(&field)));
        }
    }
}
