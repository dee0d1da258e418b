//! Which nodes are connected, active, labelled so, have that driver, so many processors, so much memory.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{Spot, Spots, Zones};
use crate::domain::{Availability, Node};

/// The sets of a roster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sets {
    /// Whose agent is connected.
    pub(crate) connected: Spots,
    /// Those that are connected and have not described themselves since.
    pub(crate) settling: Spots,
    /// Those that are not drained.
    pub(crate) active: Spots,
    /// Those that may vanish.
    pub(crate) ephemeral: Spots,
    /// By zone, and there by memory in use.
    pub(crate) zones: Zones,
    names: BTreeMap<String, Spots>,
    labels: BTreeMap<String, Spots>,
    drivers: BTreeMap<String, Spots>,
    cpus: BTreeMap<i64, Spots>,
    /// By place.
    details: Vec<Detail>,
    fingerprint: u64,
}

/// What is asked of single nodes, side by side.
#[derive(Debug, Clone, Copy, Default)]
struct Detail {
    number: u32,
    /// Bytes.
    mem_total: i64,
    /// Bytes that are free or can be freed; none where that was not measured.
    mem_free: Option<i64>,
}

impl Sets {
    pub(super) fn insert(&mut self, spot: Spot, node: &Node) {
        if node.connected {
            self.connected.insert(spot);
            if !node.updated {
                self.settling.insert(spot);
            }
        }
        if node.availability == Availability::Active {
            self.active.insert(spot);
        }
        if node.is_ephemeral() {
            self.ephemeral.insert(spot);
        }
        add(&mut self.names, &node.name, spot);
        for label in &node.labels {
            add(&mut self.labels, label, spot);
        }
        for driver in &node.report.volume_drivers {
            add(&mut self.drivers, &driver.name, spot);
        }
        self.cpus.entry(cpus(node)).or_default().insert(spot);
        self.zones.insert(spot, node);
        let place = super::place(spot);
        if self.details.len() <= place {
            self.details.resize(place + 1, Detail::default());
        }
        if let Some(detail) = self.details.get_mut(place) {
            *detail = Detail::of(node);
        }
        self.fingerprint ^= fingerprint(node);
    }

    pub(super) fn remove(&mut self, spot: Spot, node: &Node) {
        self.connected.remove(spot);
        self.settling.remove(spot);
        self.active.remove(spot);
        self.ephemeral.remove(spot);
        drop_from(&mut self.names, node.name.as_str(), spot);
        for label in &node.labels {
            drop_from(&mut self.labels, label.as_str(), spot);
        }
        for driver in &node.report.volume_drivers {
            drop_from(&mut self.drivers, driver.name.as_str(), spot);
        }
        drop_from(&mut self.cpus, &cpus(node), spot);
        self.zones.remove(spot, node);
        self.fingerprint ^= fingerprint(node);
    }

    /// The nodes of a name; none or one, as far as the store has its way.
    pub(crate) fn named(&self, name: &str) -> Option<&Spots> {
        self.names.get(name)
    }

    /// The nodes that have a label, literally.
    pub(crate) fn labelled(&self, label: &str) -> Option<&Spots> {
        self.labels.get(label)
    }

    /// Every label that any node has, with those who have it.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &Spots)> {
        self.labels.iter().map(|(label, spots)| (label.as_str(), spots))
    }

    /// The nodes with a volume driver.
    pub(crate) fn with_driver(&self, driver: &str) -> Option<&Spots> {
        self.drivers.get(driver)
    }

    /// The nodes with so many processors at least; an unknown count is none.
    pub(crate) fn with_cpus(&self, wanted: f64) -> Spots {
        // Compared as fractions: half a processor is a wish like any other.
        let enough = self
            .cpus
            .iter()
            .filter(|(cpus, _)| f64::from(u32::try_from(**cpus).unwrap_or(0)) >= wanted);
        union(enough.map(|(_, spots)| spots))
    }

    /// The number of a node in its grid.
    pub(crate) fn number(&self, spot: Spot) -> u32 {
        self.detail(spot).number
    }

    /// Whether a node has that many bytes of memory, and, where that was measured, that many free.
    pub(crate) fn has_memory(&self, spot: Spot, demand: i64) -> bool {
        let detail = self.detail(spot);
        detail.mem_total >= demand && detail.mem_free.is_none_or(|free| free >= demand)
    }

    /// Changes with all that decides where instances may go, except memory in use.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn detail(&self, spot: Spot) -> Detail {
        self.details.get(super::place(spot)).copied().unwrap_or_default()
    }
}

impl Detail {
    fn of(node: &Node) -> Self {
        // Agents say what they like: sums stay what they can be.
        let mem_free = node
            .memory()
            .map(|memory| memory.free.saturating_add(memory.cached).saturating_add(memory.buffers));
        Self { number: node.number, mem_total: node.report.mem_total.unwrap_or(0), mem_free }
    }
}

/// All members of any of the sets.
pub(crate) fn union<'a>(sets: impl Iterator<Item = &'a Spots>) -> Spots {
    sets.fold(Spots::new(), |mut all, spots| {
        all |= spots;
        all
    })
}

fn cpus(node: &Node) -> i64 {
    node.report.cpus.unwrap_or(0)
}

fn add(sets: &mut BTreeMap<String, Spots>, key: &str, spot: Spot) {
    match sets.get_mut(key) {
        Some(spots) => drop(spots.insert(spot)),
        None => drop(sets.insert(key.to_owned(), Spots::from([spot]))),
    }
}

fn drop_from<K, Q>(sets: &mut BTreeMap<K, Spots>, key: &Q, spot: Spot)
where
    K: std::borrow::Borrow<Q> + Ord,
    Q: Ord + ?Sized,
{
    if let Some(spots) = sets.get_mut(key) {
        spots.remove(spot);
        if spots.is_empty() {
            sets.remove(key);
        }
    }
}

fn fingerprint(node: &Node) -> u64 {
    let mut hasher = DefaultHasher::new();
    (node.id, &node.name, node.connected, &node.labels).hash(&mut hasher);
    let (cpus, mem_total) = (node.report.cpus, node.report.mem_total);
    (node.availability.as_str(), cpus, mem_total).hash(&mut hasher);
    for driver in &node.report.volume_drivers {
        driver.name.hash(&mut hasher);
    }
    hasher.finish()
}
