//! Bodies about grids.

use super::*;

#[test]
fn a_grid_is_drafted_with_defaults() {
    let draft = grid::create(&json!({})).expect("a good body");
    let expected = grid::GridDraft {
        name: None,
        token: None,
        initial_size: 1,
        subnet: Cidr::DEFAULT_SUBNET,
        supernet: Cidr::DEFAULT_SUPERNET,
        default_affinity: Vec::new(),
        trusted_subnets: Vec::new(),
        statsd: None,
        logs: None,
    };
    assert_eq!(draft, expected);
}

#[test]
fn a_grid_is_drafted_as_sent() {
    let draft = grid::create(&json!({
        "name": "bar", "initial_size": "3", "token": "abcd1234",
        "subnet": "10.1.0.0/16", "supernet": "10.0.0.0/8",
        "default_affinity": ["label!=reserved"], "trusted_subnets": ["192.168.0.0/24"],
        "stats": {"statsd": {"server": "h", "port": "99"}},
        "logs": {"forwarder": "fluentd", "opts": {"fluentd-address": "h:24224", "retries": 3, "x": null}},
    }))
    .expect("a good body");
    let expected = grid::GridDraft {
        name: Some("bar".to_owned()),
        token: Some("abcd1234".to_owned()),
        initial_size: 3,
        subnet: "10.1.0.0/16".parse().expect("a network"),
        supernet: "10.0.0.0/8".parse().expect("a network"),
        default_affinity: vec!["label!=reserved".to_owned()],
        trusted_subnets: vec!["192.168.0.0/24".parse().expect("a network")],
        statsd: Some(Statsd { server: "h".to_owned(), port: 99 }),
        logs: Some(LogForwarding {
            forwarder: "fluentd".to_owned(),
            opts: [("fluentd-address", "h:24224"), ("retries", "3")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        }),
    };
    assert_eq!(draft, expected);
}

#[test]
fn grid_faults_are_kontenas() {
    let cases = [
        (json!({"name": "fo"}), json!({"name": "Name is too short"})),
        (json!({"name": "a b c"}), json!({"name": "Name isn't in the right format"})),
        (json!({"name": ""}), json!({"name": "Name can't be blank"})),
        (json!({"initial_size": 8}), json!({"initial_size": "Initial Size is too big"})),
        (json!({"initial_size": 0}), json!({"initial_size": "Initial Size is too small"})),
        (json!({"initial_size": "x"}), json!({"initial_size": "Initial Size isn't an integer"})),
        (json!({"token": ""}), json!({"token": "Token can't be blank"})),
        (
            json!({"subnet": "x", "supernet": "10.0.0.0/33"}),
            json!({
                "subnet": "invalid address: x",
                "supernet": "invalid address: 10.0.0.0/33",
            }),
        ),
        (
            json!({"trusted_subnets": ["10.0.0.0/99", "10.0.0.0/8", "b", "10.1.0.0/16"]}),
            json!({"trusted_subnets": "Invalid trusted_subnet b"}),
        ),
        (
            json!({"trusted_subnets": ["10.0.0.0/8", 5, null]}),
            json!({"trusted_subnets": [null, null, "Trusted Subnets[2] can't be nil"]}),
        ),
        (
            json!({"stats": {"statsd": {"server": "h"}}}),
            json!({"stats": {"statsd": {"port": "Port is required"}}}),
        ),
        (json!({"stats": 1}), json!({"stats": "Stats isn't a hash"})),
        (
            json!({"logs": {"forwarder": "syslog"}}),
            json!({"logs": {"forwarder": "Forwarder isn't an option"}}),
        ),
        (json!({"logs": {}}), json!({"logs": {"forwarder": "Forwarder is required"}})),
        (
            json!({"logs": {"forwarder": "fluentd", "opts": []}}),
            json!({"logs": {"opts": "Opts isn't the right class"}}),
        ),
        (
            json!({"logs": {"forwarder": "fluentd", "opts": {"a": []}}}),
            json!({"logs": {"opts": {"a": "A isn't a string"}}}),
        ),
        (
            json!({"logs": {"forwarder": "fluentd", "opts": {}}}),
            json!({"logs": "fluentd-address option must be given"}),
        ),
        (
            json!({"logs": {"forwarder": "fluentd", "opts": {"fluentd-address": " "}}}),
            json!({"logs": "fluentd-address option must be given"}),
        ),
        (
            json!({"logs": {"forwarder": "fluentd", "opts": {"a\u{0}": "1"}}}),
            json!({"logs": {"opts": {"a\u{0}": "A\u{0} isn't in the right format"}}}),
        ),
        (
            json!({"logs": {"forwarder": "fluentd"}}),
            json!({"logs": "fluentd-address option must be given"}),
        ),
        (
            json!({"default_affinity": ["label==a", "label=a", "x==y"]}),
            json!({"default_affinity": ["Invalid affinity filter: label=a", "Unknown affinity filter: x"]}),
        ),
        (
            json!({"name": "x", "initial_size": 9, "stats": [], "logs": [], "default_affinity": {}}),
            json!({
                "name": "Name is too short",
                "initial_size": "Initial Size is too big",
                "stats": "Stats isn't a hash",
                "logs": "Logs isn't a hash",
                "default_affinity": "Default Affinity isn't an array",
            }),
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(faults(&grid::create(&value)), expected, "{value}");
    }
}

#[test]
fn a_grid_keeps_what_is_not_sent_and_clears_what_is_sent_empty() {
    let mut grid = Grid {
        id: GridId::from_bytes([1; 12]),
        name: "g1".to_owned(),
        initial_size: 1,
        default_affinity: Vec::new(),
        subnet: Cidr::DEFAULT_SUBNET,
        supernet: Cidr::DEFAULT_SUPERNET,
        trusted_subnets: Vec::new(),
        statsd: None,
        logs: None,
        created_at: Time::default(),
    };
    let bare = grid.clone();
    let mut edit = |value: Value| {
        grid::apply(&grid::update(&value).expect("a good body"), &mut grid);
        grid.clone()
    };
    let set = edit(json!({
        "default_affinity": ["label==a"], "trusted_subnets": ["10.0.0.0/8"],
        "stats": {"statsd": {"server": "h", "port": 8125}},
        "logs": {"forwarder": "fluentd", "opts": {"fluentd-address": "h:1"}},
        "name": "ignored", "initial_size": 99, "subnet": "ignored", "token": "",
    }));
    assert_eq!(set.name, "g1");
    assert_eq!(set.default_affinity, ["label==a"]);
    assert_eq!(set.trusted_subnets.len(), 1);
    assert_eq!(set.statsd.as_ref().map(|statsd| statsd.port), Some(8125));
    assert!(set.logs.is_some());
    for nothing in [
        json!({}),
        json!({"default_affinity": null, "trusted_subnets": null, "stats": null, "logs": null}),
    ] {
        assert_eq!(edit(nothing), set);
    }
    assert_eq!(edit(json!({"stats": {"statsd": null}})).statsd, None);
    let cleared = edit(json!({
        "default_affinity": [], "trusted_subnets": [], "stats": {}, "logs": {"forwarder": "none"},
    }));
    assert_eq!(cleared, bare);
}
