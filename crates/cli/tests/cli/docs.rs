//! The command tree, its help and `docs/CLI.md` say the same.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::Kontena;

/// A command as its help shows it.
struct Shown {
    path: String,
    is_group: bool,
    about: String,
    parameters: String,
    options: Vec<String>,
    /// Names of sub-commands and their aliases: `list, ls`.
    subs: Vec<String>,
}

fn show(kontena: &Kontena, path: &str) -> Shown {
    let words: Vec<&str> = path.split(' ').skip(1).chain(["--help"]).collect();
    let ran = kontena.run_words(&words);
    ran.exits(0).complains(&[]);
    assert!(ran.out.contains("Usage:") && ran.out.contains("Options:"), "{path}: {}", ran.out);
    let usage = ran.out.lines().nth(1).unwrap().trim();
    let parameters = usage.split_once(" [OPTIONS]").unwrap().1.trim().to_owned();
    let about = ran
        .out
        .lines()
        .find_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    let section = |title: &str| -> Vec<String> {
        ran.out
            .lines()
            .skip_while(|line| *line != title)
            .skip(1)
            .take_while(|line| !line.is_empty())
            .map(|line| label(&line[4..]))
            .collect()
    };
    let subs = section("Subcommands:");
    let (is_group, about) = (!subs.is_empty(), about.unwrap_or_default().to_owned());
    Shown { path: path.to_owned(), is_group, about, parameters, options: section("Options:"), subs }
}

/// What stands in the label column of 29 cells, or runs over it.
fn label(entry: &str) -> String {
    let end = match entry.as_bytes().get(28) {
        None => entry.len(),
        Some(b' ') => 28,
        Some(_) => entry[29..].find(' ').map_or(entry.len(), |at| 29 + at),
    };
    entry[..end].trim().to_owned()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How the document must list a command.
fn line(shown: &Shown, aliases: &str, common: &BTreeSet<String>) -> String {
    let aliases = if aliases.is_empty() { String::new() } else { format!(" ({aliases})") };
    if shown.is_group {
        return words(&format!("### `{}`{aliases} {}.", shown.path, shown.about));
    }
    let own: Vec<String> = shown
        .options
        .iter()
        .filter(|option| !common.contains(*option))
        .map(|option| format!("`{option}`"))
        .collect();
    let flags = if own.is_empty() { String::new() } else { format!(" {}.", own.join(", ")) };
    let head = words(&format!("{} {}", shown.path, shown.parameters));
    words(&format!("- `{head}`{aliases}: {}.{flags}", shown.about))
}

#[test]
fn the_document_lists_every_command_with_its_flags() {
    let kontena = Kontena::new();
    let tree = kontena.run("complete --subcommand-tree");
    tree.exits(0);
    let root = show(&kontena, "kontena");
    let common: BTreeSet<String> =
        root.options.iter().filter(|option| !option.contains("--version")).cloned().collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CLI.md");
    let document = words(&std::fs::read_to_string(file).unwrap());
    let mut missing = Vec::new();
    let mut known = BTreeSet::new();
    for option in &common {
        if !document.contains(&format!("- `{option}`")) {
            missing.push(format!("- `{option}`: …"));
        }
    }
    for path in tree.out.lines() {
        let shown = show(&kontena, path);
        let (parent, name) = path.rsplit_once(' ').unwrap();
        let siblings = show(&kontena, parent).subs;
        let names = siblings.iter().find(|names| names.split(", ").next() == Some(name)).unwrap();
        let aliases: Vec<String> =
            names.split(", ").skip(1).map(|alias| format!("`{alias}`")).collect();
        let line = line(&shown, &aliases.join(", "), &common);
        known.insert(words(&format!("{} {}", shown.path, shown.parameters)));
        if !document.contains(&line) {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "docs/CLI.md lacks these lines:\n{}", missing.join("\n"));
    for entry in document.split("- `kontena ").skip(1) {
        let head = format!("kontena {}", entry.split('`').next().unwrap());
        assert!(known.contains(&head), "docs/CLI.md lists {head:?}, which is no command");
    }
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let kontena = Kontena::new();
    let dir = kontena.home().join("man1");
    let ran = kontena.run_words(&["man", dir.to_str().unwrap()]);
    ran.exits(0).complains(&[]);
    let tree = kontena.run("complete --subcommand-tree");
    for path in tree.out.lines() {
        let page = dir.join(format!("{}.1", path.replace(' ', "-")));
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(text.starts_with(".TH KONTENA-") && text.contains(".SH OPTIONS"), "{path}");
    }
    assert!(
        std::fs::read_to_string(dir.join("kontena-node-rm.1")).unwrap().starts_with(".so man1/")
    );
    let first = kontena.run("man");
    assert!(first.out.starts_with(".TH KONTENA 1 "), "{}", first.out);
    kontena
        .run("man /dev/null/x")
        .fails(" [error] Cannot write /dev/null/x: Not a directory (os error 20)");
}
