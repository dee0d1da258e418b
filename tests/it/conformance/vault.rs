//! Cases 111 to 115: secrets, volumes and registries; and what agents are told of them.

use kontena_master::vault::Vault;
use serde_json::{Value, json};

use super::{
    Agent, Fixture, cases,
    sequences::online,
    sequences_of_service::{finish, pods},
};

cases!(
    case_111_creating_a_secret,
    case_112_changing_a_secret,
    case_112_a_changed_secret_redeploys_who_runs_with_it,
    case_113_secrets_stay_secret,
    case_114_volumes,
    case_115_registries,
);

const SECRETS: &str = "/v1/grids/g1/secrets";
const ENGINE: &str = "ABCD:EFGH:1";

fn create(fixture: &Fixture, name: &str, value: &str) -> Value {
    let body = json!({ "name": name, "value": value });
    fixture.expect(201, "POST", SECRETS, &fixture.mem, Some(body))
}

fn case_111_creating_a_secret(fixture: &Fixture) {
    let secret = create(fixture, "PW", "s");
    assert_eq!((&secret["id"], &secret["value"]), (&json!("g1/PW"), &json!("s")));
    assert!(secret["created_at"].is_string() && secret["services"] == json!([]));
    let list = fixture.get(SECRETS);
    assert_eq!(list["secrets"][0]["name"], "PW");
    assert!(list["secrets"][0].get("value").is_none());
    for (body, expected) in [
        (json!({ "name": "PW", "value": "s" }), json!({ "name": "is already taken" })),
        (
            json!({ "name": "-x", "value": "s" }),
            json!({ "name": "Name isn't in the right format" }),
        ),
        (json!({ "name": "X" }), json!({ "value": "Value is required" })),
        (json!({ "name": "X", "value": "" }), json!({ "value": "Value can't be blank" })),
    ] {
        assert_eq!(fixture.refused("POST", SECRETS, body), expected);
    }
    fixture.expect(403, "GET", SECRETS, &fixture.out, None);
}

fn case_112_changing_a_secret(fixture: &Fixture) {
    let put =
        |status, path: &str, body| fixture.expect(status, "PUT", path, &fixture.mem, Some(body));
    let missing = put(404, "/v1/secrets/g1/NEW", json!({ "value": "v" }));
    assert_eq!(missing, json!(""));
    let upsert = json!({ "name": "NEW", "value": "v", "upsert": true });
    assert_eq!(put(201, "/v1/secrets/g1/NEW", upsert.clone())["value"], "v");
    assert_eq!(put(200, "/v1/secrets/g1/NEW", upsert)["value"], "v");

    create(fixture, "PW", "s");
    let used = json!({ "secrets": [{ "secret": "PW", "name": "PASSWORD" }] });
    let service = fixture.service("app", used);
    let expected = json!([{ "secret": "PW", "name": "PASSWORD", "type": "env" }]);
    assert_eq!(service["secrets"], expected);
    fixture.service("other", json!({}));
    for (value, revision) in [("s", 1), ("line\n", 2)] {
        let secret = put(200, "/v1/grids/g1/secrets/PW", json!({ "value": value }));
        assert_eq!(secret["value"], value, "byte for byte");
        assert_eq!(secret["services"], json!([{ "id": "g1/null/app", "name": "app" }]));
        assert_eq!(fixture.get("/v1/services/g1/null/app")["revision"], revision);
    }
    assert_eq!(fixture.get("/v1/services/g1/null/other")["revision"], 1);
    assert_eq!(fixture.get("/v1/secrets/g1/PW")["value"], "line\n");
}

fn case_112_a_changed_secret_redeploys_who_runs_with_it(fixture: &Fixture) {
    let agent = online(fixture);
    create(fixture, "PW", "old");
    let used = json!({ "secrets": [{ "secret": "PW", "name": "PASSWORD" }] });
    fixture.service("app", used);
    let path = "/v1/services/g1/null/app/deploy";
    let deploy = fixture.expect(200, "POST", path, &fixture.mem, Some(json!({})));
    assert_eq!(finish(fixture, &agent, &deploy)["state"], "success");
    let before = pods(&agent)[0].clone();
    assert_eq!(before["secrets"][0]["value"], "old");

    let body = Some(json!({ "value": "new" }));
    fixture.expect(200, "PUT", "/v1/secrets/g1/PW", &fixture.mem, body);
    let after = fixture.until("a pod of the next revision", || {
        let pod = pods(&agent)[0].clone();
        (pod["service_revision"] == 2).then_some(pod)
    });
    assert_eq!(after["secrets"][0]["value"], "new");
    assert_ne!(after["deploy_rev"], before["deploy_rev"]);
}

fn case_113_secrets_stay_secret(fixture: &Fixture) {
    let agent = Agent::connect(&fixture.server, "gtok", ENGINE, "n1", Agent::agreeable());
    create(fixture, "PW", "hush-hush");
    let registry =
        json!({ "url": "https://r.example", "username": "u", "password": "open-sesame" });
    let path = "/v1/grids/g1/external_registries";
    fixture.expect(201, "POST", path, &fixture.mem, Some(registry));
    let used =
        json!({ "image": "r.example/app:1", "secrets": [{ "secret": "PW", "name": "PASSWORD" }] });
    fixture.service("app", used);
    let app = "/v1/services/g1/null/app";
    fixture.expect(200, "POST", &format!("{app}/deploy"), &fixture.mem, Some(json!({})));
    let pod = fixture.until("the instance on its node", || {
        let list = agent.call("/node_service_pods/list", vec![ENGINE.into()]).expect("a list");
        list["service_pods"].get(0).cloned()
    });
    let secret = json!([{ "name": "PASSWORD", "type": "env", "value": "hush-hush" }]);
    assert_eq!(pod["secrets"], secret);
    let credentials = json!({ "username": "u", "password": "open-sesame", "email": null });
    assert_eq!(pod["image_credentials"], credentials);

    let container = json!({
        "Id": "c1", "Name": "/app-1", "Image": "sha", "State": { "Running": true },
        "Config": {
            "Image": "r.example/app:1", "Env": ["PASSWORD=hush-hush", "A=1"],
            "Labels": {
                "io.kontena.service.id": pod["service_id"], "io.kontena.container.name": "app-1",
                "io.kontena.service.instance_number": "1",
            },
        },
    });
    let body = json!({ "node": ENGINE, "container": container });
    agent.call("/containers/save", vec![body]).expect("saves");
    let shown = fixture.get("/v1/containers/g1/n1/app-1");
    assert_eq!((&shown["env"], &shown["service_id"]), (&json!(["A=1"]), &json!("g1/null/app")));
    let check = json!({ "id": "c1", "status": "healthy" });
    agent.call("/containers/health", vec![check]).expect("told");

    assert_eq!(fixture.get("/v1/secrets/g1/PW")["value"], "hush-hush");
    let log = fixture.get("/v1/grids/g1/audit_log");
    let shown = log["logs"].as_array().expect("logs").last().expect("an entry");
    let told = ["resource_type", "resource_name", "resource_id", "event_name"];
    let told = told.map(|field| shown[field].as_str().expect("a text"));
    assert_eq!(told, ["GridSecret", "PW", "g1/PW", "show"]);
    let stored = fixture.stored();
    let holds = |text: &str| stored.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("mem@x.io") && holds(&sealed(fixture)), "everything is looked at");
    assert!(!holds("hush-hush") && !holds("open-sesame"));
    // The fixture's key opens what is kept; nothing is kept in clear.
    let vault = Vault::new("the key of the fixture");
    assert_eq!(vault.open(&sealed(fixture)), Ok("hush-hush".to_owned()));
}

fn sealed(fixture: &Fixture) -> String {
    fixture.behind(|tx| {
        let grid = kontena_store::grids::by_name(tx.conn(), "g1")?.expect("the grid");
        let secret = kontena_store::secrets::by_name(tx.conn(), grid.id, "PW")?;
        Ok(secret.expect("the secret").value_sealed)
    })
}

fn case_114_volumes(fixture: &Fixture) {
    let path = "/v1/volumes/g1";
    let volume =
        json!({ "name": "v", "scope": "grid", "driver": "local", "driver_opts": { "a.b": "c" } });
    let created = fixture.expect(201, "POST", path, &fixture.mem, Some(volume.clone()));
    assert_eq!(created["driver_opts"], json!({ "a.b": "c" }));
    for (field, value, text) in [
        ("scope", "x", "Scope isn't an option"),
        ("driver", "a:1", "Driver version tag cannot be used"),
        ("name", "v", "Volume with given name already exists"),
    ] {
        let mut body = volume.clone();
        body[field] = value.into();
        assert_eq!(fixture.refused("POST", path, body), json!({ field: text }));
    }
    fixture.service("a", json!({ "volumes": ["v:/data"] }));
    let refused = fixture.refused("DELETE", "/v1/volumes/g1/v", json!({}));
    assert_eq!(refused, json!({ "v": "Volume still in use in services [\"g1/null/a\"]" }));
}

fn case_115_registries(fixture: &Fixture) {
    let path = "/v1/grids/g1/external_registries";
    let registry =
        |url: &str| json!({ "url": url, "username": "u", "password": "p", "email": null });
    let body = registry("https://r.example:5000/");
    let created = fixture.expect(201, "POST", path, &fixture.mem, Some(body.clone()));
    assert_eq!(created["name"], "r.example:5000");
    assert_eq!(created["id"], "g1/r.example:5000");
    assert!(created.get("password").is_none());
    assert!(fixture.refused("POST", path, body)["name"].is_string(), "it is known");
    let wrong = fixture.refused("POST", path, registry("r.example"));
    assert_eq!(wrong, json!({ "url": "Url isn't in the right format" }));
    assert_eq!(fixture.get(path)["external_registries"], json!([created]));
    let one = "/v1/external_registries/g1/r.example:5000";
    assert_eq!(fixture.get(one), created);
    assert_eq!(fixture.expect(200, "DELETE", one, &fixture.mem, None), json!(""));
    fixture.expect(404, "GET", one, &fixture.mem, None);
}
