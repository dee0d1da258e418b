//! `kontena master token|user|config|rename|rm`.

use serde_json::{Value, json};

use crate::support::kontena::visible;
use crate::support::{Kontena, Master, m1};

fn token(id: &str, more: &Value) -> Value {
    let mut token = json!({
        "id": id, "token_type": "bearer", "access_token": null, "refresh_token": null,
        "access_token_last_four": "a1b2", "refresh_token_last_four": null, "expires_in": null,
        "scopes": "user", "description": null,
        "user": {"id": "9", "email": "admin", "name": ""}, "server": {"name": "lab"},
    });
    for (key, value) in more.as_object().unwrap() {
        token[key] = value.clone();
    }
    token
}

fn with_tokens() -> Master {
    let master = m1();
    let code = json!({"id": "5b03", "grant_type": "authorization_code", "expires_in": null,
        "scopes": "user", "description": null, "user": {"id": "9"}, "server": {"name": null}});
    let tokens = json!({"tokens": [
        token("5b01", &json!({"expires_in": 7100})),
        token("5b02", &json!({"description": "deploy key", "access_token_last_four": "c3d4"})),
        code,
        token("5b04", &json!({"expires_in": -7300})),
    ]});
    master.on("GET /oauth2/tokens", 200, tokens);
    master
}

#[test]
fn tokens_are_listed_with_seconds_or_with_words() {
    let master = with_tokens();
    let kontena = Kontena::c1(&master);
    kontena.run("master token list").succeeds(&[
        "ID     TOKEN_TYPE           TOKEN_LAST4   EXPIRES_IN   SCOPES   DESCRIPTION",
        "5b01   bearer               a1b2          7100         user",
        "5b02   bearer               c3d4          0            user     deploy key",
        "5b03   authorization_code                 0            user",
        "5b04   bearer               a1b2          -7300        user",
    ]);
    let shown = kontena.run_on_terminal("master token ls", &[]);
    let lines = visible(&shown.out);
    for (line, words) in [(1, "in 1 hour"), (2, "never"), (3, "never"), (4, "2 hours ago")] {
        assert!(lines[line].contains(&format!("   {words}   ")), "{lines:?}");
    }
    for colour in ["\u{1b}[32min 1 hour", "\u{1b}[33mnever", "\u{1b}[31m2 hours ago"] {
        assert!(shown.out.contains(colour), "{:?}", shown.out);
    }
    kontena.run("master token ls -q").succeeds(&["5b01", "5b02", "5b03", "5b04"]);
}

#[test]
fn a_token_is_created() {
    let master = m1();
    let made = token(
        "5b05",
        &json!({"access_token": "clear", "refresh_token": "again", "expires_in": 60,
            "refresh_token_last_four": "gain", "description": "ci"}),
    );
    master.on("POST /oauth2/authorize", 201, made);
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "master token create -e 60 -d ci -u ann@example.com").succeeds(&[
        "5b05:",
        "  token_type: bearer",
        "  scopes: user",
        "  user_id: 9",
        "  user_email: admin",
        "  user_name:",
        "  server_name: lab",
        "  description: ci",
        "  access_token_last_four: a1b2",
        "  refresh_token_last_four: gain",
        "  access_token: clear",
        "  refresh_token: again",
        "  expires_in: 60",
    ]);
    assert_eq!(
        master.body(),
        json!({"response_type": "token", "scope": "user", "expires_in": 60, "description": "ci",
            "user": "ann@example.com"})
    );
    kontena.run("master token create --id").succeeds(&["5b05"]);
    kontena.run("master token create --token").succeeds(&["clear"]);
    assert_eq!(
        master.body(),
        json!({"response_type": "token", "scope": "user", "expires_in": 7200})
    );
}

#[test]
fn a_code_is_created() {
    let master = m1();
    let code = json!({"id": "5b06", "grant_type": "authorization_code", "code": "abc",
        "scopes": "user", "description": null,
        "user": {"id": "9", "email": "admin", "name": ""}, "server": {"name": "lab"}});
    master.on("POST /oauth2/authorize", 201, code);
    let ran = Kontena::c1(&master).run("master token create --code");
    ran.complains(&[]).exits(0);
    assert!(ran.out.starts_with("5b06:\n  token_type: authorization_code\n"), "{}", ran.out);
    assert!(ran.out.ends_with("  description: \n  code: abc\n"), "{}", ran.out);
    assert_eq!(master.body()["response_type"], "code");
}

#[test]
fn tokens_are_shown_and_removed() {
    let master = m1();
    master
        .on("GET /oauth2/tokens/5b01", 200, token("5b01", &json!({"expires_in": 7100})))
        .on("GET /oauth2/tokens/tok123", 200, token("5b09", &json!({})))
        .on("DELETE /oauth2/tokens/5b01", 201, "");
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "master token show 5b01").succeeds(&[
        "5b01:",
        "  token_type: bearer",
        "  scopes: user",
        "  user_id: 9",
        "  user_email: admin",
        "  user_name:",
        "  server_name: lab",
        "  description: -",
        "  access_token_last_four: a1b2",
        "  refresh_token_last_four: -",
        "  expires_in: 7100",
    ]);
    kontena.run("master token current --id").succeeds(&["5b09"]);
    kontena.run("master token current --token").succeeds(&["tok123"]);
    kontena.run("master token current --refresh-token").succeeds(&[]);
    kontena.run("master token current --expires-in").succeeds(&[]);
    kontena.run("master token rm 5b01").fails(" [error] Command requires --force");
    kontena.run_both(&master, "master token rm -f 5b01").succeeds(&[]);
    kontena.run("master token show nope").fails(" [error] 404 : Not found (/oauth2/tokens/nope)");
}

fn with_users() -> Master {
    let master = m1();
    let users = json!({"users": [
        {"id": "1", "email": "admin", "roles": [{"name": "master_admin"}]},
        {"id": "2", "email": "ann@example.com", "roles": [{"name": "grid_admin"}, {"name": "user_admin"}]},
        {"id": "3", "email": "bo@example.com", "roles": []},
    ]});
    let invitation = json!({"email": "ann@example.com", "invite_code": "1nv1te", "link": "x"});
    master
        .on("GET /v1/users", 200, users)
        .on("POST /oauth2/authorize", 201, invitation)
        .on("POST /v1/users/ann@example.com/roles", 201, "{}")
        .on("DELETE /v1/users/ann@example.com/roles/grid_admin", 200, "{}")
        .on("DELETE /v1/users/ann@example.com", 200, "{}");
    master
}

#[test]
fn users_are_listed() {
    let master = with_users();
    let kontena = Kontena::c1(&master);
    let lines = [
        "EMAIL             ROLES",
        "admin             master_admin",
        "ann@example.com   grid_admin,user_admin",
        "bo@example.com",
    ];
    kontena.run("master user list").succeeds(&lines);
    kontena.run("master user ls -q").succeeds(&["1", "2", "3"]);
    let shown = kontena.run_on_terminal("master user ls", &[]);
    let mut expected = vec![" [done] Retrieving user list from Kontena Master"];
    expected.extend(lines);
    assert_eq!(visible(&shown.out), expected);
}

#[test]
fn users_are_invited() {
    let master = with_users();
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "master user invite -r grid_admin ann@example.com").succeeds(&[
        "Invitation created for ann@example.com",
        "  * code:    1nv1te",
        "  * command: kontena master join http://192.168.66.1:9292/ 1nv1te",
    ]);
    assert_eq!(master.lines(), ["POST /oauth2/authorize", "POST users/ann@example.com/roles"]);
    assert_eq!(master.body(), json!({"role": "grid_admin"}));
    assert_eq!(
        master.requests()[0].body,
        json!({"email": "ann@example.com", "external_id": null, "response_type": "invite"})
    );
    kontena.run("master user invite -c ann@example.com").succeeds(&["1nv1te"]);
    let refused = json!({"error": "Not allowed"});
    master.forget("POST /oauth2/authorize").on("POST /oauth2/authorize", 403, refused);
    kontena
        .run("master user invite ann@example.com")
        .fails(" [error] Failed to invite ann@example.com : Not allowed (/oauth2/authorize)");
}

#[test]
fn users_and_roles_are_removed() {
    let master = with_users();
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "master user rm --force ann@example.com").succeeds(&[]);
    kontena
        .run("master user rm --force nope")
        .prints(&[])
        .complains(&["Failed to remove user nope : Not found (/v1/users/nope)"])
        .exits(1);
    kontena.run("master user rm ann@example.com").fails(" [error] Command requires --force");
    kontena
        .run_both(&master, "master user role add grid_admin ann@example.com")
        .succeeds(&["Added role grid_admin to ann@example.com"]);
    kontena.run("master user role add --silent grid_admin ann@example.com").succeeds(&[]);
    kontena
        .run_both(&master, "master user role rm --force grid_admin ann@example.com")
        .succeeds(&["Removed role grid_admin from ann@example.com"]);
}

#[test]
fn the_configuration_of_a_master() {
    let master = m1();
    master
        .on("GET /v1/config/server.name", 200, json!({"server.name": "lab"}))
        .on("GET /v1/config/nope", 404, "\"Not found\"")
        .on("GET /v1/config", 200, json!({"a": "1", "server.name": "yes: lab"}))
        .on("GET /v1/config?filter=server%2A", 200, json!({"server.name": "lab"}))
        .on("PATCH /v1/config", 201, "{}")
        .on("PUT /v1/config", 201, "{}")
        .on("DELETE /v1/config/a", 201, "{}");
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "master config get server.name").succeeds(&["lab"]);
    kontena.run("master cfg get -p server.name").succeeds(&["server.name=lab"]);
    kontena.run("master config get nope").fails(" [error] 404 : Not found (/v1/config/nope)");
    kontena.run_both(&master, "master config set a=b=c d=").succeeds(&[]);
    assert_eq!(master.body(), json!({"a": "b=c", "d": ""}));
    kontena.run("master config set a").exits(2);
    kontena.run("master config unset a").succeeds(&[]);
    kontena.run("master config export -f yaml").succeeds(&["a: '1'", "server.name: 'yes: lab'"]);
    let json: Value = serde_json::from_str(&kontena.run("master config dump").out).unwrap();
    assert_eq!(json["server.name"], "yes: lab");
    kontena.run_words(&["master", "config", "export", "--filter", "server*"]).exits(0);
    let file = kontena.home().join("settings.yml");
    let file = file.to_str().unwrap();
    kontena.run_words(&["master", "config", "export", file]).succeeds(&[]);
    kontena.run_words(&["master", "config", "import", "--force", file]).succeeds(&[]);
    assert_eq!(master.body(), json!({"a": "1", "server.name": "yes: lab"}));
    assert_eq!(master.lines().last().map(String::as_str), Some("PUT config"));
    kontena.run_with_input("master config import --full -f", "{\"x\": null}").succeeds(&[]);
    assert_eq!(master.lines().last().map(String::as_str), Some("PATCH config"));
    assert_eq!(master.body(), json!({"x": null}));
    kontena
        .run_with_input("master config import -f", "[]")
        .fails(" [error] Cannot read standard input: not a JSON object");
    kontena.run("master config import -f").fails(" [error] Missing input");
}

#[test]
fn a_master_is_renamed() {
    let kontena = Kontena::c1(&Master::new());
    kontena.run("master rename test prod").succeeds(&["Renamed master test to prod"]);
    let config = kontena.config();
    assert_eq!(config["current_server"], "prod");
    assert_eq!(config["servers"][0]["name"], "prod");
    kontena
        .run("master rename prod other")
        .fails(" [error] There is a master with the name other already");
    kontena
        .run("master rename prdo x")
        .complains(&[
            " [error] Could not resolve master by name 'prdo'. \
             For a list of known masters please run: kontena master list",
            "         Did you mean 'prod'?",
        ])
        .exits(1);
}

#[test]
fn masters_to_remove_are_picked_from_a_menu() {
    let kontena = Kontena::c1(&Master::new());
    let none = kontena.run_on_terminal("master rm", &[("separated by commas:", "\n")]);
    none.exits(0);
    assert_eq!(visible(&none.out).last().map(String::as_str), Some("No masters selected"));
    let picked = kontena
        .run_on_terminal("master rm", &[("separated by commas:", "2\n"), ("Are you sure?", "y\n")]);
    picked.exits(0);
    assert_eq!(kontena.config()["servers"].as_array().map(Vec::len), Some(1));
    kontena.run("master rm").fails(" [error] Command requires --force");
}
