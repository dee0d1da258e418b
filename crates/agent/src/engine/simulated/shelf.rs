//! The volumes of a simulated engine.

use std::collections::BTreeMap;

use crate::engine::{EngineError, EngineResult, Volume, VolumeSpec};

/// Volumes by name.
#[derive(Default)]
pub(super) struct Shelf(BTreeMap<String, Volume>);

impl Shelf {
    pub(super) fn all(&self) -> Vec<Volume> {
        self.0.values().cloned().collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<Volume> {
        self.0.get(name).cloned()
    }

    /// One of that name and driver stays as it is, as in Docker.
    pub(super) fn create(&mut self, spec: &VolumeSpec) -> EngineResult<()> {
        let known = self.0.entry(spec.name.clone()).or_insert_with(|| Volume {
            name: spec.name.clone(),
            driver: spec.driver.clone(),
            labels: spec.labels.clone(),
        });
        if known.driver == spec.driver {
            return Ok(());
        }
        let (name, driver) = (&known.name, &known.driver);
        let text = format!("a volume named {name} already exists with the {driver} driver");
        Err(EngineError::Conflict(text))
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }
}
