//! What is said about top-level commands that live elsewhere.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Returns the lines to print instead of a usage error, where the command is a known stranger.
pub(crate) fn of(error: &clap::Error, path: &str) -> Option<Vec<String>> {
    if path != "kontena" || error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let lines = match name.as_str() {
        "login" => vec![
            "Use 'kontena master login' to log into a Kontena Master".to_owned(),
            "or 'kontena cloud login' for logging into your Kontena Cloud account".to_owned(),
        ],
        "logout" => vec![
            "Use 'kontena master logout' to log out from a Kontena Master".to_owned(),
            "or 'kontena cloud logout' for logging out from your Kontena Cloud account".to_owned(),
        ],
        "app" => vec![
            "The 'app' sub-command has moved to the 'app-command' plugin. \
             Use: kontena plugin install app-command"
                .to_owned(),
        ],
        "cloud" => vec![
            "Kontena Cloud was a hosted service that no longer exists. \
             Use 'kontena master login' to log into a Kontena Master"
                .to_owned(),
        ],
        "vagrant" | "packet" | "digitalocean" | "azure" | "upcloud" | "aws" | "shell" => {
            vec![format!(
                "The '{name}' plugin has not been installed. Use: kontena plugin install {name}"
            )]
        }
        _ => return None,
    };
    Some(lines)
}
