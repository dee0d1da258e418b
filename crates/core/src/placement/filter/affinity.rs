//! Affinity: where an operator wants instances, in `key==value` expressions (`scheduling.md` 3.5).
//!
//! The grid's expressions count where the service has none of its own. Expressions are compiled when they
//! are first needed and fail where the contract lets them fail: in list order, each on what the ones
//! before it have left.

use super::{
    Failure, Field, Filter, Scope, Spots,
    expand::{expand, has_placeholder},
    matcher::Matcher,
};
use crate::domain::Service;

/// Applies to services with expressions, own ones or the grid's.
#[derive(Debug)]
struct Affinity {
    rules: Vec<Rule>,
    scope: Scope,
    sees_own_rows: bool,
}

/// One expression.
#[derive(Debug)]
enum Rule {
    /// The same for every number, compiled once.
    Fixed(Result<Expression, Failure>),
    /// Compiled for each number.
    Numbered(String),
}

/// An expression that can be applied.
#[derive(Debug)]
struct Expression {
    /// As texts show it, the number put in.
    text: String,
    soft: bool,
    negated: bool,
    test: Test,
}

/// What an expression looks at.
#[derive(Debug)]
enum Test {
    /// Every node's name.
    Name(Matcher),
    /// Who matches was found beforehand.
    On(Spots),
}

pub(super) fn new(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let own = &field.service.spec.affinity;
    let texts = if own.is_empty() { &field.snapshot.grid.default_affinity } else { own };
    if texts.is_empty() {
        return None;
    }
    let rules: Vec<_> = texts
        .iter()
        .map(|text| {
            if has_placeholder(text) {
                Rule::Numbered(text.clone())
            } else {
                Rule::Fixed(Expression::new(field, text, 0))
            }
        })
        .collect();
    let scope = rules.iter().map(Rule::scope).max().unwrap_or(Scope::Node);
    let sees_own_rows = texts.iter().any(|text| text.starts_with("service"));
    Some(Box::new(Affinity { rules, scope, sees_own_rows }))
}

impl Rule {
    fn scope(&self) -> Scope {
        match self {
            Self::Numbered(_) => Scope::Number,
            Self::Fixed(Ok(expression)) if expression.soft => Scope::Others,
            Self::Fixed(_) => Scope::Node,
        }
    }
}

impl Filter for Affinity {
    fn name(&self) -> &'static str {
        "Affinity"
    }

    fn scope(&self) -> Scope {
        self.scope
    }

    fn sees_own_rows(&self) -> bool {
        self.sees_own_rows
    }

    fn narrow(&self, field: &Field<'_>, number: u32, left: &mut Spots) -> Result<(), Failure> {
        for rule in &self.rules {
            match rule {
                Rule::Fixed(expression) => {
                    expression.as_ref().map_err(Clone::clone)?.narrow(field, left)?
                }
                Rule::Numbered(text) => {
                    Expression::new(field, text, number)?.narrow(field, left)?
                }
            }
        }
        Ok(())
    }

    fn why(&self, _: &Field<'_>, number: u32) -> String {
        let texts = self.rules.iter().map(|rule| match rule {
            Rule::Fixed(Ok(expression)) => expression.text.clone(),
            Rule::Fixed(Err(failure)) => failure.to_string(),
            Rule::Numbered(text) => expand(text, number).unwrap_or_else(|_| text.clone()),
        });
        let texts: Vec<_> = texts.collect();
        format!("affinity {}", texts.join(" and "))
    }
}

impl Expression {
    fn new(field: &Field<'_>, text: &str, number: u32) -> Result<Self, Failure> {
        let text = expand(text, number)?;
        let Some(parts) = Parts::of(&text) else {
            let words = format!("Invalid affinity filter: {text}");
            return Err(Failure::Unplaceable(words));
        };
        let test = match parts.key {
            "node" => name_test(field, parts.matcher()?),
            "label" => Test::On(labelled(field, &parts.matcher()?)?),
            "container" => Test::On(container_spots(field, &parts.matcher()?)?),
            "service" => Test::On(service_spots(field, parts.value)?),
            key => return Err(Failure::Fatal(format!("Unknown affinity filter: {key}"))),
        };
        let (soft, negated) = (parts.soft, parts.negated);
        Ok(Self { text, soft, negated, test })
    }

    fn narrow(&self, field: &Field<'_>, left: &mut Spots) -> Result<(), Failure> {
        let found;
        let matching = match &self.test {
            Test::On(spots) => spots,
            Test::Name(matcher) => {
                found = named(field, matcher, left)?;
                &found
            }
        };
        let kept = if self.negated { &*left - matching } else { &*left & matching };
        if !kept.is_empty() {
            *left = kept;
        } else if !self.soft {
            left.clear();
            let words = format!("Did not find any nodes for affinity filter: {}", self.text);
            return Err(Failure::Unplaceable(words));
        }
        Ok(())
    }
}

fn name_test(field: &Field<'_>, matcher: Matcher) -> Test {
    match &matcher {
        Matcher::Literal(name) => Test::On(field.sets().named(name).cloned().unwrap_or_default()),
        Matcher::Pattern(_) => Test::Name(matcher),
    }
}

/// Those of the nodes whose name matches.
fn named(field: &Field<'_>, matcher: &Matcher, among: &Spots) -> Result<Spots, Failure> {
    let mut spots = Spots::new();
    for spot in among {
        if let Some(node) = field.node(spot)
            && matcher.matches(&node.name)?
        {
            spots.insert(spot);
        }
    }
    Ok(spots)
}

/// The nodes with a matching label.
fn labelled(field: &Field<'_>, matcher: &Matcher) -> Result<Spots, Failure> {
    if let Matcher::Literal(label) = matcher {
        return Ok(field.sets().labelled(label).cloned().unwrap_or_default());
    }
    let mut spots = Spots::new();
    for (label, having) in field.sets().labels() {
        if matcher.matches(label)? {
            spots |= having;
        }
    }
    Ok(spots)
}

/// An expression taken apart.
struct Parts<'a> {
    key: &'a str,
    negated: bool,
    soft: bool,
    value: &'a str,
}

impl<'a> Parts<'a> {
    /// Splits at the last operator that leaves a key before it and a value behind it; a `~` is a flag
    /// where something follows it.
    fn of(text: &'a str) -> Option<Self> {
        let places = text.char_indices().rev();
        places.filter_map(|(place, _)| text.split_at_checked(place)).find_map(|(key, rest)| {
            let (negated, value) = match (rest.strip_prefix("=="), rest.strip_prefix("!=")) {
                (Some(value), _) => (false, value),
                (_, Some(value)) => (true, value),
                _ => return None,
            };
            if key.is_empty() || value.is_empty() {
                return None;
            }
            let flagged = value.strip_prefix('~').filter(|rest| !rest.is_empty());
            Some(Self { key, negated, soft: flagged.is_some(), value: flagged.unwrap_or(value) })
        })
    }

    fn matcher(&self) -> Result<Matcher, Failure> {
        match between_slashes(self.value) {
            Some(pattern) => Matcher::pattern(pattern),
            None => Ok(Matcher::Literal(self.value.to_owned())),
        }
    }
}

/// Why an expression makes no sense, whatever the nodes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misunderstood {
    /// It does not speak of `node`, `label`, `service` or `container`, but of this.
    Key(String),
    /// It has no operator with something on both sides, a stray `%`, or a pattern that does not compile.
    Form,
}

/// Whether an expression can be understood, told before there is anything to place.
///
/// # Errors
/// Where it cannot.
pub fn understand(expression: &str) -> Result<(), Misunderstood> {
    // Any number will do: a placeholder makes sense for all of them or for none.
    let text = expand(expression, 1).map_err(|_| Misunderstood::Form)?;
    let parts = Parts::of(&text).ok_or(Misunderstood::Form)?;
    match parts.key {
        "node" | "label" | "container" => parts.matcher().map(drop),
        "service" => ServiceTest::new(parts.value).map(drop),
        key => return Err(Misunderstood::Key(key.to_owned())),
    }
    .map_err(|_| Misunderstood::Form)
}

/// The text between slashes; a single slash is both ends of an empty one.
fn between_slashes(value: &str) -> Option<&str> {
    match value.strip_prefix('/')? {
        "" => Some(""),
        rest => rest.strip_suffix('/'),
    }
}

/// The candidates with a visible container of a matching name.
fn container_spots(field: &Field<'_>, matcher: &Matcher) -> Result<Spots, Failure> {
    let snapshot = field.snapshot;
    let on = |name: &str| field.spots(snapshot.containers_named(name).map(|found| found.node));
    if let Matcher::Literal(name) = matcher {
        return Ok(on(name));
    }
    let mut spots = Spots::new();
    for name in snapshot.container_names() {
        if matcher.matches(name)? {
            spots |= on(name);
        }
    }
    Ok(spots)
}

/// The nodes that an instance of a matching service is on, whatever its state; the service itself is one
/// among them.
fn service_spots(field: &Field<'_>, value: &str) -> Result<Spots, Failure> {
    let test = ServiceTest::new(value)?;
    let mut spots = Spots::new();
    for service in field.snapshot.services() {
        if !test.matches(field.service, service)? {
            continue;
        }
        if service.id == field.service.id {
            spots |= field.holders();
        } else {
            let rows = field.snapshot.instances(service.id);
            spots |= field.spots(rows.filter_map(|row| row.node));
        }
    }
    Ok(spots)
}

/// Which services a value names.
struct ServiceTest {
    matcher: Matcher,
    /// Compared with the bare name, inside the own stack only.
    own_stack: bool,
}

impl ServiceTest {
    /// A literal without a slash, or a pattern without an escaped one, means the own stack. (In Kontena
    /// 1.5 such a pattern never matched; 8.2 #16.)
    fn new(value: &str) -> Result<Self, Failure> {
        let (matcher, own_stack) = match between_slashes(value) {
            Some(pattern) => (Matcher::pattern(pattern)?, !pattern.contains(r"\/")),
            None => (Matcher::Literal(value.to_owned()), !value.contains('/')),
        };
        Ok(Self { matcher, own_stack })
    }

    fn matches(&self, own: &Service, service: &Service) -> Result<bool, Failure> {
        if self.own_stack {
            return Ok(service.stack_name == own.stack_name && self.matcher.matches(&service.name)?);
        }
        self.matcher.matches(&service.stack_path())
    }
}
