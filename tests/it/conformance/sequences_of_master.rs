//! The calls of `http-api.md` 5.5 and 2.5, `kontena master`, in the order in which the stock client makes them,
//! with the fields that it reads.

use serde_json::{Value, json};

use super::{
    Fixture, cases,
    sequences::{AUDITED, each, reads, text},
};

cases!(
    case_5_5_logging_in_and_out,
    case_5_5_tokens,
    case_5_5_users,
    case_5_5_configuration,
    case_5_5_the_audit_log,
);

const AUTHORIZE: &str = "/oauth2/authorize";

/// As an administrator of the master.
#[track_caller]
fn call(
    fixture: &Fixture,
    status: u16,
    method: &str,
    path: &str,
    body: impl Into<Option<Value>>,
) -> Value {
    fixture.expect(status, method, path, &fixture.admin, body.into())
}

/// As the stock client sends it: with its own name, and no bearer.
fn exchange(fixture: &Fixture, mut body: Value) -> (u16, Value) {
    (body["client_id"], body["client_secret"]) = (json!("15faec8a"), json!("1c2c4f"));
    let headers = [("Accept", "application/json"), ("User-Agent", "kontena-cli/1.5.4")];
    let answer = fixture.server.raw("POST", "/oauth2/token", &headers, &body.to_string());
    (answer.status, answer.body)
}

const BEARER: &str = "id:string token_type:string access_token_last_four:string scopes:string \
    user.id:string user.email:string user.name:string server:object description:string?";

fn case_5_5_logging_in_and_out(fixture: &Fixture) {
    // login --code
    reads(&fixture.first_login, BEARER);
    reads(
        &fixture.first_login,
        "access_token:string refresh_token:string? expires_in:number? server.name:string?",
    );
    // login --token, and what follows a login
    let of_caller = fixture.expect(200, "GET", "/v1/user", &fixture.mem, None);
    reads(&of_caller, "email:string");
    let grids = fixture.expect(200, "GET", "/v1/grids", &fixture.mem, None);
    each(&grids, "grids").for_each(|grid| reads(grid, "name:string user_count:number"));
    // logout spends the refresh token; a command with an old token does the same and goes on
    let wish = json!({ "response_type": "token", "scope": "user", "expires_in": "7200" });
    let first = fixture.expect(201, "POST", AUTHORIZE, &fixture.mem, Some(wish));
    let refresh = json!({ "grant_type": "refresh_token", "refresh_token": first["refresh_token"] });
    let (status, second) = exchange(fixture, refresh.clone());
    assert_eq!(status, 201, "{second}");
    reads(&second, "access_token:string refresh_token:string expires_in:number");
    fixture.expect(200, "GET", "/v1/user", &text(&second, "access_token"), None);
    let (status, refused) = exchange(fixture, refresh);
    assert_eq!(status, 404);
    reads(&refused, "error:string");
    // version, and what a plugin waits for
    let info = fixture.server.raw("GET", "/", &[], "");
    assert_eq!(info.status, 200);
    reads(&info.body, "version:string");
    // master create goes on with a grid and the provider's name
    call(fixture, 201, "POST", "/v1/grids", json!({ "name": "test" }));
    call(fixture, 201, "PATCH", "/v1/config", json!({ "server.provider": "aws" }));
}

fn case_5_5_tokens(fixture: &Fixture) {
    let wish = json!({
        "response_type": "token", "scope": "user", "expires_in": "7200", "description": "ci",
        "user": "mem@x.io",
    });
    let token = call(fixture, 201, "POST", AUTHORIZE, wish.clone());
    reads(&token, BEARER);
    reads(
        &token,
        "access_token:string refresh_token:string refresh_token_last_four:string \
        expires_in:number server.name:string? description:string",
    );
    assert_eq!(token["user"]["email"], "mem@x.io");
    let mut wish = wish;
    (wish["response_type"], wish["user"]) = (json!("code"), Value::Null);
    let code = call(fixture, 201, "POST", AUTHORIZE, wish);
    reads(
        &code,
        "id:string grant_type:string code:string scopes:string user.email:string server:object",
    );

    let all = call(fixture, 200, "GET", "/oauth2/tokens", None);
    for one in each(&all, "tokens") {
        reads(one, "id:string scopes:string description:string? expires_in:number?");
        let kind = one.get("token_type").or_else(|| one.get("grant_type"));
        assert!(kind.is_some_and(Value::is_string), "{one}");
        reads(one, "access_token_last_four:string?");
    }
    assert!(each(&all, "tokens").any(|one| one["id"] == code["id"]));
    // token show, current, rm
    let path = format!("/oauth2/tokens/{}", text(&token, "id"));
    let shown = call(fixture, 200, "GET", &path, None);
    reads(&shown, BEARER);
    assert!(shown["access_token"].is_null() && shown["refresh_token"].is_null(), "{shown}");
    let last = text(&token, "access_token");
    assert_eq!(shown["access_token_last_four"], last[60..]);
    let current = format!("/oauth2/tokens/{last}");
    assert_eq!(fixture.expect(200, "GET", &current, &last, None)["id"], token["id"]);
    call(fixture, 201, "DELETE", &path, None);
    call(fixture, 404, "GET", &path, None);
    fixture.expect(403, "GET", "/v1/user", &last, None);
}

fn case_5_5_users(fixture: &Fixture) {
    // user invite -r
    let wish = json!({ "email": "new@x.io", "external_id": null, "response_type": "invite" });
    let invited = call(fixture, 201, "POST", AUTHORIZE, wish);
    reads(&invited, "email:string invite_code:string");
    let roles = "/v1/users/new@x.io/roles";
    for role in ["grid_admin", "user_admin"] {
        let user = call(fixture, 201, "POST", roles, json!({ "role": role }));
        reads(&user, "id:string email:string roles.0.name:string roles.0.description:string");
    }
    // The invited one comes in.
    let code = json!({ "grant_type": "authorization_code", "code": invited["invite_code"] });
    let (status, token) = exchange(fixture, code);
    assert_eq!((status, &token["user"]["email"]), (201, &json!("new@x.io")), "{token}");
    // user ls
    let all = call(fixture, 200, "GET", "/v1/users", None);
    for user in each(&all, "users") {
        reads(user, "email:string id:string roles:array");
        user["roles"].as_array().expect("roles").iter().for_each(|role| reads(role, "name:string"));
    }
    // role rm asks whether there is a result; user rm
    let user = call(fixture, 200, "DELETE", &format!("{roles}/grid_admin"), None);
    assert_eq!(user["roles"][0]["name"], "user_admin");
    assert_eq!(user["roles"].as_array().map(Vec::len), Some(1));
    assert_eq!(call(fixture, 200, "DELETE", "/v1/users/new@x.io", None), json!({}));
    fixture.expect(403, "GET", "/v1/user", &text(&token, "access_token"), None);
}

fn case_5_5_configuration(fixture: &Fixture) {
    // ssh: the answer to an unset key is ignored
    call(fixture, 404, "GET", "/v1/config/server.provider", None);
    // config set, get, unset
    call(fixture, 201, "PATCH", "/v1/config", json!({ "server.provider": "aws" }));
    let provider = json!({ "server.provider": "aws" });
    assert_eq!(call(fixture, 200, "GET", "/v1/config/server.provider", None), provider);
    assert_eq!(call(fixture, 201, "DELETE", "/v1/config/server.provider", None), json!({}));
    call(fixture, 404, "GET", "/v1/config/server.provider", None);
    // config import, --full, export: neither takes away what the file does not name
    call(fixture, 201, "PUT", "/v1/config", json!({ "oauth2.client_id": "me", "a": "1" }));
    call(fixture, 201, "PATCH", "/v1/config", json!({ "b": "2", "a": null }));
    let all = call(fixture, 200, "GET", "/v1/config", None);
    assert_eq!((&all["b"], &all["oauth2.client_id"]), (&json!("2"), &json!("me")));
    assert!(all.get("a").is_none() && all["server.uuid"].is_string(), "{all}");
    let part = call(fixture, 200, "GET", "/v1/config?filter=oauth2.*", None);
    assert_eq!(part, json!({ "oauth2.client_id": "me" }));
}

fn case_5_5_the_audit_log(fixture: &Fixture) {
    call(fixture, 201, "POST", "/v1/grids", json!({ "name": "test" }));
    for query in ["limit", "limit=10"] {
        let log = call(fixture, 200, "GET", &format!("/v1/audit_logs?{query}"), None);
        each(&log, "logs").for_each(|entry| reads(entry, AUDITED));
        let last = each(&log, "logs").last().expect("one");
        let told = ["resource_type", "resource_name", "event_name", "event_status", "grid"];
        let told = told.map(|field| text(last, field));
        assert_eq!(told, ["Grid", "test", "create", "success", "test"], "{last}");
        assert_eq!(last["user_identity"]["email"], "admin");
        assert_eq!(last["source_ip"], "127.0.0.1");
    }
}
