//! The contract's vectors against the core, through the same runner as the example `vectors`.

#[path = "../examples/vectors/runner/mod.rs"]
mod runner;

use std::collections::BTreeSet;

use runner::{Case, Outcome, REPLACED};

fn cases() -> Result<Vec<Case>, String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/it/scheduling/vectors.json");
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    runner::read(&text)
}

#[test]
fn every_case_that_must_hold_holds() {
    let cases = cases().expect("vectors");
    assert_eq!(cases.len(), 256);
    let mut wrong = Vec::new();
    for case in &cases {
        match runner::run(case) {
            Outcome::Pass | Outcome::Better(_) => {}
            outcome => wrong.push(format!("{}: {outcome}", case.name)),
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn quirks_are_kept_except_those_a_guarantee_replaces() {
    let cases = cases().expect("vectors");
    let replaced: BTreeSet<_> = REPLACED.iter().map(|(name, ..)| *name).collect();
    for name in &replaced {
        let case = cases.iter().find(|case| case.name == *name);
        assert_eq!(case.map(|case| case.level.as_str()), Some("quirk"), "{name}");
    }
    for case in cases.iter().filter(|case| case.level == "quirk") {
        let better = matches!(runner::run(case), Outcome::Better(_));
        assert_eq!(better, replaced.contains(case.name.as_str()), "{}", case.name);
    }
}

/// The runner itself: a case with another expectation must not pass.
#[test]
fn a_wrong_expectation_is_noticed() {
    let others = [
        ("ha-memory-rank", r#"{"placement": {"1": "a"}}"#),
        ("filter-drain", r#"{"nodes": ["a"]}"#),
        ("filter-drain", r#"{"error": "none"}"#),
        ("daemon-count", r#"{"count": 5}"#),
        ("ha-stable-full-deploy", r#"{"events": []}"#),
        ("ha-fresh-two-on-two", r#"{"allowed": [{"1": "a", "2": "b"}]}"#),
        ("ha-scale-to-zero", r#"{"count": 0}"#),
        ("outdated", r#"{"cause": "interval"}"#),
        ("throttle-0.0-x4", r#"{"max_parallel": 3}"#),
        ("join-name-conflict-created", r#"{"error": "Node with name b already exists"}"#),
        ("join-name-conflict-created", r#"{"node": {"name": "a", "number": 2}}"#),
        ("join-non-initial", r#"{"error": "Node numbers not available. Grid is full?"}"#),
        ("stack-order-pair", r#"{"order": ["web", "db"]}"#),
        ("stack-order-pair", r#"{"error_prefix": "service web"}"#),
        ("stack-order-diamond", r#"{"allowed_orders": [["base", "r", "l", "top"]]}"#),
        ("stack-order-cycle", r#"{"error_prefix": "service b has"}"#),
        ("stack-order-missing", r#"{"order": ["web"]}"#),
    ];
    let cases = cases().expect("vectors");
    for (name, then) in others {
        let case = cases.iter().find(|case| case.name == name).expect("a case");
        let mut case = case.clone();
        case.then = serde_json::from_str(then).expect("JSON");
        assert!(matches!(runner::run(&case), Outcome::Fail(_)), "{name}");
    }
}
