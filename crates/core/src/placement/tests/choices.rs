//! The shortcuts of the strategies against the contract's keys, computed one node at a time.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*};

use super::moment;
use crate::{
    Snapshot,
    domain::{
        Change, MemoryStats, NodeFigures, NodeId, NodeSample, NodeTraffic, Strategy as Spread,
    },
    placement::Run,
    testing::{GridBuilder, at},
};

#[derive(Debug, Clone)]
struct Machine {
    zone: Option<u8>,
    memory: Option<i64>,
    ssd: bool,
    drained: bool,
}

fn machine() -> impl Strategy<Value = Machine> {
    let memory = prop::option::of(prop::sample::select(vec![0, 10, 20, 90]));
    (prop::option::of(0u8..3), memory, any::<bool>(), prop::bool::weighted(0.1))
        .prop_map(|(zone, memory, ssd, drained)| Machine { zone, memory, ssd, drained })
}

fn measure(snapshot: &mut Snapshot, node: NodeId, used: i64) {
    let memory = MemoryStats { total: 100, used, free: 100 - used, ..MemoryStats::default() };
    let figures = NodeFigures { memory: Some(memory), ..NodeFigures::default() };
    let sample = Box::new(NodeSample { at: at(0), figures, network: NodeTraffic::default() });
    snapshot.apply(&Change::NodeMeasured { node, sample, at: at(0) });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever is chosen has the smallest key there is, in every strategy but `random`, where a
    /// survivor is enough; a dry run and a deploy alike.
    #[test]
    fn the_smallest_key_wins(
        machines in vec(machine(), 1..12),
        rows in vec((1u32..9, 0usize..12), 0..8),
        strategy in prop::sample::select(Spread::ALL.to_vec()),
        port in prop::bool::weighted(0.2),
        affinity in prop::option::of(prop::sample::select(vec!["label==ssd", "label==~ssd", "node!=n%s"])),
        count in 1u32..14,
        places in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut grid = GridBuilder::new();
        let mut nodes = Vec::new();
        for (place, machine) in machines.iter().enumerate() {
            let mut labels = Vec::new();
            let zone = machine.zone.map(|zone| format!("az=z{zone}"));
            labels.extend(zone.as_deref());
            labels.extend(machine.ssd.then_some("ssd"));
            let mut node = grid.node(&format!("n{place}")).labels(&labels);
            if machine.drained {
                node = node.drained();
            }
            nodes.push(node.id());
        }
        let mut service = grid.service("web", strategy).instances(i64::from(count));
        let mut seen = BTreeSet::new();
        for (number, place) in rows {
            if seen.insert(number) {
                service = service.row(number, nodes.get(place).copied());
            }
        }
        if port {
            service = service.port(80);
        }
        service = service.affinity(&affinity.into_iter().collect::<Vec<_>>());
        let id = service.id();
        let mut snapshot = grid.build();
        for (node, machine) in nodes.iter().zip(&machines) {
            if let Some(used) = machine.memory {
                measure(&mut snapshot, *node, used);
            }
        }
        let service = snapshot.service(id).expect("a service");
        let mut moment = moment(seed);
            // What evens out a whole run of daemon (8.2 #6) is left aside.
        let mut run = Run::connected(&snapshot, service).sticking();
        for number in 1..=count {
            let explanation = run.explain(number);
            match run.select(number, &mut moment) {
                Err(_) => prop_assert!(explanation.ranks.is_empty(), "{explanation:?}"),
                Ok(node) => {
                    let rank = explanation.ranks.iter().find(|rank| rank.node == node);
                    let key = rank.map(|rank| &rank.key);
                    prop_assert!(key.is_some(), "{number} on a node that was refused");
                    if strategy != Spread::Random {
                        let best = explanation.ranks.first().map(|rank| &rank.key);
                        prop_assert_eq!(key, best, "{:?}", explanation);
                    }
                    if places {
                        run.place(number, node);
                    }
                }
            }
        }
    }
}
