//! Logs and events, of whatever they are: how they are asked for and how an entry becomes a line.
//!
//! Which log, and which filters, is said by the commands.

use serde::Deserialize;
use serde_json::Value;

use super::text;
use crate::api::lenient::integer;
use crate::api::{encode, follow, newest, read};
use crate::args::StreamFormat;
use crate::args::stream::{GridEvents, GridLogs, Stream};
use crate::args::values::Since;
use crate::clock;
use crate::failure::Failure;
use crate::output::{Console, Ink, MANY, pad};
use crate::session::Session;

/// A line of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    created_at: Option<String>,
    name: Option<String>,
    data: Option<String>,
}

/// Something that happened.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event {
    created_at: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(deserialize_with = "integer")]
    severity: Option<i64>,
    message: Option<String>,
    relationships: Option<Vec<Relationship>>,
}

/// Something an event is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Relationship {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// How a line of a container begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    /// `TIME NAME:`
    TimeAndName,
    /// `NAME |`
    Name,
    /// `TIME [INSTANCE]:`
    TimeAndInstance,
}

/// `kontena grid logs`.
pub(super) fn grid_logs(session: &Session<'_>, args: &GridLogs) -> Result<(), Failure> {
    let path = crate::api::path(&["grids", session.grid()?, "container_logs"]);
    let stream = &args.grid.stream;
    let prefix = if stream.follow { Prefix::Name } else { Prefix::TimeAndName };
    let filters = filters(&args.grid) + &filter("containers", &args.containers);
    show_lines(session, &path, filters, stream, prefix)
}

fn filters(args: &GridEvents) -> String {
    filter("nodes", &args.nodes) + &filter("services", &args.services)
}

/// `kontena grid events` and `kontena events`.
pub(super) fn grid_events(session: &Session<'_>, args: &GridEvents) -> Result<(), Failure> {
    let path = crate::api::path(&["grids", session.grid()?, "event_logs"]);
    let filters = filters(args);
    let console = session.console;
    let titles = grid_row(["TIME", "TYPE", "RELATIONSHIPS", "MESSAGE"]);
    show_events(session, &path, &filters, &args.stream, &titles, |event| {
        let related = related(event.relationships.as_deref().unwrap_or_default());
        let time = time(console, event);
        grid_row([&time, text(&event.kind), &related, text(&event.message)])
    })
}

/// Shows the lines of containers.
pub(super) fn show_lines(
    session: &Session<'_>,
    path: &str,
    filters: String,
    stream: &Stream,
    prefix: Prefix,
) -> Result<(), Failure> {
    let mut colours = Colours::default();
    show(session, path, &filters, stream, |line: Line| {
        let name = text(&line.name);
        let at = text(&line.created_at);
        let head = match prefix {
            Prefix::TimeAndName => format!("{at} {name}:"),
            Prefix::Name => format!("{name} |"),
            Prefix::TimeAndInstance => format!("{at} [{}]:", instance(name)),
        };
        let head = session.console.clean(&head);
        let head = session.console.paint(colours.of(name), head);
        // What a program wrote is its own: colours are part of it, and so is the end of its line.
        let data = text(&line.data);
        let data = data.strip_suffix('\n').unwrap_or(data);
        let data = data.strip_suffix('\r').unwrap_or(data);
        Ok(session.console.verbatim(&format!("{head} {data}\n"))?)
    })
}

/// Shows the events of a service.
pub(super) fn service_events(
    session: &Session<'_>,
    path: &str,
    stream: &Stream,
) -> Result<(), Failure> {
    let console = session.console;
    let titles = service_row(["TIME", "TYPE", "MESSAGE"]);
    show_events(session, path, "", stream, &titles, |event| {
        let kind = text(&event.kind);
        let nodes = event.relationships.iter().flatten();
        let node = nodes.into_iter().find(|related| related.kind.as_deref() == Some("node"));
        let node = node.and_then(|node| node.id.as_deref());
        let message = match node {
            Some(id) => {
                format!("{} ({})", text(&event.message), id.split_once('/').map_or(id, |id| id.1))
            }
            None => text(&event.message).to_owned(),
        };
        let kind = kind.strip_prefix("service:").unwrap_or(kind);
        service_row([&time(console, event), kind, &message])
    })
}

fn show_events(
    session: &Session<'_>,
    path: &str,
    filters: &str,
    stream: &Stream,
    titles: &str,
    row: impl Fn(&Event) -> String,
) -> Result<(), Failure> {
    // Asked for here, so that nothing is printed before it is known that there can be an answer.
    session.client()?;
    let mut untitled = stream.output == StreamFormat::Text;
    let mut title = || -> Result<(), Failure> {
        if std::mem::take(&mut untitled) {
            session.console.line(titles)?;
        }
        Ok(())
    };
    show(session, path, filters, stream, |event: Event| {
        title()?;
        Ok(session.console.line(row(&event))?)
    })?;
    title()
}

/// Asks for a log and hands out its entries; as JSON they go straight out.
fn show<T: serde::de::DeserializeOwned>(
    session: &Session<'_>,
    path: &str,
    filters: &str,
    stream: &Stream,
    mut print: impl FnMut(T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let client = session.client()?;
    let query = query(stream, filters);
    let mut each = |entry: &Value| match stream.output {
        StreamFormat::Json => Ok(session.console.line(entry)?),
        StreamFormat::Text => print(read(entry.clone(), path)?),
    };
    if stream.follow {
        return follow(client, path, &query, each);
    }
    newest(client, path, &query)?.iter().try_for_each(&mut each)
}

/// `limit=100`, the filters, `&since=…`.
fn query(stream: &Stream, filters: &str) -> String {
    let mut query = format!("limit={}{filters}", stream.tail);
    let since = stream.since.as_ref().map(|since| match since {
        Since::Moment(moment) => moment.clone(),
        Since::Ago(span) => {
            let span = chrono::TimeDelta::from_std(*span).unwrap_or(chrono::TimeDelta::MAX);
            let moment = clock::now().checked_sub_signed(span).unwrap_or_default();
            moment.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
        }
    });
    if let Some(since) = since {
        query.push_str(&format!("&since={}", encode(&since)));
    }
    query
}

/// `&nodes=a,b`; nothing where nothing is given.
fn filter(name: &str, values: &[String]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let values: Vec<String> = values.iter().map(|value| encode(value)).collect();
    format!("&{name}={}", values.join(","))
}

fn grid_row([time, kind, related, message]: [&str; 4]) -> String {
    format!("{} {} {} {message}", pad(time, 25), pad(kind, 25), pad(related, 40))
}

fn service_row([time, kind, message]: [&str; 3]) -> String {
    format!("{} {} {message}", pad(time, 25), pad(kind, 20))
}

/// The time of an event, in the colour of its severity.
fn time(console: &Console, event: &Event) -> String {
    let at = text(&event.created_at);
    match event.severity.unwrap_or(0) {
        2 => console.paint(Ink::Yellow, at),
        3.. => console.paint(Ink::Red, at),
        _ => at.to_owned(),
    }
}

/// `service=web/app,node=core-01`: neither the grid nor the stack `null` says anything.
fn related(relationships: &[Relationship]) -> String {
    let parts = relationships.iter().filter_map(|related| {
        let kind = text(&related.kind);
        let id: Vec<&str> =
            text(&related.id).split('/').skip(1).filter(|part| *part != "null").collect();
        (kind != "grid" && !id.is_empty()).then(|| format!("{kind}={}", id.join("/")))
    });
    parts.collect::<Vec<_>>().join(",")
}

/// The number at the end of a container's name; the whole name where there is none.
fn instance(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((_, digits))
            if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            digits
        }
        _ => name,
    }
}

/// Gives each container the next colour.
#[derive(Debug, Default)]
struct Colours(Vec<String>);

impl Colours {
    fn of(&mut self, name: &str) -> Ink {
        let known = self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        });
        MANY.get(known % MANY.len()).copied().unwrap_or(Ink::White)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn instances_of_container_names() {
        for (name, shown) in [
            ("null.redis-12", "12"),
            ("web-app-2", "2"),
            ("weave", "weave"),
            ("a-", "a-"),
            ("a-b", "a-b"),
        ] {
            assert_eq!(instance(name), shown);
        }
    }

    #[test]
    fn relationships_leave_out_what_says_nothing() {
        let relationships: Vec<Relationship> = serde_json::from_value(json!([
            {"type": "grid", "id": "g"}, {"type": "stack", "id": "g/null"},
            {"type": "service", "id": "g/null/redis"}, {"type": "service", "id": "g/web/app"},
            {"type": "node", "id": "g/core-01"},
        ]))
        .unwrap();
        assert_eq!(related(&relationships), "service=redis,service=web/app,node=core-01");
    }

    #[test]
    fn the_thirteenth_container_has_the_first_colour_again() {
        let mut colours = Colours::default();
        let inks: Vec<Ink> = (0..13).map(|number| colours.of(&number.to_string())).collect();
        assert_eq!((inks[0], inks[1], inks[12]), (Ink::Red, Ink::Green, Ink::Red));
        assert_eq!(colours.of("1"), Ink::Green);
    }
}
