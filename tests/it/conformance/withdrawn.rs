//! What was let in and may not any more: tokens, members and users taken away while an answer goes on; and
//! logs that are over.

use serde_json::json;

use super::{
    Fixture, cases,
    exec::{self, CONTAINER},
    logs::{Client, OF_APP, furnish, write},
};

cases!(
    cases_beyond_a_follower_loses_access,
    cases_beyond_a_log_that_is_over_ends,
    cases_beyond_a_session_in_a_container_ends_with_its_token,
    cases_beyond_what_was_tried_is_audited,
    cases_beyond_guessing_grid_tokens,
);

/// Reads what still comes; says whether the log ended, and did not break.
fn ends_well(client: &mut Client) -> bool {
    loop {
        match client.chunk().as_deref() {
            None => return false,
            Some("") => return true,
            Some(chunk) => assert_eq!(chunk, " ", "nothing is shown any more"),
        }
    }
}

fn cases_beyond_a_follower_loses_access(fixture: &Fixture) {
    let agent = furnish(fixture);
    let follow = |token: &str| {
        let path = "/v1/grids/g1/container_logs?follow=1";
        Client::follow_as(fixture, path, token)
    };
    let made = json!({ "response_type": "token", "scope": "user", "user": "mem@x.io" });
    let made = fixture.expect(201, "POST", "/oauth2/authorize", &fixture.admin, Some(made));
    let token = made["access_token"].as_str().expect("a token");
    let (mut by_token, mut by_user) = (follow(token), follow(&fixture.ga));
    let (mut by_member, mut stays) = (follow(&fixture.mem), follow(&fixture.admin));
    write(&agent, "c1", 0..1);
    for client in [&mut by_token, &mut by_user, &mut by_member, &mut stays] {
        assert_eq!(client.object()["data"], "line 0");
    }

    let path = format!("/oauth2/tokens/{token}");
    fixture.expect(201, "DELETE", &path, &fixture.admin, None);
    fixture.expect(200, "DELETE", "/v1/users/ga@x.io", &fixture.admin, None);
    fixture.expect(200, "DELETE", "/v1/grids/g1/users/mem@x.io", &fixture.admin, None);
    write(&agent, "c1", 1..2);
    for client in [&mut by_token, &mut by_user, &mut by_member] {
        assert!(!ends_well(client), "it breaks, so that the client asks again and is told");
    }
    assert_eq!(stays.object()["data"], "line 1");
}

fn cases_beyond_a_log_that_is_over_ends(fixture: &Fixture) {
    let agent = furnish(fixture);
    let follow = |path: &str| Client::follow_as(fixture, path, &fixture.admin);
    let mut lines = follow(&format!("{OF_APP}?follow=1"));
    let mut events = follow("/v1/services/g1/null/app/event_logs?follow=1");
    let mut of_grid = follow("/v1/grids/g1/container_logs?follow=1");
    write(&agent, "c1", 0..1);
    assert_eq!(lines.object()["data"], "line 0");
    fixture.expect(200, "DELETE", "/v1/services/g1/null/app", &fixture.admin, None);
    assert!(ends_well(&mut lines));
    loop {
        match events.chunk().as_deref() {
            Some("") => break,
            Some(" ") => {}
            Some(event) => assert!(event.contains("app"), "{event}"),
            None => panic!("a log that is over ends"),
        }
    }
    assert_eq!(of_grid.object()["data"], "line 0");
    assert_eq!(of_grid.chunk().as_deref(), Some(" "), "the grid goes on");
}

fn cases_beyond_a_session_in_a_container_ends_with_its_token(fixture: &Fixture) {
    let agent = exec::agent(fixture);
    let path = format!("{CONTAINER}/exec?interactive=true");
    let mut client = exec::Client::dial(fixture, &path, &fixture.mem).expect("upgrades");
    fixture.expect(200, "DELETE", "/v1/grids/g1/users/mem@x.io", &fixture.admin, None);
    let (_, code, reason) = client.rest();
    assert_eq!((code, reason.as_str()), (4000, "access was taken away"));
    assert_eq!(agent.hears("/containers/terminate_exec"), [json!("uuid-1")]);
}

fn cases_beyond_what_was_tried_is_audited(fixture: &Fixture) {
    let body = |role: &str| Some(json!({ "role": role }));
    let roles = "/v1/users/out@x.io/roles";
    fixture.expect(201, "POST", roles, &fixture.admin, body("grid_admin"));
    let denied = fixture.call("POST", roles, &fixture.mem, body("master_admin"));
    assert_eq!(denied.status, 422, "{}", denied.body);
    let long = "x".repeat(20_000);
    fixture.call("DELETE", &format!("/v1/grids/{long}"), &fixture.mem, None);
    let wrong = json!({ "grant_type": "authorization_code", "code": "no such code" });
    fixture.expect(404, "POST", "/oauth2/token", "", Some(wrong));
    let scale = json!({ "instances": 3 });
    fixture.service("app", json!({}));
    fixture.expect(200, "PUT", "/v1/services/g1/null/app", &fixture.admin, {
        Some(json!({ "env": ["PASSWORD=hidden"], "instances": 2 }))
    });
    fixture.expect(200, "POST", "/v1/services/g1/null/app/scale", &fixture.admin, Some(scale));

    let logs = fixture.until("four refusals", || {
        let logs = fixture.get("/v1/audit_logs")["logs"].as_array().expect("logs").clone();
        let refused = logs.iter().filter(|entry| entry["event_status"] != "success").count();
        (refused >= 3).then_some(logs)
    });
    let find = |event: &str, status: &str| {
        let found = logs
            .iter()
            .find(|entry| entry["event_name"] == event && entry["event_status"] == status);
        found.unwrap_or_else(|| panic!("{event} {status}: {logs:?}")).clone()
    };
    assert_eq!(find("add role", "success")["description"], "grid_admin");
    assert_eq!(find("add role", "denied")["user_identity"]["email"], "mem@x.io");
    let cut = find("delete", "failed");
    assert_eq!(cut["resource_name"].as_str().map(str::len), Some(255));
    let login = find("login", "denied");
    assert_eq!(login["user_identity"]["email"], "");
    assert!(!login.to_string().contains("no such code"), "{login}");
    let update = find("update", "success");
    assert_eq!(update["description"], "env, instances");
    assert!(!logs.iter().any(|entry| entry.to_string().contains("hidden")));
    assert_eq!(find("scale", "success")["description"], "instances: 3");
    let token = find("create", "success");
    assert!(token["description"].is_string());
}

fn cases_beyond_guessing_grid_tokens(fixture: &Fixture) {
    let show = |token: &str, from: &str| {
        let headers = [("Kontena-Grid-Token", token), ("X-Forwarded-For", from)];
        fixture.server.raw("GET", "/v1/nodes/ID1", &headers, "").status
    };
    for n in 0..10 {
        // What a client claims in front of what the proxy saw changes nothing, nor does the port behind it.
        let from = format!("9.9.9.{n}, 203.0.113.77:5{n}");
        assert_eq!(show("wrong", &from), 404);
    }
    assert_eq!(show("wrong", "203.0.113.77"), 429);
    assert_eq!(show("gtok", "203.0.113.77:1"), 429, "nor may it use what it may have found");
    assert_eq!(show("gtok", "203.0.113.78"), 404, "others may");
}
