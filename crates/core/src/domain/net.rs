//! IPv4 networks of a grid.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Node numbers of every grid reach at least this far, as in Kontena 1.5.
const SMALLEST_LAST_NODE_NUMBER: u32 = 254;

/// An IPv4 network such as `10.81.0.0/16`; a bare address is a `/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    base: u32,
    prefix: u8,
}

/// A text is neither an address nor a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid address: {0}")]
pub struct InvalidCidr(pub String);

impl Cidr {
    /// The grid subnet where none is given: `10.81.0.0/16`.
    pub const DEFAULT_SUBNET: Self = Self { base: 0x0a51_0000, prefix: 16 };
    /// The supernet where none is given: `10.80.0.0/12`.
    pub const DEFAULT_SUPERNET: Self = Self { base: 0x0a50_0000, prefix: 12 };

    /// The overlay address of the node with this number: the number or-ed into the network's address.
    #[must_use]
    pub fn node_address(self, number: u32) -> Ipv4Addr {
        Ipv4Addr::from(self.base | number)
    }

    /// The highest node number: what the subnet addresses below its container range, which is its upper
    /// half, and never less than 254.
    #[must_use]
    pub fn last_node_number(self) -> u32 {
        let lower_half = 1u32.checked_shl(31 - u32::from(self.prefix.min(31))).unwrap_or(1);
        lower_half.saturating_sub(2).max(SMALLEST_LAST_NODE_NUMBER)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.base), self.prefix)
    }
}

impl FromStr for Cidr {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let invalid = || InvalidCidr(text.to_owned());
        let (address, prefix) = text.split_once('/').unwrap_or((text, "32"));
        let address: Ipv4Addr = address.parse().map_err(|_| invalid())?;
        let prefix: u8 = prefix.parse().map_err(|_| invalid())?;
        if prefix > 32 {
            return Err(invalid());
        }
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        Ok(Self { base: u32::from(address) & mask, prefix })
    }
}

impl Serialize for Cidr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_nodes_addressed() {
        let subnet: Cidr = "10.81.3.4/16".parse().expect("a network");
        assert_eq!(subnet, Cidr::DEFAULT_SUBNET);
        assert_eq!(subnet.to_string(), "10.81.0.0/16");
        assert_eq!(subnet.node_address(3).to_string(), "10.81.0.3");
        assert_eq!(subnet.node_address(257).to_string(), "10.81.1.1");
        assert_eq!(subnet.last_node_number(), 32_766);
        let last = |text: &str| text.parse::<Cidr>().expect("a network").last_node_number();
        assert_eq!(last("10.81.0.0/24"), 254);
        assert_eq!(last("10.0.0.0/8"), 8_388_606);
        for edge in ["0.0.0.0/0", "10.0.0.1/32", "10.0.0.1"] {
            assert!(last(edge) >= 254, "{edge}");
        }
        for wrong in ["", "10.81", "10.81.0.0/33", "a/16", "10.81.0.0/"] {
            assert!(wrong.parse::<Cidr>().is_err(), "{wrong}");
        }
    }
}
