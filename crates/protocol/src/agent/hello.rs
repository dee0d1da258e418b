//! The headers of the websocket upgrade: who the agent says it is.

use chrono::{DateTime, NaiveDateTime, Utc};

/// Header names as agents send them; lookups ignore case.
pub mod header {
    /// The agent's version; on the response, the master's.
    pub const VERSION: &str = "Kontena-Version";
    /// The Docker engine id.
    pub const NODE_ID: &str = "Kontena-Node-Id";
    /// The name of a node that the grid token creates.
    pub const NODE_NAME: &str = "Kontena-Node-Name";
    /// Labels joined by commas.
    pub const NODE_LABELS: &str = "Kontena-Node-Labels";
    /// The agent's clock just before it connected; on the response, the master's.
    pub const CONNECTED_AT: &str = "Kontena-Connected-At";
    /// The node's own token.
    pub const NODE_TOKEN: &str = "Kontena-Node-Token";
    /// The token every node of a grid may use.
    pub const GRID_TOKEN: &str = "Kontena-Grid-Token";
}

/// Most labels of a node that count.
pub const MOST_LABELS: usize = 128;
/// Most bytes of a label; a longer one is left out, since its beginning alone would be another label.
pub const LONGEST_LABEL: usize = 255;

/// Most bytes of a version that count.
const LONGEST_VERSION: usize = 255;

/// The token an agent presents.
#[derive(Clone, PartialEq, Eq)]
pub enum Token {
    /// The grid token; wins where both headers are present, even when empty.
    Grid(String),
    /// A node token.
    Node(String),
    /// Neither header was sent.
    Missing,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Grid(_) => "Grid(…)",
            Self::Node(_) => "Node(…)",
            Self::Missing => "Missing",
        })
    }
}

/// What an agent says about itself before the first frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// Empty where the header is missing; the beginning of one that is longer than any.
    pub version: String,
    /// Empty where the header is missing.
    pub node_id: String,
    /// Empty where the header is missing.
    pub node_name: String,
    /// In header order, without empty and over-long elements and those beyond [`MOST_LABELS`].
    pub labels: Vec<String>,
    /// The header's text; see [`parse_connected_at`].
    pub connected_at: Option<String>,
    /// Which token was presented.
    pub token: Token,
}

impl Hello {
    /// Reads the headers. `lookup` returns a header's value by name, ignoring case.
    pub fn read<'a>(lookup: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |name| lookup(name).unwrap_or_default().to_owned();
        let token = match (lookup(header::GRID_TOKEN), lookup(header::NODE_TOKEN)) {
            (Some(token), _) => Token::Grid(token.to_owned()),
            (None, Some(token)) => Token::Node(token.to_owned()),
            (None, None) => Token::Missing,
        };
        let mut version = text(header::VERSION);
        version.truncate(version.floor_char_boundary(LONGEST_VERSION));
        Self {
            version,
            node_id: text(header::NODE_ID),
            node_name: text(header::NODE_NAME),
            labels: lookup(header::NODE_LABELS)
                .unwrap_or_default()
                .split(',')
                .map(str::trim)
                .filter(|label| !label.is_empty() && label.len() <= LONGEST_LABEL)
                .take(MOST_LABELS)
                .map(str::to_owned)
                .collect(),
            connected_at: lookup(header::CONNECTED_AT).map(str::to_owned),
            token,
        }
    }
}

/// Formats a moment as the `Kontena-Connected-At` header: nine fraction digits, literal `Z`.
#[must_use]
pub fn format_connected_at(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.9fZ").to_string()
}

/// Reads a `Kontena-Connected-At` header leniently: `T` or blank, any number of fraction digits, `Z`, a
/// numeric offset, or no zone at all (then UTC).
#[must_use]
pub fn parse_connected_at(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    for format in ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z"] {
        if let Ok(at) = DateTime::parse_from_str(text, format) {
            return Some(at.with_timezone(&Utc));
        }
    }
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|at| at.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connected_at_is_read_leniently_and_written_exactly() {
        let exact = "2017-08-01 12:34:56.123456789Z";
        let at = parse_connected_at(exact).expect("the agents' own layout");
        assert_eq!(format_connected_at(at), exact);
        for same in [
            "2017-08-01T12:34:56.123456789Z",
            "2017-08-01 12:34:56.123456789",
            "2017-08-01T14:34:56.123456789+02:00",
        ] {
            assert_eq!(parse_connected_at(same), Some(at), "{same}");
        }
        assert!(parse_connected_at("2017-08-01T12:34:56Z").is_some());
        assert_eq!(parse_connected_at("garbage"), None);
        assert_eq!(parse_connected_at(""), None);
    }

    #[test]
    fn the_grid_token_header_wins_even_when_empty() {
        let hello = Hello::read(|name| match name {
            header::GRID_TOKEN => Some(""),
            header::NODE_TOKEN => Some("n"),
            header::NODE_LABELS => Some("a=1,b,,c=x=y"),
            _ => None,
        });
        assert_eq!(hello.token, Token::Grid(String::new()));
        assert_eq!(hello.labels, ["a=1", "b", "c=x=y"]);
        assert_eq!(hello.node_id, "");
    }
    #[test]
    fn labels_and_the_version_are_bounded_in_number_and_length() {
        let long = "x".repeat(LONGEST_LABEL + 1);
        let many: Vec<String> = (0..1000).map(|number| format!("label-{number}")).collect();
        let text = format!("{long},{}", many.join(","));
        let hello = Hello::read(|name| match name {
            header::NODE_LABELS => Some(text.as_str()),
            header::VERSION => Some(long.as_str()),
            _ => None,
        });
        assert_eq!(hello.labels, many[..MOST_LABELS]);
        assert_eq!(hello.version.len(), LONGEST_VERSION);
    }
}
