//! Names, labels and settings of containers against the contract's example.

use kontena_protocol::agent::ServicePod;
use serde_json::json;

use super::*;

fn pod() -> ServicePod {
    serde_json::from_value(json!({
        "id": "597f/2", "desired_state": "running", "service_id": "597f",
        "service_name": "shop.redis", "service_revision": 3, "instance_number": 2,
        "image_name": "redis:3.0", "deploy_rev": "2017-08-01 12:34:56 UTC", "stateful": false,
        "ports": [{"ip": "0.0.0.0", "protocol": "tcp", "node_port": 6379, "container_port": 6379}],
        "volumes": [{"name": "shop.redis.data-2", "path": "/data", "flags": null, "driver": "local",
                     "driver_opts": {}},
                    {"bind_mount": "/etc/x", "path": "/x", "flags": "ro"},
                    {"bind_mount": null, "path": "/scratch", "flags": null}],
        "net": "bridge", "hostname": "redis-2", "domainname": "shop.test.kontena.local",
        "cpus": 1.5, "devices": ["/dev/a", "/dev/b:/dev/c:r"],
        "stop_signal": "SIGQUIT", "stop_grace_period": 20, "env": ["FOO=bar", "PASSWD=old"],
        "secrets": [{"name": "PASSWD", "type": "env", "value": "secret"},
                    {"name": "CERTS", "type": "env", "value": "one"},
                    {"name": "CERTS", "type": "env", "value": "two"},
                    {"name": "NONE", "type": "env", "value": null}],
        "labels": {"io.kontena.service.id": "597f", "io.kontena.stack.name": "shop"},
    }))
    .expect("the contract's example")
}

#[test]
fn names_and_labels_are_the_contracts() {
    let spec = service_spec(&pod(), Vec::new()).expect("small environment");
    assert_eq!(container_name(&pod()), "shop.redis-2");
    let label = |name: &str| spec.labels.get(name).map(String::as_str);
    assert_eq!(label("io.kontena.container.type"), Some("container"));
    assert_eq!(label("io.kontena.container.name"), Some("shop.redis-2"));
    assert_eq!(label("io.kontena.container.pod"), Some("shop.redis-2"));
    assert_eq!(label("io.kontena.container.deploy_rev"), Some("2017-08-01 12:34:56 UTC"));
    assert_eq!(label("io.kontena.container.service_revision"), Some("3"));
    assert_eq!(label("io.kontena.service.instance_number"), Some("2"));
    assert_eq!(label("io.kontena.container.stop_grace_period"), Some("20"));
    assert_eq!(label("io.kontena.stack.name"), Some("shop"));
    assert_eq!(label("io.kontena.service.exposed"), None);
}

#[test]
fn settings_reach_the_container() {
    let spec = service_spec(&pod(), vec!["db-2".into()]).expect("small environment");
    assert_eq!(spec.hostname.as_deref(), Some("redis-2"));
    assert_eq!(spec.domainname.as_deref(), Some("shop.test.kontena.local"));
    assert_eq!(spec.dns_search, ["shop.test.kontena.local", "test.kontena.local"]);
    assert_eq!(spec.binds, ["shop.redis.data-2:/data", "/etc/x:/x:ro"]);
    assert_eq!(spec.volumes, ["/scratch"]);
    assert_eq!(spec.volumes_from, ["db-2"]);
    assert_eq!(spec.cpu_quota, Some(150_000));
    assert_eq!(spec.stop_signal.as_deref(), Some("SIGQUIT"));
    assert_eq!(spec.env, ["FOO=bar", "PASSWD=secret", "CERTS=one\ntwo"]);
    let devices: Vec<_> = spec
        .devices
        .iter()
        .map(|device| format!("{}:{}:{}", device.host, device.container, device.permissions))
        .collect();
    assert_eq!(devices, ["/dev/a:/dev/a:rwm", "/dev/b:/dev/c:r"]);
    assert!(!format!("{spec:?}").contains("secret"));
}

#[test]
fn outside_the_bridge_there_are_no_ports_and_no_host_name() {
    let mut pod = pod();
    pod.net = Some("host".into());
    let spec = service_spec(&pod, Vec::new()).expect("small environment");
    assert!(spec.ports.is_empty());
    assert_eq!((spec.hostname, spec.domainname), (None, None));
    assert_eq!(spec.network, "host");
    pod.net = Some("container:x".into());
    let spec = service_spec(&pod, Vec::new()).expect("small environment");
    assert!(spec.dns_search.is_empty());
}

#[test]
fn anonymous_volumes_of_a_stateful_pod_are_on_its_data_container() {
    let mut pod = pod();
    pod.stateful = true;
    assert!(service_spec(&pod, Vec::new()).expect("fine").volumes.is_empty());
    let data = data_spec(&pod);
    assert_eq!(data.volumes, ["/scratch"]);
    assert_eq!(data.entrypoint, Some(vec!["/bin/sh".to_owned()]));
    let label = |name: &str| data.labels.get(name).map(String::as_str);
    assert_eq!(label("io.kontena.container.type"), Some("volume"));
    assert_eq!(label("io.kontena.container.name"), Some("shop.redis-2-volumes"));
    assert_eq!(label("io.kontena.container.pod"), Some("shop.redis-2"));
}

#[test]
fn an_environment_entry_has_a_largest_size() {
    let mut pod = pod();
    pod.env = vec![format!("BIG={}", "x".repeat(131_072))];
    let error = service_spec(&pod, Vec::new()).expect_err("too large");
    assert_eq!(error.to_string(), "Env BIG is too large at 131076 bytes");
}

#[test]
fn volumes_from_tries_the_stacks_names() {
    assert_eq!(volumes_from_candidates(&pod(), "db-%s"), ["db-2", "shop-db-2", "shop.db-2"]);
}
