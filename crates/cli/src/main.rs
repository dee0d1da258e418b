//! The `kontena` program: arguments in, exit code out; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    kontena_cli::run(std::env::args_os())
}
