//! Single fields of a new service: what arrives, and what is said of what cannot.

use super::*;

#[test]
fn the_least_body_gets_the_defaults() {
    let draft = create(&with(json!({}))).expect("a good body");
    assert_eq!((draft.name.as_str(), draft.instances), ("app", 1));
    let expected = ServiceSpec {
        image: "redis".to_owned(),
        net: Some("bridge".to_owned()),
        deploy_opts: DeployOpts { min_health: Some(0.8), ..DeployOpts::default() },
        stop_grace_period: Some(10),
        ..ServiceSpec::default()
    };
    assert_eq!(spec(json!({})), expected);
    // What the command line sends for the least service.
    let sent = json!({"secrets": [], "privileged": false, "log_opts": {}, "read_only": false});
    assert_eq!(spec(sent), expected);
    // What a stack install sends: nulls for everything unknown.
    let nulls = json!({
        "instances": null, "container_count": null, "strategy": null, "env": null, "ports": null,
        "links": null, "secrets": null, "certificates": null, "volumes": null, "volumes_from": null,
        "affinity": null, "cap_add": null, "cap_drop": null, "devices": null, "cmd": null,
        "entrypoint": null, "pid": null, "user": null, "log_driver": null, "log_opts": null,
        "net": null, "memory": null, "memory_swap": null, "shm_size": null, "cpus": null,
        "cpu_shares": null, "privileged": null, "read_only": null, "deploy_opts": null,
        "health_check": null, "hooks": null, "stop_signal": null, "stop_grace_period": null,
        "external_links": [], "build": null,
    });
    assert_eq!(spec(nulls), expected);
}

#[test]
fn every_field_arrives() {
    let body = json!({
        "stateful": "true", "instances": "3", "strategy": "daemon", "affinity": ["label==ssd"],
        "env": ["A=1"], "cmd": ["sh", "-c", " echo\n", ""], "entrypoint": "/bin/init", "user": "app",
        "privileged": 1, "cap_add": ["NET_ADMIN"], "cap_drop": ["ALL"], "devices": ["/dev/kvm"],
        "log_driver": "syslog", "log_opts": {"tag": "x", "n": 1, "gone": null}, "pid": "host",
        "read_only": "1", "memory": "1024", "memory_swap": -1, "shm_size": 64, "cpus": "1.5",
        "cpu_shares": "512", "net": "container:web-%s", "stop_signal": "SIGQUIT",
        "stop_grace_period": "1m30s", "image": "redis:4",
    });
    let draft = create(&with(body.clone())).expect("a good body");
    assert_eq!(draft.instances, 3);
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let expected = ServiceSpec {
        image: "redis:4".to_owned(),
        stateful: true,
        strategy: Strategy::Daemon,
        affinity: texts(&["label==ssd"]),
        env: texts(&["A=1"]),
        cmd: Some(texts(&["sh", "-c", " echo\n", ""])),
        entrypoint: Some("/bin/init".to_owned()),
        user: Some("app".to_owned()),
        privileged: true,
        cap_add: texts(&["NET_ADMIN"]),
        cap_drop: texts(&["ALL"]),
        devices: texts(&["/dev/kvm"]),
        log_driver: Some("syslog".to_owned()),
        log_opts: [("tag", "x"), ("n", "1")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        pid: Some("host".to_owned()),
        read_only: true,
        memory: Some(1024),
        memory_swap: Some(-1),
        shm_size: Some(64),
        cpus: Some(1.5),
        cpu_shares: Some(512),
        net: Some("container:web-%s".to_owned()),
        deploy_opts: default_deploy_opts(),
        stop_signal: Some("SIGQUIT".to_owned()),
        stop_grace_period: Some(90),
        ..ServiceSpec::default()
    };
    assert_eq!(spec(body), expected);
}

#[test]
fn instances_win_over_their_old_name() {
    let cases = [
        (json!({"container_count": "2"}), 2),
        (json!({"container_count": "2", "instances": 3}), 3),
        (json!({"instances": 0}), 0),
        (json!({"instances": null, "container_count": 4}), 4),
    ];
    for (more, expected) in cases {
        let draft = create(&with(more.clone())).expect("a good body");
        assert_eq!(draft.instances, expected, "{more}");
    }
}

#[test]
fn faults_of_single_fields_are_kontenas() {
    let cases = [
        (json!({"name": "-a"}), json!({"name": "Name isn't in the right format"})),
        (json!({"name": "a.b"}), json!({"name": "Name isn't in the right format"})),
        (json!({"name": null}), json!({"name": "Name can't be nil"})),
        (json!({"image": ""}), json!({"image": "Image can't be blank"})),
        (json!({"stateful": "x"}), json!({"stateful": "Stateful isn't a boolean"})),
        (json!({"instances": "x"}), json!({"instances": "Instances isn't an integer"})),
        (json!({"instances": -1}), json!({"instances": "Instances is too small"})),
        (json!({"instances": 1e6 as i64}), json!({"instances": "Instances is too big"})),
        (
            json!({"container_count": "-1"}),
            json!({"container_count": "Container Count is too small"}),
        ),
        (json!({"strategy": "x"}), json!({"strategy": "Strategy not supported"})),
        (json!({"env": ["A=1", "B"]}), json!({"env": [null, "Env[1] isn't in the right format"]})),
        (
            json!({"env": ["=1", "", "A=1"]}),
            json!({"env": ["Env[0] isn't in the right format", "Env[1] can't be blank", null]}),
        ),
        (
            json!({"env": [format!("A={}", "x".repeat(131_071))]}),
            json!({"env": ["Env[0] is too long"]}),
        ),
        (
            json!({"ports": [{"container_port": 1}]}),
            json!({"ports": [{"node_port": "Node Port is required"}]}),
        ),
        (
            json!({"ports": [{"node_port": 65536, "container_port": 0}]}),
            json!({"ports": [{
                "node_port": "Node Port is too big",
                "container_port": "Container Port is too small",
            }]}),
        ),
        (json!({"links": [{"name": "a"}]}), json!({"links": [{"alias": "Alias is required"}]})),
        (
            json!({"secrets": [{"secret": "a"}, {"secret": "a", "name": "b"}]}),
            json!({"secrets": [{"name": "Name is required"}, null]}),
        ),
        (
            json!({"certificates": [{"name": "a"}]}),
            json!({"certificates": [{"subject": "Subject is required"}]}),
        ),
        (
            json!({"volumes": ["/a", "foo:bar", "b"]}),
            json!({"volumes": [
                "Volume definition 'foo:bar' not in right format",
                "Volume definition 'b' not in right format",
            ]}),
        ),
        (
            json!({"affinity": ["label==a", "label=a", "nodes==x"]}),
            json!({"affinity": [
                "Invalid affinity filter: label=a",
                "Unknown affinity filter: nodes",
            ]}),
        ),
        (json!({"cmd": "sh"}), json!({"cmd": "Cmd isn't an array"})),
        (json!({"cmd": ["sh", null]}), json!({"cmd": [null, "Cmd[1] can't be nil"]})),
        (json!({"pid": "x"}), json!({"pid": "Pid isn't an option"})),
        (json!({"entrypoint": " "}), json!({"entrypoint": "Entrypoint can't be blank"})),
        (json!({"log_opts": []}), json!({"log_opts": "Log Opts isn't a hash"})),
        (
            json!({"log_opts": {"max-size": {}}}),
            json!({"log_opts": {"max-size": "Max-size isn't a string"}}),
        ),
        (json!({"net": "none"}), json!({"net": "Net isn't in the right format"})),
        (json!({"net": "container:"}), json!({"net": "Net isn't in the right format"})),
        (json!({"memory": "1g"}), json!({"memory": "Memory isn't an integer"})),
        (json!({"memory": -1}), json!({"memory": "Memory is too small"})),
        (json!({"memory_swap": -2}), json!({"memory_swap": "Memory Swap is too small"})),
        (json!({"shm_size": -1}), json!({"shm_size": "Shm Size is too small"})),
        (json!({"cpus": "x"}), json!({"cpus": "Cpus is invalid"})),
        (json!({"cpus": -1}), json!({"cpus": "Cpus is too small"})),
        (json!({"cpu_shares": 1025}), json!({"cpu_shares": "Cpu Shares is too big"})),
        (json!({"cpu_shares": -1}), json!({"cpu_shares": "Cpu Shares is too small"})),
        (json!({"privileged": "x"}), json!({"privileged": "Privileged isn't a boolean"})),
        (json!({"deploy_opts": 1}), json!({"deploy_opts": "Deploy Opts isn't a hash"})),
        (
            json!({"deploy_opts": {"min_health": 1.5, "interval": 0, "wait_for_port": 0}}),
            json!({"deploy_opts": {
                "min_health": "Min Health is too big",
                "interval": "Interval is too small",
                "wait_for_port": "Wait For Port is too small",
            }}),
        ),
        (
            json!({"deploy_opts": {"min_health": "-0.1"}}),
            json!({"deploy_opts": {"min_health": "Min Health is too small"}}),
        ),
        (
            json!({"stop_signal": "kill"}),
            json!({"stop_signal": "Stop Signal isn't in the right format"}),
        ),
        (
            json!({"stop_signal": "SIG"}),
            json!({"stop_signal": "Stop Signal isn't in the right format"}),
        ),
        (
            json!({"stop_grace_period": 10}),
            json!({"stop_grace_period": "Stop Grace Period isn't in the right format"}),
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(faults(&create(&with(more.clone()))), expected, "{more}");
    }
}

#[test]
fn all_faults_come_at_once() {
    assert_eq!(
        faults(&create(&json!({}))),
        json!({
            "name": "Name is required",
            "image": "Image is required",
            "stateful": "Stateful is required",
        })
    );
    let body = json!({
        "name": "a/b", "stateful": null, "strategy": "x", "env": ["B"], "volumes": ["x"],
        "ports": {}, "links": [{"name": "nope", "alias": "n"}],
    });
    assert_eq!(
        faults(&create(&body)),
        json!({
            "name": "Name isn't in the right format",
            "image": "Image is required",
            "stateful": "Stateful can't be nil",
            "strategy": "Strategy not supported",
            "env": ["Env[0] isn't in the right format"],
            "volumes": ["Volume definition 'x' not in right format"],
            "ports": "Ports isn't an array",
        })
    );
}

#[test]
fn spans_signals_and_nets_have_their_forms() {
    let span = |text: &str| settled(json!({"stop_grace_period": text}));
    let cases = [
        ("1m30s", 90),
        ("10s", 10),
        ("0s", 0),
        ("1h", 3600),
        ("2h1m1s", 7261),
        ("1.5m", 90),
        ("0.5s", 1),
        ("1.1m", 66),
        ("1s1s", 2),
    ];
    for (text, seconds) in cases {
        let spec = span(text).expect("a good body");
        assert_eq!(spec.stop_grace_period, Some(seconds), "{text}");
    }
    for text in ["10", "s", "1m30", "1d", "-1s", "1 m", ".5s", "5.s", "1..5s", "1M", "1mm"] {
        let expected = json!({"stop_grace_period": "Stop Grace Period isn't in the right format"});
        assert_eq!(faults(&span(text)), expected, "{text}");
    }
    for text in ["99999999999999999999h", "2147483648s"] {
        let expected = json!({"stop_grace_period": "Stop Grace Period is too big"});
        assert_eq!(faults(&span(text)), expected, "{text}");
    }
    for signal in [json!("SIGKILL"), json!("SIGRTMIN+3"), json!("9"), json!(15)] {
        assert!(settled(json!({"stop_signal": signal})).is_ok(), "{signal}");
    }
    for net in ["bridge", "host", "container:a"] {
        assert_eq!(spec(json!({"net": net})).net.as_deref(), Some(net));
    }
}

#[test]
fn scaling_deploying_and_adding_to_the_environment() {
    assert_eq!(scale(&json!({"instances": "3"})), Ok(3));
    assert_eq!(scale(&json!({"instances": 0})), Ok(0));
    let cases = [
        (json!({}), "Instances can't be nil"),
        (json!({"instances": null}), "Instances can't be nil"),
        (json!({"instances": "x"}), "Instances isn't an integer"),
        (json!({"instances": ""}), "Instances can't be blank"),
        (json!({"instances": -1}), "Instances is too small"),
    ];
    for (value, message) in cases {
        assert_eq!(faults(&scale(&value)), json!({"instances": message}), "{value}");
    }
    assert_eq!(deploy(&json!({})), Ok(false));
    assert_eq!(deploy(&json!({"force": null})), Ok(false));
    assert_eq!(deploy(&json!({"force": true})), Ok(true));
    assert_eq!(faults(&deploy(&json!({"force": []}))), json!({"force": "Force isn't a boolean"}));
    assert_eq!(env_entry(&json!({"env": "X= 1\n"})), Ok("X= 1\n".to_owned()));
    assert_eq!(faults(&env_entry(&json!({}))), json!({"env": "Env can't be nil"}));
    assert_eq!(
        faults(&env_entry(&json!({"env": "X"}))),
        json!({"env": "Env isn't in the right format"})
    );
}
