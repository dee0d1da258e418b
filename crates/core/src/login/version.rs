//! Which agent versions are compatible (`agent-protocol.md` 1.5): RubyGems ordering over two base lines.

use std::cmp::Ordering;

/// The lines of stock agents: 1.5.x, and the last published development state of 1.6.
const BASES: [&str; 2] = ["1.5.0", "1.6.0.dev"];

/// Tells whether an agent of this version may connect. What is no version at all is not compatible.
#[must_use]
pub fn is_compatible(version: &str) -> bool {
    BASES.iter().any(|base| is_accepted(version, base))
}

/// The rule for one base: at least the base, its release below the next minor, and a prerelease only
/// where the base is one.
fn is_accepted(version: &str, base: &str) -> bool {
    let (Some(version), Some(base)) = (parse(version), parse(base)) else {
        return false;
    };
    let mut next: Vec<Part> = base.iter().take(2).cloned().collect();
    if let Some(Part::Number(minor)) = next.get_mut(1) {
        *minor += 1;
    }
    compare(&version, &base) != Ordering::Less
        && compare(&release(&version), &next) == Ordering::Less
        && (!is_prerelease(&version) || is_prerelease(&base))
}

/// Letters sort before numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Letters(String),
    Number(u64),
}

fn parse(text: &str) -> Option<Vec<Part>> {
    let text = text.replace('-', ".pre.");
    let starts_with_digit = text.starts_with(|first: char| first.is_ascii_digit());
    if !starts_with_digit || !text.split('.').all(|part| !part.is_empty()) {
        return None;
    }
    let mut parts = Vec::new();
    for part in text.split('.') {
        if !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        parts.append(&mut split(part)?);
    }
    Some(parts)
}

/// `rc1` counts as letters and a number, as RubyGems scans it.
fn split(part: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = part;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|next: char| next.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        parts.push(if digits {
            Part::Number(run.parse().ok()?)
        } else {
            Part::Letters(run.into())
        });
        rest = tail;
    }
    Some(parts)
}

fn is_prerelease(parts: &[Part]) -> bool {
    parts.iter().any(|part| matches!(part, Part::Letters(_)))
}

fn release(parts: &[Part]) -> Vec<Part> {
    parts.iter().take_while(|part| matches!(part, Part::Number(_))).cloned().collect()
}

/// Missing trailing parts are 0.
fn compare(one: &[Part], two: &[Part]) -> Ordering {
    let zero = Part::Number(0);
    (0..one.len().max(two.len()))
        .map(|at| one.get(at).unwrap_or(&zero).cmp(two.get(at).unwrap_or(&zero)))
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of `agent-protocol.md` 1.5, one base at a time (case 26).
    #[test]
    fn the_rule_of_one_base() {
        let base = |master: &str| match master {
            "1.6.0.dev" => "1.6.0.dev",
            "1.5.1.rc1" => "1.5.0.rc1",
            _ => "1.5.0",
        };
        for (master, agent, accepted) in [
            ("1.5.3", "1.5.0", true),
            ("1.5.0", "1.5.9", true),
            ("1.5.0", "1.5", true),
            ("1.5.0", "1.4.9", false),
            ("1.5.0", "1.6.0", false),
            ("1.5.0", "1.5.1.pre1", false),
            ("1.5.1.rc1", "1.5.0", true),
            ("1.5.1.rc1", "1.5.0.beta1", false),
            ("1.6.0.dev", "1.6.0.dev", true),
            ("1.6.0.dev", "1.6.0", true),
            ("1.6.0.dev", "1.6.0.rc1", true),
            ("1.6.0.dev", "1.6.0.beta", false),
            ("1.6.0.dev", "1.6.1.pre", true),
            ("1.6.0.dev", "1.7.0", false),
            ("1.6.0.dev", "1.5.0", false),
            ("1.5.0", "", false),
        ] {
            assert_eq!(is_accepted(agent, base(master)), accepted, "{agent} on {master}");
        }
    }

    /// Cases 27 and 28.
    #[test]
    fn both_stock_lines_are_compatible() {
        for accepted in ["1.5.0", "1.5.4", "1.6.0.dev", "1.6.0"] {
            assert!(is_compatible(accepted), "{accepted}");
        }
        for refused in ["1.4.3", "1.7.0", "2.0.0", "abc", "1.5..1", "1.5.0 ", "v1.5.0", "1.5.4+x"] {
            assert!(!is_compatible(refused), "{refused}");
        }
    }
}
