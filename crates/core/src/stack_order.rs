//! In which order the services of a stack are deployed: links first (`scheduling.md` 5.11).
//!
//! Deploying them, one after the other, is not decided here, nor is a stack removed.

use std::collections::{BTreeMap, BTreeSet};

/// A service of a stack and what it links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked<'a> {
    /// The service's name; one that comes twice counts as one service with the links of both.
    pub name: &'a str,
    /// `SERVICE` of the same stack, or `STACK/SERVICE`, which has no say in the order.
    pub links: Vec<&'a str>,
}

/// Why the services of a stack have no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoOrder {
    /// A service links to others that the stack does not have.
    #[error("service {service} has missing links: {}", .links.join(", "))]
    Missing {
        /// The service.
        service: String,
        /// What it links to in vain, in its own order.
        links: Vec<String>,
    },
    /// A service links to itself, directly or through others.
    #[error("service {service} has recursive links: {}", .links.join(" -> "))]
    Recursive {
        /// The service.
        service: String,
        /// The way back to it, itself at both ends.
        links: Vec<String>,
    },
}

/// What a service's links amount to.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    /// Links whose own weight is not known yet.
    open: usize,
    /// Links, direct and through others, each path counted; stops counting at the largest number.
    paths: u64,
    /// The longest of those paths.
    depth: usize,
}

impl Weight {
    fn add(&mut self, link: Self) {
        self.open = self.open.saturating_sub(1);
        self.paths = self.paths.saturating_add(link.paths).saturating_add(1);
        self.depth = self.depth.max(link.depth.saturating_add(1));
    }

    /// The smaller comes first. A service has more paths than each service it links to, so that comparing
    /// them puts links first; where counting has stopped, the depth does that.
    fn key(self) -> (u64, usize) {
        (self.paths, if self.paths == u64::MAX { self.depth } else { 0 })
    }
}

type Links<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// Orders the services of a stack: each comes after all it links to; among others the one with fewer
/// links, each path counted, comes first, then the first by name. Takes about services + links steps.
///
/// # Errors
/// Where a link leads nowhere, or back to where it began.
pub fn order<'a>(services: &[Linked<'a>]) -> Result<Vec<&'a str>, NoOrder> {
    let links = own_links(services)?;
    let weights = weigh(&links);
    if let Some(recursion) = recursion(services, &links, &weights) {
        return Err(recursion);
    }
    let mut order: Vec<_> = weights.into_iter().collect();
    order.sort_by_key(|(name, weight)| (weight.key(), *name));
    Ok(order.into_iter().map(|(name, _)| name).collect())
}

/// The links within the stack, by service.
fn own_links<'a>(services: &[Linked<'a>]) -> Result<Links<'a>, NoOrder> {
    let names: BTreeSet<&str> = services.iter().map(|service| service.name).collect();
    let mut own = Links::new();
    for service in services {
        let links = service.links.iter().copied().filter(|link| !link.contains('/'));
        let (known, missing): (Vec<_>, Vec<_>) = links.partition(|link| names.contains(link));
        if !missing.is_empty() {
            let links = missing.into_iter().map(str::to_owned).collect();
            return Err(NoOrder::Missing { service: service.name.to_owned(), links });
        }
        own.entry(service.name).or_default().extend(known);
    }
    Ok(own)
}

/// Weighs each service once all it links to are weighed; what is on a recursion, or links to one, keeps
/// open links.
fn weigh<'a>(links: &Links<'a>) -> BTreeMap<&'a str, Weight> {
    let mut weights: BTreeMap<&str, Weight> = BTreeMap::new();
    let mut linked_by = Links::new();
    for (name, targets) in links {
        weights.insert(name, Weight { open: targets.len(), ..Weight::default() });
        for target in targets {
            linked_by.entry(target).or_default().push(name);
        }
    }
    let free = weights.iter().filter(|(_, weight)| weight.open == 0);
    let mut ready: Vec<_> = free.map(|(name, weight)| (*name, *weight)).collect();
    while let Some((link, weight)) = ready.pop() {
        for name in linked_by.get(link).into_iter().flatten() {
            let Some(user) = weights.get_mut(name) else { continue };
            user.add(weight);
            if user.open == 0 {
                ready.push((*name, *user));
            }
        }
    }
    weights
}

/// Finds a recursion, beginning with its first service as given. Each service with open links has one
/// that leads to another such service, so that following those comes back to one sooner or later.
fn recursion(
    services: &[Linked<'_>],
    links: &Links<'_>,
    weights: &BTreeMap<&str, Weight>,
) -> Option<NoOrder> {
    let is_open = |name: &&str| weights.get(*name).is_some_and(|weight| weight.open > 0);
    let mut names = services.iter().map(|service| service.name);
    let mut at = names.find(is_open)?;
    let mut way = Vec::new();
    let mut seen = BTreeSet::new();
    while seen.insert(at) {
        way.push(at);
        at = links.get(at)?.iter().copied().find(is_open)?;
    }
    let mut ring: Vec<_> = way.into_iter().skip_while(|name| *name != at).collect();
    let members: BTreeSet<_> = ring.iter().copied().collect();
    let first = services.iter().map(|service| service.name).find(|name| members.contains(name))?;
    let turn = ring.iter().position(|name| *name == first)?;
    ring.rotate_left(turn);
    ring.push(first);
    Some(NoOrder::Recursive {
        service: first.to_owned(),
        links: ring.into_iter().map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests;
