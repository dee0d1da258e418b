//! Services: creating and changing their specification, scaling and deploying (`http-api.md` 3.4).
//!
//! A body becomes a [`ServiceDraft`] or a [`ServiceEdit`], for which nothing but the body is needed; with
//! the [`Surroundings`] either becomes a [`ServiceSpec`], which is the second phase of the check. Whether
//! a change makes a new revision is left to the command.

mod parts;
mod surroundings;
mod volume;
mod wishes;

#[cfg(test)]
mod tests;

use serde_json::Value;

pub use self::surroundings::{Surroundings, check_name_length};
use self::wishes::Wishes;
use super::{
    error::FieldErrors,
    fields::{Fields, body},
    rules,
};
use crate::{
    Moment,
    domain::{Service, ServiceSpec},
};

/// Seconds that a container is given to stop where nothing was sent.
const DEFAULT_STOP_GRACE_PERIOD: i64 = 10;

/// How many instances a service may ask for. Kontena knows no limit; beyond this one a slip of the
/// finger would keep the scheduler busy for hours.
const INSTANCES: std::ops::RangeInclusive<i64> = 0..=100_000;

/// A service to be created; its body is without a fault, its surroundings are yet to be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceDraft {
    /// Letters, digits, `_` and `-`, not starting with `-`.
    pub name: String,
    /// How many instances are wanted; per node for `daemon`.
    pub instances: i64,
    image: String,
    stateful: bool,
    entrypoint: Option<String>,
    pid: Option<String>,
    wishes: Wishes,
}

/// Changes to a service; its body is without a fault, its surroundings are yet to be looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceEdit {
    /// Whether a new revision is wanted even where nothing changes.
    pub force: bool,
    image: Option<String>,
    instances: Option<i64>,
    wishes: Wishes,
}

impl ServiceDraft {
    /// Compares the draft with its surroundings and makes the specification. The moment gives hooks
    /// their ids.
    pub fn settle(
        &self,
        around: &Surroundings,
        moment: &mut Moment,
    ) -> Result<ServiceSpec, FieldErrors> {
        let mut errors = FieldErrors::default();
        around.check_name(&self.name, self.instances, &mut errors);
        if around.has_service(&around.stack, &self.name) {
            errors.add("name", "is already taken");
        }
        let blank = ServiceSpec {
            image: self.image.clone(),
            stateful: self.stateful,
            entrypoint: self.entrypoint.clone(),
            pid: self.pid.clone(),
            net: Some("bridge".to_owned()),
            deploy_opts: parts::default_deploy_opts(),
            stop_grace_period: Some(DEFAULT_STOP_GRACE_PERIOD),
            ..ServiceSpec::default()
        };
        let spec = self.wishes.put_on(&blank, None, around, moment, &mut errors);
        errors.into_result().map(|()| spec)
    }
}

impl ServiceEdit {
    /// Compares the changes with the surroundings and makes the new specification and number of
    /// instances. The moment gives new hooks their ids; hooks that keep kind and name keep theirs.
    pub fn apply(
        &self,
        service: &Service,
        around: &Surroundings,
        moment: &mut Moment,
    ) -> Result<(ServiceSpec, i64), FieldErrors> {
        let mut errors = FieldErrors::default();
        let instances = self.instances.unwrap_or(service.instances);
        around.check_name(&service.name, instances, &mut errors);
        let old = Some(service.spec.as_ref());
        let mut spec = self.wishes.put_on(&service.spec, old, around, moment, &mut errors);
        if let Some(image) = &self.image {
            spec.image.clone_from(image);
        }
        errors.into_result().map(|()| (spec, instances))
    }
}

/// Reads the body that creates a service.
pub fn create(value: &Value) -> Result<ServiceDraft, FieldErrors> {
    body(value, |fields| {
        let name = fields.required("name", rules::matching(rules::is_service_name));
        let image = fields.required("image", rules::text);
        let stateful = fields.required("stateful", rules::boolean);
        let instances = wishes::instances(fields);
        let entrypoint = fields.optional("entrypoint", rules::text);
        let pid = fields.optional("pid", rules::one_of(&[("host", "host".to_owned())]));
        let wishes = Wishes::read(fields);
        Some(ServiceDraft {
            name: name?,
            instances: instances.unwrap_or(1),
            image: image?,
            stateful: stateful?,
            entrypoint,
            pid,
            wishes,
        })
    })
}

/// Reads the body that changes a service. `name`, `stateful`, `entrypoint` and `pid` are fixed at
/// creation and ignored here, as clients send all they know of a service.
pub fn update(value: &Value) -> Result<ServiceEdit, FieldErrors> {
    body(value, |fields| {
        Some(ServiceEdit {
            force: forced(fields),
            image: fields.optional("image", rules::text),
            instances: wishes::instances(fields),
            wishes: Wishes::read(fields),
        })
    })
}

/// Reads the body that scales a service: the wanted number of instances.
pub fn scale(value: &Value) -> Result<i64, FieldErrors> {
    body(value, |fields| fields.demanded("instances", rules::integer(INSTANCES)))
}

/// Reads the body that deploys a service: whether a new revision is wanted even without a change.
pub fn deploy(value: &Value) -> Result<bool, FieldErrors> {
    body(value, |fields| Some(forced(fields)))
}

/// Reads the body that adds one entry to a service's environment.
pub fn env_entry(value: &Value) -> Result<String, FieldErrors> {
    body(value, |fields| fields.demanded("env", parts::env_entry))
}

/// An environment with one entry more; where it has one of its key, that is replaced, and there is one.
#[must_use]
pub fn with_env(env: &[String], entry: &str) -> Vec<String> {
    let key = parts::env_key(entry);
    let position = env.iter().position(|known| parts::env_key(known) == key);
    let mut changed = without_env(env, key);
    // Of several only the first is kept, so that nothing before it has gone.
    changed.insert(position.unwrap_or(changed.len()), entry.to_owned());
    changed
}

/// An environment without any entry of a key.
#[must_use]
pub fn without_env(env: &[String], key: &str) -> Vec<String> {
    env.iter().filter(|known| parts::env_key(known) != key).cloned().collect()
}

fn forced(fields: &mut Fields<'_>) -> bool {
    fields.optional("force", rules::boolean).unwrap_or_default()
}
