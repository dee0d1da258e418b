//! Addresses: of the master, of its resources, and the one agents dial.

/// Scheme, host and port of a master. A path in its URL is ignored by every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    text: String,
    host: String,
}

impl Origin {
    /// Reads a master's URL; none where it is not `http://` or `https://` with a host.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let uri: ureq::http::Uri = lower_scheme(url.trim()).parse().ok()?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
        let authority = uri.authority()?;
        let host = authority.host().to_owned();
        (!host.is_empty()).then(|| Self { text: format!("{scheme}://{authority}"), host })
    }

    /// Returns the host, without brackets around an IPv6 address.
    pub(crate) fn host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    /// Returns the port, the scheme's own unless the URL names one.
    pub(crate) fn port(&self) -> u16 {
        let authority = self.text.split_once("://").map_or("", |(_, authority)| authority);
        // Behind the last colon of a bare IPv6 address stands a bracket too, which is no number.
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        port.unwrap_or(if self.is_tls() { 443 } else { 80 })
    }

    /// Tells whether the master is spoken to through TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// Returns the full URL of a path.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

/// Schemes are the same in every case.
fn lower_scheme(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => url.to_owned(),
    }
}

/// Builds `/v1/a/b/c`; what is no letter of a path is percent-encoded.
pub(crate) fn path(segments: &[&str]) -> String {
    let mut path = String::from("/v1");
    for segment in segments {
        path.push('/');
        path.push_str(&encode(segment));
    }
    path
}

/// Builds the path of a resource with an `id` that has slashes: `/v1/nodes/GRID/NODE`.
pub(crate) fn path_of(resource: &str, id: &str) -> String {
    let segments: Vec<&str> = std::iter::once(resource).chain(id.split('/')).collect();
    path(&segments)
}

/// Builds the path of a node with the `id` that the master says: `GRID/NODE`. The names of nodes that joined by
/// grid token are their host's, slashes and all.
pub(crate) fn path_of_node(id: &str) -> String {
    let (grid, node) = id.split_once('/').unwrap_or(("", id));
    path(&["nodes", grid, node])
}

/// Encodes one segment of a path or one value of a query.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~:@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Returns the URI agents dial: the master's URL with the websocket scheme and at least `/` as path.
pub(crate) fn websocket_uri(url: &str) -> String {
    let url = lower_scheme(url);
    let uri = match url.strip_prefix("http") {
        Some(rest) => format!("ws{rest}"),
        None => url,
    };
    let has_path = uri.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    if has_path { uri } else { format!("{uri}/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websocket_uris_have_a_path() {
        for (url, uri) in [
            ("http://192.168.66.1:9292/", "ws://192.168.66.1:9292/"),
            ("http://192.168.66.1:9292", "ws://192.168.66.1:9292/"),
            ("https://master.example.com", "wss://master.example.com/"),
            ("https://h/x", "wss://h/x"),
            ("HTTPS://h/X", "wss://h/X"),
        ] {
            assert_eq!(websocket_uri(url), uri);
        }
    }

    #[test]
    fn a_path_in_the_url_is_ignored() {
        let origin = Origin::parse("https://master:8443/some/path").unwrap();
        assert_eq!(origin.join("/v1/grids"), "https://master:8443/v1/grids");
        assert_eq!((origin.host(), origin.is_tls()), ("master", true));
        assert_eq!(Origin::parse("http://[::1]:9292").unwrap().host(), "::1");
        for (url, port) in [
            ("http://h", 80),
            ("https://h/", 443),
            ("https://h:8443/x", 8443),
            ("http://[::1]", 80),
            ("http://[::1]:9292/", 9292),
        ] {
            assert_eq!(Origin::parse(url).unwrap().port(), port, "{url}");
        }
        assert_eq!(Origin::parse("HTTP://h:1/").unwrap().join("/x"), "http://h:1/x");
        assert_eq!(Origin::parse("ftp://x"), None);
        assert_eq!(Origin::parse("nonsense"), None);
    }

    #[test]
    fn names_cannot_leave_their_segment() {
        assert_eq!(path(&["nodes", "g", "7Q:WM"]), "/v1/nodes/g/7Q:WM");
        assert_eq!(path(&["nodes", "a/b", "c?d#e f"]), "/v1/nodes/a%2Fb/c%3Fd%23e%20f");
        assert_eq!(path_of("services", "g/null/redis"), "/v1/services/g/null/redis");
    }
}
