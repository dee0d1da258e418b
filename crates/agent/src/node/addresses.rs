//! Finds this machine's private address: that of the peer interface, else of `eth0`, else the one that
//! packets to the master leave from. Nothing is sent.

use std::{
    net::{IpAddr, Ipv4Addr, UdpSocket},
    path::Path,
};

/// The interface Kontena 1.5 falls back to.
const FALLBACK_INTERFACE: &str = "eth0";

/// Finds the private address to report. Reads `/proc/net`; `None` where nothing fits.
#[must_use]
pub(crate) fn private_address(peer_interface: &str, master: (&str, u16)) -> Option<IpAddr> {
    let read = |name: &str| std::fs::read_to_string(Path::new("/proc/net").join(name));
    let (routes, addresses) =
        (read("route").unwrap_or_default(), read("fib_trie").unwrap_or_default());
    interface_address(peer_interface, &routes, &addresses)
        .or_else(|| interface_address(FALLBACK_INTERFACE, &routes, &addresses))
        .map(IpAddr::V4)
        .or_else(|| towards(master))
}

/// The local address inside a network that the interface is connected to.
fn interface_address(interface: &str, routes: &str, addresses: &str) -> Option<Ipv4Addr> {
    let networks: Vec<_> =
        routes.lines().skip(1).filter_map(|line| network(interface, line)).collect();
    local_addresses(addresses).find(|address| {
        let bits = address.to_bits();
        networks.iter().any(|(network, mask)| bits & mask == *network)
    })
}

/// Reads a line of `/proc/net/route`: the network and mask of an interface, default routes left out.
fn network(interface: &str, line: &str) -> Option<(u32, u32)> {
    let columns: Vec<_> = line.split_whitespace().collect();
    let [name, network, gateway, _, _, _, _, mask, ..] = columns.as_slice() else {
        return None;
    };
    // The kernel prints numbers in the machine's byte order.
    let number = |text: &str| u32::from_str_radix(text, 16).ok().map(u32::from_be);
    let mask = number(mask)?;
    (*name == interface && number(gateway)? == 0 && mask != 0).then_some((number(network)?, mask))
}

/// The addresses marked `host LOCAL` in `/proc/net/fib_trie`, without the loopback's.
fn local_addresses(trie: &str) -> impl Iterator<Item = Ipv4Addr> {
    let pairs = trie.lines().zip(trie.lines().skip(1));
    pairs
        .filter(|(_, next)| next.contains("/32 host LOCAL"))
        .filter_map(|(line, _)| line.trim().strip_prefix("|-- ")?.trim().parse().ok())
        .filter(|address: &Ipv4Addr| !address.is_loopback())
}

/// Asks the kernel which address it would use towards the master.
fn towards(master: (&str, u16)) -> Option<IpAddr> {
    let socket = UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    socket.connect(master).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth1\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
";
    const TRIE: &str = "\
Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 10.0.0.5
        /32 host LOCAL
     |-- 10.0.0.255
        /32 link BROADCAST
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 192.168.2.7
        /32 host LOCAL
";

    #[test]
    fn an_interfaces_address_is_the_local_one_in_its_network() {
        let find = |interface| interface_address(interface, ROUTES, TRIE);
        if cfg!(target_endian = "little") {
            assert_eq!(find("eth1"), Some(Ipv4Addr::new(192, 168, 2, 7)));
            assert_eq!(find("eth0"), Some(Ipv4Addr::new(10, 0, 0, 5)));
        }
        assert_eq!(find("eth2"), None);
    }
}
