//! How often an address may call what logs in, and how often it may guess (`http-api.md` 2.9).
//!
//! Both are counted in windows, as the contract says it: sixty calls in sixty seconds, and not the steady
//! drip of a leaky bucket. Counted is what this process sees.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use kontena_core::domain::Time;

/// Addresses that are remembered at a time; those beyond share one place.
const MOST: usize = 10_000;

/// Counts by address; clones share it. Loopback is exempt: it is this machine, or a proxy that does not say
/// whom it speaks for.
#[derive(Debug, Clone)]
pub struct Throttle {
    calls: Arc<Window>,
    failures: Arc<Window>,
}

impl Default for Throttle {
    /// Sixty calls in a minute; ten codes or refresh tokens that open nothing in ten minutes. A code has 48
    /// bits: from one address it would be found in hundreds of millions of years.
    fn default() -> Self {
        Self {
            calls: Arc::new(Window::new(60, TimeDelta::seconds(60))),
            failures: Arc::new(Window::new(10, TimeDelta::minutes(10))),
        }
    }
}

impl Throttle {
    /// Counts a call and says whether it may pass.
    pub(super) fn admits(&self, address: IpAddr, now: Time) -> bool {
        key(address).is_none_or(|key| self.calls.count(key, now) <= self.calls.limit)
    }

    /// Whether an address has guessed wrong too often to try again now.
    pub(super) fn is_shut_out(&self, address: IpAddr, now: Time) -> bool {
        key(address).is_some_and(|key| self.failures.counted(key, now) >= self.failures.limit)
    }

    /// Counts a wrong guess.
    pub(super) fn failed(&self, address: IpAddr, now: Time) {
        if let Some(key) = key(address) {
            self.failures.count(key, now);
        }
    }
}

/// What an address is counted under: of IPv6 the network, since its hosts have as many as they like.
fn key(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V6(v6) => {
            let network = v6.to_bits() >> 64 << 64;
            Some(IpAddr::V6(Ipv6Addr::from_bits(network)))
        }
        v4 @ IpAddr::V4(_) => Some(v4),
    }
}

#[derive(Debug)]
struct Window {
    limit: u32,
    span: TimeDelta,
    seen: Mutex<HashMap<IpAddr, (Time, u32)>>,
}

impl Window {
    fn new(limit: u32, span: TimeDelta) -> Self {
        Self { limit, span, seen: Mutex::default() }
    }

    fn is_over(&self, began: Time, now: Time) -> bool {
        // A clock that was set back begins anew, too.
        now < began || now - began >= self.span
    }

    fn count(&self, key: IpAddr, now: Time) -> u32 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = key;
        if seen.len() >= MOST && !seen.contains_key(&key) {
            seen.retain(|_, (began, _)| !self.is_over(*began, now));
            if seen.len() >= MOST {
                key = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        let (began, count) = seen.entry(key).or_insert((now, 0));
        if self.is_over(*began, now) {
            (*began, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count
    }

    fn counted(&self, key: IpAddr, now: Time) -> u32 {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = seen.get(&key).filter(|(began, _)| !self.is_over(*began, now));
        found.map_or(0, |(_, count)| *count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(1_700_000_000 + seconds, 0).expect("a time")
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn sixty_calls_pass_in_a_minute_and_others_are_not_concerned() {
        let throttle = Throttle::default();
        let one = ip("203.0.113.9");
        assert!((0..60).all(|call| throttle.admits(one, at(call / 2))));
        assert!(!throttle.admits(one, at(59)));
        assert!(throttle.admits(ip("203.0.113.10"), at(59)));
        assert!(throttle.admits(one, at(60)), "a new minute");
        assert!((0..100).all(|_| throttle.admits(ip("127.0.0.1"), at(0))), "this machine");
        assert!((0..60).all(|host| throttle.admits(ip(&format!("2001:db8::{host}")), at(0))));
        assert!(!throttle.admits(ip("2001:db8::ffff"), at(0)), "the same network");
    }

    #[test]
    fn ten_wrong_guesses_shut_an_address_out() {
        let throttle = Throttle::default();
        let one = ip("203.0.113.9");
        (0..9).for_each(|_| throttle.failed(one, at(0)));
        assert!(!throttle.is_shut_out(one, at(0)));
        throttle.failed(one, at(1));
        assert!(throttle.is_shut_out(one, at(1)));
        assert!(!throttle.is_shut_out(ip("203.0.113.10"), at(1)));
        assert!(!throttle.is_shut_out(one, at(600)));
    }

    #[test]
    fn many_addresses_take_no_more_room_than_some() {
        let throttle = Throttle::default();
        let other = |number: u32| IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0101_0000 + number));
        assert_eq!(
            (0..20_000).filter(|number| throttle.admits(other(*number), at(0))).count(),
            MOST + 60
        );
        assert!(throttle.calls.seen.lock().expect("unpoisoned").len() <= MOST + 1);
        assert!(!throttle.admits(other(20_001), at(1)), "those beyond share a place");
        assert!(throttle.admits(other(5), at(1)), "those known do not");
        assert!(throttle.admits(other(20_001), at(61)), "a minute later there is room");
    }
}
