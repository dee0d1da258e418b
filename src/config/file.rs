//! The file of `--config`.

use std::{collections::BTreeMap, path::Path};

use super::setting::NAMES;

/// Values of a TOML file, by key.
#[derive(Debug, Clone, Default)]
pub struct File {
    values: BTreeMap<String, String>,
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// One line that names the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("--config: cannot read {}: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("--config: {}: {error}", path.display()))
    }

    /// Reads TOML text.
    ///
    /// # Errors
    /// One line that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
        let mut values = BTreeMap::new();
        for (key, value) in table {
            if !NAMES.iter().any(|(flag, _)| flag.replace('-', "_") == key) {
                return Err(format!("there is no setting {key}"));
            }
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Float(number) => number.to_string(),
                _ => return Err(format!("{key} takes a text or a number")),
            };
            values.insert(key, text);
        }
        Ok(Self { values })
    }

    /// The value of a setting, by its flag's name.
    #[must_use]
    pub fn get(&self, flag: &str) -> Option<&str> {
        self.values.get(&flag.replace('-', "_")).map(String::as_str)
    }
}
