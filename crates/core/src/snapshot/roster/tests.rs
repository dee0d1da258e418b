//! Sets that were kept up to date are those that would be made afresh.

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    domain::{Availability, Driver, MemoryStats, NodeFigures},
    testing::{GridBuilder, at},
};

#[derive(Debug, Clone)]
enum Edit {
    Come(usize),
    Go(usize),
    Label(usize, Vec<&'static str>),
    Connect(usize, bool, bool),
    Drain(usize, bool),
    Measure(usize, Option<i64>),
    Report(usize, Option<i64>, Option<i64>, Vec<&'static str>),
}

const NODES: usize = 5;
const LABELS: [&str; 6] = ["az=x", "az=y", "az", "ssd", "ephemeral", "ephemeral=no"];

fn edit() -> impl Strategy<Value = Edit> {
    let node = 0..NODES;
    let labels = vec(prop::sample::select(LABELS.to_vec()), 0..4);
    let drivers = vec(prop::sample::select(vec!["local", "rexray"]), 0..2);
    prop_oneof![
        2 => node.clone().prop_map(Edit::Come),
        1 => node.clone().prop_map(Edit::Go),
        2 => (node.clone(), labels).prop_map(|(node, labels)| Edit::Label(node, labels)),
        2 => (node.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(node, connected, updated)| Edit::Connect(node, connected, updated)),
        1 => (node.clone(), any::<bool>()).prop_map(|(node, drain)| Edit::Drain(node, drain)),
        2 => (node.clone(), prop::option::of(0i64..3)).prop_map(|(node, used)| Edit::Measure(node, used)),
        1 => (node, prop::option::of(0i64..3), prop::option::of(0i64..3), drivers)
            .prop_map(|(node, cpus, memory, drivers)| Edit::Report(node, cpus, memory, drivers)),
    ]
}

fn records() -> Vec<Node> {
    let mut grid = GridBuilder::new();
    grid.nodes(NODES);
    grid.build().nodes().cloned().collect()
}

fn apply(roster: &mut Roster, records: &[Node], edit: &Edit) {
    let id = |place: &usize| records[*place].id;
    match edit {
        Edit::Come(place) => roster.put(records[*place].clone()),
        Edit::Go(place) => drop(roster.take(id(place))),
        Edit::Label(place, labels) => roster.edit(id(place), |node| {
            node.labels = labels.iter().map(|label| (*label).to_owned()).collect();
        }),
        Edit::Connect(place, connected, updated) => roster.edit(id(place), |node| {
            (node.connected, node.updated) = (*connected, *updated);
        }),
        Edit::Drain(place, drain) => roster.edit(id(place), |node| {
            node.availability = if *drain { Availability::Drain } else { Availability::Active };
        }),
        Edit::Measure(place, used) => roster.edit(id(place), |node| {
            let memory = used.map(|used| MemoryStats { used, ..MemoryStats::default() });
            node.figures = Some(NodeFigures { memory, ..NodeFigures::default() });
        }),
        Edit::Report(place, cpus, memory, drivers) => roster.edit(id(place), |node| {
            (node.report.cpus, node.report.mem_total) = (*cpus, *memory);
            let driver = |name: &&str| Driver { name: (*name).to_owned(), version: None };
            node.report.volume_drivers = drivers.iter().map(driver).collect();
        }),
    }
    roster.note(records[0].id, |node| node.last_seen_at = Some(at(1)));
}

/// All that the sets say, in names.
fn said(roster: &Roster) -> String {
    let sets = roster.sets();
    let names = |spots: &Spots| {
        let names = spots.iter().map(|spot| roster.at(spot).expect("a node").name.clone());
        names.collect::<BTreeSet<_>>()
    };
    let option = |spots: Option<&Spots>| spots.map(names).unwrap_or_default();
    let mut lines = vec![
        format!("connected {:?}", names(&sets.connected)),
        format!("settling {:?}", names(&sets.settling)),
        format!("active {:?}", names(&sets.active)),
        format!("ephemeral {:?}", names(&sets.ephemeral)),
        format!("fingerprint {}", sets.fingerprint()),
    ];
    for driver in ["local", "rexray"] {
        lines.push(format!("{driver} {:?}", option(sets.with_driver(driver))));
    }
    for cpus in [0.0, 0.5, 1.5] {
        lines.push(format!("{cpus} cpus {:?}", names(&sets.with_cpus(cpus))));
    }
    for (label, spots) in sets.labels() {
        lines.push(format!("{label} {:?}", names(spots)));
    }
    for node in roster.nodes() {
        let spot = roster.spot(node.id).expect("a place");
        lines.push(format!(
            "{} {:?} {} {}",
            node.name,
            option(sets.named(&node.name)),
            sets.number(spot),
            sets.has_memory(spot, 1)
        ));
        let zone = sets.zones.get(sets.zones.of(spot)).expect("a zone");
        let mut ranks = Vec::new();
        let mut beyond = None;
        while let Some((rank, group)) = zone.next_group(beyond) {
            ranks.push((rank, names(&group.members(zone.spots()))));
            beyond = Some(rank);
        }
        lines.push(format!("in {:?} {ranks:?}", names(zone.spots())));
    }
    lines.push(format!("{} zones", sets.zones.iter().count()));
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sets_follow_the_records(edits in vec(edit(), 0..60)) {
        let records = records();
        let mut roster = Roster::default();
        for edit in &edits {
            apply(&mut roster, &records, edit);
        }
        let mut afresh = Roster::default();
        roster.nodes().cloned().for_each(|node| afresh.put(node));
        prop_assert_eq!(said(&roster), said(&afresh));
        prop_assert_eq!(roster, afresh);
    }
}
