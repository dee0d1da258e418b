//! `--watch`: runs a list or show again and again and shows what changed.
//!
//! ```text
//! terminal    the whole text, painted over the last one
//! pipe        a list: each new or changed row; a show: the whole text where it changed
//! pipe, yaml  the whole, as a document behind `---`, where it changed
//! pipe, json  the same, as one line of JSON per object; {"id": …, "removed": true} for what is gone
//! ```
//!
//! It ends with Ctrl-C, with the first failure, and where nobody reads on. Once it has begun, a master that is away is
//! waited for as by logs that are followed.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::{ATTEMPTS, is_passing, pause};
use crate::args::{Run, Watched};
use crate::clock;
use crate::commands;
use crate::failure::Failure;
use crate::output::{first_rows, terminal_size};
use crate::session::Session;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Shows changes until something ends it.
pub(crate) fn run(session: &Session<'_>, run: &Run, watched: Watched) -> Result<(), Failure> {
    let console = session.console;
    let mut view: Box<dyn View> = match (console.is_terminal(), watched) {
        (true, _) => Box::new(Screen::default()),
        (false, Watched::List) => Box::new(Rows::default()),
        (false, Watched::Object) => Box::new(Page::default()),
        (false, Watched::Documents) => Box::new(Documents::default()),
    };
    // In a row: looks that brought no answer. Before the first that did there is nothing to go on with.
    let mut unanswered = None;
    loop {
        match console.hold(|| commands::run(session, &run.cli)) {
            Ok(text) => {
                unanswered = Some(0);
                console.verbatim(&view.changes(&text))?;
                console.finish()?;
                clock::pause(INTERVAL);
            }
            Err(failure) => match unanswered {
                Some(times) if times < ATTEMPTS && is_passing(&failure) => {
                    unanswered = Some(times + 1);
                    clock::pause(pause(times + 1));
                }
                _ => return Err(failure),
            },
        }
    }
}

/// What is known of the last look.
trait View {
    /// Returns what to write so that the reader is up to date.
    fn changes(&mut self, text: &str) -> String;
}

/// A terminal, painted over.
#[derive(Default)]
struct Screen {
    rows: usize,
    last: Option<String>,
}

impl View for Screen {
    fn changes(&mut self, text: &str) -> String {
        let (columns, rows) = terminal_size();
        // What has scrolled out of the screen cannot be painted over.
        let (shown, taken) = first_rows(text, columns, rows.saturating_sub(1));
        if self.last.as_deref() == Some(shown.as_str()) {
            return String::new();
        }
        let back = match self.rows {
            0 => String::new(),
            rows => format!("\u{1b}[{rows}A\r\u{1b}[J"),
        };
        self.rows = taken;
        let painted = format!("{back}{shown}");
        self.last = Some(shown);
        painted
    }
}

/// A list, row by row.
#[derive(Default)]
struct Rows {
    lines: HashSet<String>,
    objects: BTreeMap<String, Value>,
}

impl View for Rows {
    fn changes(&mut self, text: &str) -> String {
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(objects)) => self.changed_objects(objects),
            _ => self.changed_lines(text),
        }
    }
}

impl Rows {
    /// Rows are compared by their words: columns grow and shrink with other rows.
    fn changed_lines(&mut self, text: &str) -> String {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let now: HashSet<String> = text.lines().map(words).collect();
        let last = std::mem::replace(&mut self.lines, now);
        text.lines()
            .filter(|line| !last.contains(&words(line)))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    fn changed_objects(&mut self, objects: Vec<Value>) -> String {
        let mut text = String::new();
        let mut now = BTreeMap::new();
        for (index, object) in objects.into_iter().enumerate() {
            let id = ["id", "name"].into_iter().find_map(|key| object.get(key)?.as_str());
            let id = id.map_or_else(|| index.to_string(), ToOwned::to_owned);
            if self.objects.get(&id) != Some(&object) {
                text.push_str(&format!("{object}\n"));
            }
            now.insert(id, object);
        }
        for gone in self.objects.keys().filter(|id| !now.contains_key(*id)) {
            text.push_str(&format!("{}\n", json!({ "id": gone, "removed": true })));
        }
        self.objects = now;
        text
    }
}

/// A single object, whole.
#[derive(Default)]
struct Page {
    last: Option<String>,
}

impl View for Page {
    fn changes(&mut self, text: &str) -> String {
        if self.last.as_deref() == Some(text) {
            return String::new();
        }
        let is_first = self.last.replace(text.to_owned()).is_none();
        match serde_json::from_str::<Value>(text) {
            Ok(object @ Value::Object(_)) => format!("{object}\n"),
            _ if is_first => text.to_owned(),
            _ => format!("\n{text}"),
        }
    }
}

/// YAML, whole.
#[derive(Default)]
struct Documents {
    last: Option<String>,
}

impl View for Documents {
    fn changes(&mut self, text: &str) -> String {
        if self.last.as_deref() == Some(text) {
            return String::new();
        }
        self.last = Some(text.to_owned());
        format!("---\n{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changed_rows_are_written() {
        let mut rows = Rows::default();
        assert_eq!(
            rows.changes("NAME   S\na      on\nb      on\n"),
            "NAME   S\na      on\nb      on\n"
        );
        assert_eq!(rows.changes("NAME   S\na      on\nb      on\n"), "");
        assert_eq!(rows.changes("NAME   S\na      on\nb      offline\n"), "b      offline\n");
        assert_eq!(rows.changes("NAME     S\na        on\nlonger   on\n"), "longer   on\n");
    }

    #[test]
    fn objects_are_lines_of_json() {
        let mut rows = Rows::default();
        assert_eq!(
            rows.changes("[\n {\"id\":\"a\",\"n\":1}, {\"id\":\"b\"}]"),
            "{\"id\":\"a\",\"n\":1}\n{\"id\":\"b\"}\n"
        );
        assert_eq!(
            rows.changes("[{\"id\":\"a\",\"n\":2}]"),
            "{\"id\":\"a\",\"n\":2}\n{\"id\":\"b\",\"removed\":true}\n"
        );
        assert_eq!(rows.changes("[{\"id\":\"a\",\"n\":2}]"), "");
    }

    #[test]
    fn a_page_is_written_whole_where_it_changed() {
        let mut page = Page::default();
        assert_eq!(page.changes("a:\n  b: 1\n"), "a:\n  b: 1\n");
        assert_eq!(page.changes("a:\n  b: 1\n"), "");
        assert_eq!(page.changes("a:\n  b: 2\n"), "\na:\n  b: 2\n");
        assert_eq!(page.changes("{\"id\": \"a\"}"), "{\"id\":\"a\"}\n");
    }

    #[test]
    fn documents_are_told_apart() {
        let mut documents = Documents::default();
        assert_eq!(documents.changes("- a: 1\n"), "---\n- a: 1\n");
        assert_eq!(documents.changes("- a: 1\n"), "");
        assert_eq!(documents.changes("- a: 2\n- b: 1\n"), "---\n- a: 2\n- b: 1\n");
    }

    #[test]
    fn a_screen_is_painted_over_as_far_as_it_was_painted() {
        let mut screen = Screen::default();
        assert_eq!(screen.changes("a\nb\n"), "a\nb\n");
        assert_eq!(screen.changes("a\nb\n"), "");
        assert_eq!(screen.changes("a\nc\n"), "\u{1b}[2A\r\u{1b}[Ja\nc\n");
    }
}
