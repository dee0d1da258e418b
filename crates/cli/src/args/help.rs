//! Help in Kontena's layout: usage, parameters, sub-commands, options.

use std::fmt::Write as _;

use clap::{Arg, Command};

use super::examples;

/// Cells of the label column.
const LABEL: usize = 29;

/// Writes the help of `command`, typed as `path`.
pub(crate) fn render(command: &Command, path: &str) -> String {
    let mut text = format!("Usage:\n    {path} [OPTIONS]");
    if command.has_subcommands() {
        text.push_str(" SUBCOMMAND [ARG] ...");
    }
    for arg in command.get_positionals().filter(|arg| !arg.is_hide_set()) {
        let name = parameter(arg);
        let required = arg.is_required_set();
        text.push_str(&if required { format!(" {name}") } else { format!(" [{name}]") });
    }
    text.push('\n');
    if let Some(about) = command.get_about() {
        let _ = write!(text, "\n  {about}\n");
    }
    section(
        &mut text,
        "Parameters",
        command.get_positionals().filter(|arg| !arg.is_hide_set()).map(|arg| {
            let name = parameter(arg);
            let label = if arg.is_required_set() { name } else { format!("[{name}]") };
            (label, sentence(arg))
        }),
    );
    section(
        &mut text,
        "Subcommands",
        command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(|sub| {
            let names: Vec<&str> =
                std::iter::once(sub.get_name()).chain(sub.get_visible_aliases()).collect();
            (names.join(", "), sub.get_about().map(ToString::to_string).unwrap_or_default())
        }),
    );
    let options = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
    section(&mut text, "Options", options.map(|arg| (switches(command, arg), sentence(arg))));
    for (index, example) in examples::of(command).iter().enumerate() {
        if index == 0 {
            text.push_str("\nExamples:\n");
        }
        let _ = writeln!(text, "    {example}");
    }
    text
}

fn section(text: &mut String, title: &str, entries: impl Iterator<Item = (String, String)>) {
    for (index, (label, help)) in entries.enumerate() {
        if index == 0 {
            let _ = write!(text, "\n{title}:\n");
        }
        let line = format!("    {label:LABEL$} {help}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// Names a parameter; lists end in ` ...`.
pub(crate) fn parameter(arg: &Arg) -> String {
    let name = value_name(arg);
    let many = arg.get_num_args().is_some_and(|range| range.max_values() > 1);
    if many { format!("{name} ...") } else { name }
}

/// The switch an option is known by: the short one where it has one.
pub(crate) fn first_switch(arg: &Arg) -> String {
    match (arg.get_short(), arg.get_long()) {
        (Some(short), _) => format!("-{short}"),
        (None, Some(long)) => format!("--{long}"),
        (None, None) => arg.get_id().to_string(),
    }
}

/// `-q, --quiet`, `--grid GRID`, `--[no-]wait`.
pub(super) fn switches(command: &Command, arg: &Arg) -> String {
    let mut names = Vec::new();
    if let Some(short) = arg.get_short() {
        names.push(format!("-{short}"));
    }
    if let Some(long) = arg.get_long() {
        let negated = format!("no-{long}");
        let both = command
            .get_arguments()
            .any(|other| other.is_hide_set() && other.get_long() == Some(negated.as_str()));
        names.push(format!("--{}{long}", if both { "[no-]" } else { "" }));
    }
    let mut label = names.join(", ");
    if arg.get_action().takes_values() {
        label.push(' ');
        label.push_str(&value_name(arg));
    }
    label
}

fn value_name(arg: &Arg) -> String {
    let names = arg.get_value_names().and_then(|names| names.first());
    names.map_or_else(|| arg.get_id().to_string().to_uppercase(), ToString::to_string)
}

pub(super) fn sentence(arg: &Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults = arg.get_default_values();
    if arg.get_action().takes_values() && !defaults.is_empty() && !arg.is_hide_default_value_set() {
        let values: Vec<_> = defaults.iter().map(|value| value.to_string_lossy()).collect();
        let _ = write!(text, " (default: {})", values.join(","));
    }
    text
}
