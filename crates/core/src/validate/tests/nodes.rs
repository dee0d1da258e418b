//! Bodies about nodes.

use super::*;

#[test]
fn a_node_is_drafted() {
    let draft = node::create(&json!({
        "name": "core-03", "token": "0123456789abcdef", "labels": ["az=a", " ssd "], "other": 1,
    }));
    let expected = node::NodeDraft {
        name: "core-03".to_owned(),
        token: Some("0123456789abcdef".to_owned()),
        labels: vec!["az=a".to_owned(), "ssd".to_owned()],
    };
    assert_eq!(draft, Ok(expected));
    let bare = node::create(&json!({"name": "n1", "token": null, "labels": null}));
    assert!(bare.is_ok_and(|draft| draft.token.is_none() && draft.labels.is_empty()));
}

#[test]
fn node_faults_are_kontenas() {
    let cases = [
        (json!({}), json!({"name": "Name can't be nil"})),
        (json!({"name": null}), json!({"name": "Name can't be nil"})),
        (json!({"name": " "}), json!({"name": "Name can't be blank"})),
        (json!({"name": "n:1"}), json!({"name": "Name isn't in the right format"})),
        (json!({"name": "n3", "token": ""}), json!({"token": "Token can't be blank"})),
        (
            json!({"name": "n3", "token": "short"}),
            json!({"token": "is too short (minimum is 16 characters)"}),
        ),
        (
            json!({"name": "n3", "token": "x".repeat(257)}),
            json!({"token": "is too long (maximum is 256 characters)"}),
        ),
        (
            json!({"name": "a/b", "labels": "x", "token": []}),
            json!({
                "name": "Name isn't in the right format",
                "labels": "Labels isn't an array",
                "token": "Token isn't a string",
            }),
        ),
        (
            json!({"name": "n3", "labels": ["a", null]}),
            json!({"labels": [null, "Labels[1] can't be nil"]}),
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(faults(&node::create(&value)), expected, "{value}");
    }
    for length in [16, 256] {
        let value = json!({"name": "n", "token": "x".repeat(length)});
        assert!(node::create(&value).is_ok());
    }
}

#[test]
fn node_changes_tell_sent_from_absent() {
    let edit = |value| node::update(&value).expect("a good body");
    assert_eq!(edit(json!({})), node::NodeEdit::default());
    assert_eq!(edit(json!({"labels": null, "availability": null})), node::NodeEdit::default());
    assert_eq!(edit(json!({"labels": []})).labels, Some(Vec::new()));
    let drained = edit(json!({"labels": ["a=1"], "availability": "drain"}));
    assert_eq!(drained.labels, Some(vec!["a=1".to_owned()]));
    assert_eq!(drained.availability, Some(Availability::Drain));
    assert_eq!(edit(json!({"availability": "active"})).availability, Some(Availability::Active));
    let cases = [
        (
            json!({"availability": "x", "labels": "x"}),
            json!({
                "availability": "Availability isn't an option",
                "labels": "Labels isn't an array",
            }),
        ),
        (json!({"availability": ""}), json!({"availability": "Availability can't be blank"})),
    ];
    for (value, expected) in cases {
        assert_eq!(faults(&node::update(&value)), expected, "{value}");
    }
}

#[test]
fn a_token_reset_is_read() {
    let reset = |value| node::token_reset(&value).expect("a good body");
    assert_eq!(reset(json!({})), node::TokenReset::default());
    assert_eq!(reset(json!({"token": null})), node::TokenReset::default());
    let full = reset(json!({"token": "0123456789abcdef", "reset_connection": "true"}));
    assert_eq!(full.token.as_deref(), Some("0123456789abcdef"));
    assert!(full.reset_connection);
    assert_eq!(
        faults(&node::token_reset(&json!({"token": "short", "reset_connection": "maybe"}))),
        json!({
            "token": "is too short (minimum is 16 characters)",
            "reset_connection": "Reset Connection isn't a boolean",
        })
    );
}
