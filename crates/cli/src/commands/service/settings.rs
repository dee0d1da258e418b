//! How the texts of single settings are read: ports, links, secrets, sizes, spans.

use serde_json::{Value, json};

use crate::failure::Failure;

/// Reads `[IP:]NODE:CONTAINER[/PROTOCOL]`.
pub(super) fn port(text: &str) -> Result<Value, Failure> {
    let invalid = || Failure::said(format!("Invalid port value {text}"));
    let (address, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (rest, container) = address.rsplit_once(':').ok_or_else(invalid)?;
    let (ip, node) = rest.rsplit_once(':').unwrap_or(("0.0.0.0", rest));
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(invalid);
    let (node, container) = (number(node)?, number(container)?);
    if ip.is_empty() || protocol.is_empty() {
        return Err(invalid());
    }
    let ip = ip.trim_matches(['[', ']']);
    Ok(json!({ "ip": ip, "protocol": protocol, "node_port": node, "container_port": container }))
}

/// Reads `SERVICE[:ALIAS]`.
pub(super) fn link(text: &str) -> Result<Value, Failure> {
    let (name, alias) = text.split_once(':').unwrap_or((text, text));
    if name.is_empty() || alias.is_empty() {
        return Err(Failure::said(format!("Invalid link value {text}")));
    }
    Ok(json!({ "name": name, "alias": alias }))
}

/// Reads `SECRET:NAME:TYPE`.
pub(super) fn secret(text: &str) -> Result<Value, Failure> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [secret, name, kind] if parts.iter().all(|part| !part.is_empty()) => {
            Ok(json!({ "secret": secret, "name": name, "type": kind }))
        }
        _ => Err(Failure::said(format!("Invalid secret value {text}"))),
    }
}

/// Reads a size in bytes, with suffix b, k, m or g; -1 stands for no limit.
pub(super) fn bytes(text: &str) -> Result<i64, Failure> {
    let invalid = || Failure::said(format!("Invalid memory value: {text}"));
    if text == "-1" {
        return Ok(-1);
    }
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor: i64 = match text.get(digits.len()..).map(str::to_ascii_lowercase).as_deref() {
        Some("" | "b") => 1,
        Some("k") => 1 << 10,
        Some("m") => 1 << 20,
        Some("g") => 1 << 30,
        _ => return Err(invalid()),
    };
    let number: i64 = digits.parse().ok().filter(|number| *number >= 0).ok_or_else(invalid)?;
    number.checked_mul(factor).ok_or_else(invalid)
}

/// Reads a span in seconds, or with suffix min, h or d.
pub(super) fn seconds(text: &str) -> Result<i64, Failure> {
    let invalid = || Failure::said(format!("Invalid interval value: {text}"));
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor = match text.get(digits.len()..) {
        Some("") => 1,
        Some("min") => 60,
        Some("h") => 3600,
        Some("d") => 86_400,
        _ => return Err(invalid()),
    };
    let number: i64 = digits.parse().ok().filter(|number| *number >= 0).ok_or_else(invalid)?;
    number.checked_mul(factor).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports() {
        for (text, ip, protocol, node, container) in [
            ("80:8080", "0.0.0.0", "tcp", 80, 8080),
            ("1.2.3.4:53:53/udp", "1.2.3.4", "udp", 53, 53),
            ("[::1]:80:80", "::1", "tcp", 80, 80),
        ] {
            let expected = json!({ "ip": ip, "protocol": protocol, "node_port": node,
                "container_port": container });
            assert_eq!(port(text).unwrap(), expected);
        }
        for text in ["foo", "80", "a:b", "80:0", "80:70000", ":80:80", "80:80/"] {
            let error = port(text).unwrap_err().to_string();
            assert_eq!(error, format!("Invalid port value {text}"));
        }
    }

    #[test]
    fn sizes() {
        for (text, size) in [
            ("256m", 268_435_456),
            ("1K", 1024),
            ("2g", 2_147_483_648),
            ("5b", 5),
            ("7", 7),
            ("-1", -1),
        ] {
            assert_eq!(bytes(text).unwrap(), size);
        }
        for text in ["x", "", "1.5g", "1t", "-2", "99999999999999g"] {
            assert_eq!(
                bytes(text).unwrap_err().to_string(),
                format!("Invalid memory value: {text}")
            );
        }
    }

    #[test]
    fn spans() {
        for (text, span) in [("7d", 604_800), ("30min", 1800), ("12h", 43_200), ("90", 90)] {
            assert_eq!(seconds(text).unwrap(), span);
        }
        assert!(seconds("5m").is_err());
    }

    #[test]
    fn references() {
        assert_eq!(link("db").unwrap(), json!({"name": "db", "alias": "db"}));
        assert_eq!(link("shop/db:d").unwrap(), json!({"name": "shop/db", "alias": "d"}));
        assert!(link(":x").is_err());
        let expected = json!({"secret": "S", "name": "N", "type": "env"});
        assert_eq!(secret("S:N:env").unwrap(), expected);
        assert!(secret("S:N").is_err());
    }
}
