//! `kontena complete`, `kontena completion` and the script that `whoami` points to.
//!
//! ```text
//! words -> as deep into the tree as they lead -> sub-commands, switches, or names of the master
//! ```
//!
//! Whoever presses TAB waits: names come within a second or not at all, and nothing is ever an error.

use std::fs;
use std::time::Duration;

use clap::{Arg, Command};
use serde_json::Value;

use super::document;
use crate::api::path;
use crate::args::about::{Complete, Completion, Shell};
use crate::args::{parameter, tree};
use crate::config::{Choice, Master, Selection};
use crate::failure::Failure;
use crate::session::Session;

/// Nobody waits longer for a list.
const BUDGET: Duration = Duration::from_secs(1);

// Names come from others: they are compared and quoted, and never read by the shell, as `compgen -W` would.
const BASH: &str = r#"# bash completion of kontena
_kontena() {
    local cur="${COMP_WORDS[COMP_CWORD]}" candidate quoted
    COMPREPLY=()
    while IFS= read -r candidate; do
        printf -v quoted %q "$candidate"
        if [[ "$candidate" == "$cur"* || "$quoted" == "$cur"* ]]; then
            COMPREPLY+=("$quoted")
        fi
    done < <(kontena complete "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
}
complete -o default -F _kontena kontena
"#;

const ZSH: &str = r#"#compdef kontena
_kontena() {
    local -a candidates
    candidates=("${(@f)$(kontena complete "${(@)words[1,CURRENT]}" 2>/dev/null)}")
    compadd -a candidates
}
compdef _kontena kontena
"#;

const FISH: &str = "# fish completion of kontena
function __kontena_candidates
    kontena complete (commandline -opc) (commandline -ct) 2>/dev/null
end
complete -c kontena -f -a '(__kontena_candidates)'
";

/// Prints the script of a shell.
pub(super) fn script(session: &Session<'_>, args: &Completion) -> Result<(), Failure> {
    let text = match args.shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
    };
    Ok(session.console.text(text)?)
}

/// Puts the script for bash where it can be sourced from, and prints its path.
pub(super) fn bash_path(session: &Session<'_>) -> Result<(), Failure> {
    let dir = session.environment.kontena_dir();
    let dir = dir.ok_or_else(|| Failure::said("There is no home folder. Set HOME"))?;
    let file = dir.join("completion.bash");
    fs::write(&file, BASH).map_err(|error| {
        Failure::said(format!(
            "Cannot write {}: {error}. Use: kontena completion bash",
            file.display()
        ))
    })?;
    Ok(session.console.line(file.display())?)
}

/// Prints candidates for the last word, one per line, whatever that word begins with.
pub(super) fn run(session: &Session<'_>, args: &Complete) -> Result<(), Failure> {
    let tree = tree();
    let candidates = if args.subcommand_tree {
        let mut paths = Vec::new();
        collect_paths(&mut paths, &tree, "kontena");
        paths
    } else {
        candidates(session, &tree, args.words.get(1..).unwrap_or_default())
    };
    let lines: String = candidates.iter().map(|line| format!("{line}\n")).collect();
    Ok(session.console.text(&lines)?)
}

fn collect_paths(paths: &mut Vec<String>, command: &Command, path: &str) {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let path = format!("{path} {}", sub.get_name());
        paths.push(path.clone());
        collect_paths(paths, sub, &path);
    }
}

fn candidates(session: &Session<'_>, tree: &Command, words: &[String]) -> Vec<String> {
    let place = Place::find(tree, words);
    let typed = Typed::find(&place, words);
    let chosen = Selection::decide(
        &session.config,
        &session.environment,
        typed.master.as_deref(),
        typed.grid.as_deref(),
    );
    let session = &Source { session, chosen };
    if let Some(option) = place.option {
        return values(session, &place, option);
    }
    if place.word.starts_with('-') {
        return switches(place.command);
    }
    if place.command.has_subcommands() {
        let subs = place.command.get_subcommands().filter(|sub| !sub.is_hide_set());
        return subs
            .flat_map(|sub| std::iter::once(sub.get_name()).chain(sub.get_visible_aliases()))
            .map(ToOwned::to_owned)
            .collect();
    }
    match place.parameter() {
        Some(arg) => values(session, &place, arg),
        None => Vec::new(),
    }
}

/// What names come from: the configuration, and the master and grid that the words before choose.
struct Source<'a> {
    session: &'a Session<'a>,
    chosen: Selection,
}

impl Source<'_> {
    fn grid(&self) -> Option<&str> {
        self.chosen.grid.as_deref()
    }

    fn master(&self) -> Option<&Master> {
        match &self.chosen.master {
            Choice::Master(master) => Some(master),
            Choice::Unknown(_) | Choice::None => None,
        }
    }
}

/// Values of options before the last word.
#[derive(Default)]
struct Typed {
    grid: Option<String>,
    master: Option<String>,
}

impl Typed {
    fn find(place: &Place<'_>, words: &[String]) -> Self {
        let mut typed = Self::default();
        let mut words = words.iter().take(words.len().saturating_sub(1));
        while let Some(word) = words.next() {
            let (name, attached) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let Some(option) = place.option_of(name) else { continue };
            let value = attached.or_else(|| words.next().cloned());
            match option.get_long() {
                Some("grid") => typed.grid = value,
                Some("master") => typed.master = value,
                _ => {}
            }
        }
        typed
    }
}

/// Where in the command line the last word stands.
struct Place<'a> {
    command: &'a Command,
    /// Names of the groups and the command, aliases resolved.
    path: Vec<&'a str>,
    /// Parameters before the last word.
    before: usize,
    /// The first of them.
    first: Option<&'a str>,
    /// The option whose value the last word is.
    option: Option<&'a Arg>,
    word: &'a str,
}

impl<'a> Place<'a> {
    /// A last word that names a command stands for the words behind it.
    fn find(tree: &'a Command, words: &'a [String]) -> Self {
        let mut place = Self {
            command: tree,
            path: Vec::new(),
            before: 0,
            first: None,
            option: None,
            word: "",
        };
        let last = words.len().saturating_sub(1);
        let mut expected: Option<&'a Arg> = None;
        for (index, word) in words.iter().enumerate() {
            place.word = word;
            if let Some(option) = expected.take() {
                place.option = (index == last).then_some(option);
                place.word = if index == last { word } else { "" };
            } else if word.starts_with('-') && word.len() > 1 {
                expected = place.option_of(word);
            } else if let Some(sub) = place.command.find_subcommand(word) {
                place.command = sub;
                place.path.push(sub.get_name());
                place.word = "";
            } else if index != last {
                place.before += 1;
                place.first = place.first.or(Some(word));
            }
        }
        place
    }

    fn option_of(&self, word: &str) -> Option<&'a Arg> {
        let arg = self.command.get_arguments().find(|arg| match word.strip_prefix("--") {
            Some(long) => arg.get_long() == Some(long),
            None => word.len() == 2 && arg.get_short() == word.chars().nth(1),
        })?;
        arg.get_action().takes_values().then_some(arg)
    }

    fn parameter(&self) -> Option<&'a Arg> {
        let positionals: Vec<&Arg> = self.command.get_positionals().collect();
        let many = |arg: &&Arg| parameter(arg).ends_with("...");
        positionals.get(self.before).or(positionals.last().filter(|last| many(last))).copied()
    }
}

fn switches(command: &Command) -> Vec<String> {
    let shown = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
    shown.filter_map(Arg::get_long).map(|long| format!("--{long}")).collect()
}

/// The values an argument may have, of those that can be known.
fn values(source: &Source<'_>, place: &Place<'_>, arg: &Arg) -> Vec<String> {
    let known = arg.get_possible_values();
    if !known.is_empty() && arg.get_action().takes_values() {
        return known.iter().map(|value| value.get_name().to_owned()).collect();
    }
    let name = parameter(arg);
    let name = name.trim_end_matches(" ...");
    match (place.path.as_slice(), name, arg.get_long()) {
        (_, _, Some("grid")) => grids(source, false),
        (_, _, Some("master")) | (["master", "remove" | "rename"], "NAME", None) => {
            masters(source, false)
        }
        (["master", "use"], ..) => masters(source, true),
        (["grid", "use"], ..) => grids(source, true),
        (["grid", "show" | "update" | "remove" | "env" | "cloud-config" | "health"], "NAME", _) => {
            grids(source, false)
        }
        (["node", "label", "remove"], "LABEL", _) => {
            labels(source, place.first.unwrap_or_default())
        }
        (["node", ..], "NODE", _) | (["node", "env"], "NAME", _) => of_grid(source, "nodes"),
        (["service", "create"], ..) => Vec::new(),
        (["service", ..], "NAME" | "TARGET", _) => of_grid(source, "services"),
        (["container", ..], ..) => containers(source),
        (["volume", command, ..], ..) if *command != "create" => {
            in_grid(source, |grid| path(&["volumes", grid]), "volumes")
        }
        (["vault", ..], "NAME", _) => of_grid(source, "secrets"),
        _ => Vec::new(),
    }
}

fn masters(source: &Source<'_>, others: bool) -> Vec<String> {
    let current = source.master().map(|master| master.name.as_str());
    let names = source.session.config.servers.iter().map(|server| server.name.as_str());
    names.filter(|name| !others || current != Some(*name)).map(ToOwned::to_owned).collect()
}

fn grids(source: &Source<'_>, others: bool) -> Vec<String> {
    let mut names = list(source, "/v1/grids", "grids");
    names.retain(|name| !others || source.grid() != Some(name.as_str()));
    names
}

fn of_grid(source: &Source<'_>, what: &str) -> Vec<String> {
    in_grid(source, |grid| path(&["grids", grid, what]), what)
}

fn in_grid(source: &Source<'_>, path: impl FnOnce(&str) -> String, key: &str) -> Vec<String> {
    let Some(grid) = source.grid() else {
        return Vec::new();
    };
    list(source, &path(grid), key)
}

fn labels(source: &Source<'_>, node: &str) -> Vec<String> {
    let answer = source.grid().and_then(|grid| get(source, &path(&["nodes", grid, node])));
    let labels = answer.as_ref().map(|node| document::items(node, "labels")).unwrap_or_default();
    labels.iter().map(document::plain).filter(|label| !label.contains(char::is_control)).collect()
}

fn get(source: &Source<'_>, path: &str) -> Option<Value> {
    let master = source.master()?;
    let client = source.session.client_for(&master.url, master.token.clone(), None).ok()?;
    client.hasty(BUDGET).get(path).ok()
}

fn containers(source: &Source<'_>) -> Vec<String> {
    in_grid(source, |grid| path(&["containers", grid]), "containers")
}

fn list(source: &Source<'_>, path: &str, key: &str) -> Vec<String> {
    let answer = get(source, path);
    let objects = answer.as_ref().map(|answer| document::items(answer, key)).unwrap_or_default();
    let names = objects.iter().filter_map(|object| identifier(object, key));
    // A candidate is a line; a name that is several, or moves the cursor, cannot be one.
    names.filter(|name| !name.contains(char::is_control)).collect()
}

/// What the command takes: `stack/name` of a service, `node/name` of a container.
fn identifier(object: &Value, key: &str) -> Option<String> {
    let name = object.get("name")?.as_str()?;
    let of = |part: &str| object.get(part).and_then(|part| part.get("name")?.as_str());
    let prefix = match key {
        "services" => of("stack").filter(|stack| *stack != "null"),
        "containers" => of("node"),
        _ => None,
    };
    Some(prefix.map_or_else(|| name.to_owned(), |prefix| format!("{prefix}/{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: &str) -> (String, usize, Option<String>, String) {
        let tree = tree();
        let words: Vec<String> = line.split(' ').skip(1).map(ToOwned::to_owned).collect();
        let place = Place::find(&tree, &words);
        let option = place.option.map(|arg| arg.get_id().to_string());
        (place.path.join(" "), place.before, option, place.word.to_owned())
    }

    #[test]
    fn the_last_word_is_found_in_its_place() {
        for (line, path, before, option, word) in [
            ("kontena", "", 0, None, ""),
            ("kontena no", "", 0, None, "no"),
            ("kontena node", "node", 0, None, ""),
            ("kontena node ls -", "node list", 0, None, "-"),
            ("kontena node rm a b", "node remove", 1, None, "b"),
            ("kontena --grid g node show ", "node show", 0, None, ""),
            ("kontena node show --grid ", "node show", 0, Some("grid"), ""),
            ("kontena node show --grid g co", "node show", 0, None, "co"),
        ] {
            let found = place(line);
            let wanted = (path.to_owned(), before, option.map(ToOwned::to_owned), word.to_owned());
            assert_eq!(found, wanted, "{line}");
        }
    }
}
