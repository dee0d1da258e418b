//! Identities: one type per noun, never a bare string.
//!
//! An id is twelve bytes, shown as 24 lower-case hexadecimal digits, as Kontena 1.5 did. The first four
//! bytes are the second of creation, so that ids made later sort later.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::text::NAME;

/// A text is not 24 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 24 hexadecimal digits")]
pub struct InvalidId;

fn parse(text: &str) -> Result<[u8; 12], InvalidId> {
    let digits = text.as_bytes();
    if digits.len() != 24 {
        return Err(InvalidId);
    }
    let mut bytes = [0; 12];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = (*digit as char).to_digit(16).ok_or(InvalidId)?;
            *byte = *byte << 4 | u8::try_from(value).map_err(|_| InvalidId)?;
        }
    }
    Ok(bytes)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 12]);

        impl $name {
            /// Makes an id of its bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 12]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A grid.
    GridId,
    /// A stack.
    StackId,
    /// A node, as this master knows it; the engine's own id is an [`EngineId`].
    NodeId,
    /// A service.
    ServiceId,
    /// An instance of a service.
    InstanceId,
    /// A deploy of a service.
    DeployId,
    /// A container record.
    ContainerId,
    /// A volume of a grid.
    VolumeId,
    /// A volume on a node.
    VolumeInstanceId,
    /// A user.
    UserId,
    /// An access token or a login code.
    TokenId,
    /// A secret of the vault.
    SecretId,
    /// An image registry with its credentials.
    RegistryId,
}

/// The id of a Docker engine, which the wire calls the node id. Opaque; never empty, at most [`NAME`]
/// bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EngineId(Arc<str>);

impl EngineId {
    /// Takes an id as the agent sent it; nothing where it is empty or too long to be looked up by.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (1..=NAME).contains(&text.len()).then(|| Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_shows() {
        let id = NodeId::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 0xfc, 0xfd, 0xfe, 0xff]);
        assert_eq!(id.to_string(), "0001020304050607fcfdfeff");
        assert_eq!("0001020304050607fcfdfeff".parse(), Ok(id));
        for wrong in ["", "00", "0001020304050607fcfdfefg", "0001020304050607fcfdfeff0"] {
            assert_eq!(wrong.parse::<NodeId>(), Err(InvalidId), "{wrong}");
        }
    }
}
