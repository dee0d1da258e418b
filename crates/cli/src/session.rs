//! What a command works with: console, configuration, the selected master and grid, and a client.
//!
//! The checks every command shares are here, in the order master, token, grid; all come before the first
//! request.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use crate::api::{Client, OauthClient, Renewal, Shared};
use crate::args::{Global, closest};
use crate::clock;
use crate::config::{Choice, Config, ConfigFile, Environment, Master, Selection, Server};
use crate::failure::{Failure, Kind, login_expired, no_grid, not_logged_in};
use crate::log::Log;
use crate::output::{Console, Ink};

/// One run of a command.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    /// Where output goes.
    pub(crate) console: &'a Console,
    /// The variables of the process.
    pub(crate) environment: Environment,
    /// The configuration as it was at the start.
    pub(crate) config: Config,
    /// The configuration to change.
    pub(crate) file: ConfigFile,
    /// What `--grid` says.
    pub(crate) grid_flag: Option<String>,
    selection: Selection,
    shared: Rc<Shared>,
    client: OnceCell<Client>,
}

impl<'a> Session<'a> {
    /// Reads the configuration and decides on master and grid.
    pub(crate) fn open(
        environment: Environment,
        console: &'a Console,
        global: &Global,
    ) -> Result<Self, Failure> {
        let file = ConfigFile::locate(&environment);
        let config = file.load()?;
        let selection = Selection::decide(
            &config,
            &environment,
            global.master.as_deref(),
            global.grid.as_deref(),
        );
        let debug = match (global.debug, global.no_debug) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        };
        let shared = Rc::new(Shared {
            log: Log::open(&environment, debug),
            master_version: RefCell::new(None),
            oauth_client: OauthClient::of(&environment),
        });
        let grid_flag = global.grid.clone();
        let client = OnceCell::new();
        Ok(Self { console, environment, config, file, grid_flag, selection, shared, client })
    }

    /// Returns the selected master.
    pub(crate) fn master(&self) -> Result<&Master, Failure> {
        match &self.selection.master {
            Choice::Master(master) => Ok(master),
            Choice::Unknown(name) => Err(unknown_master(&self.config, name)),
            Choice::None => Err(not_logged_in()),
        }
    }

    /// Returns a client for the selected master, which needs an access token that can still be used.
    pub(crate) fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let master = self.master()?;
        let token = master.token.clone().ok_or_else(not_logged_in)?;
        let renewal = master
            .refresh_token
            .is_some()
            .then(|| Renewal { file: self.file.clone(), server: master.name.clone() });
        let client = self.client_for(&master.url, Some(token), renewal)?;
        let expired = master.expires_at > 0 && master.expires_at < clock::unix_now();
        if expired && !client.renew()? {
            return Err(login_expired());
        }
        Ok(self.client.get_or_init(|| client))
    }

    /// Returns a client for some address.
    pub(crate) fn client_for(
        &self,
        url: &str,
        token: Option<String>,
        renewal: Option<Renewal>,
    ) -> Result<Client, Failure> {
        Client::new(url, token, renewal, &self.environment, Rc::clone(&self.shared))
    }

    /// Returns the selected grid, after checking for a master and a token.
    pub(crate) fn grid(&self) -> Result<&str, Failure> {
        if self.master()?.token.is_none() {
            return Err(not_logged_in());
        }
        self.grid_name().ok_or_else(no_grid)
    }

    /// Returns the selected grid, if there is one.
    pub(crate) fn grid_name(&self) -> Option<&str> {
        self.selection.grid.as_deref()
    }

    /// Changes the selected master's entry in the configuration, if it has one.
    pub(crate) fn update_master(&self, change: impl FnOnce(&mut Server)) -> Result<(), Failure> {
        let name = &self.master()?.name;
        self.file.update(|config| {
            match config.server_mut(name) {
                Some(server) => change(server),
                // The entry that stands for KONTENA_URL is not in the file, and would change too.
                None => {
                    let before = Server::named(name.as_str());
                    let mut server = before.clone();
                    change(&mut server);
                    if server != before {
                        self.file.hold_back();
                    }
                }
            }
            Ok(())
        })
    }

    /// Warns where a change of the configuration was not saved.
    pub(crate) fn warn_about_unsaved(&self) {
        if self.file.has_held_back() {
            self.console.warn("The configuration was not changed, because KONTENA_URL is set");
        }
    }

    /// Warns where the master is of another line than this command line is compatible with.
    pub(crate) fn warn_about_version(&self) {
        let version = self.shared.master_version.borrow();
        let Some(server) = version.as_deref() else {
            return;
        };
        // What counts is the line of Kontena that is spoken, what is told the version of this program. A master
        // may name either: of a client's own line where it knows that.
        let ours = env!("CARGO_PKG_VERSION");
        let spoken = [kontena_protocol::COMPAT_VERSION, ours].map(line_of);
        if line_of(server).is_some_and(|theirs| !spoken.contains(&Some(theirs))) {
            self.console.note(self.console.paint_note(
                Ink::Yellow,
                format!("Warning: Server version is {server}. You are using CLI version {ours}."),
            ));
        }
    }
}

/// No entry of the configuration has this name.
pub(crate) fn unknown_master(config: &Config, name: &str) -> Failure {
    let failure = Failure::known(
        Kind::NotFound,
        format!(
            "Could not resolve master by name '{name}'. \
             For a list of known masters please run: kontena master list"
        ),
    );
    match closest(name, config.servers.iter().map(|server| server.name.as_str())) {
        Some(guess) => failure.hint(format!("Did you mean '{guess}'?")),
        None => failure,
    }
}

/// Returns major and minor number of a version that begins with three numbers.
fn line_of(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.splitn(3, '.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    let patch = parts.next()?;
    patch.starts_with(|digit: char| digit.is_ascii_digit()).then_some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_look_like_one() {
        assert_eq!(line_of("1.5.4"), Some((1, 5)));
        assert_eq!(line_of("1.6.0.dev"), Some((1, 6)));
        assert_eq!(line_of("1.5"), None);
        assert_eq!(line_of("edge"), None);
    }
}
