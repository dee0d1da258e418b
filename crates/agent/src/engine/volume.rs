//! Volumes of an engine: storage with a name that outlives containers.

use std::collections::BTreeMap;

/// What a volume is asked to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VolumeSpec {
    /// The engine's name for it.
    pub name: String,
    /// `driver`, or `driver:version`.
    pub driver: String,
    /// Driver options.
    pub options: BTreeMap<String, String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// A volume as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Volume {
    /// The engine's name for it.
    pub name: String,
    /// `driver`, or `driver:version`.
    pub driver: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
}

impl Volume {
    /// Tells whether the volume has this driver; one that is wanted without a version has any.
    #[must_use]
    pub fn has_driver(&self, wanted: &str) -> bool {
        let without_version = self.driver.split_once(':').map(|(name, _)| name);
        self.driver == wanted || without_version == Some(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_wanted_without_a_version_may_have_any() {
        let volume = |driver: &str| Volume { driver: driver.into(), ..Volume::default() };
        assert!(volume("local").has_driver("local"));
        assert!(volume("rexray/ebs:latest").has_driver("rexray/ebs"));
        assert!(volume("rexray/ebs:latest").has_driver("rexray/ebs:latest"));
        assert!(!volume("rexray/ebs:latest").has_driver("rexray/ebs:0.11"));
        assert!(!volume("local").has_driver("loc"));
        assert!(!volume("local").has_driver("local:1"));
    }
}
