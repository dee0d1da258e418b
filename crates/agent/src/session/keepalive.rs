//! When to ping the master and when to give it up: from times alone.
//!
//! ```text
//!   dial     ping            ping                      ping   give up
//!    |--30 s--|------30 s------|---..pong, 0.1 s----------|--5 s--|
//! ```

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// The agent's own keepalive of one connection.
#[derive(Debug)]
pub(super) struct Keepalive {
    interval: Duration,
    timeout: Duration,
    next_ping_at: Instant,
    unanswered: Option<(Vec<u8>, Instant)>,
}

/// What a moment calls for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tick {
    /// Nothing yet.
    Wait,
    /// Send a ping with this payload.
    Ping(Vec<u8>),
    /// The last ping stayed unanswered for the timeout.
    GiveUp,
}

impl Keepalive {
    /// Starts counting when the connection attempt begins.
    pub(super) fn new(interval: Duration, timeout: Duration, dialed_at: Instant) -> Self {
        Self { interval, timeout, next_ping_at: dialed_at + interval, unanswered: None }
    }

    /// Returns the next moment at which [`Self::tick`] has something to say.
    pub(super) fn deadline(&self) -> Instant {
        match &self.unanswered {
            Some((_, sent_at)) => (*sent_at + self.timeout).min(self.next_ping_at),
            None => self.next_ping_at,
        }
    }

    /// Says what to do at `now`; `stamp` is the wall clock's reading of it.
    pub(super) fn tick(&mut self, now: Instant, stamp: DateTime<Utc>) -> Tick {
        if let Some((_, sent_at)) = &self.unanswered
            && now.duration_since(*sent_at) >= self.timeout
        {
            return Tick::GiveUp;
        }
        if now < self.next_ping_at {
            return Tick::Wait;
        }
        self.next_ping_at = now + self.interval;
        if self.unanswered.is_some() {
            // Only with a timeout longer than the interval: the older ping decides.
            return Tick::Wait;
        }
        let payload = stamp.format("%Y-%m-%dT%H:%M:%S%.9fZ").to_string().into_bytes();
        self.unanswered = Some((payload.clone(), now));
        Tick::Ping(payload)
    }

    /// Takes a pong and returns its delay, or `None` where it answers no ping of ours.
    pub(super) fn pong(&mut self, payload: &[u8], now: Instant) -> Option<Duration> {
        match &self.unanswered {
            Some((expected, sent_at)) if expected == payload => {
                let delay = now.duration_since(*sent_at);
                self.unanswered = None;
                Some(delay)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_ping_carries_30_bytes_and_only_its_own_payload_counts() {
        let start = Instant::now();
        let stamp = DateTime::UNIX_EPOCH;
        let mut keepalive = Keepalive::new(30 * SECOND, 5 * SECOND, start);
        assert_eq!(keepalive.tick(start + 29 * SECOND, stamp), Tick::Wait);
        let at = start + 30 * SECOND;
        let Tick::Ping(payload) = keepalive.tick(at, stamp) else {
            panic!("a ping is due");
        };
        assert_eq!(payload, b"1970-01-01T00:00:00.000000000Z");
        assert_eq!(payload.len(), 30);
        assert_eq!(keepalive.deadline(), at + 5 * SECOND);
        assert_eq!(keepalive.pong(b"", at + SECOND), None);
        assert_eq!(keepalive.pong(&payload, at + 3 * SECOND), Some(3 * SECOND));
        assert_eq!(keepalive.deadline(), at + 30 * SECOND);
    }

    #[test]
    fn an_unanswered_ping_ends_after_the_timeout() {
        let start = Instant::now();
        let stamp = DateTime::UNIX_EPOCH;
        let mut keepalive = Keepalive::new(30 * SECOND, 5 * SECOND, start);
        keepalive.tick(start + 30 * SECOND, stamp);
        assert_eq!(keepalive.tick(start + 34 * SECOND, stamp), Tick::Wait);
        assert_eq!(keepalive.tick(start + 35 * SECOND, stamp), Tick::GiveUp);
    }
}
