//! Cases 37 to 49: grids.

use serde_json::{Value, json};

use super::{Fixture, cases};

cases!(
    case_37_a_grid_with_nothing_but_a_name,
    case_38_names,
    case_39_initial_size,
    case_40_a_name_is_made_up,
    case_42_a_token_is_kept,
    case_45_statistics,
    case_46_log_forwarding,
    case_47_trusted_subnets,
    case_49_removing_a_grid,
);

fn create(fixture: &Fixture, body: Value) -> Value {
    fixture.expect(201, "POST", "/v1/grids", &fixture.admin, Some(body))
}

fn case_37_a_grid_with_nothing_but_a_name(fixture: &Fixture) {
    let grid = create(fixture, json!({ "name": "foo" }));
    for (field, value) in [
        ("id", json!("foo")),
        ("name", json!("foo")),
        ("initial_size", json!(1)),
        ("subnet", json!("10.81.0.0/16")),
        ("supernet", json!("10.80.0.0/12")),
        ("trusted_subnets", json!([])),
        ("stats", json!({ "statsd": null })),
        ("user_count", json!(1)),
    ] {
        assert_eq!(grid[field], value, "{field}");
    }
    assert!(grid.get("logs").is_none());
    assert!(grid["token"].as_str().is_some_and(|token| !token.is_empty()));
}

fn case_38_names(fixture: &Fixture) {
    let refused = |name: &str| fixture.refused("POST", "/v1/grids", json!({ "name": name }));
    assert_eq!(refused("fo"), json!({ "name": "Name is too short" }));
    assert_eq!(refused("a b c"), json!({ "name": "Name isn't in the right format" }));
    create(fixture, json!({ "name": "grid1" }));
    assert_eq!(refused("grid1"), json!({ "grid": "Grid with name grid1 already exists" }));
}

fn case_39_initial_size(fixture: &Fixture) {
    let grid = create(fixture, json!({ "name": "bar", "initial_size": "3" }));
    assert_eq!(grid["initial_size"], 3);
    for (size, text) in [
        (json!(8), "Initial Size is too big"),
        (json!(0), "Initial Size is too small"),
        (json!("x"), "Initial Size isn't an integer"),
    ] {
        let body = json!({ "name": "baz", "initial_size": size });
        assert_eq!(fixture.refused("POST", "/v1/grids", body), json!({ "initial_size": text }));
    }
}

fn case_40_a_name_is_made_up(fixture: &Fixture) {
    let grid = create(fixture, json!({}));
    let name = grid["name"].as_str().expect("a name");
    let (adjective, noun) = name.split_once('-').expect("two words");
    assert!(!adjective.is_empty() && !noun.is_empty(), "{name}");
    assert_eq!(fixture.get(&format!("/v1/grids/{name}"))["id"], grid["id"]);
}

fn case_42_a_token_is_kept(fixture: &Fixture) {
    let grid = create(fixture, json!({ "name": "baz", "token": "abcd1234" }));
    assert_eq!(grid["token"], "abcd1234");
    let again = fixture.refused("POST", "/v1/grids", json!({ "name": "qux", "token": "abcd1234" }));
    assert!(again["token"].is_string(), "{again}");
}

fn case_45_statistics(fixture: &Fixture) {
    let put = |body| fixture.expect(200, "PUT", "/v1/grids/g1", &fixture.ga, Some(body));
    let grid = put(json!({ "stats": { "statsd": { "server": "h", "port": "99" } } }));
    assert_eq!(grid["stats"], json!({ "statsd": { "server": "h", "port": 99 } }));
    assert_eq!(put(json!({ "stats": { "statsd": null } }))["stats"], json!({ "statsd": null }));
}

fn case_46_log_forwarding(fixture: &Fixture) {
    let logs = |logs: Value| json!({ "logs": logs });
    let refused = |sent| fixture.refused("PUT", "/v1/grids/g1", logs(sent));
    let unknown = refused(json!({ "forwarder": "syslog" }));
    assert_eq!(unknown, json!({ "logs": { "forwarder": "Forwarder isn't an option" } }));
    let without = json!({ "logs": "fluentd-address option must be given" });
    assert_eq!(refused(json!({ "forwarder": "fluentd", "opts": {} })), without);
    assert_eq!(refused(json!({ "forwarder": "fluentd" })), without);
    let put = |sent| fixture.expect(200, "PUT", "/v1/grids/g1", &fixture.ga, Some(logs(sent)));
    let fluentd = json!({ "forwarder": "fluentd", "opts": { "fluentd-address": "h:24224" } });
    assert_eq!(put(fluentd.clone())["logs"], fluentd);
    assert!(put(json!({ "forwarder": "none" })).get("logs").is_none());
}

fn case_47_trusted_subnets(fixture: &Fixture) {
    let refused =
        fixture.refused("PUT", "/v1/grids/g1", json!({ "trusted_subnets": ["10.0.0.0/99"] }));
    assert_eq!(refused, json!({ "trusted_subnets": "Invalid trusted_subnet 10.0.0.0/99" }));
    for body in [json!({ "trusted_subnets": ["10.0.0.0/8"] }), json!({})] {
        let grid = fixture.expect(200, "PUT", "/v1/grids/g1", &fixture.ga, Some(body));
        assert_eq!(grid["trusted_subnets"], json!(["10.0.0.0/8"]));
    }
}

fn case_49_removing_a_grid(fixture: &Fixture) {
    let node = json!({ "name": "n1" });
    fixture.expect(201, "POST", "/v1/grids/g1/nodes", &fixture.admin, Some(node));
    fixture.service("app", json!({}));
    let refused = fixture.refused("DELETE", "/v1/grids/g1", json!({}));
    assert_eq!(refused, json!({ "grid": "Grid has nodes" }));
    fixture.expect(200, "DELETE", "/v1/nodes/g1/n1", &fixture.admin, None);
    let refused = fixture.refused("DELETE", "/v1/grids/g1", json!({}));
    assert_eq!(refused, json!({ "grid": "Grid has services" }));
    fixture.expect(200, "DELETE", "/v1/services/g1/null/app", &fixture.admin, None);
    let secret = json!({ "name": "PW", "value": "s" });
    fixture.expect(201, "POST", "/v1/grids/g1/secrets", &fixture.admin, Some(secret));
    let denied = fixture.expect(422, "DELETE", "/v1/grids/g1", &fixture.ga, None);
    assert_eq!(denied, json!({ "error": { "user": "Operation not allowed" } }));
    assert_eq!(fixture.expect(200, "DELETE", "/v1/grids/g1", &fixture.admin, None), json!({}));
    fixture.expect(404, "GET", "/v1/grids/g1", &fixture.admin, None);
}
