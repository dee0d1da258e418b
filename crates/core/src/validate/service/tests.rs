//! Tests of services, and what they are built of; one file per kind of question.

mod changes;
mod fields;
mod parts;
mod surroundings;

use std::sync::Arc;

use serde_json::{Value, json};

use super::{parts::default_deploy_opts, *};
use crate::domain::{
    DeployOpts, GridId, HealthCheck, HookKind, Link, Port, SecretRef, ServiceId, ServiceState,
    ServiceVolume, StackId, Strategy, Time, VolumeRef, VolumeScope,
};

fn faults<T>(result: &Result<T, FieldErrors>) -> Value {
    result.as_ref().err().map_or(Value::Null, FieldErrors::to_json)
}

fn moment() -> Moment {
    Moment::new(Time::default(), 1)
}

fn pair(stack: &str, name: &str) -> (String, String) {
    (stack.to_owned(), name.to_owned())
}

fn db_volume() -> VolumeRef {
    VolumeRef {
        name: "db".to_owned(),
        scope: VolumeScope::Instance,
        driver: "local".to_owned(),
        driver_opts: [].into(),
    }
}

/// Grid `g1` with services `null/old` and `S/x`, an empty stack `E`, volume `db` and secret `PW`.
fn around() -> Surroundings {
    Surroundings {
        grid: "g1".to_owned(),
        stack: "null".to_owned(),
        stacks: ["E".to_owned()].into(),
        services: [pair("null", "old"), pair("S", "x")].into(),
        volumes: [("db".to_owned(), db_volume())].into(),
        secrets: ["PW".to_owned()].into(),
    }
}

/// The least a new service needs, and some more fields.
fn with(more: Value) -> Value {
    let mut body = json!({"name": "app", "image": "redis", "stateful": false});
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

fn settled(more: Value) -> Result<ServiceSpec, FieldErrors> {
    create(&with(more))?.settle(&around(), &mut moment())
}

fn spec(more: Value) -> ServiceSpec {
    settled(more).expect("a good body")
}

fn service(spec: ServiceSpec) -> Service {
    Service {
        id: ServiceId::from_bytes([1; 12]),
        grid: GridId::from_bytes([2; 12]),
        stack: StackId::from_bytes([3; 12]),
        stack_name: "null".to_owned(),
        name: "app".to_owned(),
        spec: Arc::new(spec),
        instances: 2,
        state: ServiceState::Running,
        revision: 1,
        stack_revision: None,
        deploy_requested_at: None,
        deployed_at: None,
        created_at: Time::default(),
        updated_at: Time::default(),
    }
}

fn applied(old: &Service, changes: Value) -> Result<(ServiceSpec, i64), FieldErrors> {
    update(&changes)?.apply(old, &around(), &mut Moment::new(Time::default(), 2))
}

fn changed(old: &Service, changes: Value) -> ServiceSpec {
    applied(old, changes).expect("a good body").0
}
