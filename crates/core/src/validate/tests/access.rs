//! Tokens, invitations and configuration.

use serde_json::json;

use crate::validate::access;

#[test]
fn a_token_takes_scopes_as_text_or_list_and_numbers_as_text() {
    let wish = access::token(&json!({ "scope": "user,owner,user", "expires_in": "3600" }));
    let wish = wish.expect("is fine");
    assert_eq!((wish.scopes.as_str(), wish.expires_in), ("user,owner", Some(3600)));
    let wish = access::token(&json!({ "scope": ["owner"], "expires_in": 0 })).expect("is fine");
    assert_eq!((wish.scopes.as_str(), wish.expires_in), ("owner", None));
    for (body, field) in [
        (json!({}), "scope"),
        (json!({ "scope": "root" }), "scope"),
        (json!({ "scope": "," }), "scope"),
        (json!({ "scope": "user", "expires_in": "soon" }), "expires_in"),
        (json!({ "scope": "user", "expires_in": -1 }), "expires_in"),
        (json!({ "scope": "user", "expires_in": 1e30 }), "expires_in"),
        (json!({ "scope": "user", "description": "x".repeat(256) }), "description"),
        (json!({ "scope": "user", "user": {} }), "user"),
    ] {
        let errors = access::token(&body).expect_err("is wrong");
        assert_eq!(errors.fields().map(|(name, _)| name).collect::<Vec<_>>(), [field], "{body}");
    }
}

#[test]
fn an_invitation_needs_an_address() {
    for good in ["a@b.io", "first.last+tag@mail.example.org"] {
        assert!(access::invite(&json!({ "email": good, "external_id": null })).is_ok(), "{good}");
    }
    for bad in ["admin", "a@b", "@b.io", "a@.io", "a@b.", "a b@c.io", "a@b@c.io", "a/b@c.io"] {
        assert!(access::invite(&json!({ "email": bad })).is_err(), "{bad}");
    }
}

#[test]
fn a_configuration_is_flat() {
    let changes = access::config(&json!({ "a.b": 1, "c": null, "d_secret": " x\n" }));
    let changes = changes.expect("is fine");
    assert_eq!(changes["a.b"].as_deref(), Some("1"));
    assert_eq!(changes["c"], None);
    assert_eq!(changes["d_secret"].as_deref(), Some(" x\n"), "byte for byte");
    let errors = access::config(&json!({ "a": {}, "b c": "1", "d": "x".repeat(4097) }));
    assert_eq!(errors.expect_err("is wrong").fields().count(), 3);
}
