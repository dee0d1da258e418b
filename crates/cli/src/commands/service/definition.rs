//! Flags of `service create`, `service update` and `service plan` as fields of the API.
//!
//! Only what is given is sent: a field that is absent keeps its value, or takes the master's default.

use serde::Serialize;
use serde_json::{Map, Value};

use super::settings;
use super::words;
use crate::args::definition::{Changes, Definition};
use crate::failure::Failure;

/// Makes the request that changes the given fields of a service and no others.
pub(super) fn changed(given: &Changes) -> Result<Map<String, Value>, Failure> {
    let mut body = Map::new();
    put(&mut body, "image", given.image.as_deref().map(tagged));
    if given.privileged || given.no_privileged {
        body.insert("privileged".into(), given.privileged.into());
    }
    fill(&mut body, &given.definition)?;
    Ok(body)
}

/// Puts the given fields into a request.
pub(super) fn fill(body: &mut Map<String, Value>, given: &Definition) -> Result<(), Failure> {
    put_all(body, "ports", &given.ports, settings::port)?;
    put_list(body, "env", &given.env);
    put_all(body, "links", &given.links, settings::link)?;
    put_list(body, "affinity", &given.affinity);
    put(body, "cpus", given.cpus);
    put(body, "cpu_shares", given.cpu_shares);
    for (field, size) in [
        ("memory", &given.memory),
        ("memory_swap", &given.memory_swap),
        ("shm_size", &given.shm_size),
    ] {
        put(body, field, size.as_deref().map(settings::bytes).transpose()?);
    }
    put(body, "cmd", given.cmd.as_deref().map(words::split).transpose()?);
    put(body, "instances", given.instances);
    put(body, "user", given.user.as_deref());
    put(body, "net", given.net.as_deref());
    put(body, "pid", given.pid.as_deref());
    put_list(body, "cap_add", &given.cap_add);
    put_list(body, "cap_drop", &given.cap_drop);
    put(body, "log_driver", given.log_driver.as_deref());
    if !given.log_opt.is_empty() {
        body.insert("log_opts".into(), Value::Object(log_opts(&given.log_opt)?));
    }
    put(body, "strategy", given.deploy_strategy.as_deref());
    put_object(body, "deploy_opts", deploy_opts(given)?);
    put_all(body, "secrets", &given.secrets, settings::secret)?;
    put_object(body, "health_check", health_check(given));
    put(body, "stop_signal", given.stop_signal.as_deref());
    put(body, "stop_grace_period", given.stop_timeout.as_deref());
    Ok(())
}

fn deploy_opts(given: &Definition) -> Result<Map<String, Value>, Failure> {
    let mut opts = Map::new();
    put(&mut opts, "wait_for_port", given.deploy_wait_for_port);
    put(&mut opts, "min_health", given.deploy_min_health);
    let interval = given.deploy_interval.as_deref().map(settings::seconds).transpose()?;
    put(&mut opts, "interval", interval);
    Ok(opts)
}

fn health_check(given: &Definition) -> Map<String, Value> {
    let mut check = Map::new();
    put(&mut check, "uri", given.health_check_uri.as_deref());
    put(&mut check, "timeout", given.health_check_timeout);
    put(&mut check, "interval", given.health_check_interval);
    put(&mut check, "initial_delay", given.health_check_initial_delay);
    put(&mut check, "port", given.health_check_port.as_ref());
    put(&mut check, "protocol", given.health_check_protocol.as_ref());
    check
}

fn log_opts(options: &[String]) -> Result<Map<String, Value>, Failure> {
    options
        .iter()
        .map(|option| match option.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), Value::from(value))),
            None => Err(Failure::said(format!("Invalid log option value {option}"))),
        })
        .collect()
}

/// Adds `:latest` to an image without tag or digest; the port of a registry is no tag.
pub(super) fn tagged(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    if name.contains(':') || name.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

/// Puts a list, unless it is empty.
pub(super) fn put_list(body: &mut Map<String, Value>, field: &str, items: &[String]) {
    if !items.is_empty() {
        put(body, field, Some(items));
    }
}

fn put_all(
    body: &mut Map<String, Value>,
    field: &str,
    items: &[String],
    read: impl Fn(&str) -> Result<Value, Failure>,
) -> Result<(), Failure> {
    if !items.is_empty() {
        let items = items.iter().map(|item| read(item)).collect::<Result<_, _>>()?;
        body.insert(field.into(), Value::Array(items));
    }
    Ok(())
}

fn put_object(body: &mut Map<String, Value>, field: &str, object: Map<String, Value>) {
    if !object.is_empty() {
        body.insert(field.into(), Value::Object(object));
    }
}

fn put(body: &mut Map<String, Value>, field: &str, value: Option<impl Serialize>) {
    if let Some(value) = value {
        // Numbers, texts and lists of them always have a JSON form.
        body.insert(field.into(), serde_json::to_value(value).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::args::OrNone;

    #[test]
    fn images_get_a_tag() {
        for (image, full) in [
            ("nginx", "nginx:latest"),
            ("nginx:1", "nginx:1"),
            ("host:5000/x", "host:5000/x:latest"),
            ("host:5000/x:2", "host:5000/x:2"),
            ("x@sha256:ab", "x@sha256:ab"),
        ] {
            assert_eq!(tagged(image), full);
        }
    }

    #[test]
    fn only_what_is_given_is_sent() {
        let mut body = Map::new();
        fill(&mut body, &Definition::default()).unwrap();
        assert!(body.is_empty());
        let given = Definition {
            health_check_port: Some(OrNone::None),
            health_check_protocol: Some(OrNone::None),
            log_opt: vec!["a=b=c".into()],
            cpus: Some(0.5),
            ..Definition::default()
        };
        fill(&mut body, &given).unwrap();
        assert_eq!(
            Value::Object(body),
            json!({"health_check": {"port": null, "protocol": null}, "log_opts": {"a": "b=c"},
                "cpus": 0.5})
        );
    }
}
