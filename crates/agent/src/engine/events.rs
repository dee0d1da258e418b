//! What happens to containers as an engine tells it, and how to keep listening.
//!
//! An event is a hint to look: streams break, and what happened until the next one is lost. A listener
//! hears [`Heard::Returned`] then and has to look at everything.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::BoxStream};
use tokio::time::sleep;

use super::{Engine, PodKey};

/// The pause before an engine that went away is tried again.
pub(crate) const ENGINE_PAUSE: Duration = Duration::from_secs(2);
/// How long after an engine came back everything is looked at: the events are listened to by then.
const LISTEN_FIRST: Duration = Duration::from_millis(250);

/// Something that happened to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The engine's id of the container.
    pub container_id: String,
    /// Docker's word for it: `create`, `start`, `die`, `destroy`, `exec_create: …` and so on.
    pub action: String,
    /// The container's image, as it was named.
    pub image: Option<String>,
    /// Seconds since 1970.
    pub at: i64,
    /// The pod, where the container is a service's.
    pub pod: Option<PodKey>,
}

impl Event {
    /// Tells whether the container may be in another state than before. Exec actions carry the command
    /// and come with every health check.
    #[must_use]
    pub fn changes_state(&self) -> bool {
        !self.action.starts_with("exec_") && !self.action.starts_with("health_status")
    }

    /// Tells whether the container is gone.
    #[must_use]
    pub fn is_destroy(&self) -> bool {
        self.action == "destroy"
    }
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Something happened to a container.
    Event(Event),
    /// The engine was away: anything may have happened, and what failed may work now.
    Returned,
}

/// Who says in the log that the engine is away; of several listeners only one should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    Loud,
    Quiet,
}

impl Voice {
    fn level(self, level: log::Level) -> log::Level {
        if self == Self::Loud { level } else { log::Level::Debug }
    }
}

/// Follows the engine's events for ever.
pub(crate) fn follow(engine: Arc<dyn Engine>, voice: Voice) -> BoxStream<'static, Heard> {
    let rounds = futures_util::stream::unfold(false, move |lost| {
        let engine = Arc::clone(&engine);
        async move {
            if lost {
                until_it_answers(engine.as_ref(), voice).await;
            }
            Some((round(engine.as_ref(), lost, voice), true))
        }
    });
    rounds.flatten().boxed()
}

/// One stream of events, until it ends.
fn round(engine: &dyn Engine, returned: bool, voice: Voice) -> BoxStream<'static, Heard> {
    let events = engine.events().map(move |event| {
        let level = voice.level(log::Level::Warn);
        event.map_err(|error| log::log!(level, "no more events from the engine: {error}"))
    });
    let events = events.take_while(|event| std::future::ready(event.is_ok()));
    let events = events.filter_map(|event| std::future::ready(event.ok().map(Heard::Event)));
    if !returned {
        return events.boxed();
    }
    let look = futures_util::stream::once(async {
        sleep(LISTEN_FIRST).await;
        Heard::Returned
    });
    futures_util::stream::select(events, look).boxed()
}

/// Tries again until the engine answers; says so once when it does not, and when it does.
async fn until_it_answers(engine: &dyn Engine, voice: Voice) {
    let mut level = voice.level(log::Level::Error);
    loop {
        sleep(ENGINE_PAUSE).await;
        match engine.describe().await {
            Ok(_) => {
                log::log!(voice.level(log::Level::Info), "the engine answers");
                return;
            }
            Err(error) => {
                let pause = ENGINE_PAUSE.as_secs();
                log::log!(level, "the engine is gone, trying every {pause}s: {error}");
                level = log::Level::Debug;
            }
        }
    }
}
