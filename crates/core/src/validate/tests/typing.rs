//! Lenient typing of single values, and how the faults of lists and objects nest.

use super::*;

#[test]
fn texts_are_lenient_and_tidied() {
    let cases = [
        (json!("a"), Ok("a")),
        (json!(" \t a b\r\n "), Ok("a b")),
        (json!("a\tb\nc"), Ok("a\tb\nc")),
        (json!("a\u{1b}\u{7}b\u{0}"), Ok("a b")),
        (json!("\u{a0}"), Ok("\u{a0}")),
        (json!("hällo"), Ok("hällo")),
        (json!(1), Ok("1")),
        (json!(-1.5), Ok("-1.5")),
        (json!(true), Ok("true")),
        (json!(""), Err("X can't be blank")),
        (json!(" \n"), Err("X can't be blank")),
        (json!("\u{1}"), Err("X can't be blank")),
        (json!([]), Err("X isn't a string")),
        (json!({}), Err("X isn't a string")),
    ];
    for (value, expected) in cases {
        let expected = expected.map(str::to_owned).map_err(Into::into);
        assert_eq!(rules::text(&value, Title::of("x")), expected, "{value}");
    }
}

#[test]
fn exact_texts_keep_every_byte() {
    let cases = [
        (json!(""), Ok("")),
        (json!(" a\n"), Ok(" a\n")),
        (json!("a\u{1b}[0m"), Ok("a\u{1b}[0m")),
        (json!(7), Ok("7")),
        (json!("a\u{0}"), Err("X isn't in the right format")),
        (json!([]), Err("X isn't a string")),
    ];
    for (value, expected) in cases {
        let expected = expected.map(str::to_owned).map_err(Into::into);
        assert_eq!(rules::exact_text(&value, Title::of("x")), expected, "{value}");
    }
}

#[test]
fn integers_may_be_texts() {
    let cases = [
        (json!(3), Ok(3)),
        (json!("3"), Ok(3)),
        (json!("-3"), Ok(-3)),
        (json!("007"), Ok(7)),
        (json!("3\n"), Ok(3)),
        (json!("3abc"), Err("X isn't an integer")),
        (json!("3.5"), Err("X isn't an integer")),
        (json!(3.5), Err("X isn't an integer")),
        (json!(" 3"), Err("X isn't an integer")),
        (json!("-"), Err("X isn't an integer")),
        (json!(" "), Err("X isn't an integer")),
        (json!("x"), Err("X isn't an integer")),
        (json!(true), Err("X isn't an integer")),
        (json!([]), Err("X isn't an integer")),
        (json!(""), Err("X can't be blank")),
        (json!(-11), Err("X is too small")),
        (json!("11"), Err("X is too big")),
        (json!(u64::MAX), Err("X is too big")),
        (json!(1e30), Err("X is too big")),
        (json!(-1e30), Err("X is too small")),
        (json!("9".repeat(60)), Err("X is too big")),
        (json!(format!("-{}", "9".repeat(60))), Err("X is too small")),
    ];
    for (value, expected) in cases {
        let rule = rules::integer(-10..=10);
        let expected = expected.map_err(Into::into);
        assert_eq!(rule(&value, Title::of("x")), expected, "{value}");
    }
    let everything = rules::integer(i64::MIN..=i64::MAX);
    for edge in [i64::MIN, i64::MAX] {
        assert_eq!(everything(&json!(edge), Title::of("x")), Ok(edge));
        assert_eq!(everything(&json!(edge.to_string()), Title::of("x")), Ok(edge));
    }
}

#[test]
fn floats_may_be_texts_but_not_words() {
    let cases = [
        (json!(0.5), Ok(0.5)),
        (json!(1), Ok(1.0)),
        (json!("0.5"), Ok(0.5)),
        (json!(".5"), Ok(0.5)),
        (json!("5e-1"), Ok(0.5)),
        (json!("inf"), Err("X is invalid")),
        (json!("nan"), Err("X is invalid")),
        (json!("e"), Err("X is invalid")),
        (json!("1.2.3"), Err("X is invalid")),
        (json!(""), Err("X is invalid")),
        (json!("x"), Err("X is invalid")),
        (json!(true), Err("X is invalid")),
        (json!("1e999"), Err("X is invalid")),
        (json!(-0.1), Err("X is too small")),
        (json!("1.1"), Err("X is too big")),
    ];
    for (value, expected) in cases {
        let rule = rules::float(0.0..=1.0);
        let expected = expected.map_err(Into::into);
        assert_eq!(rule(&value, Title::of("x")), expected, "{value}");
    }
}

#[test]
fn booleans_have_a_few_spellings() {
    for yes in [json!(true), json!(1), json!("1"), json!("true"), json!("TRUE")] {
        assert_eq!(rules::boolean(&yes, Title::of("x")), Ok(true), "{yes}");
    }
    for no in [json!(false), json!(0), json!("0"), json!("False")] {
        assert_eq!(rules::boolean(&no, Title::of("x")), Ok(false), "{no}");
    }
    for wrong in [json!("yes"), json!(2), json!(1.0), json!([]), json!(" true")] {
        let expected = Err("X isn't a boolean".into());
        assert_eq!(rules::boolean(&wrong, Title::of("x")), expected, "{wrong}");
    }
    assert_eq!(rules::boolean(&json!(""), Title::of("x")), Err("X can't be blank".into()));
}

#[test]
fn lists_and_objects_tell_each_fault() {
    let read = |value: Value| {
        faults(&body(&value, |fields| {
            let names = fields.required("names", list(rules::text));
            let ports = fields
                .optional("ports", list(object(|port| port.required("node_port", rules::port(1)))));
            let demanded = fields.demanded("token", rules::text);
            let nullable = fields.nullable("uri", rules::text);
            Some((names?, ports, demanded?, nullable?))
        }))
    };
    let good = json!({"names": ["a"], "ports": null, "token": "t", "uri": null, "unknown": [{}]});
    assert_eq!(read(good), Value::Null);
    assert_eq!(
        read(json!({})),
        json!({
            "names": "Names is required",
            "token": "Token can't be nil",
            "uri": "Uri is required",
        })
    );
    assert_eq!(
        read(json!({
            "names": null,
            "ports": [{"node_port": 1}, {"node_port": null}, {}, 5, null],
            "token": null,
            "uri": "",
        })),
        json!({
            "names": "Names can't be nil",
            "ports": [
                null,
                {"node_port": "Node Port can't be nil"},
                {"node_port": "Node Port is required"},
                "Ports[3] isn't a hash",
                "Ports[4] can't be nil",
            ],
            "token": "Token can't be nil",
            "uri": "Uri can't be blank",
        })
    );
    assert_eq!(
        read(json!({"names": ["a", [], null, " "], "ports": {}, "token": 1, "uri": 1})),
        json!({
            "names": [null, "Names[1] isn't a string", "Names[2] can't be nil", "Names[3] can't be blank"],
            "ports": "Ports isn't an array",
        })
    );
    for other in [json!([]), json!("x"), json!(null), json!(1)] {
        assert_eq!(read(other), json!({"body": "Body isn't a hash"}));
    }
}
