//! When an image is fetched, and what happens where that fails.
//!
//! An image is fetched before every create and for every new deploy, at most once in ten minutes for
//! the same deploy. Where the registry has none to give, a local one will do.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kontena_protocol::agent::ServicePod;
use tokio::{
    sync::{Mutex as AsyncMutex, Semaphore},
    time::{Instant, sleep},
};

use crate::{
    clock::Clock,
    engine::{Engine, EngineError, EngineResult},
};

/// For how long an image fetched for a deploy counts as fetched.
const FRESH: Duration = Duration::from_secs(600);
/// How often a fetch is tried where there is no local image, and where there is one to fall back to.
const TRIES_WITHOUT_LOCAL: u32 = 10;
const TRIES_WITH_LOCAL: u32 = 3;
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(100);
/// No further try begins after this.
const TRY_LIMIT: Duration = Duration::from_secs(30);
/// How many different images are fetched at once.
const AT_ONCE: usize = 2;

/// An image as one deploy names it.
type Deployed = (String, Option<String>);

/// Fetches the images of one node's pods.
pub(super) struct Images {
    engine: Arc<dyn Engine>,
    clock: Clock,
    fetched: Mutex<HashMap<Deployed, Instant>>,
    /// Pods of one image wait for each other instead of fetching it side by side.
    locks: Mutex<HashMap<String, Arc<AsyncMutex<()>>>>,
    slots: Semaphore,
}

impl Images {
    pub(super) fn new(engine: Arc<dyn Engine>, clock: Clock) -> Self {
        Self {
            engine,
            clock,
            fetched: Mutex::default(),
            locks: Mutex::default(),
            slots: Semaphore::new(AT_ONCE),
        }
    }

    /// Makes sure that the pod's image is here and as new as the rule asks; returns its id.
    pub(super) async fn ensure(&self, pod: &ServicePod) -> EngineResult<String> {
        let name = &pod.image_name;
        let lock = self.lock_of(name);
        let guard = lock.lock().await;
        let local = self.engine.image_id(name).await?;
        let deployed = (name.clone(), pod.deploy_rev.clone());
        if self.is_fresh(&deployed)
            && let Some(id) = local
        {
            return Ok(id);
        }
        let tries = if local.is_some() { TRIES_WITH_LOCAL } else { TRIES_WITHOUT_LOCAL };
        let pulled = self.pull(pod, tries).await;
        if let Err(error) = &pulled {
            log::warn!("cannot pull image {name}: {error}");
        }
        let found = match self.engine.image_id(name).await? {
            Some(id) => Ok(id),
            None => match pulled {
                Err(error @ EngineError::Unavailable(_)) => Err(error),
                _ => Err(EngineError::NotFound(format!("No such image: {name}"))),
            },
        };
        if found.is_ok() {
            self.note(deployed);
        }
        drop(guard);
        found
    }

    async fn pull(&self, pod: &ServicePod, tries: u32) -> EngineResult<()> {
        // Never closed; without a permit the pull would merely be one too many.
        let _slot = self.slots.acquire().await.ok();
        let give_up_at = self.clock.instant() + TRY_LIMIT;
        let mut tried = 0;
        loop {
            let credentials = pod.image_credentials.as_ref();
            let pulled = self.engine.pull(&pod.image_name, credentials).await;
            tried += 1;
            match pulled {
                Ok(()) => return Ok(()),
                // The registry has answered, and will not answer otherwise in a moment.
                Err(error @ (EngineError::NotFound(_) | EngineError::Rejected(_))) => {
                    return Err(error);
                }
                Err(error) if tried >= tries || self.clock.instant() >= give_up_at => {
                    return Err(error);
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    fn lock_of(&self, name: &str) -> Arc<AsyncMutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(name.to_owned()).or_default())
    }

    fn is_fresh(&self, deployed: &Deployed) -> bool {
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.get(deployed).is_some_and(|at| self.clock.instant().duration_since(*at) < FRESH)
    }

    fn note(&self, deployed: Deployed) {
        let now = self.clock.instant();
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.retain(|_, at| now.duration_since(*at) < FRESH);
        fetched.insert(deployed, now);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::engine::simulated::{SimulatedOptions, shared};

    #[tokio::test(start_paused = true)]
    async fn an_image_is_fetched_once_per_deploy_and_a_local_one_will_do() {
        let clock = Clock::following(DateTime::UNIX_EPOCH, 1);
        let engine = shared(SimulatedOptions::default(), clock.clone());
        let images = Images::new(engine.clone(), clock);
        let mut pod = ServicePod {
            image_name: "redis:3.0".into(),
            deploy_rev: Some("1".into()),
            ..ServicePod::default()
        };
        let first = images.ensure(&pod).await.expect("pulled");
        engine.publish_image("redis:3.0");
        assert_eq!(images.ensure(&pod).await.as_ref(), Ok(&first), "not again");
        pod.deploy_rev = Some("2".into());
        let second = images.ensure(&pod).await.expect("pulled");
        assert_ne!(first, second);
        let pulls = engine.journal().iter().filter(|line| line.starts_with("pull")).count();
        assert_eq!(pulls, 2);
        engine.lose_image("redis:3.0");
        assert_eq!(
            images.ensure(&pod).await,
            Err(EngineError::NotFound("No such image: redis:3.0".into()))
        );
    }
}
