//! Whether an affinity expression can be understood (`scheduling.md` 3.5), told when it is written.
//!
//! What an expression means for a node is left to placement, which says the same texts about stored
//! expressions that cannot be understood.

use super::{error::Title, fields::list_checked, rules, rules::Checked};
use crate::placement::{Misunderstood, understand};

/// A list of expressions.
pub(super) fn expressions(value: &serde_json::Value, title: Title<'_>) -> Checked<Vec<String>> {
    list_checked(rules::text, |expression: String| check(&expression).map(|()| expression))(
        value, title,
    )
}

/// Checks one expression; the error is the sentence that placement would give as its reason. What is wrong
/// with a placeholder or a pattern has no sentence in the contract and reads as having no form.
fn check(expression: &str) -> Result<(), String> {
    match understand(expression) {
        Ok(()) => Ok(()),
        Err(Misunderstood::Key(key)) => Err(format!("Unknown affinity filter: {key}")),
        Err(Misunderstood::Form) => Err(format!("Invalid affinity filter: {expression}")),
    }
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
