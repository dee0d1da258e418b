//! `kontena master login` and `logout`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::{Kontena, Master, m1, wait_for};

fn with_oauth() -> Master {
    let master = m1();
    master
        .on(
            "POST /oauth2/token",
            201,
            json!({"access_token": "new", "refresh_token": "ref", "expires_in": 7200,
                "user": {"name": "admin", "email": "admin"}, "server": {"name": "lab"}}),
        )
        .on("GET /v1/user", 200, json!({"id": "1", "email": "admin@example.com"}));
    master
}

fn url(master: &Master) -> String {
    format!("http://{}", master.address)
}

const GRIDS: [&str; 8] = [
    " [done] Retrieving a list of available grids",
    "",
    "You have access to the following grids:",
    "",
    "NAME          NODES   SERVICES   USERS",
    "prod          0       0          1",
    "development   3       3          2",
    "",
];

#[test]
fn a_code_is_exchanged_and_a_grid_is_picked() {
    let master = with_oauth();
    let kontena = Kontena::new();
    kontena.run_both(&master, &format!("master login --code abc {}", url(&master))).succeeds(&[]);
    let config = kontena.config();
    let entry = &config["servers"][0];
    assert_eq!(config["current_server"], "lab");
    for (key, value) in [
        ("name", "lab"),
        ("token", "new"),
        ("refresh_token", "ref"),
        ("username", "admin"),
        ("grid", "prod"),
    ] {
        assert_eq!(entry[key], value, "{key}");
    }
    assert_eq!(entry["url"], url(&master));
    assert!(entry["token_expires_at"].as_i64().unwrap() > 1_700_000_000);
    assert_eq!(master.lines(), ["POST /oauth2/token", "GET grids"]);
    let body = &master.requests()[0].body;
    assert_eq!((&body["grant_type"], &body["code"]), (&json!("authorization_code"), &json!("abc")));
    assert_eq!(master.requests()[0].headers.get("authorization"), None);
}

#[test]
fn a_code_is_enough_where_the_grids_are_not_to_be_had() {
    let master = with_oauth();
    master.forget("GET /v1/grids").on("GET /v1/grids", 500, "{}");
    let kontena = Kontena::new();
    kontena.run(&format!("master login --code abc {}", url(&master))).succeeds(&[]);
    let entry = &kontena.config()["servers"][0];
    assert_eq!((&entry["token"], entry.get("grid")), (&json!("new"), None));
}

#[test]
fn a_silent_login_prints_nothing() {
    let master = with_oauth();
    let kontena = Kontena::new();
    let url = url(&master);
    kontena.run(&format!("master login --silent -c abc {url}")).succeeds(&[]);
    assert_eq!(kontena.config()["servers"][0]["grid"], "prod");
    kontena.run(&format!("master login --code=abc --name two --grid g {url}")).succeeds(&[]);
    kontena
        .run(&format!("master login --code abc -n three --skip-grid-auto-select {url}"))
        .succeeds(&[]);
    let config = kontena.config();
    assert_eq!(config["current_server"], "three");
    assert_eq!(config["servers"][1]["grid"], "g");
    assert_eq!(config["servers"][2].get("grid"), None);
}

#[test]
fn a_taken_name_gets_a_number() {
    let master = with_oauth();
    let kontena = Kontena::new();
    kontena.configure(&json!({"servers": [{"name": "lab", "url": "http://elsewhere"}]}));
    kontena.run(&format!("master login -s --code abc {}", url(&master))).exits(0);
    assert_eq!(kontena.config()["current_server"], "lab-2");
}

#[test]
fn an_entry_with_the_same_url_is_used_again() {
    let master = with_oauth();
    let kontena = Kontena::c1(&master);
    kontena.run(&format!("master login --code abc {}/", url(&master))).succeeds(&[]);
    let config = kontena.config();
    assert_eq!(config["servers"].as_array().unwrap().len(), 2);
    assert_eq!(config["servers"][0]["token"], "new");
    assert_eq!(config["servers"][0]["grid"], "development");
}

#[test]
fn a_token_is_tried() {
    let master = with_oauth();
    let kontena = Kontena::new();
    let line = format!(
        "Authenticated to Kontena Master kontena-master at {} as admin@example.com",
        url(&master)
    );
    kontena
        .run(&format!("master login --skip-grid-auto-select --token T {}", url(&master)))
        .succeeds(&[&line]);
    let entry = &kontena.config()["servers"][0];
    assert_eq!((&entry["token"], &entry["token_expires_at"]), (&json!("T"), &json!(0)));
    assert_eq!(entry["username"], "admin@example.com");
    assert_eq!(master.requests()[0].headers["authorization"], "Bearer T");
}

#[test]
fn a_login_with_a_token_shows_the_grids_and_picks_one() {
    let master = with_oauth();
    let authenticated = format!(
        "Authenticated to Kontena Master kontena-master at {} as admin@example.com",
        url(&master)
    );
    let mut lines = vec![authenticated.as_str()];
    lines.extend(GRIDS);
    lines.push(" [done] * Selecting 'prod' as the current grid");
    let kontena = Kontena::new();
    kontena.run(&format!("master login --token T {}", url(&master))).succeeds(&lines);
    assert_eq!(kontena.config()["servers"][0]["grid"], "prod");
}

#[test]
fn a_rejected_token_is_an_error() {
    let master = Master::new();
    master.on("GET /v1/user", 403, json!({"error": "invalid_token"}));
    let kontena = Kontena::new();
    kontena
        .run(&format!("master login --token T {}", url(&master)))
        .fails(" [error] Access token was rejected");
    assert!(!kontena.config_path().exists());
}

#[test]
fn the_stored_token_is_enough() {
    let master = with_oauth();
    let kontena = Kontena::c1(&master);
    kontena.run("master login").succeeds(&[
        "Authenticated to Kontena Master test at http://192.168.66.1:9292/ as admin@example.com",
    ]);
    assert_eq!(master.lines(), ["GET user"]);
}

fn idp() -> Master {
    let master = with_oauth();
    let way = "/authenticate?redirect_uri=%2Fcode&expires_in=7200";
    master.redirect(&format!("GET {way}"), "https://idp.example.com/login?state=1");
    master
}

#[test]
fn a_browser_elsewhere_shows_a_code() {
    let master = idp();
    let kontena = Kontena::new();
    let line = format!("master login --skip-grid-auto-select {}", url(&master));
    let ran = kontena.run_with_input(&line, b"c0de\n");
    ran.complains(&[]).exits(0);
    assert!(
        ran.out
            .starts_with("Visit this URL in a browser:\nhttps://idp.example.com/login?state=1\n"),
        "{}",
        ran.out
    );
    let requests = master.requests();
    assert_eq!(requests[1].body["code"], "c0de");
    assert_eq!(requests[1].headers.get("authorization"), None);
    let typed = Kontena::new().run_on_terminal(
        &format!("master login --skip-grid-auto-select {}", url(&master)),
        &[("Enter code displayed in browser:", "c0de\n")],
    );
    typed.exits(0);
    assert!(typed.out.contains("Authenticated to Kontena Master"), "{}", typed.out);
    let silent = Kontena::new().run_with_input(&format!("{line} --silent"), b"c0de\n");
    assert_eq!(silent.out, "https://idp.example.com/login?state=1\n");
    Kontena::new().run(&line).complains(&[" [error] Missing input"]).exits(1);
}

#[test]
fn a_browser_here_brings_the_code_itself() {
    let master = with_oauth();
    master.redirect_to_idp("https://idp.example.com/login");
    let kontena = Kontena::new().env("DISPLAY", ":0");
    kontena.program(
        "xdg-open",
        "echo \"$1\" > \"$HOME/visited.tmp\"; mv \"$HOME/visited.tmp\" \"$HOME/visited\"",
    );
    let visited = kontena.home().join("visited");
    let line = format!("master login --skip-grid-auto-select {}", url(&master));
    let ran = std::thread::scope(|scope| {
        let login = scope.spawn(|| kontena.run(&line));
        // Stands for the browser: it goes where the identity provider would send it in the end.
        let asked = wait_for(|| std::fs::read_to_string(&visited).ok());
        let back = asked.trim().split_once("?redirect=http://").unwrap().1.to_owned();
        let (host, path) = back.split_once('/').unwrap();
        for path in ["favicon.ico".to_owned(), format!("{path}?code=c0de&server_name=m")] {
            let mut browser = TcpStream::connect(host).unwrap();
            write!(browser, "GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
            let mut page = String::new();
            browser.read_to_string(&mut page).unwrap();
            assert_eq!(page.starts_with("HTTP/1.1 200 OK"), path.starts_with("cb"), "{page}");
        }
        login.join().unwrap()
    });
    ran.complains(&[]).exits(0);
    assert!(ran.out.contains("Opening a browser to https://idp.example.com\n"), "{}", ran.out);
    assert!(ran.out.contains(" [done] Waiting for browser authorization response"), "{}", ran.out);
    assert_eq!(master.requests()[1].body["code"], "c0de");
}

#[test]
fn an_invitation_needs_no_browser() {
    let master = with_oauth();
    master.redirect(
        "GET /authenticate?redirect_uri=%2Fcode&invite_code=1nv1te&expires_in=7200",
        "/code#code=1nv1te&server_name=the%20master",
    );
    let kontena = Kontena::new();
    let ran = kontena.run(&format!("master join {} 1nv1te", url(&master)));
    ran.complains(&[]).exits(0);
    assert!(ran.out.starts_with("Authenticated to Kontena Master "), "{}", ran.out);
    assert_eq!(master.requests()[1].body["code"], "1nv1te");
}

#[test]
fn a_master_that_knows_no_browsers_says_so() {
    let master = Master::new();
    let none = json!({"error": "server_error",
        "error_description": "Authentication provider not configured"});
    master.on("GET /authenticate?redirect_uri=%2Fcode&expires_in=7200", 501, none);
    Kontena::new()
        .run(&format!("master login {}", url(&master)))
        .fails(" [error] server_error : Authentication provider not configured");
}

#[test]
fn a_token_may_come_from_standard_input() {
    let master = with_oauth();
    master.on("GET /v1/user", 200, json!({"email": "admin"}));
    let kontena = Kontena::new();
    let line = format!("master login --skip-grid-auto-select --token - {}", url(&master));
    kontena.run_with_input(&line, b"tok9\n").complains(&[]).exits(0);
    assert_eq!(master.requests()[0].headers["authorization"], "Bearer tok9");
}

#[test]
fn flags_and_entries_that_make_no_sense() {
    let kontena = Kontena::new();
    for (flags, both) in [
        ("--token a --code b", "--token and --code"),
        ("--join a --code b", "--join and --code"),
        ("--code a --force", "--code and --force"),
        ("--token a -f", "--token and --force"),
    ] {
        kontena
            .run(&format!("master login {flags} http://x"))
            .fails(&format!(" [error] Can't use {both} together"));
    }
    kontena.run("master login").fails(" [error] URL not specified and current master not selected");
    kontena
        .run("master login nope")
        .fails(" [error] Can't find a master with name nope from configuration");
    kontena.run("master login --name nope --code x").fails(
        " [error] Master nope was found from config, but it does not have an URL \
         and no URL was provided on command line",
    );
}

#[test]
fn a_used_code_is_refused() {
    let master = Master::new();
    let refused = json!({"error": "invalid_request", "error_description": "authorization_code"});
    master.on("POST /oauth2/token", 404, refused);
    Kontena::new()
        .run(&format!("master login --code abc {}", url(&master)))
        .fails(" [error] 404 : invalid_request : authorization_code (/oauth2/token)");
}

#[test]
fn logout_keeps_user_and_grid() {
    let master = with_oauth();
    let kontena = Kontena::c1(&master).with_entry(|entry| {
        entry["refresh_token"] = json!("r1");
        entry["token_expires_at"] = json!(0);
    });
    kontena.run("master logout").succeeds(&["Logged out of test"]);
    assert_eq!(master.lines(), ["POST /oauth2/token"]);
    assert_eq!(master.body()["refresh_token"], "r1");
    let entry = kontena.config()["servers"][0].clone();
    let keys: Vec<&String> = entry.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["grid", "name", "url", "username"]);
    kontena.run("master logout -A").succeeds(&["Logged out of test", "Logged out of other"]);
    Kontena::new()
        .run("master logout")
        .prints(&[])
        .complains(&["Current master has not been selected"])
        .exits(0);
    assert_eq!(entry.get("token"), None::<&Value>);
}
