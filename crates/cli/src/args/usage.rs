//! Usage errors in the three lines that stock scripts know.

use std::error::Error as _;
use std::ffi::OsString;
use std::fmt;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::{closest, help};

/// A command line that cannot be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsageError {
    message: String,
    hint: Option<String>,
    path: String,
}

impl UsageError {
    /// Makes an error about the command typed as `path`.
    pub(crate) fn new(message: impl Into<String>, path: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, path: path.into() }
    }

    /// Tells whether it names a command that there is not.
    pub(crate) fn is_about_command(&self) -> bool {
        self.message.starts_with("No such sub-command ")
    }

    /// Returns what is wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns what was probably meant, in a sentence.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ERROR: {}", self.message)?;
        if let Some(hint) = &self.hint {
            writeln!(f, "{hint}")?;
        }
        write!(f, "\nSee: '{} --help'", self.path)
    }
}

/// Says in Kontena's words what clap found wrong with `words`.
pub(crate) fn explain(
    error: &clap::Error,
    command: &Command,
    path: String,
    words: &[OsString],
) -> UsageError {
    let culprit = culprit(error);
    let message = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!("No such sub-command '{}'", text(error, ContextKind::InvalidSubcommand))
        }
        ErrorKind::UnknownArgument => unknown(&culprit, command, words),
        ErrorKind::TooManyValues => "too many arguments".to_owned(),
        ErrorKind::MissingRequiredArgument => missing(command, &culprit),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("{}: {}", place(command, &culprit, words), reason(error))
        }
        _ => error.to_string().lines().next().unwrap_or_default().replacen("error: ", "", 1),
    };
    let guess = match message.strip_prefix("Unrecognised option ") {
        Some(_) => closest_option(&culprit, command),
        None if message.starts_with("No such sub-command ") => closest_command(&message, command),
        None => None,
    };
    let hint = guess.map(|guess| format!("Did you mean '{guess}'?"));
    UsageError { hint, ..UsageError::new(message, path) }
}

fn closest_option(word: &str, command: &Command) -> Option<String> {
    let word = word.strip_prefix("--")?;
    let known = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let known: Vec<&str> = known.filter_map(Arg::get_long).collect();
    closest(word, known).map(|guess| format!("--{guess}"))
}

fn closest_command(message: &str, command: &Command) -> Option<String> {
    let word = message.split('\'').nth(1)?;
    let known = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    let known: Vec<&str> = known
        .flat_map(|sub| std::iter::once(sub.get_name()).chain(sub.get_visible_aliases()))
        .collect();
    closest(word, known).map(ToOwned::to_owned)
}

/// An unknown word: an option, a surplus parameter, or the name of no command.
fn unknown(word: &str, command: &Command, words: &[OsString]) -> String {
    let literal =
        words.iter().skip_while(|other| *other != "--").skip(1).any(|other| other == word);
    if word.starts_with('-') && !literal {
        format!("Unrecognised option '{word}'")
    } else if command.has_subcommands() {
        format!("No such sub-command '{word}'")
    } else {
        "too many arguments".to_owned()
    }
}

fn missing(command: &Command, culprit: &str) -> String {
    match find(command, culprit) {
        Some(arg) if arg.is_positional() => {
            format!("parameter '{}': no value provided", help::parameter(arg))
        }
        Some(arg) => format!("option '{}' is required", help::first_switch(arg)),
        None => format!("parameter '{culprit}': no value provided"),
    }
}

/// Names the option as it was typed, or the parameter.
fn place(command: &Command, culprit: &str, words: &[OsString]) -> String {
    match find(command, culprit) {
        Some(arg) if arg.is_positional() => format!("parameter '{}'", help::parameter(arg)),
        Some(arg) => format!("option '{}'", typed_switch(arg, words)),
        None => format!("option '{culprit}'"),
    }
}

fn typed_switch(arg: &Arg, words: &[OsString]) -> String {
    let long = arg.get_long().map(|long| format!("--{long}"));
    let short = arg.get_short().map(|short| format!("-{short}"));
    let typed = words.iter().rev().map(|word| word.to_string_lossy()).find_map(|word| {
        let name = word.split_once('=').map_or(word.as_ref(), |(name, _)| name);
        [&long, &short].into_iter().flatten().find(|switch| {
            name == switch.as_str() || (switch.len() == 2 && word.starts_with(switch.as_str()))
        })
    });
    typed.cloned().unwrap_or_else(|| help::first_switch(arg))
}

/// Finds the argument that clap names with its value, as in `--cpus <CPUS>` or `<NODE>...`.
fn find<'a>(command: &'a Command, culprit: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| arg.to_string() == culprit)
}

fn reason(error: &clap::Error) -> String {
    if let Some(source) = error.source() {
        return source.to_string();
    }
    let value = text(error, ContextKind::InvalidValue);
    if value.is_empty() {
        return "no value provided".to_owned();
    }
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) => match valid.split_last() {
            Some((last, rest)) if !rest.is_empty() => {
                format!("must be {} or {last}, not {value:?}", rest.join(", "))
            }
            _ => format!("invalid value {value:?}"),
        },
        _ => format!("invalid value {value:?}"),
    }
}

fn culprit(error: &clap::Error) -> String {
    text(error, ContextKind::InvalidArg)
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.first().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}
