//! A port of a node belongs to one instance (`scheduling.md` 3.6). Protocol, address and state are not
//! looked at: a stopped service still holds its ports, and so does an instance on its way.

use std::collections::BTreeSet;

use super::{Failure, Field, Filter, Scope, Spots, listed, somebody};

/// Applies to services with ports.
#[derive(Debug)]
struct Port {
    /// In the order of declaration.
    wanted: Vec<u16>,
    /// Where another service holds one of them.
    taken: Spots,
}

pub(super) fn new(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let ports = &field.service.spec.ports;
    if ports.is_empty() {
        return None;
    }
    let wanted: Vec<_> = ports.iter().map(|port| port.node_port).collect();
    let others: BTreeSet<_> = wanted
        .iter()
        .flat_map(|port| field.snapshot.publishers(*port))
        .filter(|other| *other != field.service.id)
        .collect();
    let rows = others.iter().flat_map(|other| field.snapshot.instances(*other));
    let mut taken = field.spots(rows.filter_map(|row| row.node));
    // Where an instance is on its way to, another one must not go (8.2 #11).
    let coming = others.iter().flat_map(|other| field.snapshot.targets_of(*other));
    taken |= field.spots(coming);
    Some(Box::new(Port { wanted, taken }))
}

impl Filter for Port {
    fn name(&self) -> &'static str {
        "Port"
    }

    fn scope(&self) -> Scope {
        Scope::OwnRow
    }

    fn sees_own_rows(&self) -> bool {
        true
    }

    fn narrow(&self, field: &Field<'_>, number: u32, left: &mut Spots) -> Result<(), Failure> {
        *left -= &self.taken;
        for spot in &*left & field.holders() {
            if field.rows_on(spot).any(|row| row != number) {
                left.remove(spot);
            }
        }
        somebody(left, || {
            format!("Did not find any nodes with unused ports: {}", listed(&self.wanted))
        })
    }

    fn why(&self, _: &Field<'_>, _: u32) -> String {
        format!("a port of {} is taken", listed(&self.wanted))
    }
}
