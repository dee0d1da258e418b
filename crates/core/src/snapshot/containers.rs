//! The visible containers of a grid, found by name and by the service they belong to.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Container, ContainerId, NodeId};

/// The visible containers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Containers {
    all: BTreeMap<ContainerId, Container>,
    by_name: BTreeMap<String, BTreeSet<ContainerId>>,
    /// By stack and plain name of the service.
    by_service: BTreeMap<(String, String), BTreeSet<ContainerId>>,
}

impl Containers {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Container> {
        self.all.values()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &Container> {
        self.found(self.by_name.get(name))
    }

    pub(super) fn of_service(&self, stack: &str, name: &str) -> impl Iterator<Item = &Container> {
        self.found(self.by_service.get(&(stack.to_owned(), name.to_owned())))
    }

    fn found<'a>(
        &'a self,
        ids: Option<&'a BTreeSet<ContainerId>>,
    ) -> impl Iterator<Item = &'a Container> {
        ids.into_iter().flatten().filter_map(|id| self.all.get(id))
    }

    pub(super) fn put(&mut self, container: Container) {
        self.remove(container.id);
        self.by_name.entry(container.name.clone()).or_default().insert(container.id);
        if let Some(key) = service_of(&container) {
            self.by_service.entry(key).or_default().insert(container.id);
        }
        self.all.insert(container.id, container);
    }

    pub(super) fn remove(&mut self, id: ContainerId) {
        let Some(container) = self.all.remove(&id) else { return };
        forget(&mut self.by_name, &container.name, id);
        if let Some(key) = service_of(&container) {
            forget(&mut self.by_service, &key, id);
        }
    }

    pub(super) fn remove_of(&mut self, node: NodeId) {
        let of_node = self.all.values().filter(|container| container.node == node);
        for id in of_node.map(|container| container.id).collect::<Vec<_>>() {
            self.remove(id);
        }
    }
}

fn service_of(container: &Container) -> Option<(String, String)> {
    Some((container.stack_name.clone(), container.service_name.clone()?))
}

fn forget<K: Ord>(index: &mut BTreeMap<K, BTreeSet<ContainerId>>, key: &K, id: ContainerId) {
    if let Some(ids) = index.get_mut(key) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(key);
        }
    }
}
