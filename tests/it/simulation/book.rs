//! S8: what was acknowledged to administrators. Whatever happens to masters, the stored services are
//! exactly these.

use std::collections::BTreeMap;

use kontena_core::{
    Snapshot,
    domain::{Service, ServiceId, ServiceState},
};

/// What a service is, as far as administrators have said.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub name: String,
    pub image: String,
    pub instances: i64,
    pub state: ServiceState,
}

impl Wanted {
    fn of(service: &Service) -> Self {
        Self {
            name: service.name.clone(),
            image: service.spec.image.clone(),
            instances: service.instances,
            state: service.state,
        }
    }
}

/// All that was acknowledged.
#[derive(Default)]
pub struct Book {
    services: BTreeMap<ServiceId, Wanted>,
}

impl Book {
    pub fn created(&mut self, service: &Service) {
        self.services.insert(service.id, Wanted::of(service));
    }

    pub fn removed(&mut self, service: ServiceId) {
        self.services.remove(&service);
    }

    pub fn changed(&mut self, service: ServiceId, change: impl FnOnce(&mut Wanted)) {
        if let Some(known) = self.services.get_mut(&service) {
            change(known);
        }
    }

    /// The services, in the order of their making.
    pub fn services(&self) -> impl Iterator<Item = (ServiceId, &Wanted)> {
        self.services.iter().map(|(id, wanted)| (*id, wanted))
    }

    pub fn wrong(&self, picture: &Snapshot) -> Option<String> {
        let stored: BTreeMap<ServiceId, Wanted> =
            picture.services().map(|service| (service.id, Wanted::of(service))).collect();
        (stored != self.services)
            .then(|| format!("S8: acknowledged {:?}, stored {stored:?}", self.services))
    }
}
