//! A case in both modes: with pipes, and on a terminal.

use super::kontena::visible;
use super::{Kontena, Master};

/// What a case asks for.
pub(crate) struct Case<'a> {
    /// The words, as a shell reads them.
    pub(crate) line: &'a str,
    /// Lines of standard output.
    pub(crate) out: &'a [&'a str],
    /// Lines of standard error; a terminal shows them behind those of standard output.
    pub(crate) err: &'a [&'a str],
    /// The exit code.
    pub(crate) code: i32,
    /// Methods and paths, `/v1/` left out.
    pub(crate) requests: &'a [&'a str],
}

impl Case<'_> {
    /// Runs the case in both modes, each with fixture C1 and a master of its own; returns the masters.
    #[track_caller]
    pub(crate) fn holds(&self, master: impl Fn() -> Master) -> [Master; 2] {
        let (piped, shown) = (master(), master());
        let ran = Kontena::c1(&piped).run_shell(&format!("$KONTENA {}", self.line));
        ran.prints(self.out).complains(self.err).exits(self.code);
        let ran = Kontena::c1(&shown).run_on_terminal(self.line, &[]);
        ran.exits(self.code);
        let lines: Vec<&str> = self.out.iter().chain(self.err).copied().collect();
        assert_eq!(visible(&ran.out), lines, "{:?}", ran.out);
        for master in [&piped, &shown] {
            assert_eq!(master.lines(), self.requests);
        }
        [piped, shown]
    }
}
