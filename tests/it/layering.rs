//! Who may import whom (`docs/ARCHITECTURE.md`): the `use` lines of `src` are read and compared with the
//! table.

use std::path::{Path, PathBuf};

/// A room of `src`, what of `crate::` it may import, and which crates it must not name.
const TABLE: [(&str, &[&str], &[&str]); 11] = [
    ("wire", &[], &["kontena_store", "actix", "tokio"]),
    ("auth", &["vault"], &["actix"]),
    ("vault", &["clock"], &["kontena_store", "actix"]),
    ("commands", &["vault", "clock", "auth"], &["actix", "actix_web", "kontena_protocol"]),
    ("actors", &["wire", "vault", "clock", "telemetry"], &[]),
    ("http", &["commands", "actors", "auth", "wire", "telemetry", "vault", "clock"], &["diesel"]),
    ("config", &[], &["actix"]),
    ("telemetry", &[], &["actix", "kontena_store"]),
    ("clock", &[], &["actix", "kontena_store"]),
    ("boot", &["actors", "auth", "clock", "commands", "config", "http", "telemetry", "vault"], &[]),
    ("cli", &["boot", "config", "telemetry", "auth"], &[]),
];

fn sources(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

fn room_files(room: &str) -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folder = src.join(room);
    let found = if folder.is_dir() { folder } else { src.join(format!("{room}.rs")) };
    assert!(found.exists(), "there is no room {room}");
    sources(&found)
}

/// What of the core a room may use, beside `domain`.
const CORE: [(&str, &[&str]); 3] =
    [("wire", &[]), ("auth", &["Moment"]), ("http", &["validate", "presence", "explain"])];

/// The names a file uses after a prefix such as `crate::`, in `use` trees and in paths.
fn imports(text: &str, prefix: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(prefix) {
        let before = rest[..at].chars().next_back();
        rest = &rest[at + prefix.len()..];
        if before.is_some_and(|before| before.is_alphanumeric() || before == '_') {
            continue;
        }
        if let Some(tree) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for letter in tree.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => rooms.push(std::mem::take(&mut name)),
                    other if depth == 0 => name.push(other),
                    _ => {}
                }
            }
            rooms.push(name);
        } else {
            rooms.push(
                rest.chars()
                    .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                    .collect(),
            );
        }
    }
    rooms
        .into_iter()
        .map(|room| room.trim().split("::").next().unwrap_or_default().to_owned())
        .filter(|room| !room.is_empty())
        .collect()
}

#[test]
fn a_room_imports_only_rooms_the_table_names() {
    let mut wrong = Vec::new();
    for (room, allowed, forbidden) in TABLE {
        for file in room_files(room) {
            let text = std::fs::read_to_string(&file).expect("a file");
            let code: String = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| format!("{line}\n"))
                .collect();
            for import in imports(&code, "crate::") {
                if import != room && !allowed.contains(&import.as_str()) {
                    wrong.push(format!("{} imports {import}", file.display()));
                }
            }
            for name in forbidden {
                if code.contains(&format!("use {name}::")) || code.contains(&format!(" {name}::")) {
                    wrong.push(format!("{} names {name}", file.display()));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_room_uses_only_the_part_of_the_core_that_is_its() {
    let mut wrong = Vec::new();
    for (room, allowed) in CORE {
        for file in room_files(room) {
            let text = std::fs::read_to_string(&file).expect("a file");
            for name in imports(&text, "kontena_core::") {
                if name != "domain" && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{} uses the core's {name}", file.display()));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_room_is_in_the_table() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms: Vec<String> = std::fs::read_dir(src)
        .expect("src")
        .map(|entry| entry.expect("an entry").path())
        .filter_map(|path| path.file_stem().map(|name| name.to_string_lossy().into_owned()))
        .filter(|name| name != "lib" && name != "main")
        .collect();
    rooms.sort();
    let mut known: Vec<&str> = TABLE.iter().map(|(room, ..)| *room).collect();
    known.sort_unstable();
    assert_eq!(rooms, known);
}

/// Crates keep the two walls that matter most: the core has no I/O, and diesel is the store's alone.
#[test]
fn crates_depend_only_on_what_the_plan_allows() {
    let manifest = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates").join(name);
        let text = std::fs::read_to_string(path.join("Cargo.toml")).expect("a manifest");
        let dependencies = text.split("[dependencies]").nth(1).unwrap_or_default();
        dependencies.split("\n[").next().unwrap_or_default().to_owned()
    };
    let names = |name: &str, forbidden: &[&str]| {
        let dependencies = manifest(name);
        for crate_name in forbidden {
            let named = dependencies.lines().any(|line| {
                line.starts_with(&format!("{crate_name}-"))
                    || line.starts_with(&format!("{crate_name}."))
                    || line.starts_with(&format!("{crate_name} "))
            });
            assert!(!named, "kontena-{name} depends on {crate_name}");
        }
    };
    let io = ["actix", "tokio", "diesel", "log", "rand", "env_logger", "kontena-store"];
    names("core", &io);
    names("protocol", &["actix", "tokio", "diesel", "kontena-core", "kontena-store"]);
    names("agent", &["diesel", "kontena-core", "kontena-store"]);
    names("cli", &["diesel", "kontena-core", "kontena-store", "tokio"]);
    let root = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let root = root.expect("a manifest");
    let own = root.split("\n[dependencies]").nth(1).unwrap_or_default();
    let own = own.split("\n[").next().unwrap_or_default();
    assert!(!own.contains("diesel"), "diesel is a dependency of kontena-store alone");
    let core = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/core/src"));
    for file in core {
        let text = std::fs::read_to_string(&file).expect("a file");
        assert!(!text.contains("async "), "{} is async", file.display());
    }
    // The store sees the nouns and the picture they make, and no decision.
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/store/src")) {
        let text = std::fs::read_to_string(&file).expect("a file");
        for decision in ["login", "presence", "placement", "reconcile", "rollout", "validate"] {
            let path = format!("kontena_core::{decision}");
            assert!(!text.contains(&path), "{} decides: {path}", file.display());
        }
    }
}
