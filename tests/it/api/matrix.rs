//! The table of routes against a running master: who may do what, for every route and every kind of caller.
//!
//! A route that is not in the table cannot be: what the server installs is made of the same lines, by one
//! macro, and nothing else installs anything (the last test looks).

use std::path::Path;

use kontena_core::domain::UserId;
use kontena_master::{
    auth::{self, GRID_ADMIN, MASTER_ADMIN, USER_ADMIN},
    http::routes::{Access, ROUTES, Route},
};
use kontena_store::users::User;
use serde_json::{Value, json};

use crate::conformance::{Database, Fixture, server::Answer};

/// A kind of caller.
struct Kind<'a> {
    name: &'static str,
    token: Option<&'a str>,
    user: User,
    is_member: bool,
}

fn kinds(fixture: &Fixture) -> Vec<Kind<'_>> {
    let kind = |name, token: &'static str, roles: &[&str], is_member| {
        let token: Option<&str> = match token {
            "admin" => Some(&fixture.admin),
            "ga" => Some(&fixture.ga),
            "ua" => Some(&fixture.ua),
            "mem" => Some(&fixture.mem),
            "out" => Some(&fixture.out),
            _ => None,
        };
        let user = User {
            id: UserId::from_bytes([0; 12]),
            email: String::new(),
            name: String::new(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        Kind { name, token, user, is_member }
    };
    vec![
        kind("nobody", "", &[], false),
        kind("OUT", "out", &[], false),
        kind("MEM", "mem", &[], true),
        kind("GA", "ga", &[GRID_ADMIN], true),
        kind("UA", "ua", &[USER_ADMIN], false),
        kind("ADMIN", "admin", &[MASTER_ADMIN], false),
    ]
}

/// What the names in a path are replaced with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// All of them exist.
    Existing,
    /// The grid exists, and nothing else does.
    Unknown,
    /// Not even the grid exists.
    NoGrid,
}

fn path(route: &Route, names: Names) -> String {
    let parts = route.path.split('/').map(|part| {
        let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
            return part;
        };
        match (name.split(':').next().unwrap_or(name), names) {
            // Some plugins name the grid twice.
            ("grid" | "again", Names::Existing | Names::Unknown) => "g1",
            ("node", Names::Existing) => "n1",
            ("stack", Names::Existing) => "null",
            ("service", Names::Existing) => "app",
            ("volume", Names::Existing) => "data",
            ("email", Names::Existing) => "out@x.io",
            ("role", Names::Existing) => "grid_admin",
            ("key", Names::Existing) => "server.uuid",
            _ => "unknown",
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

fn call(fixture: &Fixture, kind: &Kind<'_>, route: &Route, names: Names, body: &str) -> Answer {
    let bearer = kind.token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> =
        bearer.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
    fixture.server.raw(route.method, &path(route, names), &headers, body)
}

/// Whether an answer says that the caller may not: 403, or what Kontena says within some operations.
fn is_refusal(answer: &Answer) -> bool {
    let says_so = |error: &Value| {
        let sentences = error.as_object().into_iter().flat_map(|fields| fields.values());
        sentences.into_iter().any(|text| text == "Operation not allowed")
    };
    answer.status == 403 || (matches!(answer.status, 400 | 422) && says_so(&answer.body["error"]))
}

/// Everything there is to be changed, except that somebody was refused.
fn state(fixture: &Fixture) -> Value {
    let mut state: Vec<Value> = [
        "/v1/grids",
        "/v1/users",
        "/v1/config",
        "/v1/grids/g1/users",
        "/v1/grids/g1/nodes",
        "/v1/grids/g1/services",
        "/v1/volumes/g1",
        "/v1/nodes/g1/n1/token",
        "/oauth2/tokens",
    ]
    .into_iter()
    .map(|path| fixture.get(path))
    .collect();
    let log = fixture.get("/v1/audit_logs?limit=3000")["logs"].clone();
    let made = |entry: &&Value| entry["event_status"] == "success";
    state.push(json!(log.as_array().expect("logs").iter().filter(made).collect::<Vec<_>>()));
    json!(state)
}

fn furnished() -> Fixture {
    let fixture = Fixture::start(&Database::Sqlite);
    let node = json!({ "name": "n1" });
    fixture.expect(201, "POST", "/v1/grids/g1/nodes", &fixture.admin, Some(node));
    fixture.service("app", json!({}));
    let volume = json!({ "name": "data", "scope": "grid", "driver": "local" });
    fixture.expect(201, "POST", "/v1/volumes/g1", &fixture.admin, Some(volume));
    fixture
}

#[test]
fn who_may_not_is_refused_and_nobody_else_is() {
    let fixture = furnished();
    let before = state(&fixture);
    for route in ROUTES {
        let Access::Needs(action) = route.access else { continue };
        for kind in kinds(&fixture) {
            let what = format!("{} {} by {}", route.method, route.path, kind.name);
            let of_grid = route.path.contains("{grid}");
            let may = kind.token.is_some()
                && auth::check(action, &kind.user, of_grid && kind.is_member).is_ok();
            if may {
                // What is not there cannot be changed, and neither by a body that is no object.
                let answer = call(&fixture, &kind, route, Names::Unknown, "[1]");
                assert!(!is_refusal(&answer), "{what}: {} {}", answer.status, answer.body);
                continue;
            }
            for names in [Names::Existing, Names::Unknown, Names::NoGrid] {
                for body in ["", "{}", "[1]"] {
                    let answer = call(&fixture, &kind, route, names, body);
                    let is_unknown = answer.status == 404
                        && names == Names::NoGrid
                        && of_grid
                        && kind.token.is_some();
                    let told = format!("{what}, {names:?}: {} {}", answer.status, answer.body);
                    assert!(is_refusal(&answer) || is_unknown, "{told}");
                }
            }
        }
    }
    assert_eq!(state(&fixture), before, "a refusal leaves everything as it was");
}

#[test]
fn open_routes_look_at_no_token() {
    let fixture = furnished();
    for route in ROUTES.iter().filter(|route| route.access == Access::Open) {
        let garbage = Some("garbage");
        for token in [None, garbage] {
            let kind = Kind { token, ..kinds(&fixture).remove(0) };
            let answer = call(&fixture, &kind, route, Names::Unknown, "{}");
            assert_ne!(answer.body["error"], "invalid_token", "{} {}", route.method, route.path);
            // The one that refuses everybody says so to everybody.
            assert_eq!(answer.status == 403, route.path == "/v1/auth", "{}", route.path);
        }
    }
}

#[test]
fn nothing_is_installed_beside_the_table() {
    fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { sources(&path, found) } else { found.push(path) }
        }
    }
    let mut files = Vec::new();
    // The two rooms that may know the server.
    for room in ["http", "boot"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room), &mut files);
    }
    let installs = |text: &str| {
        let ways = [".route(", ".service(", "web::resource", "web::scope", "default_service("];
        ways.iter().map(|way| text.matches(way).count()).sum::<usize>()
    };
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let expected = if file.ends_with("http/routes.rs") { 4 } else { 0 };
        assert_eq!(installs(&text), expected, "{}", file.display());
    }
}
