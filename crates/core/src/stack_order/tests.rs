use std::collections::HashMap;

use proptest::{collection::vec, prelude::*};

use super::*;

fn services<'a>(given: &[(&'a str, &[&'a str])]) -> Vec<Linked<'a>> {
    given.iter().map(|(name, links)| Linked { name, links: links.to_vec() }).collect()
}

fn text(given: &[(&str, &[&str])]) -> String {
    match order(&services(given)) {
        Ok(order) => order.join(" "),
        Err(error) => error.to_string(),
    }
}

#[test]
fn links_come_first_then_fewer_then_by_name() {
    assert_eq!(text(&[]), "");
    assert_eq!(text(&[("b", &[]), ("a", &[])]), "a b");
    assert_eq!(text(&[("web", &["db"]), ("db", &[])]), "db web");
    assert_eq!(
        text(&[("top", &["r", "l"]), ("r", &["x"]), ("l", &["x"]), ("x", &[])]),
        "x l r top"
    );
    // `a` has two links, `z` has one; they have nothing to do with each other.
    assert_eq!(text(&[("a", &["x", "y"]), ("z", &["y"]), ("x", &[]), ("y", &[])]), "x y z a");
    // Of the same number of links the deeper does not count as more.
    assert_eq!(text(&[("a", &["y"]), ("b", &["x", "y"]), ("y", &["x"]), ("x", &[])]), "x y a b");
}

#[test]
fn each_path_counts() {
    // `p` reaches two services on four paths, `q` three on three.
    let given: [(&str, &[&str]); 6] = [
        ("p", &["m", "m"]),
        ("m", &["x"]),
        ("q", &["x", "y", "z"]),
        ("x", &[]),
        ("y", &[]),
        ("z", &[]),
    ];
    assert_eq!(text(&given), "x y z m q p");
}

#[test]
fn links_into_other_stacks_have_no_say() {
    assert_eq!(text(&[("a", &["other/b", "gone/c"]), ("b", &["other/b"])]), "a b");
}

#[test]
fn what_has_no_order_is_named() {
    assert_eq!(
        text(&[("a", &[]), ("web", &["no", "a", "never"])]),
        "service web has missing links: no, never"
    );
    assert_eq!(text(&[("a", &["a"])]), "service a has recursive links: a -> a");
    // `in` only leads into the recursion, whose first service as given is `b`.
    let given: [(&str, &[&str]); 5] =
        [("in", &["c"]), ("b", &["d"]), ("c", &["b"]), ("d", &["x", "c"]), ("x", &[])];
    assert_eq!(text(&given), "service b has recursive links: b -> d -> c -> b");
}

#[test]
fn a_name_that_comes_twice_is_one_service() {
    assert_eq!(text(&[("a", &["b"]), ("a", &["c"]), ("b", &[]), ("c", &[])]), "b c a");
    assert!(text(&[("a", &[]), ("b", &["a"]), ("a", &["b"])]).contains("recursive"));
}

fn chain(length: usize) -> Vec<String> {
    (0..length).map(|number| format!("s{:05}", length - number)).collect()
}

#[test]
fn a_long_chain_and_a_long_recursion() {
    let names = chain(1000);
    let mut given: Vec<_> =
        names.windows(2).map(|pair| Linked { name: &pair[0], links: vec![&pair[1]] }).collect();
    given.push(Linked { name: &names[999], links: Vec::new() });
    let expected: Vec<_> = names.iter().rev().map(String::as_str).collect();
    assert_eq!(order(&given), Ok(expected));
    given[999].links.push(&names[0]);
    let Err(NoOrder::Recursive { service, links }) = order(&given) else { panic!("recursive") };
    assert_eq!((service.as_str(), links.len()), ("s01000", 1001));
}

/// A thousand diamonds on top of each other have 2^1000 paths, more than are counted: order and time hold.
#[test]
fn diamonds_that_have_more_paths_than_can_be_counted() {
    // Upper diamonds have the smaller names, so that the name alone would put them first.
    let names = chain(1000);
    let sides: Vec<_> = names.iter().map(|name| [format!("{name}l"), format!("{name}r")]).collect();
    let mut given = Vec::new();
    for (level, name) in names.iter().rev().enumerate() {
        let [left, right] = &sides[999 - level];
        given.push(Linked { name, links: vec![left, right] });
        let below = names.len().checked_sub(level + 2).map(|below| names[below].as_str());
        for side in [left, right] {
            given.push(Linked { name: side, links: below.into_iter().collect() });
        }
    }
    let order = order(&given).expect("an order");
    assert_eq!(order.len(), 3000);
    assert_eq!(respects(&given, &order), Ok(()));
}

/// Whether each service comes after all it links to.
fn respects(services: &[Linked<'_>], order: &[&str]) -> Result<(), String> {
    let places: HashMap<_, _> =
        order.iter().enumerate().map(|(place, name)| (*name, place)).collect();
    for service in services {
        for link in service.links.iter().filter(|link| !link.contains('/')) {
            if places[link] >= places[service.name] {
                return Err(format!("{} comes before {link}", service.name));
            }
        }
    }
    Ok(())
}

/// Whether some service reaches itself: transitive closure, as plainly as can be.
fn has_recursion(links: &[(usize, usize)], count: usize) -> bool {
    let mut reaches = vec![vec![false; count]; count];
    for (from, to) in links {
        reaches[*from][*to] = true;
    }
    for over in 0..count {
        for from in 0..count {
            for to in 0..count {
                reaches[from][to] |= reaches[from][over] && reaches[over][to];
            }
        }
    }
    (0..count).any(|one| reaches[one][one])
}

const COUNT: usize = 9;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Every order respects the links and holds everybody once; exactly recursions have none.
    #[test]
    fn every_order_respects_the_links(links in vec((0..COUNT, 0..COUNT), 0..12)) {
        let names: Vec<_> = (0..COUNT).map(|number| format!("s{number}")).collect();
        let given: Vec<_> = (0..COUNT)
            .map(|number| Linked {
                name: &names[number],
                links: links
                    .iter()
                    .filter(|(from, _)| *from == number)
                    .map(|(_, to)| names[*to].as_str())
                    .collect(),
            })
            .collect();
        match order(&given) {
            Ok(order) => {
                prop_assert!(!has_recursion(&links, COUNT));
                prop_assert_eq!(respects(&given, &order), Ok(()));
                let mut sorted = order.clone();
                sorted.sort_unstable();
                prop_assert_eq!(sorted, names.iter().map(String::as_str).collect::<Vec<_>>());
                let turned: Vec<_> = given.iter().rev().cloned().collect();
                prop_assert_eq!(super::order(&turned), Ok(order));
            }
            Err(NoOrder::Recursive { links: ring, .. }) => {
                prop_assert!(has_recursion(&links, COUNT));
                prop_assert_eq!(ring.first(), ring.last());
                for pair in ring.windows(2) {
                    let from = given.iter().find(|service| service.name == pair[0]).unwrap();
                    prop_assert!(from.links.contains(&pair[1].as_str()));
                }
            }
            Err(missing) => prop_assert!(false, "{}", missing),
        }
    }
}
