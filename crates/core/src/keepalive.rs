//! When to ping, when to warn, when to give up: from times alone.
//!
//! ```text
//!   accept .......... ping .......... pong        next ping
//!      |-- interval -->|--- timeout --->| late: warn over half, close over all of it
//! ```
//!
//! Times are spans since the connection was accepted, on a clock that never jumps. A master that was
//! itself late (stalled, suspended) adds its lag to every deadline, so that nobody is expired for it.

use std::time::Duration;

/// How a connection is kept alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How often a ping is sent.
    pub interval: Duration,
    /// How long it may stay unanswered.
    pub timeout: Duration,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Send a ping.
    Ping,
    /// Give the connection up: the ping has been unanswered for so long.
    Close(Duration),
    /// Nothing before this moment.
    Wait(Duration),
}

/// What a pong says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pong {
    /// How long it took.
    pub delay: Duration,
    /// Whether that is more than half of the time-out.
    pub is_late: bool,
}

/// One connection's pings and pongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keepalive {
    settings: Settings,
    next_ping: Duration,
    pinged: Option<Duration>,
    allowance: Duration,
}

impl Keepalive {
    /// Begins at the acceptance; the first ping comes after `first`, at most an interval later, so that
    /// the pings of agents that connect together are spread.
    #[must_use]
    pub fn new(settings: Settings, first: Duration) -> Self {
        Self {
            settings,
            next_ping: first.min(settings.interval),
            pinged: None,
            allowance: Duration::ZERO,
        }
    }

    /// Says what to do. Call it again after carrying it out, and at the moment it says.
    #[must_use]
    pub fn act(&self, now: Duration) -> Act {
        match self.pinged {
            Some(sent) => {
                let deadline = sent + self.settings.timeout + self.allowance;
                if now >= deadline { Act::Close(now - sent) } else { Act::Wait(deadline) }
            }
            None if now >= self.next_ping => Act::Ping,
            None => Act::Wait(self.next_ping),
        }
    }

    /// A ping was sent.
    pub fn ping_sent(&mut self, now: Duration) {
        self.pinged = Some(now);
        self.allowance = Duration::ZERO;
        self.next_ping = now + self.settings.interval;
    }

    /// A pong arrived. None where no ping was waiting for one.
    pub fn pong_received(&mut self, now: Duration) -> Option<Pong> {
        let delay = now.saturating_sub(self.pinged.take()?);
        Some(Pong { delay, is_late: delay > self.settings.timeout / 2 })
    }

    /// Nothing of the agent was heard until now, nor was it asked: an unanswered ping counts from here.
    pub fn heard_again(&mut self, now: Duration) {
        if self.pinged.is_some() {
            self.pinged = Some(now);
            self.allowance = Duration::ZERO;
        }
    }

    /// The master itself was late by so much: an unanswered ping gets that much longer.
    pub fn excuse(&mut self, lag: Duration) {
        self.allowance += lag;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings =
        Settings { interval: Duration::from_secs(30), timeout: Duration::from_secs(5) };

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn pings_come_at_the_interval_and_unanswered_ones_close() {
        let mut keepalive = Keepalive::new(SETTINGS, s(7));
        assert_eq!(keepalive.act(s(0)), Act::Wait(s(7)));
        assert_eq!(keepalive.act(s(7)), Act::Ping);
        keepalive.ping_sent(s(7));
        assert_eq!(keepalive.act(s(7)), Act::Wait(s(12)));
        let pong = keepalive.pong_received(s(10)).expect("awaited");
        assert_eq!(pong, Pong { delay: s(3), is_late: true });
        assert_eq!(keepalive.act(s(10)), Act::Wait(s(37)));
        keepalive.ping_sent(s(37));
        assert_eq!(keepalive.act(s(42)), Act::Close(s(5)));
        assert_eq!(keepalive.pong_received(s(38)).expect("awaited").delay, s(1));
        assert_eq!(keepalive.pong_received(s(38)), None, "not asked for");
    }

    #[test]
    fn a_late_master_expires_nobody_for_it() {
        let mut keepalive = Keepalive::new(SETTINGS, s(0));
        keepalive.ping_sent(s(0));
        keepalive.excuse(s(10));
        assert_eq!(keepalive.act(s(10)), Act::Wait(s(15)));
        assert_eq!(keepalive.act(s(15)), Act::Close(s(15)));
    }

    #[test]
    fn a_master_that_did_not_listen_waits_for_the_answer_anew() {
        let mut keepalive = Keepalive::new(SETTINGS, s(0));
        keepalive.ping_sent(s(0));
        keepalive.excuse(s(5));
        keepalive.heard_again(s(8));
        assert_eq!(keepalive.act(s(8)), Act::Wait(s(13)));
        assert_eq!(keepalive.act(s(13)), Act::Close(s(5)));
        assert_eq!(keepalive.pong_received(s(9)).expect("awaited").delay, s(1));
        keepalive.heard_again(s(20));
        assert_eq!(keepalive.act(s(20)), Act::Wait(s(30)), "nothing is awaited");
    }

    #[test]
    fn the_first_ping_is_never_later_than_an_interval() {
        assert_eq!(Keepalive::new(SETTINGS, s(99)).act(s(0)), Act::Wait(s(30)));
    }
}
