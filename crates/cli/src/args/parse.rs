//! Words to an [`Invocation`], or to the reason why there is none.
//!
//! Clap reads the words; what a user sees of help and usage errors is written by `help` and `usage`.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, FromArgMatches};

use super::tree::command;
use super::{Cli, ColorChoice, help, hints, scan, usage};
use crate::config::Environment;

/// What the words ask for, and how to say it where that is not much.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// What to do.
    pub(crate) invocation: Invocation,
    /// When to colour.
    pub(crate) color: ColorChoice,
    /// Errors are a line of JSON.
    pub(crate) json: bool,
}

/// What the words ask for.
#[derive(Debug)]
pub(crate) enum Invocation {
    /// Run a command.
    Run(Box<Run>),
    /// Print this text on standard output.
    Print(String),
    /// Print this text on standard error and exit 2.
    Misused(usage::UsageError),
    /// Print these lines as an error and exit 1.
    Moved(Vec<String>),
}

/// A command to run.
#[derive(Debug)]
pub(crate) struct Run {
    /// The parsed words.
    pub(crate) cli: Cli,
    /// The command as typed, aliases kept: `kontena node rm`.
    pub(crate) path: String,
    /// What `--watch` was given to.
    pub(crate) watched: Option<Watched>,
}

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watched {
    /// A list: its entries change one by one.
    List,
    /// A single object.
    Object,
    /// Either of them, as YAML, which cannot be cut into lines.
    Documents,
}

/// Reads the words of the command line, the program's name first.
pub(crate) fn parse(
    words: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Parsed {
    let words: Vec<OsString> = words.into_iter().skip(1).collect();
    let color = scan::color(&words);
    let json = scan::wants_json(&words, environment);
    let invocation = match scan::output_variable(environment) {
        Ok(output) => understand(&words, output),
        Err(reason) => match understand(&words, None) {
            help @ Invocation::Print(_) => help,
            _ => Invocation::Misused(usage::UsageError::new(reason, "kontena")),
        },
    };
    Parsed { invocation, color, json }
}

fn understand(words: &[OsString], output: Option<&'static str>) -> Invocation {
    let mut root = command(output);
    let named = std::iter::once(OsString::from("kontena")).chain(words.iter().cloned());
    let outcome = root.try_get_matches_from_mut(named).and_then(|mut matches| {
        let watched = watched(&matches);
        Ok((Cli::from_arg_matches_mut(&mut matches)?, watched))
    });
    let (path, leaf) = walk(&root, words);
    match outcome {
        Ok((cli, _)) if cli.version => {
            Invocation::Print(format!("kontena-cli {} [{}]\n", env!("CARGO_PKG_VERSION"), tags()))
        }
        Ok((cli, _)) if cli.command.is_none() => Invocation::Print(help::render(leaf, &path)),
        Ok((cli, watched)) => Invocation::Run(Box::new(Run { cli, path, watched })),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Invocation::Print(help::render(leaf, &path))
            }
            _ => match hints::of(&error, &path) {
                Some(lines) => Invocation::Moved(lines),
                None => match usage::explain(&error, leaf, path.clone(), words) {
                    // Whoever asks for help is not told first what else is wrong.
                    slip if !slip.is_about_command() && asks_for_help(leaf, words) => {
                        Invocation::Print(help::render(leaf, &path))
                    }
                    slip => Invocation::Misused(slip),
                },
            },
        },
    }
}

/// What it was built for, and which line of Kontena it speaks.
fn tags() -> String {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let spoken = kontena_protocol::COMPAT_VERSION;
    let line = spoken.rsplit_once('.').map_or(spoken, |(line, _)| line);
    format!("{os}+{arch}+kontena-{line}")
}

/// Tells what `--watch` was given to; lists are known by their `--quiet`.
fn watched(matches: &ArgMatches) -> Option<Watched> {
    let mut leaf = matches;
    while let Some((_, next)) = leaf.subcommand() {
        leaf = next;
    }
    let flag = |id: &str| leaf.try_get_one::<bool>(id).ok().flatten().copied();
    let output = leaf.try_get_raw("output").ok().flatten().and_then(|mut values| values.next());
    match (flag("watch"), flag("quiet")) {
        (Some(true), Some(false) | None) if output.is_some_and(|output| output == "yaml") => {
            Some(Watched::Documents)
        }
        (Some(true), Some(_)) => Some(Watched::List),
        (Some(true), None) => Some(Watched::Object),
        _ => None,
    }
}

/// Follows the words down the tree as far as they name commands.
fn walk<'a>(root: &'a Command, words: &[OsString]) -> (String, &'a Command) {
    let mut path = String::from("kontena");
    let mut current = root;
    let mut words = words.iter().map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            match value_follows(current, &word) {
                Some(true) => drop(words.next()),
                Some(false) => {}
                None => break,
            }
        } else if let Some(next) = current.find_subcommand(word.as_ref()) {
            path.push(' ');
            path.push_str(&word);
            current = next;
        } else {
            break;
        }
    }
    (path, current)
}

/// Tells whether `--help` stands where it is no value of another option.
fn asks_for_help(command: &Command, words: &[OsString]) -> bool {
    let mut words = words.iter().map(|word| word.to_string_lossy()).take_while(|word| word != "--");
    while let Some(word) = words.next() {
        if word == "-h" || word == "--help" {
            return true;
        }
        if word.starts_with('-') && value_follows(command, &word) == Some(true) {
            words.next();
        }
    }
    false
}

/// Tells whether an option takes the next word; none where the command does not know the option.
fn value_follows(command: &Command, word: &str) -> Option<bool> {
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    let arg = command.get_arguments().find(|arg| match name.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short() == name.chars().nth(1),
    })?;
    let attached = word.contains('=') || (!word.starts_with("--") && word.chars().nth(2).is_some());
    Some(arg.get_action().takes_values() && !attached)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Invocation {
        let words = line.split_whitespace().map(OsString::from);
        parse(words, &Environment::default()).invocation
    }

    fn misuse(line: &str) -> String {
        match read(line) {
            Invocation::Misused(error) => error.to_string(),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn path(line: &str) -> String {
        match read(line) {
            Invocation::Run(run) => run.path,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_tree_is_sound() {
        command(None).debug_assert();
    }

    #[test]
    fn the_path_keeps_aliases_and_leaves_options_out() {
        assert_eq!(path("kontena --grid x node -D ls -q"), "kontena node ls");
        assert_eq!(path("kontena --grid=x node reset-token n"), "kontena node reset-token");
    }

    #[test]
    fn usage_errors_have_three_lines() {
        for (line, message, path) in [
            ("kontena bogus", "No such sub-command 'bogus'", "kontena"),
            ("kontena help", "No such sub-command 'help'", "kontena"),
            ("kontena node help", "No such sub-command 'help'", "kontena node"),
            ("kontena node rm", "parameter 'NODE ...': no value provided", "kontena node rm"),
            ("kontena node show", "parameter 'NODE': no value provided", "kontena node show"),
            (
                "kontena service create x",
                "parameter 'IMAGE': no value provided",
                "kontena service create",
            ),
            ("kontena node show a b", "too many arguments", "kontena node show"),
            ("kontena node show a -- -b", "too many arguments", "kontena node show"),
            (
                "kontena service deploy --wait=false x",
                "too many arguments",
                "kontena service deploy",
            ),
            ("kontena node ls -z", "Unrecognised option '-z'", "kontena node ls"),
            ("kontena node ls --bogus=1", "Unrecognised option '--bogus'", "kontena node ls"),
            ("kontena --bogus node ls", "Unrecognised option '--bogus'", "kontena"),
            ("kontena node -v ls", "Unrecognised option '-v'", "kontena node"),
            ("kontena node ls --grid", "option '--grid': no value provided", "kontena node ls"),
            (
                "kontena service create --cpus x a b",
                "option '--cpus': invalid value for Float(): \"x\"",
                "kontena service create",
            ),
            (
                "kontena service create -c x a b",
                "option '-c': invalid value for Integer(): \"x\"",
                "kontena service create",
            ),
            (
                "kontena service scale a x",
                "parameter 'INSTANCES': invalid value for Integer(): \"x\"",
                "kontena service scale",
            ),
            (
                "kontena node ls -o x",
                "option '-o': must be table, wide, name, json or yaml, not \"x\"",
                "kontena node ls",
            ),
            (
                "kontena node update --availability off a",
                "option '--availability': must be active or drain, not \"off\"",
                "kontena node update",
            ),
        ] {
            assert_eq!(misuse(line), format!("ERROR: {message}\n\nSee: '{path} --help'"));
        }
    }

    #[test]
    fn a_slip_is_answered_with_what_was_probably_meant() {
        for (line, first, second) in [
            ("kontena nod ls", "No such sub-command 'nod'", "Did you mean 'node'?"),
            ("kontena node lsit", "No such sub-command 'lsit'", "Did you mean 'list'?"),
            ("kontena node ls --gird x", "Unrecognised option '--gird'", "Did you mean '--grid'?"),
            ("kontena node ls --quite", "Unrecognised option '--quite'", "Did you mean '--quiet'?"),
        ] {
            let text = misuse(line);
            assert!(text.starts_with(&format!("ERROR: {first}\n{second}\n\nSee: ")), "{text}");
        }
    }

    #[test]
    fn a_watched_list_is_told_from_a_watched_object() {
        for (line, watched) in [
            ("kontena node ls -w", Some(Watched::List)),
            ("kontena node show x --watch", Some(Watched::Object)),
            ("kontena node show x --watch -o yaml", Some(Watched::Documents)),
            ("kontena node ls -w -oyaml", Some(Watched::Documents)),
            ("kontena node ls -w -q -oyaml", Some(Watched::List)),
            ("kontena node ls", None),
            ("kontena node create x", None),
        ] {
            let Invocation::Run(run) = read(line) else { panic!("{line}") };
            assert_eq!(run.watched, watched, "{line}");
        }
    }

    #[test]
    fn options_stand_anywhere_and_take_words_with_dashes() {
        let Invocation::Run(run) = read("kontena node create a -l --x --token=-t -lb=c --grid g")
        else {
            panic!("parses");
        };
        assert_eq!(run.cli.global.grid.as_deref(), Some("g"));
        let Some(super::super::Command::Node(super::super::node::NodeCommand::Create(args))) =
            run.cli.command
        else {
            panic!("is node create");
        };
        assert_eq!(args.labels, ["--x", "b=c"]);
        assert_eq!(args.token.as_deref(), Some("-t"));
    }

    #[test]
    fn the_last_of_two_opposite_flags_wins_and_repeating_is_no_error() {
        for (line, wanted) in [
            ("kontena service deploy x", true),
            ("kontena service deploy --no-wait x", false),
            ("kontena service deploy --no-wait x --wait", true),
            ("kontena service deploy --wait --wait --no-wait x --grid a --grid b", false),
        ] {
            let Invocation::Run(run) = read(line) else { panic!("{line}") };
            let Some(super::super::Command::Service(command)) = run.cli.command else { panic!() };
            let super::super::service::ServiceCommand::Deploy(args) = *command else { panic!() };
            assert_eq!(args.wait.wanted(), wanted, "{line}");
        }
    }

    #[test]
    fn help_and_version_need_nothing() {
        for line in ["kontena", "kontena node", "kontena node rm --help", "kontena -h node x"] {
            let Invocation::Print(text) = read(line) else { panic!("{line}") };
            assert!(text.contains("Usage:") && text.contains("Options:"), "{text}");
        }
        let Invocation::Print(version) = read("kontena -v") else { panic!("version") };
        let start = format!("kontena-cli {} [", env!("CARGO_PKG_VERSION"));
        assert!(version.starts_with(&start) && version.ends_with("]\n"), "{version}");
    }

    #[test]
    fn help_wins_over_what_else_is_wrong() {
        for line in [
            "kontena node show a b c --help",
            "kontena node ls --bogus -h",
            "kontena service create --cpus x --help",
            "kontena node update -h --availability off",
            "kontena node ls -o xml x --help",
        ] {
            let Invocation::Print(text) = read(line) else { panic!("{line}") };
            assert!(text.starts_with("Usage:\n    kontena "), "{text}");
        }
        assert!(misuse("kontena nod --help").contains("No such sub-command 'nod'"));
        assert!(misuse("kontena node show a b -- --help").contains("too many arguments"));
        assert!(misuse("kontena node show a b --grid --help").contains("too many arguments"));
        let broken = Environment::of(&[("KONTENA_OUTPUT", "xml")]);
        let words = ["kontena", "node", "--help"].map(OsString::from);
        assert!(matches!(parse(words, &broken).invocation, Invocation::Print(_)));
    }

    #[test]
    fn commands_that_live_elsewhere_say_so() {
        let Invocation::Moved(lines) = read("kontena login http://x") else { panic!("login") };
        assert_eq!(lines.len(), 2);
        let Invocation::Moved(lines) = read("kontena aws node create") else { panic!("aws") };
        assert_eq!(
            lines,
            ["The 'aws' plugin has not been installed. Use: kontena plugin install aws"]
        );
        assert!(misuse("kontena node login").contains("No such sub-command 'login'"));
    }
}
