//! Whether an affinity expression can be understood (`scheduling.md` 3.5), told when it is written.
//!
//! What an expression means for a node is left to placement, which says the same texts about stored
//! expressions that cannot be understood.

use super::{error::Title, fields::list_checked, rules, rules::Checked};

/// What an expression may speak of.
const KEYS: [&str; 4] = ["node", "label", "service", "container"];

/// The widest zero padding of the instance number that is taken for meant.
const WIDEST_PADDING: u32 = 64;

/// A list of expressions.
pub(super) fn expressions(value: &serde_json::Value, title: Title<'_>) -> Checked<Vec<String>> {
    list_checked(rules::text, |expression: String| check(&expression).map(|()| expression))(
        value, title,
    )
}

/// Checks one expression; the error is the sentence that placement would give as its reason.
fn check(expression: &str) -> Result<(), String> {
    let invalid = || format!("Invalid affinity filter: {expression}");
    let expanded = expand(expression).ok_or_else(invalid)?;
    let (key, value) = split(&expanded).ok_or_else(invalid)?;
    if !KEYS.contains(&key) {
        return Err(format!("Unknown affinity filter: {key}"));
    }
    match pattern(value) {
        Some(pattern) if !compiles(pattern) => Err(invalid()),
        _ => Ok(()),
    }
}

/// Puts the number of a first instance in the place of `%s`, `%d`, `%i`; none where a `%` is stray.
fn expand(expression: &str) -> Option<String> {
    let mut parts = expression.split('%');
    let mut expanded = parts.next()?.to_owned();
    let mut placeholders = 0;
    while let Some(part) = parts.next() {
        if part.is_empty() {
            // Two in a row stand for one; what follows the second is literal.
            expanded.push('%');
            expanded.push_str(parts.next()?);
            continue;
        }
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let padding = part.get(..part.len() - rest.len())?;
        let padding_fits = padding.is_empty()
            || padding.starts_with('0')
                && padding.parse::<u32>().is_ok_and(|width| width <= WIDEST_PADDING);
        placeholders += 1;
        if placeholders > 1 || !padding_fits {
            return None;
        }
        expanded.push('1');
        expanded.push_str(rest.strip_prefix(['s', 'd', 'i'])?);
    }
    Some(expanded)
}

/// Splits at the last operator that leaves a key before it and a value after it.
fn split(expression: &str) -> Option<(&str, &str)> {
    let operators = expression.char_indices().rev();
    operators.filter_map(|(position, _)| expression.split_at_checked(position)).find_map(
        |(key, rest)| {
            let value = rest.strip_prefix("==").or_else(|| rest.strip_prefix("!="))?;
            (!key.is_empty() && !value.is_empty()).then_some((key, value))
        },
    )
}

/// The pattern of a value between slashes, behind a `~` that other text follows.
fn pattern(value: &str) -> Option<&str> {
    let value = match value.strip_prefix('~') {
        Some(soft) if !soft.is_empty() => soft,
        _ => value,
    };
    let inner = value.strip_prefix('/')?;
    // A single slash is both ends at once.
    Some(inner).filter(|inner| inner.is_empty()).or_else(|| inner.strip_suffix('/'))
}

/// Lines are matched one by one, as Ruby's `^` and `$` do.
fn compiles(pattern: &str) -> bool {
    fancy_regex::Regex::new(&format!("(?m){pattern}")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_understood_passes() {
        let cases = [
            "node==n1",
            "node!=n1",
            "label==ssd",
            "label==az=1",
            "label!=~az=1",
            "service==redis",
            "service!=cache/redis",
            "container==app.web-1",
            "node==n%s",
            "node==n%d",
            "node==n%i",
            "node==n%02d",
            "label==50%%",
            "label==50%%s of n%s",
            "node==~",
            "node==~~",
            "node==a==",
            "node==/",
            "node==//",
            r"node!=/^node-(2|3)$/",
            r"node==~/^node-\d+$/",
            r"service==/cache\/red.*/",
            r"node==/(?<!a)b(?=c)/",
            r"node==/(a)\1/",
        ];
        for expression in cases {
            assert_eq!(check(expression), Ok(()), "{expression}");
        }
    }

    #[test]
    fn what_has_no_form_is_invalid() {
        let cases = [
            "label=ssd",
            "node==",
            "==a",
            "!=a",
            "node",
            "node==n%",
            "node==n%x",
            "node==n%s-%s",
            "node==n%5d",
            "node==n%099999999d",
            "node==100% sure",
            "node==/(/",
            "node==~/[/",
        ];
        for expression in cases {
            assert_eq!(check(expression), Err(format!("Invalid affinity filter: {expression}")));
        }
    }

    #[test]
    fn an_unknown_key_is_named() {
        let cases = [
            ("nodes==a", "nodes"),
            ("label == a", "label "),
            ("label==x==y", "label==x"),
            ("Node==a", "Node"),
            ("nodes==~a", "nodes"),
            ("node===a", "node="),
            ("node!==a", "node!"),
        ];
        for (expression, key) in cases {
            assert_eq!(check(expression), Err(format!("Unknown affinity filter: {key}")));
        }
    }
}
