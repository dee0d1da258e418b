//! Cases 25 to 29, 34 to 36, 50 and 51: users, roles, members, configuration, audit log.

use kontena_store::audit::{self, Entry, Outcome};
use serde_json::{Value, json};

use super::{Fixture, cases};

cases!(
    case_25_oneself,
    case_26_who_lists_users,
    cases_27_and_29_roles,
    case_28_removing_users,
    cases_34_and_35_configuration,
    case_36_the_audit_log,
    cases_36_and_51_how_much_of_an_audit_log,
    case_50_members_of_a_grid,
    case_51_the_audit_log_of_a_grid,
);

fn emails(users: &Value) -> Vec<&str> {
    let users = users["users"].as_array().expect("users");
    users.iter().map(|user| user["email"].as_str().expect("an address")).collect()
}

fn case_25_oneself(fixture: &Fixture) {
    let user = fixture.expect(200, "GET", "/v1/user", &fixture.mem, None);
    let keys: Vec<&String> = user.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["email", "id", "name", "roles"]);
}

fn case_26_who_lists_users(fixture: &Fixture) {
    let denied = fixture.expect(403, "GET", "/v1/users", &fixture.mem, None);
    assert_eq!(denied, json!({ "error": "Operation not allowed" }));
    let all = fixture.expect(200, "GET", "/v1/users", &fixture.ua, None);
    assert_eq!(emails(&all), ["admin", "ga@x.io", "mem@x.io", "out@x.io", "ua@x.io"]);
    let role = json!([{ "name": "grid_admin", "description": "Grid admin" }]);
    assert_eq!(all["users"][1]["roles"], role);
    assert_eq!(all["users"][2]["roles"], json!([]));
}

fn cases_27_and_29_roles(fixture: &Fixture) {
    let Fixture { admin, ua, .. } = fixture;
    let path = "/v1/users/mem@x.io/roles";
    let wish = Some(json!({ "role": "grid_admin" }));
    let denied = json!({ "error": { "current_user": "Operation not allowed" } });
    assert_eq!(fixture.expect(422, "POST", path, ua, wish.clone()), denied);
    assert_eq!(fixture.expect(422, "DELETE", &format!("{path}/grid_admin"), ua, None), denied);
    let user = fixture.expect(201, "POST", path, admin, wish);
    assert_eq!(user["roles"][0]["name"], "grid_admin");
    let refused = fixture.refused("POST", path, json!({ "role": "nope" }));
    assert_eq!(refused, json!({ "role": "Role 'nope' not found" }));
    let refused = fixture.refused("POST", path, json!({}));
    assert_eq!(refused, json!({ "role": "Role can't be nil" }));
    fixture.expect(404, "POST", "/v1/users/no@x.io/roles", admin, Some(json!({ "role": "x" })));
    // An address may be encoded, too.
    let encoded = "/v1/users/mem%40x.io/roles/grid_admin";
    assert_eq!(fixture.expect(200, "DELETE", encoded, admin, None)["roles"], json!([]));

    let of_admin = "/v1/users/admin/roles/master_admin";
    let refused = fixture.expect(422, "DELETE", of_admin, admin, None);
    let text = "Not allowed to remove last user from Master admin role";
    assert_eq!(refused, json!({ "error": { "role": text } }));
    let wish = Some(json!({ "role": "master_admin" }));
    fixture.expect(201, "POST", path, admin, wish);
    fixture.expect(422, "DELETE", of_admin, admin, None);
    fixture.expect(200, "DELETE", &format!("{path}/master_admin"), admin, None);
}

fn case_28_removing_users(fixture: &Fixture) {
    let Fixture { admin, mem, ua, out, .. } = fixture;
    let denied = json!({ "error": { "user": "Operation not allowed" } });
    let itself = fixture.expect(400, "DELETE", "/v1/users/ua@x.io", ua, None);
    assert_eq!(itself, json!({ "error": { "user": "Cannot remove itself" } }));
    for email in ["out@x.io", "nobody@x.io", "mem@x.io"] {
        let path = format!("/v1/users/{email}");
        assert_eq!(fixture.expect(400, "DELETE", &path, mem, None), denied, "{email}");
    }
    let unknown = fixture.expect(404, "DELETE", "/v1/users/nobody@x.io", ua, None);
    assert_eq!(unknown, json!({ "error": "Not found" }));
    assert_eq!(fixture.expect(400, "DELETE", "/v1/users/admin", ua, None), denied);

    fixture.expect(200, "GET", "/v1/user", out, None);
    assert_eq!(fixture.expect(200, "DELETE", "/v1/users/out@x.io", ua, None), json!({}));
    fixture.expect(403, "GET", "/v1/user", out, None);
    fixture.expect(200, "DELETE", "/v1/users/mem%40x.io", admin, None);
    let members = fixture.get("/v1/grids/g1/users");
    assert_eq!(emails(&members), ["admin", "ga@x.io"], "memberships go, too");
}

fn cases_34_and_35_configuration(fixture: &Fixture) {
    let Fixture { admin, mem, .. } = fixture;
    let denied = json!({ "error": "access_denied", "error_description": null });
    for method in ["GET", "PATCH", "PUT", "DELETE"] {
        let body = fixture.expect(403, method, "/v1/config", mem, Some(json!({ "a": "1" })));
        assert_eq!(body, denied, "{method}");
    }
    let all = fixture.get("/v1/config");
    let uuid = all["server.uuid"].clone();
    assert!(uuid.as_str().is_some_and(|uuid| uuid.len() == 36), "{all}");
    assert!(all.get("server.salt").is_none());

    let change = |method: &str, body: Value| {
        let done = fixture.expect(201, method, "/v1/config", admin, Some(body));
        assert_eq!(done, json!({}));
    };
    change("PATCH", json!({ "a": "1", "server.salt": "x", "oauth2.client_secret": "hush" }));
    assert_eq!(fixture.get("/v1/config/a"), json!({ "a": "1" }));
    change("PATCH", json!({ "a": null }));
    for key in ["a", "server.salt"] {
        let path = format!("/v1/config/{key}");
        assert_eq!(fixture.expect(404, "GET", &path, admin, None), json!("Not found"), "{key}");
    }
    change("PUT", json!({ "b": "2" }));
    change("DELETE", json!({}));
    let all = json!({ "b": "2", "oauth2.client_secret": "hush", "server.uuid": uuid });
    assert_eq!(fixture.get("/v1/config"), all);
    assert_eq!(fixture.get("/v1/config?filter=server.*"), json!({ "server.uuid": uuid }));
    let part = fixture.get("/v1/config?filter=client");
    assert_eq!(part, json!({ "oauth2.client_secret": "hush" }));
    let kept = stored(fixture, "config.oauth2.client_secret").expect("kept");
    assert!(!kept.contains("hush"), "sealed");
    for _ in 0..2 {
        fixture.expect(201, "DELETE", "/v1/config/b", admin, None);
    }
    let refused = fixture.refused("PATCH", "/v1/config", json!({ "c": "1", "d": {}, "e f": "1" }));
    assert_eq!(refused["d"], "D isn't a string");
    assert_eq!(refused.as_object().map(serde_json::Map::len), Some(2), "all at once");
    fixture.expect(404, "GET", "/v1/config/c", admin, None);
    assert!(!fixture.get("/v1/audit_logs").to_string().contains("hush"));
}

fn stored(fixture: &Fixture, key: &'static str) -> Option<String> {
    let store = fixture.server.app.means.store.clone();
    let read = store.read(move |conn| kontena_store::settings::get(conn, key));
    actix::System::new().block_on(read).expect("reads")
}

fn case_36_the_audit_log(fixture: &Fixture) {
    let Fixture { admin, mem, ua, .. } = fixture;
    let denied = fixture.expect(403, "GET", "/v1/audit_logs", mem, None);
    assert_eq!(denied, json!({ "error": "Access denied" }));
    fixture.expect(
        201,
        "POST",
        "/v1/users/mem@x.io/roles",
        admin,
        Some(json!({ "role": "grid_admin" })),
    );
    fixture.expect(
        422,
        "POST",
        "/v1/users/mem@x.io/roles",
        ua,
        Some(json!({ "role": "grid_admin" })),
    );
    // Before anything else is: what is noted later is the newer one, whenever it was asked.
    fixture.until("the refusal is noted, too", || {
        let logs = fixture.get("/v1/audit_logs")["logs"].clone();
        let is_denied = |entry: &Value| entry["event_status"] == "denied";
        logs.as_array().is_some_and(|logs| logs.iter().any(is_denied)).then_some(())
    });
    fixture.expect(200, "DELETE", "/v1/users/out@x.io", ua, None);
    let logs = fixture.get("/v1/audit_logs")["logs"].clone();
    let logs = logs.as_array().expect("logs");
    let times: Vec<&str> = logs.iter().map(|entry| entry["time"].as_str().expect("it")).collect();
    assert!(times.is_sorted(), "oldest first");
    assert!(logs.iter().all(|entry| entry["user_identity"]["email"].is_string()));
    let has = |event: &str, status: &str, name: &str, by: &str| {
        logs.iter().any(|entry| {
            entry["event_name"] == event
                && entry["event_status"] == status
                && entry["resource_name"] == name
                && entry["user_identity"]["email"] == by
        })
    };
    assert!(has("login", "success", "admin", "admin"), "{logs:?}");
    assert!(has("create", "success", "mem@x.io", "mem@x.io"), "token create");
    assert!(has("add role", "success", "mem@x.io", "admin"));
    assert!(has("add role", "denied", "mem@x.io", "ua@x.io"));
    assert!(has("delete", "success", "out@x.io", "ua@x.io"));

    let count = |query: &str| {
        let logs = fixture.get(&format!("/v1/audit_logs?limit{query}"));
        logs["logs"].as_array().expect("logs").len()
    };
    assert_eq!((count("=1"), count("=2")), (1, 2));
    assert!([count(""), count("=0"), count("=3001"), count("=x")].iter().all(|n| *n >= logs.len()));
    let newest = fixture.get("/v1/audit_logs?limit=1")["logs"][0].clone();
    assert_eq!(newest["time"], *times.last().expect("one"));
}

fn cases_36_and_51_how_much_of_an_audit_log(fixture: &Fixture) {
    fixture.behind(|tx| {
        let user = kontena_store::users::by_email(tx.conn(), "admin")?.expect("the administrator");
        for number in 0..3_100 {
            let entry = Entry {
                at: kontena_master::clock::Clock::system().now(),
                grid: Some("g1".to_owned()),
                resource_type: "Grid",
                resource_name: format!("entry {number}"),
                resource_id: "g1".to_owned(),
                event_name: "update",
                description: String::new(),
                outcome: Outcome::Success,
                user: user.id,
                user_email: user.email.clone(),
                source_ip: String::new(),
                user_agent: String::new(),
            };
            audit::record(tx.conn(), &entry)?;
        }
        Ok(())
    });
    for path in ["/v1/audit_logs", "/v1/grids/g1/audit_log"] {
        for (query, count) in [
            ("", 500),
            ("?limit", 500),
            ("?limit=0", 500),
            ("?limit=x", 500),
            ("?limit=3001", 500),
            ("?limit=600", 600),
            ("?limit=3000", 3000),
        ] {
            let log = fixture.get(&format!("{path}{query}"));
            let names: Vec<&Value> =
                log["logs"].as_array().expect("logs").iter().map(|e| &e["resource_name"]).collect();
            let expected: Vec<Value> =
                (3_100 - count..3_100).map(|number| json!(format!("entry {number}"))).collect();
            assert!(names.iter().copied().eq(&expected), "{path}{query}: {} of them", names.len());
        }
    }
}

fn case_50_members_of_a_grid(fixture: &Fixture) {
    let Fixture { admin, mem, ga, out, .. } = fixture;
    let path = "/v1/grids/g1/users";
    let wish = Some(json!({ "email": "out@x.io" }));
    let denied = json!({ "error": { "grid": "Operation not allowed" } });
    assert_eq!(fixture.expect(422, "POST", path, mem, wish.clone()), denied);
    fixture.expect(403, "POST", path, out, wish.clone());
    let all = fixture.expect(201, "POST", path, ga, wish);
    assert_eq!(emails(&all), ["admin", "ga@x.io", "mem@x.io", "out@x.io"]);
    fixture.expect(200, "GET", "/v1/grids/g1", out, None);
    let unknown = json!({ "error": "User not found" });
    let wish = Some(json!({ "email": "nobody@x.io" }));
    assert_eq!(fixture.expect(404, "POST", path, ga, wish), unknown);
    let of = |email: &str| format!("{path}/{email}");
    assert_eq!(fixture.expect(404, "DELETE", &of("nobody@x.io"), ga, None), unknown);
    assert_eq!(fixture.expect(422, "DELETE", &of("out@x.io"), mem, None), denied);

    let left = fixture.expect(200, "DELETE", &of("out@x.io"), ga, None);
    assert_eq!(emails(&left), ["admin", "ga@x.io", "mem@x.io"]);
    fixture.expect(403, "GET", "/v1/grids/g1", out, None);
    let again = fixture.expect(422, "DELETE", &of("out@x.io"), ga, None);
    assert_eq!(again, json!({ "error": { "user": "Invalid user" } }));
    fixture.expect(200, "DELETE", &of("mem%40x.io"), admin, None);
    fixture.expect(200, "DELETE", &of("ga@x.io"), admin, None);
    let last = fixture.expect(422, "DELETE", &of("admin"), admin, None);
    assert_eq!(last, json!({ "error": { "grid": "Cannot remove last user" } }));
}

fn case_51_the_audit_log_of_a_grid(fixture: &Fixture) {
    let Fixture { admin, mem, out, .. } = fixture;
    fixture.service("app", json!({}));
    let path = "/v1/grids/g1/audit_log";
    let log = fixture.expect(200, "GET", &format!("{path}?limit"), mem, None);
    let logs = log["logs"].as_array().expect("logs");
    assert!(logs.iter().all(|entry| entry["grid"] == "g1" && entry["grid_id"] == "g1"));
    let of_service = logs.iter().find(|entry| entry["resource_type"] == "GridService");
    let of_service = of_service.expect("the service");
    assert_eq!(of_service["service"], "g1/null/app");
    assert_eq!((&logs[0]["resource_type"], &logs[0]["service"]), (&json!("Grid"), &json!("")));
    fixture.expect(403, "GET", path, out, None);

    // A grid of the same name has a history of its own.
    fixture.expect(201, "POST", "/v1/grids", admin, Some(json!({ "name": "again" })));
    fixture.expect(200, "DELETE", "/v1/grids/again", admin, None);
    let of_gone = fixture.get("/v1/audit_logs")["logs"].clone();
    let of_gone = of_gone.as_array().expect("logs").last().expect("one").clone();
    assert_eq!((&of_gone["event_name"], &of_gone["grid"]), (&json!("delete"), &Value::Null));
    fixture.expect(201, "POST", "/v1/grids", admin, Some(json!({ "name": "again" })));
    let log = fixture.get("/v1/grids/again/audit_log");
    assert_eq!(log["logs"].as_array().map(Vec::len), Some(1), "{log}");
}
