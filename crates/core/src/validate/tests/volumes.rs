//! Bodies about volumes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::volume::{self, VolumeDraft};
use crate::domain::VolumeScope;

#[test]
fn a_volume_is_drafted_with_its_options_as_they_are() {
    let body = json!({
        "name": "db_1", "scope": "instance", "driver": "rexray/ebs",
        "driver_opts": { "a.b": " c ", "size": 5, "none": null },
    });
    let opts = [("a.b", " c "), ("size", "5")];
    let expected = VolumeDraft {
        name: "db_1".into(),
        scope: VolumeScope::Instance,
        driver: "rexray/ebs".into(),
        driver_opts: opts.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
    };
    assert_eq!(volume::create(&body), Ok(expected));
    let least = json!({ "name": "v", "scope": "grid", "driver": "local", "driver_opts": null });
    assert_eq!(volume::create(&least).map(|draft| draft.driver_opts), Ok(BTreeMap::new()));
}

#[test]
fn volume_faults_are_kontenas_and_come_at_once() {
    let faults = |body: Value| volume::create(&body).expect_err("wrong").to_json();
    assert_eq!(
        faults(json!({ "name": "-v", "scope": "x", "driver": "a:1", "driver_opts": [] })),
        json!({
            "name": "Name isn't in the right format",
            "scope": "Scope isn't an option",
            "driver": "Driver version tag cannot be used",
            "driver_opts": "Driver Opts isn't a hash",
        })
    );
    assert_eq!(
        faults(json!({ "name": "a".repeat(129), "scope": null, "driver_opts": { "k": {} } })),
        json!({
            "name": "Name is too long",
            "scope": "Scope can't be nil",
            "driver": "Driver is required",
            "driver_opts": { "k": "K isn't a string" },
        })
    );
}
