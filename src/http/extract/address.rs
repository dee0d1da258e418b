//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;

/// The address of a client: the peer's, or, where the peer is a proxy in front of this master (loopback or
/// a private address), the rightmost public one it names in `X-Forwarded-For`. What stands left of that
/// anybody can claim.
pub(in crate::http) fn source_ip(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    if !is_internal(peer) {
        return Some(peer);
    }
    let named =
        request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = named.flat_map(|value| value.split(',')).collect();
    // One that cannot be read is no reason to believe what stands left of it.
    let read = named.iter().rev().map(|entry| address(entry.trim()));
    let outermost = read.into_iter().find(|address| address.is_none_or(|it| !is_internal(it)));
    Some(outermost.flatten().unwrap_or(peer))
}

/// An address, as some proxies write it with a port: `192.0.2.1:80`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse().ok().or_else(with_port)
}

/// Whether an address is no public one: loopback, private, link-local.
fn is_internal(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let peer = format!("{peer}:1000").parse().expect("an address");
        let request = TestRequest::default().peer_addr(peer);
        let request = forwarded
            .iter()
            .fold(request, |request, value| request.append_header(("X-Forwarded-For", *value)));
        source_ip(&request.to_http_request()).expect("a peer").to_string()
    }

    #[test]
    fn only_a_proxy_is_believed_and_only_its_last_word() {
        assert_eq!(seen("203.0.113.1", &["198.51.100.7"]), "203.0.113.1");
        assert_eq!(seen("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(seen("10.0.0.2", &["1.2.3.4, 198.51.100.7, 10.0.0.9"]), "198.51.100.7");
        assert_eq!(seen("10.0.0.2", &["198.51.100.7", "192.0.2.1, junk"]), "10.0.0.2");
        assert_eq!(seen("10.0.0.2", &["9.9.9.9, 198.51.100.7:5123"]), "198.51.100.7");
        assert_eq!(seen("10.0.0.2", &["9.9.9.9, [2001:db8::7]:80, ::1"]), "2001:db8::7");
        assert_eq!(seen("10.0.0.2", &["9.9.9.9, [2001:db8::7]"]), "2001:db8::7");
        assert_eq!(seen("10.0.0.2", &["10.0.0.3"]), "10.0.0.2");
    }
}
