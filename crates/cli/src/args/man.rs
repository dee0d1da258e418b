//! Manual pages, written from the command tree: one for each command, and one that leads to it for each alias.

use std::fmt::Write as _;

use clap::Command;

use super::{examples, help, tree};

/// A file of the manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// `kontena-node-remove.1`.
    pub(crate) file: String,
    /// In the language of `man`.
    pub(crate) text: String,
}

/// Writes all pages, the one of `kontena` first.
pub(crate) fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    collect(&mut pages, &tree(), "kontena", "kontena");
    pages
}

/// `name` has hyphens where `path` has blanks.
fn collect(pages: &mut Vec<Page>, command: &Command, name: &str, path: &str) {
    pages.push(Page { file: format!("{name}.1"), text: page(command, name, path) });
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let own = format!("{name}-{}", sub.get_name());
        collect(pages, sub, &own, &format!("{path} {}", sub.get_name()));
        for alias in sub.get_visible_aliases() {
            let text = format!(".so man1/{own}.1\n");
            pages.push(Page { file: format!("{name}-{alias}.1"), text });
        }
    }
}

fn page(command: &Command, name: &str, path: &str) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut out = format!(
        ".TH {} 1 \"\" \"kontena {}\" \"Kontena\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B {}\n[OPTIONS]",
        name.to_uppercase(),
        env!("CARGO_PKG_VERSION"),
        escaped(name),
        escaped(&about),
        escaped(path)
    );
    if command.has_subcommands() {
        out.push_str(" SUBCOMMAND [ARG] ...");
    }
    for arg in command.get_positionals().filter(|arg| !arg.is_hide_set()) {
        let name = help::parameter(arg);
        let shown = if arg.is_required_set() { name } else { format!("[{name}]") };
        let _ = write!(out, " {}", escaped(&shown));
    }
    out.push('\n');
    let parameters = command.get_positionals().filter(|arg| !arg.is_hide_set());
    section(
        &mut out,
        "PARAMETERS",
        parameters.map(|arg| (help::parameter(arg), help::sentence(arg))),
    );
    let subs = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    section(
        &mut out,
        "SUBCOMMANDS",
        subs.map(|sub| {
            let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            (format!("{path} {}", sub.get_name()), about)
        }),
    );
    let options = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
    section(
        &mut out,
        "OPTIONS",
        options.map(|arg| (help::switches(command, arg), help::sentence(arg))),
    );
    let examples = examples::of(command);
    if !examples.is_empty() {
        out.push_str(".SH EXAMPLES\n.nf\n");
        for example in examples {
            let _ = writeln!(out, "{}", escaped(example));
        }
        out.push_str(".fi\n");
    }
    let parent = name.rsplit_once('-').map_or("kontena", |(parent, _)| parent);
    let _ = writeln!(out, ".SH SEE ALSO\n.BR {} (1)", escaped(parent));
    out
}

fn section(out: &mut String, title: &str, entries: impl Iterator<Item = (String, String)>) {
    for (index, (label, text)) in entries.enumerate() {
        if index == 0 {
            let _ = writeln!(out, ".SH {title}");
        }
        let _ = writeln!(out, ".TP\n\\fB{}\\fR\n{}", escaped(&label), escaped(&text));
    }
}

/// A hyphen of a switch must stay one, and a line must not begin with what `man` takes for a request.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_and_every_alias_leads_to_one() {
        let pages = pages();
        let find = |file: &str| &pages.iter().find(|page| page.file == file).unwrap().text;
        let page = find("kontena-node-remove.1");
        for part in [
            ".TH KONTENA-NODE-REMOVE 1",
            "kontena\\-node\\-remove \\- Remove nodes from the grid",
            ".B kontena node remove\n[OPTIONS] NODE ...",
            "\\fB\\-\\-force\\fR",
            ".SH EXAMPLES\n.nf\nkontena node rm core\\-03",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert_eq!(find("kontena-node-rm.1"), ".so man1/kontena-node-remove.1\n");
        assert!(find("kontena.1").contains("kontena node\\fR"));
    }

    #[test]
    fn letters_of_man_are_escaped() {
        assert_eq!(escaped(".a-b\\c"), "\\&.a\\-b\\ec");
    }
}
