//! The environment, read once at the start.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The variables the program was started with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    values: BTreeMap<String, String>,
}

impl Environment {
    /// Reads the variables of the process; bytes that are not UTF-8 are replaced.
    pub(crate) fn from_process() -> Self {
        let values = std::env::vars_os()
            .map(|(name, value)| {
                (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
            })
            .collect();
        Self { values }
    }

    /// Makes an environment of these variables.
    #[cfg(test)]
    pub(crate) fn of(values: &[(&str, &str)]) -> Self {
        let values = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self { values }
    }

    /// Returns a variable; an empty one counts as unset.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Tells whether a variable is set, be it to nothing.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Returns a variable that holds seconds.
    pub(crate) fn seconds(&self, name: &str, default: u64) -> Duration {
        Duration::from_secs(self.get(name).and_then(|text| text.parse().ok()).unwrap_or(default))
    }

    /// Returns the folder `~/.kontena`, where there is a home.
    pub(crate) fn kontena_dir(&self) -> Option<PathBuf> {
        self.get("HOME").map(|home| PathBuf::from(home).join(".kontena"))
    }

    /// Returns the path of the configuration file.
    pub(crate) fn config_path(&self) -> PathBuf {
        match self.get("KONTENA_CONFIG") {
            Some(path) => PathBuf::from(path),
            None => PathBuf::from(self.get("HOME").unwrap_or(".")).join(".kontena_client.json"),
        }
    }

    /// Tells whether text is UTF-8. Without any locale it is taken to be: containers rarely set one.
    pub(crate) fn is_utf8(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| self.get(name));
        locale.is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_variable_decides() {
        for (values, utf8) in [
            (&[][..], true),
            (&[("LANG", "C.UTF-8")], true),
            (&[("LANG", "C")], false),
            (&[("LANG", "C"), ("LC_ALL", "fi_FI.utf8")], true),
            (&[("LANG", "en_US.UTF-8"), ("LC_CTYPE", "POSIX")], false),
        ] {
            assert_eq!(Environment::of(values).is_utf8(), utf8, "{values:?}");
        }
    }

    #[test]
    fn an_empty_variable_is_unset() {
        assert_eq!(Environment::of(&[("KONTENA_GRID", "")]).get("KONTENA_GRID"), None);
    }
}
