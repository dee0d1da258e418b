//! Volumes of a Docker engine, and the memory that containers take.

use std::collections::BTreeMap;

use bollard::{models, query_parameters as query};
use futures_util::StreamExt;

use super::DockerEngine;
use crate::engine::{EngineError, EngineResult, Volume, VolumeSpec};

impl DockerEngine {
    pub(super) async fn all_volumes(&self) -> EngineResult<Vec<Volume>> {
        let found = self.docker.list_volumes(None::<query::ListVolumesOptions>).await;
        let found = found.map_err(|error| self.error(&error))?;
        Ok(found.volumes.unwrap_or_default().into_iter().map(volume).collect())
    }

    pub(super) async fn one_volume(&self, name: &str) -> EngineResult<Option<Volume>> {
        let found = self.docker.inspect_volume(name).await;
        match found.map_err(|error| self.error(&error)) {
            Ok(found) => Ok(Some(volume(found))),
            Err(EngineError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn make_volume(&self, spec: &VolumeSpec) -> EngineResult<()> {
        let request = models::VolumeCreateRequest {
            name: Some(spec.name.clone()),
            driver: Some(spec.driver.clone()),
            driver_opts: Some(spec.options.clone().into_iter().collect()),
            labels: Some(spec.labels.clone().into_iter().collect()),
            ..models::VolumeCreateRequest::default()
        };
        let made = self.docker.create_volume(request).await;
        made.map(drop).map_err(|error| self.error(&error))
    }

    pub(super) async fn drop_volume(&self, name: &str) -> EngineResult<()> {
        let removed = self.docker.remove_volume(name, None::<query::RemoveVolumeOptions>).await;
        match removed.map_err(|error| self.error(&error)) {
            Err(EngineError::NotFound(_)) => Ok(()),
            removed => removed,
        }
    }

    /// One reading, which the engine takes at once: the memory does not need a second one.
    pub(super) async fn memory(&self, id: &str) -> EngineResult<Option<u64>> {
        let options = query::StatsOptionsBuilder::default().stream(false).one_shot(true).build();
        let mut readings = Box::pin(self.docker.stats(id, Some(options)));
        match readings.next().await {
            Some(Ok(reading)) => Ok(reading.memory_stats.and_then(|memory| memory.usage)),
            Some(Err(error)) => match self.error(&error) {
                EngineError::NotFound(_) => Ok(None),
                error => Err(error),
            },
            None => Ok(None),
        }
    }
}

fn volume(found: models::Volume) -> Volume {
    let labels: BTreeMap<String, String> = found.labels.into_iter().collect();
    Volume { name: found.name, driver: found.driver, labels }
}
