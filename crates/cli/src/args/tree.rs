//! The command tree as it is read with: what is the same for every option and every name.

use clap::builder::ValueParser;
use clap::{Arg, Command, CommandFactory};

use super::{Cli, help, values};

/// Builds the command tree. An option takes the next word whatever it looks like, as in Kontena 1.5:
/// tokens and values may begin with a dash. `output` replaces the default of `--output`.
pub(super) fn command(output: Option<&'static str>) -> Command {
    let mut root = adapt(Cli::command(), output).mut_subcommand("service", |group| {
        let names = ["NAME", "TARGET"];
        check(group, &|command, name| command != "create" && names.contains(&name), values::service)
    });
    root.build();
    root
}

/// Returns the whole command tree.
pub(crate) fn tree() -> Command {
    command(None)
}

/// Parameters that end up in the path of a request, or name something.
const NAMES: [&str; 12] = [
    "NAME",
    "NEW_NAME",
    "NODE",
    "VOLUME",
    "TARGET",
    "CONTAINER_ID",
    "EMAIL",
    "USER",
    "ROLE",
    "TOKEN_OR_ID",
    "KEY",
    "SUBNET",
];

/// Has `parser` read the parameters of a command, and of those below it, that `is_meant` by the names of both.
fn check(
    command: Command,
    is_meant: &dyn Fn(&str, &str) -> bool,
    parser: fn(&str) -> Result<String, String>,
) -> Command {
    let name = command.get_name().to_owned();
    let text = ValueParser::string().type_id();
    command
        .mut_args(|arg| {
            let parameter = help::parameter(&arg);
            let parameter = parameter.trim_end_matches(" ...");
            let is_text = arg.is_positional() && arg.get_value_parser().type_id() == text;
            if is_text && is_meant(&name, parameter) { arg.value_parser(parser) } else { arg }
        })
        .mut_subcommands(|sub| check(sub, is_meant, parser))
}

fn takes(arg: &Arg, value: &str) -> bool {
    arg.get_possible_values().iter().any(|known| known.matches(value, false))
}

fn adapt(command: Command, output: Option<&'static str>) -> Command {
    check(command, &|_, name| NAMES.contains(&name), values::name)
        .mut_args(|arg| {
            let arg = match output {
                Some(output) if arg.get_id() == "output" && takes(&arg, output) => {
                    arg.default_value(output)
                }
                _ => arg,
            };
            let option = !arg.is_positional() && arg.get_action().takes_values();
            if option { arg.allow_hyphen_values(true) } else { arg }
        })
        .mut_subcommands(|sub| adapt(sub, output))
}
