//! What the master has yet to be told about containers, and in which order. No engine, no time.

use std::collections::{BTreeSet, VecDeque};

use crate::engine::Event;

/// How many events may wait. Beyond that a slow master misses some: saves say where things stand, and
/// clean-up says what is gone.
const EVENTS: usize = 1024;

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Due {
    /// How a container is now.
    Save(String),
    /// What happened to a container.
    Event(Event),
    /// Which containers are gone.
    Cleanup(BTreeSet<String>),
}

/// The books of one node.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// Somebody listens.
    open: bool,
    due: VecDeque<Due>,
    /// The containers that wait to be saved; once is enough, whatever happens to them until then.
    saves: BTreeSet<String>,
    events: usize,
    /// The containers of the last list.
    seen: BTreeSet<String>,
    /// The next list is saved whole.
    all: bool,
    /// Gone since the master was last told.
    gone: BTreeSet<String>,
    /// Could not be saved, and is due again with the next list.
    again: BTreeSet<String>,
}

impl Books {
    /// A master listens; the next list is saved whole.
    pub(super) fn open(&mut self) {
        self.open = true;
        self.all = true;
    }

    /// Nobody listens. The next connection starts with everything, so what waits is pointless, except
    /// for what only these books remember.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.saves.clear();
        self.events = 0;
        for due in std::mem::take(&mut self.due) {
            self.failed(due);
        }
        self.again.clear();
    }

    /// Anything may have happened: the next list is saved whole.
    pub(super) fn look_at_all(&mut self) {
        self.all = true;
    }

    /// A container has to be saved.
    pub(super) fn save(&mut self, id: String) {
        if self.open && self.saves.insert(id.clone()) {
            self.due.push_back(Due::Save(id));
        }
    }

    /// Something happened to a container.
    pub(super) fn event(&mut self, event: Event) {
        if !self.open {
            return;
        }
        let changed = (!event.is_destroy()).then(|| event.container_id.clone());
        if self.events < EVENTS {
            self.events += 1;
            self.due.push_back(Due::Event(event));
        }
        if let Some(id) = changed {
            self.save(id);
        }
    }

    /// All containers were listed.
    pub(super) fn scanned(&mut self, ids: BTreeSet<String>) {
        self.gone.extend(self.seen.difference(&ids).cloned());
        if self.open && !self.gone.is_empty() {
            self.due.push_back(Due::Cleanup(std::mem::take(&mut self.gone)));
        }
        if self.open {
            let again = std::mem::take(&mut self.again);
            let all = std::mem::take(&mut self.all);
            let due = ids.iter().filter(|id| all || again.contains(*id));
            due.for_each(|id| self.save(id.clone()));
        }
        self.seen = ids;
    }

    /// Hands out what is to be told next.
    pub(super) fn next(&mut self) -> Option<Due> {
        let due = self.due.pop_front()?;
        match &due {
            Due::Save(id) => drop(self.saves.remove(id)),
            Due::Event(_) => self.events = self.events.saturating_sub(1),
            Due::Cleanup(_) => {}
        }
        Some(due)
    }

    /// The master could not be told: a container is saved again, and what is gone told again, with the
    /// next list. The next event saves again, too, but a container may be without events for years.
    pub(super) fn failed(&mut self, due: Due) {
        match due {
            Due::Save(id) => drop(self.again.insert(id)),
            Due::Cleanup(ids) => self.gone.extend(ids),
            Due::Event(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn event(id: &str, action: &str) -> Event {
        Event { container_id: id.into(), action: action.into(), image: None, at: 0, pod: None }
    }

    fn all(books: &mut Books) -> Vec<Due> {
        std::iter::from_fn(|| books.next()).collect()
    }

    #[test]
    fn a_new_connection_starts_with_all_containers() {
        let mut books = Books::default();
        books.scanned(ids(&["a", "b"]));
        books.event(event("a", "start"));
        books.save("a".into());
        assert_eq!(books.next(), None, "nobody listens");
        books.open();
        books.scanned(ids(&["a", "b"]));
        assert_eq!(all(&mut books), [Due::Save("a".into()), Due::Save("b".into())]);
        books.scanned(ids(&["a", "b", "c"]));
        assert_eq!(books.next(), None, "told, and an event told of the new one");
        books.look_at_all();
        books.scanned(ids(&["c"]));
        assert_eq!(all(&mut books), [Due::Cleanup(ids(&["a", "b"])), Due::Save("c".into())]);
    }

    #[test]
    fn an_event_is_told_before_the_save_and_saves_that_wait_are_one() {
        let mut books = Books::default();
        books.open();
        for action in ["create", "start", "destroy"] {
            books.event(event("a", action));
        }
        books.save("a".into());
        let expected = [
            Due::Event(event("a", "create")),
            Due::Save("a".into()),
            Due::Event(event("a", "start")),
            Due::Event(event("a", "destroy")),
        ];
        assert_eq!(all(&mut books), expected);
        books.save("a".into());
        assert_eq!(books.next(), Some(Due::Save("a".into())), "again, after the first was told");
    }

    #[test]
    fn what_is_gone_is_remembered_until_the_master_knows() {
        let mut books = Books::default();
        books.scanned(ids(&["a", "b", "c"]));
        books.scanned(ids(&["b", "c"]));
        books.open();
        books.look_at_all();
        books.scanned(ids(&["c"]));
        let due = books.next().expect("due");
        assert_eq!(due, Due::Cleanup(ids(&["a", "b"])));
        books.failed(due);
        assert_eq!(all(&mut books), [Due::Save("c".into())], "not in a tight loop");
        books.scanned(ids(&["c"]));
        books.close();
        books.open();
        books.scanned(ids(&[]));
        assert_eq!(all(&mut books), [Due::Cleanup(ids(&["a", "b", "c"]))]);
    }

    #[test]
    fn what_could_not_be_saved_is_due_with_the_next_list() {
        let mut books = Books::default();
        books.open();
        books.scanned(ids(&["a", "b", "c"]));
        assert_eq!(all(&mut books).len(), 3);
        books.failed(Due::Save("a".into()));
        books.failed(Due::Save("b".into()));
        assert_eq!(books.next(), None, "not in a tight loop");
        books.scanned(ids(&["b", "c"]));
        assert_eq!(all(&mut books), [Due::Cleanup(ids(&["a"])), Due::Save("b".into())]);
        books.scanned(ids(&["b", "c"]));
        assert_eq!(books.next(), None, "once");
        books.failed(Due::Save("b".into()));
        books.close();
        books.open();
        books.scanned(ids(&["b", "c"]));
        assert_eq!(all(&mut books), [Due::Save("b".into()), Due::Save("c".into())]);
    }

    #[test]
    fn a_slow_master_misses_events_but_no_container() {
        let mut books = Books::default();
        books.open();
        for number in 0..2 * EVENTS {
            books.event(event(&number.to_string(), "start"));
        }
        let told = all(&mut books);
        let saves = told.iter().filter(|due| matches!(due, Due::Save(_))).count();
        assert_eq!((told.len() - saves, saves), (EVENTS, 2 * EVENTS));
        books.event(event("a", "die"));
        assert_eq!(books.next(), Some(Due::Event(event("a", "die"))), "there is room again");
    }
}
