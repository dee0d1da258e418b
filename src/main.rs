//! The program `kontena-master`: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    kontena_master::cli::run()
}
