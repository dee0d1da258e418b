//! Parts of a service that are more than one value.

use super::*;

#[test]
fn parts_arrive_with_their_defaults() {
    let spec = spec(json!({
        "ports": [
            {"node_port": "80", "container_port": "8080"},
            {"node_port": 53, "container_port": 53, "ip": "10.0.0.1", "protocol": "udp"},
        ],
        "links": [{"name": "old", "alias": "db"}, {"name": "S/x", "alias": "x"}],
        "secrets": [{"secret": "PW", "name": "PASSWORD", "type": "env"}],
        "volumes": ["/tmp", "/srv:/data:ro", "db:/var/db"],
        "volumes_from": ["data-%s"],
        "health_check": {"port": "80", "protocol": "http"},
        "deploy_opts": {"wait_for_port": "6379", "interval": 60},
    }));
    let port = |ip: &str, protocol: &str, node_port, container_port| Port {
        ip: ip.to_owned(),
        protocol: protocol.to_owned(),
        node_port,
        container_port,
    };
    assert_eq!(spec.ports, [port("0.0.0.0", "tcp", 80, 8080), port("10.0.0.1", "udp", 53, 53)]);
    let link = |stack: &str, service: &str, alias: &str| Link {
        stack: stack.to_owned(),
        service: service.to_owned(),
        alias: alias.to_owned(),
    };
    assert_eq!(spec.links, [link("null", "old", "db"), link("S", "x", "x")]);
    let secret = SecretRef { secret: "PW".to_owned(), name: "PASSWORD".to_owned() };
    assert_eq!(spec.secrets, [secret]);
    let volume = |path: &str| ServiceVolume { path: path.to_owned(), ..ServiceVolume::default() };
    assert_eq!(
        spec.volumes,
        [
            volume("/tmp"),
            ServiceVolume {
                bind_mount: Some("/srv".to_owned()),
                flags: Some("ro".to_owned()),
                ..volume("/data")
            },
            ServiceVolume { volume: Some(db_volume()), ..volume("/var/db") },
        ]
    );
    assert_eq!(spec.volumes_from, ["data-%s"]);
    let check = HealthCheck {
        protocol: Some("http".to_owned()),
        port: Some(80),
        uri: "/".to_owned(),
        timeout: 10,
        interval: 60,
        initial_delay: 10,
    };
    assert_eq!(spec.health_check, Some(check));
    let opts = DeployOpts { wait_for_port: Some(6379), min_health: Some(0.8), interval: Some(60) };
    assert_eq!(spec.deploy_opts, opts);
}

#[test]
fn health_checks_are_set_and_removed() {
    let check =
        |value: Value| settled(json!({"health_check": value})).map(|spec| spec.health_check);
    let nulls = json!({
        "port": null, "protocol": null, "uri": null, "timeout": null, "interval": null,
        "initial_delay": null,
    });
    assert_eq!(check(nulls), Ok(None));
    let half = check(json!({"port": 80, "protocol": null})).expect("a good body");
    assert!(half.is_some_and(|check| check.protocol.is_none() && check.port == Some(80)));
    let same = json!({"port": 80, "protocol": "tcp", "interval": 5, "timeout": "5", "uri": "/up"});
    assert!(check(same).is_ok_and(|check| check.is_some_and(|check| check.uri == "/up")));
    let cases = [
        (json!({"port": "80"}), json!({"protocol": "Protocol is required"})),
        (json!({"protocol": "tcp"}), json!({"port": "Port is required"})),
        (
            json!({"port": 0, "protocol": "x"}),
            json!({
                "port": "Port is too small", "protocol": "Protocol isn't an option",
            }),
        ),
        (json!({"port": 65536, "protocol": null}), json!({"port": "Port is too big"})),
        (
            json!({"port": 80, "protocol": "http", "interval": 5, "timeout": 10}),
            json!("Interval has to be bigger than timeout"),
        ),
        (
            json!({"port": 80, "protocol": "http", "timeout": 61}),
            json!("Interval has to be bigger than timeout"),
        ),
        (
            json!({"port": 80, "protocol": "http", "interval": 0, "timeout": 0, "initial_delay": -1}),
            json!({
                "interval": "Interval is too small",
                "timeout": "Timeout is too small",
                "initial_delay": "Initial Delay is too small",
            }),
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(faults(&check(value)), json!({"health_check": expected}));
    }
}

#[test]
fn deploy_options_tell_null_from_absent() {
    let opts = |value: Value| spec(json!({"deploy_opts": value})).deploy_opts;
    assert_eq!(opts(json!({})), default_deploy_opts());
    assert_eq!(
        opts(json!({"wait_for_port": null, "min_health": null, "interval": null})),
        DeployOpts::default()
    );
    for edge in [0.0, 1.0] {
        assert_eq!(opts(json!({"min_health": edge})).min_health, Some(edge));
    }
}

#[test]
fn hooks_are_read_in_order_of_their_kinds() {
    let spec = spec(json!({"hooks": {
        "pre_stop": [{"name": "bye", "cmd": "sleep 1", "instances": "1, 2", "oneshot": "false"}],
        "pre_start": [{"name": "prepare", "cmd": "set -e\n./prepare\n", "instances": 1, "oneshot": true}],
        "post_start": [{"name": "migrate", "cmd": "rake", "instances": "*"}],
    }}));
    let shown: Vec<_> = spec
        .hooks
        .iter()
        .map(|hook| (hook.kind, hook.name.as_str(), hook.instances.as_str(), hook.oneshot))
        .collect();
    assert_eq!(
        shown,
        [
            (HookKind::PreStart, "prepare", "1", true),
            (HookKind::PostStart, "migrate", "*", false),
            (HookKind::PreStop, "bye", "1, 2", false),
        ]
    );
    assert_eq!(spec.hooks[0].cmd, "set -e\n./prepare\n");
    let ids: std::collections::BTreeSet<_> = spec.hooks.iter().map(|hook| &hook.id).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| id.parse::<ServiceId>().is_ok()));
}

#[test]
fn hook_faults_stand_under_their_kind() {
    let cases = [
        (json!([]), json!("Hooks isn't a hash")),
        (json!({"pre_start": {}}), json!({"pre_start": "Pre Start isn't an array"})),
        (
            json!({"post_start": [{}, {"name": "a", "cmd": " ", "instances": "x", "oneshot": 2}]}),
            json!({"post_start": [
                {
                    "name": "Name is required",
                    "cmd": "Cmd is required",
                    "instances": "Instances is required",
                },
                {
                    "cmd": "Cmd can't be blank",
                    "instances": "Instances isn't in the right format",
                    "oneshot": "Oneshot isn't a boolean",
                },
            ]}),
        ),
    ];
    for (value, expected) in cases {
        let result = create(&with(json!({"hooks": value})));
        assert_eq!(faults(&result), json!({"hooks": expected}));
    }
}
