//! The program: arguments in, exit code out.
//!
//! Exit codes: 0 after SIGTERM or SIGINT, 1 where the agent cannot go on, 2 for usage and settings.

use std::process::ExitCode;

use anyhow::Context as _;
use kontena_agent::{
    Agent, Clock, check,
    config::args::{Args, Command, Settings},
};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let args = match Args::read(std::env::args_os()) {
        Ok(args) => args,
        Err((text, 0)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err((text, code)) => return fail(&text, code),
    };
    let command = args.command;
    let settings = match args.settings(|name| std::env::var(name).ok()) {
        Ok(settings) => settings,
        Err(error) => return fail(&error.to_string(), 2),
    };
    match (command, &settings.agent) {
        (None, Err(error)) => return fail(&error.to_string(), 2),
        (None, Ok(_)) | (Some(Command::Check), _) => {}
    }
    env_logger::Builder::new().parse_filters(&settings.log).init();
    let outcome = match command {
        Some(Command::Check) => examine(&settings),
        None => run(settings),
    };
    match outcome {
        Ok(code) => code,
        // The cause alone: for a refusal the last line is the master's reason.
        Err(error) => fail(&error.root_cause().to_string(), 1),
    }
}

fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    runtime()?.block_on(async {
        let clock = Clock::system();
        let engine = check::engine(&settings, &clock).await?;
        let agent = Agent::new(settings.agent?, engine).with_clock(clock);
        let mut terminate = signal(SignalKind::terminate()).context("cannot follow SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot follow SIGINT")?;
        let shutdown = async {
            tokio::select! {
                _ = terminate.recv() => log::info!("SIGTERM, shutting down"),
                _ = interrupt.recv() => log::info!("SIGINT, shutting down"),
            }
        };
        agent.run(shutdown).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn examine(settings: &Settings) -> anyhow::Result<ExitCode> {
    let findings = runtime()?.block_on(check::check(settings, &Clock::system()));
    for finding in &findings {
        println!("{finding}");
    }
    let fit = check::is_fit(&findings);
    println!("this machine {} be a node", if fit { "can" } else { "cannot" });
    Ok(ExitCode::from(u8::from(!fit)))
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// Prints one line as the last on standard error.
fn fail(text: &str, code: u8) -> ExitCode {
    eprintln!("{text}");
    ExitCode::from(code)
}
