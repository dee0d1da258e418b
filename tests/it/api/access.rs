//! Who may call.

use serde_json::json;

use crate::conformance::server::Server;

#[test]
fn every_call_needs_a_token_known_or_not() {
    let server = Server::start();
    for path in [
        "/v1/grids",
        "/v1/grids/x",
        "/v1/grids/x/nodes",
        "/v1/services/a/b/c",
        "/v1/user",
        "/v1/nowhere",
        "/nowhere",
    ] {
        for headers in [
            &[][..],
            &[("Authorization", "Bearer wrong")],
            &[("Authorization", "bearer x")],
            &[("Authorization", "Basic YTpi")],
        ] {
            let answer = server.raw("GET", path, headers, "");
            assert_eq!(answer.status, 403, "{path} {headers:?}");
            assert_eq!(answer.body["error"], "invalid_token", "{path}");
            assert!(answer.head.contains("www-authenticate: bearer realm=\"kontena_master\""));
        }
    }
    let answer = server.raw("GET", "/v1/nodes/a/b", &[], "");
    assert_eq!((answer.status, &answer.body["error"]), (403, &json!("access_denied")));
}

#[test]
fn open_paths_need_none() {
    let server = Server::start();
    for path in ["/", "/ping", "/v1/ping", "/healthz", "/readyz", "/metrics"] {
        assert_eq!(server.raw("GET", path, &[], "").status, 200, "{path}");
    }
    let root = server.raw("GET", "/", &[], "").body;
    assert_eq!(root["name"], "Kontena Master");
    assert_eq!(root["tagline"], "The Container Platform");
    assert_eq!(root["version"], "1.5.4");
    assert_eq!(root["product_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(server.raw("GET", "/v1/ping", &[], "").body, json!({ "message": "pong" }));
}

#[test]
fn the_first_code_logs_in_once() {
    let server = Server::start();
    let token = server.log_in();
    let user = server.call("GET", "/v1/user", &token, None);
    assert_eq!((user.status, &user.body["email"]), (200, &json!("admin")));
    assert_eq!(user.body["roles"][0]["name"], "master_admin");
    let again = json!({ "grant_type": "authorization_code", "code": "first-code" }).to_string();
    let answer = server.raw("POST", "/oauth2/token", &[], &again);
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.body,
        json!({ "error": "invalid_request", "error_description": "authorization_code" })
    );
    for (body, status, description) in [
        (json!({}), 400, json!(null)),
        (json!({ "grant_type": "authorization_code" }), 400, json!("authorization_code")),
        (json!({ "grant_type": "password" }), 400, json!("grant_type")),
        (
            json!({ "grant_type": "refresh_token", "refresh_token": "x" }),
            404,
            json!("refresh_token"),
        ),
    ] {
        let answer = server.raw("POST", "/oauth2/token", &[], &body.to_string());
        assert_eq!(answer.status, status, "{body}");
        assert_eq!(answer.body["error_description"], description, "{body}");
    }
}

#[test]
fn stock_clients_get_the_version_they_expect() {
    let server = Server::start();
    let token = server.log_in();
    let bearer = format!("Bearer {token}");
    let answer = server.raw("GET", "/v1/user", &[("Authorization", &bearer)], "");
    assert!(answer.head.contains("x-kontena-version: 1.5.4"), "{}", answer.head);
}
