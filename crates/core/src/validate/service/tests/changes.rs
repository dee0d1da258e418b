//! Changes to a service that exists: what they keep, replace and clear.

use super::*;

#[test]
fn a_change_keeps_what_is_not_sent() {
    let old = service(spec(json!({
        "env": ["A=1"], "cmd": ["sh"], "memory": 64, "links": [{"name": "old", "alias": "o"}],
        "privileged": true, "entrypoint": "/init", "pid": "host", "affinity": ["label==a"],
        "health_check": {"port": 80, "protocol": "tcp"}, "deploy_opts": {"interval": 60},
    })));
    for nothing in [
        json!({}),
        json!({
            "env": null, "cmd": null, "memory": null, "links": null, "image": null,
            "instances": null, "health_check": null, "deploy_opts": null, "force": null,
            "name": "other", "stateful": true, "entrypoint": "x", "pid": "nonsense",
        }),
    ] {
        let (spec, instances) = applied(&old, nothing).expect("a good body");
        assert_eq!(spec, *old.spec);
        assert_eq!(instances, 2);
    }
    let (spec, instances) = applied(
        &old,
        json!({
            "image": "redis:4", "container_count": "5", "cmd": [], "links": [], "privileged": false,
            "affinity": [], "health_check": {"port": null, "protocol": null},
            "deploy_opts": {"wait_for_port": 1},
        }),
    )
    .expect("a good body");
    assert_eq!(instances, 5);
    let expected = ServiceSpec {
        image: "redis:4".to_owned(),
        cmd: Some(Vec::new()),
        links: Vec::new(),
        privileged: false,
        affinity: Vec::new(),
        health_check: None,
        deploy_opts: DeployOpts { wait_for_port: Some(1), min_health: Some(0.8), interval: None },
        ..(*old.spec).clone()
    };
    assert_eq!(spec, expected);
}

#[test]
fn an_empty_value_keeps_the_old_one() {
    let old = service(spec(json!({"env": ["A=1", "B=x=y", "A=2"]})));
    let cases = [
        (json!(["A=", "C=3"]), vec!["A=1", "C=3"]),
        (json!(["B="]), vec!["B=x=y"]),
        (json!(["D="]), vec!["D="]),
        (json!(["A=new"]), vec!["A=new"]),
        // A value that ends in `=` is not empty.
        (json!(["B=x="]), vec!["B=x="]),
        (json!([]), vec![]),
    ];
    for (env, expected) in cases {
        let spec = changed(&old, json!({"env": env}));
        assert_eq!(spec.env, expected, "{env}");
    }
}

#[test]
fn a_hook_that_keeps_kind_and_name_keeps_its_id() {
    let hook = |name: &str, cmd: &str| json!({"name": name, "cmd": cmd, "instances": "*"});
    let old = service(spec(json!({"hooks": {
        "pre_start": [hook("a", "1"), hook("b", "2")], "pre_stop": [hook("a", "3")],
    }})));
    let id = |spec: &ServiceSpec, position: usize| spec.hooks[position].id.clone();
    let new = changed(
        &old,
        json!({"hooks": {
            "pre_start": [hook("a", "9"), hook("a", "8")], "pre_stop": [hook("b", "7")],
        }}),
    );
    assert_eq!(id(&new, 0), id(&old.spec, 0));
    assert_eq!(new.hooks[0].cmd, "9");
    let known: Vec<_> = old.spec.hooks.iter().map(|hook| &hook.id).collect();
    assert!(!known.contains(&&id(&new, 1)) && !known.contains(&&id(&new, 2)));
    assert!(changed(&old, json!({"hooks": {}})).hooks.is_empty());
}

#[test]
fn a_change_tells_its_faults_like_a_creation() {
    let old = service(spec(json!({})));
    assert_eq!(
        faults(&applied(
            &old,
            json!({"image": "", "strategy": "x", "instances": -1, "force": "x"})
        )),
        json!({
            "image": "Image can't be blank",
            "strategy": "Strategy not supported",
            "instances": "Instances is too small",
            "force": "Force isn't a boolean",
        })
    );
    assert!(update(&json!({"force": "true"})).is_ok_and(|edit| edit.force));
}
