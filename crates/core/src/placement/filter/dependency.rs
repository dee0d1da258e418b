//! An instance goes where the containers are that it shares volumes or a network with (`scheduling.md`
//! 3.9). Looks at reported containers, not at what shall be there.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Failure, Field, Filter, Scope, Spot,
    expand::{expand, has_placeholder},
    keep, listed,
};

/// Applies to services with `volumes_from`, and to those with `net: container:…`.
#[derive(Debug)]
struct Dependency {
    entries: Vec<String>,
    net: bool,
    /// `<service>-<number>` of the own stack's containers, and where they are.
    containers: BTreeMap<String, BTreeSet<Spot>>,
}

pub(super) fn volumes_from(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let entries = &field.service.spec.volumes_from;
    (!entries.is_empty()).then(|| new(field, entries.clone(), false))
}

pub(super) fn net(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let net = field.service.spec.net.as_deref()?;
    let entry = net.strip_prefix("container:")?;
    Some(new(field, vec![entry.to_owned()], true))
}

fn new(field: &Field<'_>, entries: Vec<String>, net: bool) -> Box<dyn Filter> {
    let mut containers: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for container in field.snapshot.containers() {
        if container.stack_name != field.service.stack_name {
            continue;
        }
        if let (Some(name), Some(number), Some(spot)) =
            (&container.service_name, container.instance_number, field.spot(container.node))
        {
            let name = format!("{name}-{number}");
            containers.entry(name).or_default().insert(spot);
        }
    }
    Box::new(Dependency { entries, net, containers })
}

impl Dependency {
    fn names(&self, number: u32) -> Result<Vec<String>, Failure> {
        let entries = self.entries.iter();
        entries.map(|entry| expand(entry, number)).collect()
    }

    fn words(&self, names: &[String]) -> String {
        match names {
            [name] if self.net => format!("net: {name}"),
            names => format!("volumes_from: {}", listed(names)),
        }
    }
}

impl Filter for Dependency {
    fn name(&self) -> &'static str {
        "Dependency"
    }

    fn scope(&self) -> Scope {
        if self.entries.iter().any(|entry| has_placeholder(entry)) {
            Scope::Number
        } else {
            Scope::Node
        }
    }

    fn narrow(&self, _: &Field<'_>, number: u32, left: &mut Vec<Spot>) -> Result<(), Failure> {
        let names = self.names(number)?;
        // Every entry must be there (8.2 #17); Kontena 1.5 was content with any.
        let passes = |spot| {
            let mut spots = names.iter().map(|name| self.containers.get(name));
            spots.all(|spots| spots.is_some_and(|spots| spots.contains(&spot)))
        };
        keep(left, passes, || {
            let words = self.words(&names);
            format!("Did not find any nodes for service dependency {words}")
        })
    }

    fn why(&self, _: &Field<'_>, number: u32) -> String {
        let names = self.names(number).unwrap_or_else(|_| self.entries.clone());
        format!("no container of {}", self.words(&names))
    }
}
