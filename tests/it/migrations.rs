//! Migrations come in pairs with a way back, and both dialects know the same tables.

use std::{collections::BTreeMap, path::Path};

fn folder(dialect: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(dialect)
}

fn names(dialect: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder(dialect))
        .expect("migrations")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Tables and the names of their columns, as the `up` files have them.
fn tables(dialect: &str) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::new();
    for name in names(dialect) {
        let up =
            std::fs::read_to_string(folder(dialect).join(name).join("up.sql")).expect("up.sql");
        let mut current: Option<(String, Vec<String>)> = None;
        for line in up.lines().map(str::trim) {
            if let Some(table) = line.strip_prefix("create table ") {
                current = Some((table.trim_end_matches(" (").to_owned(), Vec::new()));
            } else if line.starts_with("alter table ") {
                // Altered tables are compared by what they were and by the statements themselves.
                tables.insert(line.to_owned(), Vec::new());
            } else if line == ");" {
                tables.extend(current.take());
            } else if let Some((_, columns)) = &mut current {
                columns.extend(line.split(' ').next().map(str::to_owned));
            }
        }
    }
    tables
}

#[test]
fn both_dialects_have_the_same_migrations_and_tables() {
    assert_eq!(names("sqlite"), names("postgres"));
    assert_eq!(tables("sqlite"), tables("postgres"));
    assert!(tables("sqlite").len() > 10);
}

#[test]
fn every_migration_has_a_way_back() {
    for dialect in ["sqlite", "postgres"] {
        for name in names(dialect) {
            let down = folder(dialect).join(&name).join("down.sql");
            let down = std::fs::read_to_string(down).expect("down.sql");
            let up = std::fs::read_to_string(folder(dialect).join(&name).join("up.sql"));
            for line in up.expect("up.sql").lines() {
                if let Some(table) = line.strip_prefix("create table ") {
                    let drop = format!("drop table {};", table.trim_end_matches(" ("));
                    assert!(down.contains(&drop), "{dialect}/{name} does not {drop}");
                }
            }
        }
    }
}
