//! `kontena external-registry …`.

use serde_json::{Value, json};

use crate::support::{Case, Kontena, Master, m1};

const REGISTRIES: &str = "/v1/grids/development/external_registries";

fn with_registries() -> Master {
    let master = m1();
    let registries = json!([
        {"name": "reg.example.com", "username": "a", "email": null},
        {"name": "index.docker.io", "username": "b", "email": "b@example.com"},
    ]);
    master
        .on(&format!("GET {REGISTRIES}"), 200, json!({ "external_registries": registries }))
        .on(&format!("POST {REGISTRIES}"), 201, "{}")
        .on("DELETE /v1/external_registries/development/r.example:5000", 200, "");
    master
}

#[test]
fn case_70() {
    let masters = Case {
        line: "external-registry add -u a -p b reg.example.com",
        out: &[" [done] Adding https://reg.example.com to external registries"],
        err: &[],
        code: 0,
        requests: &["POST grids/development/external_registries"],
    }
    .holds(with_registries);
    for master in masters {
        assert_eq!(
            master.body(),
            json!({"username": "a", "password": "b", "email": Value::Null,
                "url": "https://reg.example.com"})
        );
    }
}

#[test]
fn a_registry_may_be_left_out_or_named_whole() {
    let master = with_registries();
    let kontena = Kontena::c1(&master);
    for (url, sent) in
        [("", "https://index.docker.io/v2/"), ("http://r.example:5000/", "http://r.example:5000/")]
    {
        kontena
            .run_both(&master, &format!("external-registry add -u a -p b -e c@d {url}"))
            .succeeds(&[&format!(" [done] Adding {sent} to external registries")]);
        assert_eq!(master.body()["url"], sent);
        assert_eq!(master.body()["email"], "c@d");
    }
    for (flags, switch) in [("-p b", "-u"), ("-u a", "-p")] {
        let ran = kontena.run_both(&master, &format!("external-registry add {flags}"));
        ran.exits(2);
        assert!(
            ran.err.starts_with(&format!("ERROR: option '{switch}' is required\n")),
            "{}",
            ran.err
        );
    }
}

#[test]
fn registries_are_listed_and_removed() {
    let master = with_registries();
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "external-registry ls").succeeds(&[
        "NAME              USERNAME   EMAIL",
        "index.docker.io   b          b@example.com",
        "reg.example.com   a",
    ]);
    kontena
        .run_both(&master, "external-registry list -q")
        .succeeds(&["index.docker.io", "reg.example.com"]);
    kontena.run("external-registry rm r.example:5000").fails(" [error] Command requires --force");
    kontena
        .run_both(&master, "external-registry rm --force r.example:5000")
        .succeeds(&[" [done] Removing r.example:5000 external-registry from development grid"]);
    assert_eq!(
        master.lines().last().map(String::as_str),
        Some("DELETE external_registries/development/r.example:5000")
    );
}
