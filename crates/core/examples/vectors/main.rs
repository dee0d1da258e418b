//! Runs a vectors file against the core and prints pass or fail per case.
//!
//! `cargo run --release -p kontena-core --example vectors -- [--all] FILE`: exit code 1 where a `must`
//! case fails, and with `--all` where one is not built yet; 2 where the file cannot be read.

mod runner;

use std::{collections::BTreeMap, process::ExitCode};

use runner::{Case, Outcome};

fn main() -> ExitCode {
    let mut all = false;
    let mut files = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--all" => all = true,
            _ => files.push(argument),
        }
    }
    let [file] = files.as_slice() else {
        eprintln!("takes one vectors file, and --all where cases that are not built shall fail");
        return ExitCode::from(2);
    };
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"));
    match text.and_then(|text| runner::read(&text)) {
        Ok(cases) => report(&cases, all),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn report(cases: &[Case], all: bool) -> ExitCode {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut failed = false;
    for case in cases {
        let outcome = runner::run(case);
        println!("{:5} {:22} {}: {outcome}", case.level, case.when, case.name);
        let word = match outcome {
            Outcome::Pass => "passed",
            Outcome::Better(_) => "better",
            Outcome::Fail(_) => "failed",
            Outcome::NotBuilt => "not built",
        };
        *counts.entry((case.level.as_str(), word)).or_default() += 1;
        failed |= case.level == "must" && (word == "failed" || all && word == "not built");
    }
    println!();
    for ((level, word), count) in counts {
        println!("{level}: {count} {word}");
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
