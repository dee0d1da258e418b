//! What a pod's worker is told. Messages that arrive before it looks are merged: the last wish counts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kontena_protocol::agent::ServicePod;
use tokio::sync::Notify;

/// What the last list said about a pod.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    /// It is listed like this.
    Listed(Arc<ServicePod>),
    /// It is not listed.
    Terminated,
}

impl Wanted {
    /// Tells whether work on `current` has become pointless.
    pub(super) fn supersedes(&self, current: &ServicePod) -> bool {
        match self {
            Self::Terminated => true,
            Self::Listed(pod) => {
                pod.desired_state != current.desired_state || pod.deploy_rev != current.deploy_rev
            }
        }
    }
}

/// All that arrived since the last look.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mail {
    /// A list arrived.
    pub(super) wanted: Option<Wanted>,
    /// Something may have happened to the container.
    pub(super) look: bool,
    /// The container shall be restarted.
    pub(super) restart: bool,
}

/// One worker's mailbox.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    mail: Mutex<Mail>,
    bell: Notify,
}

impl Mailbox {
    /// Adds to the mail and wakes the worker.
    pub(super) fn post(&self, add: impl FnOnce(&mut Mail)) {
        add(&mut self.mail());
        self.bell.notify_one();
    }

    /// Waits for mail and takes all of it.
    pub(super) async fn next(&self) -> Mail {
        loop {
            let mail = std::mem::take(&mut *self.mail());
            if mail != Mail::default() {
                return mail;
            }
            self.bell.notified().await;
        }
    }

    /// Waits until a wish arrives that makes work on `current` pointless; leaves it in the mailbox.
    pub(super) async fn superseded(&self, current: &ServicePod) {
        loop {
            let wanted = self.mail().wanted.clone();
            if wanted.is_some_and(|wanted| wanted.supersedes(current)) {
                return;
            }
            self.bell.notified().await;
        }
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        // A panic elsewhere leaves mail that can still be read.
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
