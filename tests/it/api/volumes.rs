//! Volumes (`http-api.md` 3.8, case 114).

use serde_json::{Value, json};

use crate::conformance::server::Server;

struct Scene {
    server: Server,
    token: String,
}

impl Scene {
    fn new() -> Self {
        let server = Server::start();
        let token = server.log_in();
        let scene = Self { server, token };
        assert_eq!(scene.call("POST", "/v1/grids", json!({ "name": "g-1" })).0, 201);
        scene
    }

    fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = (!body.is_null()).then_some(&body);
        let answer = self.server.call(method, path, &self.token, body);
        (answer.status, answer.body)
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, Value::Null)
    }
}

#[test]
fn case_114_a_volume_is_created_shown_and_removed() {
    let scene = Scene::new();
    let body =
        json!({ "name": "v", "scope": "grid", "driver": "local", "driver_opts": { "a.b": "c" } });
    let (status, volume) = scene.call("POST", "/v1/volumes/g-1", body.clone());
    assert_eq!(status, 201, "{volume}");
    for (field, value) in [
        ("id", json!("g-1/v")),
        ("name", json!("v")),
        ("scope", json!("grid")),
        ("driver", json!("local")),
        ("driver_opts", json!({ "a.b": "c" })),
        ("instances", json!([])),
        ("services", json!([])),
    ] {
        assert_eq!(volume[field], value, "{field}");
    }
    for field in ["created_at", "updated_at"] {
        assert_eq!(volume[field].as_str().map(str::len), Some(24), "{field}");
    }
    assert_eq!(scene.get("/v1/volumes/g-1/v"), (200, volume.clone()));
    assert_eq!(scene.get("/v1/volumes/g-1"), (200, json!({ "volumes": [volume] })));

    let refused = |body: Value| {
        let (status, answer) = scene.call("POST", "/v1/volumes/g-1", body);
        assert_eq!(status, 422, "{answer}");
        answer["error"].clone()
    };
    let taken = refused(body);
    assert_eq!(taken, json!({ "name": "Volume with given name already exists" }));
    let wrong = refused(json!({ "name": "w", "scope": "x", "driver": "a:1" }));
    let texts =
        json!({ "scope": "Scope isn't an option", "driver": "Driver version tag cannot be used" });
    assert_eq!(wrong, texts);

    assert_eq!(scene.call("DELETE", "/v1/volumes/g-1/v", Value::Null), (200, json!({})));
    let gone = (404, json!({ "error": "Volume v not found" }));
    assert_eq!(scene.get("/v1/volumes/g-1/v"), gone);
    assert_eq!(scene.call("DELETE", "/v1/volumes/g-1/v", Value::Null), gone);
    let no_grid = (404, json!({ "error": "Grid none not found" }));
    assert_eq!(scene.get("/v1/volumes/none"), no_grid);
    assert_eq!(scene.get("/v1/volumes/none/v"), no_grid);
}

#[test]
fn case_114_a_volume_that_a_service_uses_stays() {
    let scene = Scene::new();
    let service = |volumes: Value| {
        let body = json!({ "name": "a", "image": "redis", "stateful": false, "volumes": volumes });
        scene.call("POST", "/v1/grids/g-1/services", body)
    };
    let missing = (422, json!({ "error": { "volumes": ["Volume v does not exist"] } }));
    assert_eq!(service(json!(["v:/data", "/anonymous"])), missing);
    let body = json!({ "name": "v", "scope": "instance", "driver": "local", "driver_opts": {} });
    assert_eq!(scene.call("POST", "/v1/volumes/g-1", body).0, 201);
    let (status, created) = service(json!(["v:/data:ro", "/anonymous"]));
    assert_eq!((status, &created["volumes"]), (201, &json!(["v:/data:ro", "/anonymous"])));
    let (_, volume) = scene.get("/v1/volumes/g-1/v");
    assert_eq!(volume["services"], json!([{ "id": "g-1/null/a" }]));
    let used = json!({ "error": { "v": "Volume still in use in services [\"g-1/null/a\"]" } });
    assert_eq!(scene.call("DELETE", "/v1/volumes/g-1/v", Value::Null), (422, used));

    let path = "/v1/services/g-1/null/a";
    let edit = |volumes: Value| scene.call("PUT", path, json!({ "volumes": volumes }));
    let missing = (422, json!({ "error": { "volumes": ["Volume w does not exist"] } }));
    assert_eq!(edit(json!(["v:/data", "w:/more"])), missing);
    assert_eq!(edit(json!(["/srv:/data"])).0, 200);
    assert_eq!(scene.call("DELETE", "/v1/volumes/g-1/v", Value::Null), (200, json!({})));
}

#[test]
fn volumes_are_for_members_only() {
    let scene = Scene::new();
    for path in ["/v1/volumes/g-1", "/v1/volumes/g-1/v"] {
        let answer = scene.server.raw("GET", path, &[("Authorization", "Bearer wrong")], "");
        assert_eq!(answer.status, 403, "{path}");
    }
}
