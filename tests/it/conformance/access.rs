//! Cases 41, 43, 44, 48: who sees grids and who changes them.

use serde_json::{Value, json};

use super::{Fixture, cases};

cases!(cases_41_43_44_and_48_grids);

fn cases_41_43_44_and_48_grids(fixture: &Fixture) {
    let Fixture { mem, out, .. } = fixture;
    let refused = json!({ "error": { "user": "Operation not allowed" } });
    let body = Some(json!({ "name": "another" }));
    assert_eq!(fixture.expect(422, "POST", "/v1/grids", mem, body), refused);
    assert_eq!(fixture.expect(422, "PUT", "/v1/grids/g1", mem, Some(json!({}))), refused);

    let names = |token: &str| -> Vec<Value> {
        let grids = fixture.expect(200, "GET", "/v1/grids", token, None);
        grids["grids"].as_array().expect("grids").iter().map(|g| g["name"].clone()).collect()
    };
    assert_eq!(names(mem), ["g1"]);
    assert_eq!(names(out), [] as [Value; 0]);
    assert_eq!(names(&fixture.admin), ["g1", "g2"]);

    let denied = fixture.expect(403, "GET", "/v1/grids/g1", out, None);
    assert_eq!(denied, json!({ "error": "Access denied" }));
    let unknown = fixture.expect(404, "GET", "/v1/grids/zzz", out, None);
    assert_eq!(unknown, json!({ "error": "Not found" }));
}
