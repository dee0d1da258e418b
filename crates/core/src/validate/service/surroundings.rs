//! The second phase: what a service may ask for depends on what there is in its grid.
//!
//! Every fault is a sentence of Kontena's; only the failing entries of a list are told. What there is
//! was looked up by the caller.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::error::{FieldError, FieldErrors},
    parts::{WrittenLink, WrittenSecret},
    volume::{Source, WrittenVolume},
};
use crate::domain::{DEFAULT_STACK, Link, SecretRef, ServiceSpec, ServiceVolume, VolumeRef};

/// The longest full name of an instance: what fits into a host name.
const LONGEST_FULL_NAME: usize = 64;

/// What the body of a service is compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The grid's name.
    pub grid: String,
    /// The name of the service's stack; `null` for services without a stack.
    pub stack: String,
    /// Names of the grid's stacks. `null`, the service's own and those with services need not be listed.
    pub stacks: BTreeSet<String>,
    /// Stack and name of every service of the grid, the changed one included.
    pub services: BTreeSet<(String, String)>,
    /// Named volumes by the name that services write: the volume's own, or the one that the stack's
    /// `volumes` section gives it.
    pub volumes: BTreeMap<String, VolumeRef>,
    /// Names of the grid's secrets.
    pub secrets: BTreeSet<String>,
}

/// Checks that the full name of the last instance, `name-instances.domain`, fits into a host name.
pub fn check_name_length(
    name: &str,
    instances: i64,
    stack: &str,
    grid: &str,
) -> Result<(), FieldErrors> {
    let full_name = if stack == DEFAULT_STACK {
        format!("{name}-{instances}.{grid}.kontena.local")
    } else {
        format!("{name}-{instances}.{stack}.{grid}.kontena.local")
    };
    let length = full_name.chars().count();
    if length <= LONGEST_FULL_NAME {
        return Ok(());
    }
    let message = format!(
        "Total grid service name length {length} is over limit ({LONGEST_FULL_NAME}): {full_name}"
    );
    Err(FieldErrors::single("name", message))
}

impl Surroundings {
    pub(super) fn has_service(&self, stack: &str, name: &str) -> bool {
        self.services.contains(&(stack.to_owned(), name.to_owned()))
    }

    fn has_stack(&self, stack: &str) -> bool {
        stack == DEFAULT_STACK
            || stack == self.stack
            || self.stacks.contains(stack)
            || self.services.iter().any(|(known, _)| known == stack)
    }

    pub(super) fn check_name(&self, name: &str, instances: i64, errors: &mut FieldErrors) {
        if let Err(found) = check_name_length(name, instances, &self.stack, &self.grid) {
            for (field, error) in found.fields() {
                errors.add(field, error.clone());
            }
        }
    }

    /// Finds the targets of links.
    pub(super) fn links(&self, written: &[WrittenLink], errors: &mut FieldErrors) -> Vec<Link> {
        each(written, "links", errors, |link| {
            let (stack, service) = self.target(link)?;
            let alias = link.alias.clone();
            Ok(Link { stack, service, alias })
        })
    }

    fn target(&self, link: &WrittenLink) -> Result<(String, String), String> {
        let (stack, service) = link
            .identified(&self.grid)
            .or_else(|| link.name.split_once('/'))
            .unwrap_or((&self.stack, &link.name));
        if !self.has_stack(stack) {
            Err(format!("Link {stack}/{service} points to non-existing stack"))
        } else if !self.has_service(stack, service) {
            Err(format!("Service {stack}/{service} does not exist"))
        } else {
            Ok((stack.to_owned(), service.to_owned()))
        }
    }

    /// Finds secrets in the vault.
    pub(super) fn secrets(
        &self,
        written: &[WrittenSecret],
        errors: &mut FieldErrors,
    ) -> Vec<SecretRef> {
        each(written, "secrets", errors, |wanted| {
            if self.secrets.contains(&wanted.source) {
                Ok(SecretRef { secret: wanted.source.clone(), name: wanted.name.clone() })
            } else {
                Err(format!("Secret {} does not exist", wanted.source))
            }
        })
    }

    /// Finds named volumes. A stateful service that exists (`old`) gets no new anonymous volume: its data
    /// container was made without one.
    pub(super) fn volumes(
        &self,
        written: &[WrittenVolume],
        old: Option<&ServiceSpec>,
        errors: &mut FieldErrors,
    ) -> Vec<ServiceVolume> {
        let pinned = old.filter(|spec| spec.stateful);
        each(written, "volumes", errors, |wanted| {
            let mut volume = ServiceVolume {
                path: wanted.path.clone(),
                flags: wanted.flags.clone(),
                ..ServiceVolume::default()
            };
            match &wanted.source {
                Source::Bind(path) => volume.bind_mount = Some(path.clone()),
                Source::Named(name) => volume.volume = Some(self.volume(name)?),
                Source::Anonymous => check_anonymous(&wanted.path, pinned)?,
            }
            Ok(volume)
        })
    }

    fn volume(&self, name: &str) -> Result<VolumeRef, String> {
        let known = self.volumes.get(name);
        known.cloned().ok_or_else(|| format!("Volume {name} does not exist"))
    }
}

fn check_anonymous(path: &str, pinned: Option<&ServiceSpec>) -> Result<(), String> {
    let is_known = |known: &ServiceVolume| {
        known.volume.is_none() && known.bind_mount.is_none() && known.path == path
    };
    match pinned {
        Some(spec) if !spec.volumes.iter().any(is_known) => Err(format!(
            "Adding a new anonymous volume ({path}) to a stateful service is not supported"
        )),
        _ => Ok(()),
    }
}

/// Looks every entry of a list up; notes what was not found under the field.
fn each<W, T>(
    written: &[W],
    field: &str,
    errors: &mut FieldErrors,
    look_up: impl Fn(&W) -> Result<T, String>,
) -> Vec<T> {
    let (mut found, mut failing) = (Vec::new(), Vec::new());
    for entry in written {
        match look_up(entry) {
            Ok(known) => found.push(known),
            Err(message) => failing.push(message),
        }
    }
    if !failing.is_empty() {
        errors.add(field, FieldError::failing(failing));
    }
    found
}
