//! `cases.md` says where each case of the contract is tested; here it is compared with the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The cases of the contract.
const LAST: u32 = 70;

fn tested(folder: &Path) -> BTreeMap<u32, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(source) = fs::read_to_string(&path) else {
            continue;
        };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for line in source.lines().filter(|_| name.ends_with(".rs")) {
            let Some(rest) = line.strip_prefix("fn case_") else {
                continue;
            };
            let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
            found.insert(number.parse().unwrap(), name.clone());
        }
    }
    found
}

/// What runs a case on a terminal; `usage` is a helper of `parsing.rs` that runs both ways.
const RUNNERS: [&str; 4] = ["run_both(", ".holds(", "run_on_terminal(", "usage("];

#[test]
fn every_case_is_seen_on_a_terminal_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut cases = 0;
    for file in tested(&folder).into_values().collect::<BTreeSet<_>>() {
        let source = fs::read_to_string(folder.join(&file)).unwrap();
        for case in source.split("\nfn case_").skip(1) {
            let (body, _) = case.split_once("\n}\n").unwrap();
            let number = body.split('(').next().unwrap();
            assert!(RUNNERS.iter().any(|runner| body.contains(runner)), "{file}: case {number}");
            cases += 1;
        }
    }
    assert!(cases > 60, "{cases}");
}

#[test]
fn the_list_of_cases_and_the_source_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let list = fs::read_to_string(folder.join("cases.md")).unwrap();
    let mut listed = BTreeMap::new();
    let mut left_out = Vec::new();
    for line in list.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let Ok(number) = cells[1].parse::<u32>() else {
            continue;
        };
        match cells[2].strip_prefix('`').and_then(|cell| cell.strip_suffix('`')) {
            Some(file) => assert!(listed.insert(number, file.to_owned()).is_none(), "{number}"),
            None => left_out.push(number),
        }
    }
    assert_eq!(listed, tested(&folder), "left: cases.md, right: the source");
    let all: Vec<u32> = (1..=LAST).collect();
    let mut said: Vec<u32> = listed.into_keys().chain(left_out).collect();
    said.sort_unstable();
    assert_eq!(said, all, "every case is listed once");
}
