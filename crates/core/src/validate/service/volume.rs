//! How volumes are written (`scheduling.md` 1.8): a host path, a name, or neither, and a path.
//!
//! Whether a named volume exists is looked at in `surroundings`.

use super::super::rules::is_service_name;

/// A volume as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenVolume {
    /// What is mounted.
    pub(super) source: Source,
    /// Path in the container.
    pub(super) path: String,
    /// Such as `ro`.
    pub(super) flags: Option<String>,
}

/// What a volume mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A path of the node.
    Bind(String),
    /// A volume of the grid.
    Named(String),
    /// A new volume of the container.
    Anonymous,
}

/// Reads a volume; the error is the sentence for the administrator.
pub(super) fn read(text: String) -> Result<WrittenVolume, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let (source, path, flags) = match *parts.as_slice() {
        [path] => (Some(Source::Anonymous), path, None),
        [source, path] => (mounted(source), path, None),
        [source, path, flags] if !flags.is_empty() => (mounted(source), path, Some(flags)),
        _ => (None, "", None),
    };
    match source {
        Some(source) if path.starts_with('/') => {
            Ok(WrittenVolume { source, path: path.to_owned(), flags: flags.map(str::to_owned) })
        }
        _ => Err(format!("Volume definition '{text}' not in right format")),
    }
}

fn mounted(source: &str) -> Option<Source> {
    if source.starts_with('/') {
        Some(Source::Bind(source.to_owned()))
    } else {
        is_service_name(source).then(|| Source::Named(source.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_form_is_read() {
        let volume = |source, path: &str, flags: Option<&str>| {
            Ok(WrittenVolume { source, path: path.to_owned(), flags: flags.map(str::to_owned) })
        };
        let bind = |path: &str| Source::Bind(path.to_owned());
        let named = |name: &str| Source::Named(name.to_owned());
        let cases = [
            ("/data", volume(Source::Anonymous, "/data", None)),
            ("/srv:/data", volume(bind("/srv"), "/data", None)),
            ("/srv:/data:ro,z", volume(bind("/srv"), "/data", Some("ro,z"))),
            ("db_1:/data", volume(named("db_1"), "/data", None)),
            ("db:/data:ro", volume(named("db"), "/data", Some("ro"))),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text.to_owned()), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_told_as_written() {
        let cases = [
            "foo:bar",
            "data",
            "",
            ":/data",
            "-db:/data",
            "./a:/data",
            "/a:b",
            "/a:/b:",
            "/a:/b:ro:z",
            "d b:/data",
        ];
        for text in cases {
            assert_eq!(
                read(text.to_owned()),
                Err(format!("Volume definition '{text}' not in right format"))
            );
        }
    }
}
