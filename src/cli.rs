//! The command line of `kontena-master`: serve, dev, migrate, token, backup.
//!
//! Exit codes: 0 done, 1 failed, 2 a usage or configuration error; one line on standard error either way.

use std::{path::PathBuf, process::ExitCode};

use anyhow::anyhow;
use clap::{Parser, Subcommand};
use kontena_store::{DatabaseUrl, Store, StoreError};

use crate::{
    auth::ROLES,
    boot::{self, BootError, dev},
    config::{Config, File, Invalid, Settings, setting::Flags},
    telemetry,
};

/// The Kontena master: admin HTTP API, agent websocket, scheduler.
#[derive(Debug, Parser)]
#[command(name = "kontena-master", version, about, args_conflicts_with_subcommands = false)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
    /// TOML file with settings; keys are flag names with _ for -
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate the database, start, listen, run until SIGTERM or SIGINT (the default)
    Serve,
    /// From nothing to a working platform: a master, a grid `dev` and one local node
    Dev,
    /// Apply pending migrations and exit
    Migrate {
        /// Change nothing; exit 1 where migrations are pending
        #[arg(long)]
        check: bool,
    },
    /// Access tokens
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Write a consistent copy of an SQLite database while it is in use
    Backup {
        /// The copy; must not exist yet
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make an access token, and the user where there is none; prints the token
    Create {
        /// The user's e-mail address, or admin
        #[arg(long, value_name = "EMAIL")]
        user: String,
        /// A role the user gets: master_admin, grid_admin or user_admin
        #[arg(long, value_name = "ROLE")]
        role: Vec<String>,
        /// The token ends after so long; never where absent or 0
        #[arg(long, value_name = "SECONDS")]
        expires_in: Option<u32>,
    },
}

/// How a run failed.
#[derive(Debug)]
enum Failure {
    /// Exit 2.
    Configuration(String),
    /// Exit 1.
    Run(anyhow::Error),
}

impl From<Invalid> for Failure {
    fn from(error: Invalid) -> Self {
        Self::Configuration(error.0)
    }
}

impl From<BootError> for Failure {
    fn from(error: BootError) -> Self {
        if error.is_configuration() {
            Self::Configuration(format!("{:#}", anyhow::Error::from(error)))
        } else {
            Self::Run(error.into())
        }
    }
}

/// Runs the program.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            eprintln!("{} (see kontena-master --help)", one_line(&error));
            return ExitCode::from(2);
        }
        // --help and --version.
        Err(error) => error.exit(),
    };
    match dispatch(arguments) {
        Ok(code) => code,
        Err(Failure::Configuration(line)) => {
            eprintln!("{line}");
            ExitCode::from(2)
        }
        Err(Failure::Run(error)) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The first paragraph of a usage error as one line.
fn one_line(error: &clap::Error) -> String {
    use clap::error::ErrorKind;
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a sub-command is missing".to_owned();
    }
    let text = error.to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

fn dispatch(arguments: Arguments) -> Result<ExitCode, Failure> {
    let file = match &arguments.config {
        Some(path) => File::read(path).map_err(Failure::Configuration)?,
        None => File::default(),
    };
    let environment = |name: &str| std::env::var(name).ok();
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Dev => {
            let flags = dev::with_defaults(arguments.flags, &environment, &file);
            let config = Config::check(&Settings::resolve(&flags, &environment, &file))?;
            telemetry::init(&config.log);
            dev::run(config)?;
            Ok(ExitCode::SUCCESS)
        }
        command => {
            let config = Config::check(&Settings::resolve(&arguments.flags, &environment, &file))?;
            telemetry::init(&config.log);
            with_config(command, config)
        }
    }
}

fn with_config(command: Command, config: Config) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve | Command::Dev => {
            boot::serve(config)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Migrate { check: true } => check_migrations(&config),
        Command::Migrate { check: false } => {
            boot::migrate(&config)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Token { command: TokenCommand::Create { user, role, expires_in } } => {
            if let Some(unknown) = role.iter().find(|role| !ROLES.contains(&role.as_str())) {
                let line = format!("--role: {unknown:?} is not valid: takes {}", ROLES.join(", "));
                return Err(Failure::Configuration(line));
            }
            let token = boot::create_token(&config, user, role, expires_in)?;
            println!("{token}");
            Ok(ExitCode::SUCCESS)
        }
        Command::Backup { file } => backup(&config, &file),
    }
}

fn check_migrations(config: &Config) -> Result<ExitCode, Failure> {
    let state = Store::migration_state(&config.database_url).map_err(BootError::Store)?;
    if state.pending.is_empty() {
        println!("no migration is pending");
        return Ok(ExitCode::SUCCESS);
    }
    println!("pending migrations: {}", state.pending.join(", "));
    Ok(ExitCode::FAILURE)
}

fn backup(config: &Config, file: &std::path::Path) -> Result<ExitCode, Failure> {
    if let DatabaseUrl::Postgres(_) = config.database_url {
        let line = "DATABASE_URL: backup takes an SQLite database; use pg_dump for Postgres";
        return Err(Failure::Configuration(line.to_owned()));
    }
    if file.exists() {
        return Err(Failure::Run(anyhow!("FILE: {} exists already", file.display())));
    }
    Store::backup(&config.database_url, file)
        .map_err(|error: StoreError| Failure::Run(anyhow!("FILE: {}: {error}", file.display())))?;
    println!("wrote {}", file.display());
    Ok(ExitCode::SUCCESS)
}
