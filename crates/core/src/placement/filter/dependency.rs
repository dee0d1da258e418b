//! An instance goes where the containers are that it shares volumes or a network with (`scheduling.md`
//! 3.9). Looks at reported containers, not at what shall be there.

use super::{
    Failure, Field, Filter, Scope, Spots,
    expand::{expand, has_placeholder},
    listed, somebody,
};

/// Applies to services with `volumes_from`, and to those with `net: container:…`.
#[derive(Debug)]
struct Dependency {
    entries: Vec<String>,
    net: bool,
}

pub(super) fn volumes_from(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let entries = &field.service.spec.volumes_from;
    (!entries.is_empty())
        .then(|| Box::new(Dependency { entries: entries.clone(), net: false }) as Box<dyn Filter>)
}

pub(super) fn net(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let net = field.service.spec.net.as_deref()?;
    let entry = net.strip_prefix("container:")?;
    Some(Box::new(Dependency { entries: vec![entry.to_owned()], net: true }))
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

/// The candidates with a container `<service>-<number>` of the own stack.
fn spots_of(field: &Field<'_>, name: &str) -> Spots {
    let Some((service, number)) = name.rsplit_once('-') else {
        return Spots::new();
    };
    let containers = field.snapshot.containers_of(&field.service.stack_name, service);
    let meant = containers
        .filter(|container| container.instance_number.is_some_and(|of| of.to_string() == number));
    field.spots(meant.map(|container| container.node))
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

    fn narrow(&self, field: &Field<'_>, number: u32, left: &mut Spots) -> Result<(), Failure> {
        let names = self.names(number)?;
        // Every entry must be there (8.2 #17); Kontena 1.5 was content with any.
        for name in &names {
            *left &= spots_of(field, name);
        }
        somebody(left, || {
            let words = self.words(&names);
            format!("Did not find any nodes for service dependency {words}")
        })
    }

    fn why(&self, _: &Field<'_>, number: u32) -> String {
        let names = self.names(number).unwrap_or_else(|_| self.entries.clone());
        format!("no container of {}", self.words(&names))
    }
}
