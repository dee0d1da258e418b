//! Services of a stack, put in the order in which they are deployed.

use kontena_core::stack_order::{self, Linked};
use serde_json::{Value, json};

use super::{
    cases::{Checked, no_failure, same},
    given::Case,
};

pub(super) fn order(case: &Case, then: &Value) -> Checked {
    let given = case.given.stack_services.iter();
    let services: Vec<_> = given
        .map(|service| Linked {
            name: &service.name,
            links: service.links.iter().map(String::as_str).collect(),
        })
        .collect();
    match stack_order::order(&services) {
        Ok(order) => {
            no_failure(then)?;
            same_order(then, &json!(order))
        }
        Err(error) => same_error(then, &error.to_string()),
    }
}

fn same_order(then: &Value, found: &Value) -> Checked {
    if let Some(prefix) = then.get("error_prefix") {
        return Err(format!("expected an error that begins with {prefix}, found {found}"));
    }
    same(then, "order", found)?;
    match then.get("allowed_orders").and_then(Value::as_array) {
        Some(allowed) if !allowed.contains(found) => {
            Err(format!("order {found} is not among {allowed:?}"))
        }
        _ => Ok(()),
    }
}

fn same_error(then: &Value, found: &str) -> Checked {
    let prefix = then.get("error_prefix").and_then(Value::as_str);
    if prefix.is_some_and(|prefix| found.starts_with(prefix)) {
        return Ok(());
    }
    match then.get("error") {
        Some(_) => same(then, "error", &json!(found)),
        None => Err(format!("expected {then}, found the error {found:?}")),
    }
}
