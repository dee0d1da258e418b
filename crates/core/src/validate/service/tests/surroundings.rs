//! The second phase: links, secrets, volumes and full names against what the grid has.

use super::*;

#[test]
fn surroundings_are_compared_all_at_once() {
    let cases = [
        (
            json!({"links": [{"name": "nope", "alias": "n"}]}),
            json!({"links": ["Service null/nope does not exist"]}),
        ),
        (
            json!({"links": [
                {"name": "old", "alias": "a"}, {"name": "S/y", "alias": "b"},
                {"name": "T/x", "alias": "c"}, {"name": "E/x", "alias": "d"},
                {"name": "a/b/c", "alias": "e"},
            ]}),
            json!({"links": [
                "Service S/y does not exist",
                "Link T/x points to non-existing stack",
                "Service E/x does not exist",
                "Link a/b/c points to non-existing stack",
            ]}),
        ),
        (
            json!({"secrets": [{"secret": "PW", "name": "A"}, {"secret": "X", "name": "B"}]}),
            json!({"secrets": ["Secret X does not exist"]}),
        ),
        (
            json!({"certificates": [{"subject": "a.b", "name": "A"}]}),
            json!({"certificates": ["Certificate a.b does not exist"]}),
        ),
        (
            json!({"volumes": ["nope:/data", "db:/db", "/x"]}),
            json!({"volumes": ["Volume nope does not exist"]}),
        ),
        (
            json!({"stateful": true, "volumes_from": ["a-1"]}),
            json!({"volumes_from": "Cannot combine stateful & volumes_from"}),
        ),
        (json!({"name": "old"}), json!({"name": "is already taken"})),
        (
            json!({"secrets": [{"secret": "X", "name": "B"}], "volumes": ["n:/d"], "name": "old"}),
            json!({
                "name": "is already taken",
                "secrets": ["Secret X does not exist"],
                "volumes": ["Volume n does not exist"],
            }),
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(faults(&settled(more.clone())), expected, "{more}");
    }
    assert!(settled(json!({"stateful": true, "volumes_from": []})).is_ok());
}

#[test]
fn full_names_fit_into_a_host_name() {
    // `-1.g1.kontena.local` is 19 characters long.
    let full = |length: usize| format!("{}-1.g1.kontena.local", "a".repeat(length));
    let named = |length: usize| settled(json!({"name": "a".repeat(length)}));
    assert!(named(45).is_ok());
    let message = format!("Total grid service name length 65 is over limit (64): {}", full(46));
    assert_eq!(faults(&named(46)), json!({"name": message}));
    let in_stack = check_name_length(&"a".repeat(41), 10, "stk", "g1");
    let message = format!(
        "Total grid service name length 65 is over limit (64): {}-10.stk.g1.kontena.local",
        "a".repeat(41)
    );
    assert_eq!(faults(&in_stack), json!({"name": message}));
    // A change of the number counts too.
    let mut long = service(spec(json!({})));
    long.name = "a".repeat(45);
    assert!(applied(&long, json!({"instances": 9})).is_ok());
    assert!(applied(&long, json!({"instances": 10})).is_err());
}

#[test]
fn links_are_followed_by_id_first() {
    let old = service(spec(json!({})));
    let mut in_stack = around();
    in_stack.stack = "S".to_owned();
    let link = |value: Value| {
        let edit = update(&json!({"links": [value]}))?;
        let (spec, _) = edit.apply(&old, &in_stack, &mut moment())?;
        Ok(format!("{}/{}", spec.links[0].stack, spec.links[0].service))
    };
    let cases = [
        // What the command line sends back: the bare name would mean the own stack.
        (json!({"id": "g1/null/old", "name": "old", "alias": "a"}), Ok("null/old")),
        (json!({"name": "old", "alias": "a"}), Err("Service S/old does not exist")),
        (json!({"name": "x", "alias": "a"}), Ok("S/x")),
        (json!({"name": "null/old", "alias": "a"}), Ok("null/old")),
        (
            json!({"id": "g1/null/no", "name": "x", "alias": "a"}),
            Err("Service null/no does not exist"),
        ),
        (json!({"id": "other/null/old", "name": "x", "alias": "a"}), Ok("S/x")),
        (json!({"id": "g10/null/old", "name": "x", "alias": "a"}), Ok("S/x")),
        (json!({"id": {"a": 1}, "name": "x", "alias": "a"}), Ok("S/x")),
    ];
    for (value, expected) in cases {
        let expected = expected.map(str::to_owned).map_err(|message| {
            let mut errors = FieldErrors::default();
            errors.add("links", crate::validate::FieldError::failing(vec![message.to_owned()]));
            errors
        });
        assert_eq!(link(value.clone()), expected, "{value}");
    }
}

#[test]
fn a_stateful_service_gets_no_new_anonymous_volume() {
    let old = service(spec(json!({"stateful": true, "volumes": ["/data", "/srv:/bound"]})));
    let kept = changed(&old, json!({"volumes": ["/data", "/srv:/other", "db:/db"]}));
    assert_eq!(kept.volumes.len(), 3);
    assert_eq!(
        faults(&applied(
            &old,
            json!({"volumes": ["/x", "/data", "/bound"], "volumes_from": ["a-1"]})
        )),
        json!({
            "volumes": [
                "Adding a new anonymous volume (/x) to a stateful service is not supported",
                "Adding a new anonymous volume (/bound) to a stateful service is not supported",
            ],
            "volumes_from": "Cannot combine stateful & volumes_from",
        })
    );
    let stateless = service(spec(json!({})));
    assert_eq!(changed(&stateless, json!({"volumes": ["/x"]})).volumes.len(), 1);
}
