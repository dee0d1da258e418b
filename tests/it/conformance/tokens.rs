//! Cases 6, 12 to 24 and 30 to 33: logging in, tokens, invitations.

use serde_json::{Value, json};

use super::{Fixture, cases, server::Answer};

cases!(
    case_6_an_expired_token,
    cases_12_13_and_15_the_first_login,
    case_14_what_is_missing,
    cases_16_and_17_tokens_end_or_do_not,
    case_18_scopes,
    case_19_a_code_for_oneself,
    cases_20_and_21_refreshing,
    case_22_tokens_for_others,
    cases_23_and_24_listing_and_revoking,
    case_30_an_invitation_is_good_for_one_login,
    cases_31_and_32_a_browser,
    case_33_too_many_requests,
);

const AUTHORIZE: &str = "/oauth2/authorize";
const TOKEN: &str = "/oauth2/token";

fn exchange(fixture: &Fixture, body: Value) -> Answer {
    fixture.server.raw("POST", TOKEN, &[], &body.to_string())
}

fn redeem(fixture: &Fixture, code: &Value) -> Answer {
    exchange(fixture, json!({ "grant_type": "authorization_code", "code": code }))
}

fn refresh(fixture: &Fixture, token: &Value) -> Answer {
    exchange(fixture, json!({ "grant_type": "refresh_token", "refresh_token": token }))
}

#[track_caller]
fn made(fixture: &Fixture, token: &str, body: Value) -> Value {
    fixture.expect(201, "POST", AUTHORIZE, token, Some(body))
}

fn is_hex(value: &Value, length: usize) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Another code like the one that the master made at its first start, and the fixture has spent.
fn first_code(fixture: &Fixture, code: &str) {
    use kontena_master::auth::{Grant, issue_code};
    use kontena_store::{tokens::Kind, users};
    let (means, code) = (fixture.server.app.means.clone(), code.to_owned());
    fixture.behind(move |tx| {
        let user = users::by_email(tx.conn(), "admin")?.expect("the administrator");
        let scopes = "user,owner".to_owned();
        let grant = Grant { user, expires_at: None, scopes, description: None };
        let mut moment = means.clock.moment();
        issue_code(tx.conn(), &means.vault, grant, Kind::Code, code.clone(), &mut moment)
    });
}

/// Lets a token's time be over.
fn expire(fixture: &Fixture, token: &str) {
    use kontena_store::tokens;
    let means = fixture.server.app.means.clone();
    let hash = means.vault.hash(kontena_master::vault::Purpose::Access, token);
    fixture.behind(move |tx| {
        let mut found = tokens::bearer(tx.conn(), &hash)?.expect("the token");
        tokens::remove(tx.conn(), found.id)?;
        found.expires_at = Some(means.clock.now() - chrono::TimeDelta::seconds(5));
        tokens::create(tx.conn(), &found)
    });
}

fn case_6_an_expired_token(fixture: &Fixture) {
    let wish = json!({ "response_type": "token", "scope": "user", "expires_in": 60 });
    let token = made(fixture, &fixture.mem, wish)["access_token"].as_str().expect("it").to_owned();
    expire(fixture, &token);
    for path in ["/v1/grids", "/v1/nodes/g1/n1", AUTHORIZE] {
        let answer = fixture.call("GET", path, &token, None);
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.body["error_description"], "Token expired", "{path}");
    }
}

fn cases_12_13_and_15_the_first_login(fixture: &Fixture) {
    // What the master made at its first start, and the fixture has spent.
    let token = &fixture.first_login;
    assert_eq!(token["token_type"], "bearer");
    assert!(is_hex(&token["access_token"], 64), "{token}");
    assert!(token["refresh_token"].is_null() && token["expires_in"].is_null(), "{token}");
    assert_eq!(token["scopes"], "user,owner");
    assert_eq!(token["user"]["email"], "admin");
    assert!(token["server"].is_object(), "{token}");

    let again = redeem(fixture, &json!("first-code"));
    let body = json!({ "error": "invalid_request", "error_description": "authorization_code" });
    assert_eq!((again.status, again.body), (404, body));

    fixture.expect(
        201,
        "PATCH",
        "/v1/config",
        &fixture.admin,
        Some(json!({ "server.name": "m 1" })),
    );
    first_code(fixture, "abc123");
    let form = "grant_type=authorization_code&code=abc123";
    let typed = ("Content-Type", "application/x-www-form-urlencoded");
    let answer = form_call(fixture, &[("Accept", "application/json"), typed], form);
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.body["server"]["name"], "m 1");

    first_code(fixture, "abc123");
    let answer = form_call(fixture, &[typed], &format!("{form}&state=a%20b"));
    assert_eq!(answer.status, 201);
    assert!(answer.head.contains("content-type: application/x-www-form-urlencoded"));
    let text = answer.body.as_str().expect("a form");
    assert!(text.starts_with("access_token="), "{text}");
    assert!(
        text.ends_with("&refresh_token=&expires_in=&username=admin&server_name=m+1&state=a+b"),
        "{text}"
    );
    let answer = form_call(fixture, &[typed], form);
    let text = "error=invalid_request&error_description=authorization_code";
    assert_eq!((answer.status, answer.body), (404, json!(text)));
}

/// Sends a form: what the fixture's client sends by itself is JSON.
fn form_call(fixture: &Fixture, headers: &[(&str, &str)], form: &str) -> Answer {
    fixture.server.typed("POST", TOKEN, headers, form)
}

fn case_14_what_is_missing(fixture: &Fixture) {
    for (body, error, description) in [
        (
            json!({ "grant_type": "authorization_code" }),
            "invalid_request",
            json!("authorization_code"),
        ),
        (
            json!({ "grant_type": "authorization_code", "code": " " }),
            "invalid_request",
            json!("authorization_code"),
        ),
        (json!({ "grant_type": "password" }), "unsupported_grant_type", json!("grant_type")),
        (json!({}), "invalid_request", Value::Null),
        (json!({ "grant_type": "" }), "invalid_request", Value::Null),
        (json!([1]), "invalid_request", json!("Invalid parameters")),
    ] {
        let answer = exchange(fixture, body.clone());
        assert_eq!(answer.status, 400, "{body}");
        let expected = json!({ "error": error, "error_description": description });
        assert_eq!(answer.body, expected, "{body}");
    }
}

fn cases_16_and_17_tokens_end_or_do_not(fixture: &Fixture) {
    let mut wish = json!({ "response_type": "token", "scope": "user", "expires_in": "3600",
                           "description": "d" });
    let token = made(fixture, &fixture.mem, wish.clone());
    let left = token["expires_in"].as_i64().expect("seconds");
    assert!((3590..=3600).contains(&left), "{left}");
    assert!(is_hex(&token["refresh_token"], 128), "{token}");
    assert_eq!(token["description"], "d");
    let text = token["access_token"].as_str().expect("it");
    assert_eq!(token["access_token_last_four"], text[60..]);
    let user = fixture.expect(200, "GET", "/v1/user", text, None);
    assert_eq!(user["email"], "mem@x.io");

    wish["expires_in"] = json!("0");
    let token = made(fixture, &fixture.mem, wish);
    assert!(token["expires_in"].is_null() && token["refresh_token"].is_null(), "{token}");
}

fn case_18_scopes(fixture: &Fixture) {
    let mut wish = json!({ "response_type": "token", "scope": "root" });
    let refused = |wish: &Value| {
        let body = fixture.expect(400, "POST", AUTHORIZE, &fixture.mem, Some(wish.clone()));
        body["error"].clone()
    };
    assert_eq!(refused(&wish), "invalid_request");
    wish["scope"] = Value::Null;
    assert_eq!(refused(&wish), "invalid_scope");
    wish["scope"] = json!("user");
    wish["expires_in"] = json!("soon");
    assert_eq!(refused(&wish), "invalid_request");
    assert_eq!(refused(&json!({ "response_type": "magic" })), "unsupported_response_type");

    let answer = fixture.server.raw("POST", AUTHORIZE, &[], &wish.to_string());
    let body = json!({ "error": "access_denied", "error_description": null });
    assert_eq!((answer.status, answer.body), (403, body.clone()));

    let wish = json!({ "response_type": "token", "scope": "owner" });
    let token = made(fixture, &fixture.mem, wish.clone())["access_token"].clone();
    let token = token.as_str().expect("it");
    fixture.expect(200, "GET", "/v1/user", token, None);
    assert_eq!(fixture.expect(403, "POST", AUTHORIZE, token, Some(wish)), body);
}

fn case_19_a_code_for_oneself(fixture: &Fixture) {
    let wish = json!({ "response_type": "code", "scope": "user", "description": "for ci" });
    let made_code = made(fixture, &fixture.mem, wish);
    assert_eq!(made_code["grant_type"], "authorization_code");
    assert!(is_hex(&made_code["code"], 12), "{made_code}");
    assert!(made_code["access_token"].is_null() && made_code["token_type"].is_null());
    let answer = redeem(fixture, &made_code["code"]);
    assert_eq!(answer.status, 201);
    assert_eq!(answer.body["user"]["email"], "mem@x.io");
    assert_eq!(answer.body["description"], "for ci", "kept");
    assert_eq!(redeem(fixture, &made_code["code"]).status, 404);
}

fn cases_20_and_21_refreshing(fixture: &Fixture) {
    let wish = json!({ "response_type": "token", "scope": "user", "expires_in": 60,
                       "description": "mine" });
    let first = made(fixture, &fixture.mem, wish);
    let answer = refresh(fixture, &first["refresh_token"]);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let left = answer.body["expires_in"].as_i64().expect("seconds");
    assert!((7190..=7200).contains(&left), "{left}");
    assert_eq!(answer.body["description"], "mine", "kept");
    let old = first["access_token"].as_str().expect("it");
    fixture.expect(403, "GET", "/v1/user", old, None);
    let new = answer.body["access_token"].as_str().expect("it");
    fixture.expect(200, "GET", "/v1/user", new, None);
    let again = refresh(fixture, &first["refresh_token"]);
    let body = json!({ "error": "invalid_request", "error_description": "refresh_token" });
    assert_eq!((again.status, again.body), (404, body));

    expire(fixture, new);
    fixture.expect(401, "GET", "/v1/user", new, None);
    assert_eq!(refresh(fixture, &answer.body["refresh_token"]).status, 201);
}

fn case_22_tokens_for_others(fixture: &Fixture) {
    let wish = |user: &str| json!({ "response_type": "token", "scope": "user", "user": user });
    for other in ["ga@x.io", "mem@x.io", "nobody@x.io"] {
        let denied = fixture.expect(403, "POST", AUTHORIZE, &fixture.mem, Some(wish(other)));
        assert_eq!(denied["error"], "access_denied", "{other}");
    }
    assert_eq!(made(fixture, &fixture.admin, wish("ga@x.io"))["user"]["email"], "ga@x.io");
    let unknown = fixture.expect(404, "POST", AUTHORIZE, &fixture.admin, Some(wish("no@x.io")));
    assert_eq!(unknown["error"], "not_found");
}

fn cases_23_and_24_listing_and_revoking(fixture: &Fixture) {
    let Fixture { admin, mem, ga, .. } = fixture;
    made(fixture, mem, json!({ "response_type": "code", "scope": "user" }));
    let all = fixture.expect(200, "GET", "/oauth2/tokens", mem, None);
    let all = all["tokens"].as_array().expect("tokens");
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|token| token["access_token"].is_null() && token["code"].is_null()));
    assert_eq!(
        (&all[0]["token_type"], &all[1]["grant_type"]),
        (&json!("bearer"), &json!("authorization_code"))
    );

    let of_ga = fixture.expect(200, "GET", "/oauth2/tokens", ga, None)["tokens"][0].clone();
    let path = format!("/oauth2/tokens/{}", of_ga["id"].as_str().expect("an id"));
    for method in ["GET", "DELETE"] {
        let body = fixture.expect(401, method, &path, mem, None);
        assert_eq!(body, json!({ "error": "Unauthorized", "error_description": null }));
    }
    assert_eq!(fixture.expect(200, "GET", &path, admin, None)["user"]["email"], "ga@x.io");
    let unknown = fixture.expect(404, "GET", "/oauth2/tokens/nothing", admin, None);
    assert_eq!(unknown, json!({ "error": "Not found" }));

    let own = format!("/oauth2/tokens/{mem}");
    assert_eq!(fixture.expect(200, "GET", &own, mem, None)["id"], all[0]["id"]);
    assert_eq!(fixture.expect(201, "DELETE", &own, mem, None), json!(""));
    fixture.expect(403, "GET", "/v1/user", mem, None);
    fixture.expect(201, "DELETE", &path, admin, None);
    fixture.expect(403, "GET", "/v1/user", ga, None);
    let log = fixture.get("/v1/audit_logs").to_string();
    assert!(log.contains("\"revoke\"") && !log.contains(mem.as_str()), "no token in the log");
}

fn case_30_an_invitation_is_good_for_one_login(fixture: &Fixture) {
    let Fixture { admin, mem, ua, .. } = fixture;
    let wish =
        |email: &str| json!({ "response_type": "invite", "email": email, "external_id": null });
    let denied = fixture.expect(403, "POST", AUTHORIZE, mem, Some(wish("new@x.io")));
    let text = "You do not have the permission to create invites";
    assert_eq!(denied, json!({ "error": "access_denied", "error_description": text }));
    fixture.expect(400, "POST", AUTHORIZE, ua, Some(wish("admin")));

    let first = made(fixture, ua, wish("new@x.io"));
    let keys: Vec<&String> = first.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["email", "invite_code", "link"]);
    assert!(is_hex(&first["invite_code"], 12) && first["email"] == "new@x.io", "{first}");
    let second = made(fixture, ua, wish("new@x.io"));
    assert_eq!(redeem(fixture, &first["invite_code"]).status, 404, "a fresh one replaces it");
    let answer = redeem(fixture, &second["invite_code"]);
    assert_eq!((answer.status, &answer.body["scopes"]), (201, &json!("user")));
    assert_eq!(answer.body["user"]["email"], "new@x.io");
    assert_eq!(redeem(fixture, &second["invite_code"]).status, 404);

    // The code is the way in: a user admin must not get into anybody's account with one.
    for somebody in ["ga@x.io", "mem@x.io", "new@x.io"] {
        let denied = fixture.expect(403, "POST", AUTHORIZE, ua, Some(wish(somebody)));
        assert_eq!(denied["error"], "access_denied", "{somebody}");
    }
    let before = fixture.get("/v1/users")["users"].as_array().expect("users").len();
    assert_eq!(made(fixture, admin, wish("new@x.io"))["email"], "new@x.io");
    let mut named = wish("other@x.io");
    (named["username"], named["external_id"]) = (json!("Nora"), json!("idp-7"));
    made(fixture, admin, named.clone());
    named["email"] = json!("third@x.io");
    assert_eq!(made(fixture, admin, named.clone())["email"], "other@x.io", "by external id");
    named["external_id"] = Value::Null;
    assert_eq!(made(fixture, admin, named)["email"], "other@x.io", "by name");
    let after = fixture.get("/v1/users")["users"].as_array().expect("users").len();
    assert_eq!(after, before + 1);
}

fn cases_31_and_32_a_browser(fixture: &Fixture) {
    let json_read = [("Accept", "application/json")];
    let get = |path: &str| fixture.server.raw("GET", path, &json_read, "");
    let answer = get("/authenticate?redirect_uri=http://localhost:1/cb");
    let text = "Authentication provider not configured";
    let body = json!({ "error": "server_error", "error_description": text });
    assert_eq!((answer.status, answer.body), (501, body));
    let page = fixture.server.raw("GET", "/authenticate", &[("Accept", "text/html")], "");
    assert!(page.status == 501 && page.head.contains("text/html"), "{}", page.head);

    let wish = json!({ "response_type": "invite", "email": "new@x.io" });
    let invited = made(fixture, &fixture.admin, wish);
    let code = invited["invite_code"].as_str().expect("a code");
    let with = |uri: &str| format!("/authenticate?invite_code={code}{uri}");
    assert_eq!(get(&with("")).body["error_description"], "Missing redirect_uri");
    let answer = get(&with("&redirect_uri=http://evil.example/"));
    assert_eq!(
        (answer.status, &answer.body["error_description"]),
        (400, &json!("Invalid redirect_uri"))
    );
    let answer = get("/authenticate?invite_code=nope&redirect_uri=/code");
    assert_eq!(
        (answer.status, &answer.body["error_description"]),
        (403, &json!("Invalid invite code"))
    );

    let answer = get(&with("&redirect_uri=http://localhost:1234/cb&expires_in=7200"));
    assert_eq!(answer.status, 302);
    let location = format!("location: http://localhost:1234/cb?code={code}&server_name=\r\n");
    assert!(answer.head.contains(&location), "{}", answer.head);
    let link = invited["link"].as_str().expect("a link");
    let path = &link[link.find("/authenticate").expect("a path")..];
    let answer = get(path);
    assert!(answer.head.contains(&format!("location: /code#code={code}&")), "{}", answer.head);
    assert_eq!(redeem(fixture, &json!(code)).status, 201, "looking has not spent it");
    assert_eq!(get(path).status, 403);

    let page = fixture.server.raw("GET", "/code", &[], "");
    assert!(page.status == 200 && page.head.contains("content-type: text/html"));
    let page = page.body.to_string();
    assert!(page.contains("textContent") && !page.contains("innerHTML"), "{page}");
    assert_eq!(get("/cb?state=unknown").status, 400);
    assert_eq!(get("/cb").body, json!("invalid_request"));
    assert_eq!(get("/cb?error=x").status, 502);
    let old = fixture.server.raw("POST", "/v1/auth", &[], "{}");
    assert!(old.status == 403 && old.body.as_str().is_some_and(|text| text.contains("upgrade")));
}

fn case_33_too_many_requests(fixture: &Fixture) {
    let from = |address: &str, path: &str, body: &Value| {
        let headers = [("X-Forwarded-For", address)];
        fixture.server.raw("POST", path, &headers, &body.to_string())
    };
    let nothing = json!({});
    for call in 1..=60 {
        assert_eq!(from("203.0.113.9", TOKEN, &nothing).status, 400, "call {call}");
    }
    let answer = from("203.0.113.9", TOKEN, &nothing);
    let refused = json!({ "error": "too_many_requests" });
    assert_eq!((answer.status, &answer.body), (429, &refused));
    assert_eq!(from("203.0.113.9", "/oauth2/%74oken", &nothing).status, 429, "the same place");
    assert_eq!(from("203.0.113.9", "/oauth2/tokens", &nothing).status, 429);
    assert_eq!(from("203.0.113.10", TOKEN, &nothing).status, 400);

    // Ten guesses, and the right code is no longer looked at; from elsewhere it is.
    let wish = json!({ "response_type": "code", "scope": "user" });
    let code = made(fixture, &fixture.mem, wish)["code"].clone();
    let with = |code: &Value| json!({ "grant_type": "authorization_code", "code": code });
    for guess in 0..10 {
        let guess = json!(format!("guess-{guess}"));
        assert_eq!(from("203.0.113.11", TOKEN, &with(&guess)).status, 404);
    }
    assert_eq!(from("203.0.113.11", TOKEN, &with(&code)).status, 429);
    assert_eq!(from("203.0.113.12", TOKEN, &with(&code)).status, 201);
}
