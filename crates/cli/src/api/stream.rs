//! Logs and events: the newest once, or followed for as long as the master goes on.
//!
//! A followed log is one JSON object after the other, in pieces cut anywhere and with blanks in between.
//!
//! ```text
//! clean end          asked again from behind the last entry; nothing more, or nothing there: the log is over
//! anything else      asked again from behind the last entry: nothing is lost, nothing comes twice
//! ```

use std::io::{BufReader, Read};
use std::time::Duration;

use serde_json::{Deserializer, Value};

use super::{Client, encode};
use crate::clock;
use crate::failure::{Failure, Kind};

/// How often in a row is asked again without an answer, for a broken stream or for what is watched.
pub(crate) const ATTEMPTS: u32 = 10;
/// The longest pause between two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Reads the newest entries, oldest first.
pub(crate) fn newest(client: &Client, path: &str, query: &str) -> Result<Vec<Value>, Failure> {
    let answer: Value = client.get(&format!("{path}?{query}"))?;
    Ok(match answer {
        Value::Object(mut answer) => match answer.remove("logs") {
            Some(Value::Array(entries)) => entries,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    })
}

/// Hands every entry to `show`, first the newest that there are, then each as it comes.
pub(crate) fn follow(
    client: &Client,
    path: &str,
    query: &str,
    mut show: impl FnMut(&Value) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut place = Place::default();
    // In a row: answers that brought nothing, and attempts that brought no answer.
    let (mut empty, mut unanswered): (u32, u32) = (0, 0);
    let mut has_ended = false;
    loop {
        let address = place.address(path, query);
        let end = match client.open(&address) {
            Ok(body) => {
                unanswered = 0;
                read(body, &mut place, &mut show)?
            }
            Err(failure) if has_ended && failure.status() == Some(404) => return Ok(()),
            // Before anything was answered there is nothing to go on with.
            Err(failure) if !place.is_known || !is_passing(&failure) || unanswered >= ATTEMPTS => {
                return Err(failure);
            }
            Err(_) => {
                unanswered += 1;
                End::Broken { entries: 0 }
            }
        };
        match end {
            End::Clean { entries: 0 } => return Ok(()),
            End::Clean { .. } => empty = 0,
            End::Broken { entries: 0 } => empty += 1,
            End::Broken { .. } => empty = 0,
        }
        has_ended = matches!(end, End::Clean { .. });
        if empty > 0 {
            clock::pause(pause(empty));
        }
    }
}

/// A master that starts again cannot be reached, or says 502 to 504 through whoever stands before it.
pub(crate) fn is_passing(failure: &Failure) -> bool {
    failure.kind() == Kind::Unreachable || failure.status() == Some(504)
}

/// Returns how long to wait after so many attempts.
pub(crate) fn pause(empty: u32) -> Duration {
    let doubled = Duration::from_millis(125).saturating_mul(1 << empty.min(16));
    doubled.min(LONGEST_PAUSE)
}

/// How a stream ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Clean { entries: usize },
    Broken { entries: usize },
}

/// Where in the log we are.
#[derive(Debug, Default)]
struct Place {
    is_known: bool,
    id: Option<String>,
    created_at: Option<String>,
}

impl Place {
    fn pass(&mut self, entry: &Value) {
        self.is_known = true;
        self.id = id_of(entry).or(self.id.take());
        self.created_at = entry.get("created_at").and_then(Value::as_str).map(ToOwned::to_owned);
    }

    /// Where to ask for what comes after this place. Events of Kontena 1.5 have no id.
    fn address(&self, path: &str, query: &str) -> String {
        let query = format!("{query}&follow=1");
        match (&self.id, &self.created_at) {
            (Some(id), _) => format!("{path}?{query}&from={}", encode(id)),
            (None, Some(at)) => {
                let rest: Vec<&str> =
                    query.split('&').filter(|part| !part.starts_with("since=")).collect();
                format!("{path}?{}&since={}", rest.join("&"), encode(at))
            }
            (None, None) => format!("{path}?{query}"),
        }
    }
}

fn id_of(entry: &Value) -> Option<String> {
    match entry.get("id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// Reads entries until the stream ends one way or the other.
fn read(
    body: impl Read,
    place: &mut Place,
    show: &mut impl FnMut(&Value) -> Result<(), Failure>,
) -> Result<End, Failure> {
    place.is_known = true;
    let mut entries = 0;
    for entry in Deserializer::from_reader(BufReader::new(body)).into_iter::<Value>() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.is_io() || error.is_eof() => return Ok(End::Broken { entries }),
            Err(error) => {
                return Err(Failure::said(format!("Invalid entry in the stream: {error}")));
            }
        };
        // A master that begins again with the last entry said nothing new.
        if id_of(&entry).is_none_or(|id| place.id.as_ref() != Some(&id)) {
            show(&entry)?;
            place.pass(&entry);
            entries += 1;
        }
    }
    Ok(End::Clean { entries })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// Hands out its pieces one read after the other, then ends or breaks.
    struct Pieces(Vec<&'static [u8]>, bool);

    impl Read for Pieces {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return if self.1 { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(0) };
            }
            let piece = self.0.remove(0);
            into[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    fn read_all(pieces: &[&'static str], breaks: bool) -> (Vec<String>, End, String) {
        let mut seen = Vec::new();
        let mut place = Place::default();
        let pieces = Pieces(pieces.iter().map(|piece| piece.as_bytes()).collect(), breaks);
        let end = read(pieces, &mut place, &mut |entry| {
            seen.push(entry["data"].as_str().unwrap().to_owned());
            Ok(())
        });
        (seen, end.unwrap(), place.address("/l", "limit=9&since=x"))
    }

    #[test]
    fn pieces_are_cut_anywhere() {
        let (seen, end, query) = read_all(
            &[
                r#"{"id":"1","#,
                r#""data":"a"}{"id":"2","data":"}{"}"#,
                " ",
                "\n{",
                r#""id":3,"data":""#,
                "é",
                r#""} "#,
            ],
            false,
        );
        assert_eq!(
            (seen, end),
            (vec!["a".into(), "}{".into(), "é".into()], End::Clean { entries: 3 })
        );
        assert_eq!(query, "/l?limit=9&since=x&follow=1&from=3");
    }

    #[test]
    fn half_an_entry_is_a_broken_stream() {
        for (pieces, breaks) in [
            (&[r#"{"id":"1","data":"a"}{"id":"2","#][..], false),
            (&[r#"{"id":"1","data":"a"}{"id":"2","#][..], true),
            (&[r#"{"id":"1","data":"a"}"#][..], true),
        ] {
            let (seen, end, query) = read_all(pieces, breaks);
            assert_eq!((seen, end), (vec!["a".into()], End::Broken { entries: 1 }));
            assert_eq!(query, "/l?limit=9&since=x&follow=1&from=1");
        }
    }

    #[test]
    fn what_was_shown_is_not_shown_again() {
        let (seen, _, _) =
            read_all(&[r#"{"id":"1","data":"a"}"#, r#"{"id":"1","data":"a"}"#], false);
        assert_eq!(seen, ["a"]);
    }

    #[test]
    fn entries_without_id_are_told_apart_by_their_time() {
        let (_, _, query) =
            read_all(&[r#"{"data":"a","created_at":"2018-03-20T08:00:00.5Z"}"#], true);
        assert_eq!(query, "/l?limit=9&follow=1&since=2018-03-20T08:00:00.5Z");
    }

    #[test]
    fn pauses_grow_to_a_limit() {
        assert_eq!(pause(1), Duration::from_millis(250));
        assert_eq!(pause(30), LONGEST_PAUSE);
    }
}
