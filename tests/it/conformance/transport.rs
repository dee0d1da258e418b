//! Cases 1 to 11: transport and the gate in front of everything.

use serde_json::json;

use super::{Fixture, cases};

cases!(
    case_1_the_info_page,
    cases_2_and_3_ping_needs_no_token,
    cases_4_5_and_7_the_gate,
    cases_8_and_10_unknown_paths,
    case_9_broken_json,
    case_11_nodes_refuse_in_their_own_words,
    cases_beyond_bodies_and_queries_that_cannot_be_read,
);

fn case_1_the_info_page(fixture: &Fixture) {
    let answer = fixture.server.raw("GET", "/", &[], "");
    assert_eq!(answer.status, 200);
    assert!(answer.body["name"].is_string() && answer.body["tagline"].is_string());
    let version = answer.body["version"].as_str().expect("a version");
    let numbers = version.splitn(3, '.').map(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    assert_eq!(numbers.collect::<Vec<_>>(), [true; 3], "{version}");
}

fn cases_2_and_3_ping_needs_no_token(fixture: &Fixture) {
    for headers in [&[][..], &[("Authorization", "Bearer garbage")]] {
        let answer = fixture.server.raw("GET", "/v1/ping", headers, "");
        assert_eq!((answer.status, answer.body), (200, json!({ "message": "pong" })));
    }
}

fn cases_4_5_and_7_the_gate(fixture: &Fixture) {
    for path in ["/v1/grids", "/v1/nope"] {
        for headers in [&[][..], &[("Authorization", "Bearer unknown")]] {
            let answer = fixture.server.raw("GET", path, headers, "");
            assert_eq!(answer.status, 403, "{path}");
            let body = json!({ "error": "invalid_token", "error_description": "Invalid token" });
            assert_eq!(answer.body, body, "{path}");
            assert!(answer.head.contains("www-authenticate: bearer realm=\"kontena_master\""));
        }
    }
    assert_eq!(fixture.expect(404, "GET", "/v1/nope", &fixture.admin, None), json!(""));
}

fn cases_8_and_10_unknown_paths(fixture: &Fixture) {
    for (method, path) in [
        ("GET", "/v1/grids/"),
        ("PATCH", "/v1/grids/g1"),
        ("OPTIONS", "/v1/grids"),
        ("GET", "/v1/grids/zzz"),
        ("GET", "/v1/services/g1/null/nope"),
        ("GET", "/v1/nodes/g1/nope"),
    ] {
        let answer = fixture.call(method, path, &fixture.admin, None);
        assert_eq!(answer.status, 404, "{method} {path}");
        assert!(answer.head.contains("content-type: application/json"), "{method} {path}");
    }
}

fn case_9_broken_json(fixture: &Fixture) {
    let bearer = format!("Bearer {}", fixture.admin);
    let answer = fixture.server.raw("POST", "/v1/grids", &[("Authorization", &bearer)], "{bad");
    assert_eq!((answer.status, answer.body), (400, json!({ "error": "Invalid json" })));
    for body in ["[1]", "\"x\"", "1", "null"] {
        let answer = fixture.server.raw("POST", "/v1/grids", &[("Authorization", &bearer)], body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.body["error"].is_string(), "{body}");
    }
}

fn case_11_nodes_refuse_in_their_own_words(fixture: &Fixture) {
    let answer = fixture.server.raw("GET", "/v1/nodes/g1/n1", &[], "");
    let body = json!({ "error": "access_denied", "error_description": null });
    assert_eq!((answer.status, answer.body), (403, body));
}

fn cases_beyond_bodies_and_queries_that_cannot_be_read(fixture: &Fixture) {
    let bearer = format!("Bearer {}", fixture.admin);
    let token = [("Authorization", bearer.as_str())];
    let large = format!("{{\"name\":\"{}\"}}", "a".repeat(10_000_000));
    for (method, path, body, status) in [
        ("POST", "/v1/grids", large.as_str(), 413),
        ("GET", "/v1/grids/g1/event_logs?limit=1&limit=2", "", 400),
    ] {
        let answer = fixture.server.raw(method, path, &token, body);
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body["error"].is_string(), "{path}: {}", answer.body);
    }
    let many: Vec<(String, &str)> = (0..1000).map(|number| (format!("X-{number}"), "y")).collect();
    let headers: Vec<(&str, &str)> = many.iter().map(|(name, value)| (&**name, *value)).collect();
    assert_eq!(fixture.server.raw("GET", "/v1/grids", &headers, "").status, 431);
    let names = ["/v1/nodes/g1/a%2Fb", "/v1/nodes/g1/%ff", "/v1/services/g1/null/%00"];
    for path in names {
        assert_eq!(fixture.call("GET", path, &fixture.admin, None).status, 404, "{path}");
    }
}
