//! `cases.md` and the source tree agree.

use std::{collections::BTreeSet, path::Path};

/// A row of the list: the case's number, with a word where a row shows a part of it, and its tests.
struct Row {
    case: String,
    tests: Vec<String>,
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("tests/it/agents/cases.md")).expect("the list");
    let cells = text.lines().filter(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{line}");
        (cells[0].to_owned(), cells[2].to_owned())
    });
    let cases = cells.filter(|(case, _)| case.starts_with(|first: char| first.is_ascii_digit()));
    let tests =
        |cell: &str| cell.split(", ").map(|test| test.trim_matches('`').to_owned()).collect();
    cases.map(|(case, cell)| Row { case, tests: tests(&cell) }).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether a test that the list names is where it says.
fn exists(test: &str) -> bool {
    let place = match test.split_once(": ") {
        Some((file, function)) => Some((file.to_owned(), function)),
        None => test.rsplit_once("::").map(|(module, function)| {
            (format!("tests/it/{}.rs", module.replace("::", "/")), function)
        }),
    };
    place.is_some_and(|(file, function)| {
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
        text.contains(&format!("fn {function}("))
    })
}

#[test]
fn every_test_of_the_list_exists() {
    let rows = rows();
    let named = rows.iter().flat_map(|row| row.tests.iter().map(|test| (&row.case, test)));
    let missing: Vec<_> = named.filter(|(_, test)| !exists(test)).collect();
    assert!(missing.is_empty(), "no such test: {missing:?}");
}

#[test]
fn no_case_is_in_the_list_twice() {
    let mut seen = BTreeSet::new();
    let twice: Vec<String> =
        rows().into_iter().map(|row| row.case).filter(|case| !seen.insert(case.clone())).collect();
    assert_eq!(twice, Vec::<String>::new());
}

#[test]
fn every_case_is_in_the_list() {
    let rows = rows();
    let missing: Vec<u32> =
        (1..=91).filter(|number| !rows.iter().any(|row| row.case == number.to_string())).collect();
    assert_eq!(missing, Vec::<u32>::new());
}
