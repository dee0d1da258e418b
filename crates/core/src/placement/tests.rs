//! What the vectors do not say about placement: many selections, moved instances, explanations, texts.

mod choices;

use super::*;
use crate::{
    Moment, Snapshot,
    domain::{NodeFigures, NodeId, NodeSample, NodeTraffic, Service, ServiceId},
    testing::{GridBuilder, at},
};

fn service(snapshot: &Snapshot, id: ServiceId) -> &Service {
    snapshot.service(id).expect("a service")
}

fn moment(seed: u64) -> Moment {
    Moment::new(at(0), seed)
}

/// Selects and places the numbers 1 to `count`, as a deploy does.
fn deploy(snapshot: &Snapshot, id: ServiceId, count: u32, seed: u64) -> Vec<NodeId> {
    let mut run = Run::connected(snapshot, service(snapshot, id));
    let mut moment = moment(seed);
    let numbers = 1..=count;
    numbers
        .map(|number| {
            let node = run.select(number, &mut moment).expect("a node");
            run.place(number, node);
            node
        })
        .collect()
}

fn counts(nodes: &[NodeId], chosen: &[NodeId]) -> Vec<usize> {
    let count = |node| chosen.iter().filter(|chosen| *chosen == node).count();
    nodes.iter().map(count).collect()
}

#[test]
fn ha_spreads_over_zones_first_and_then_over_nodes() {
    let mut grid = GridBuilder::new();
    let nodes: Vec<_> = (0..10)
        .map(|place| {
            let zone = format!("az=z{}", place % 3);
            grid.node(&format!("n{place}")).labels(&[&zone]).id()
        })
        .collect();
    let id = grid.service("web", Strategy::Ha).instances(30).id();
    let snapshot = grid.build();
    for seed in 0..20 {
        let chosen = deploy(&snapshot, id, 30, seed);
        let by_node = counts(&nodes, &chosen);
        for zone in 0..3 {
            let in_zone: Vec<_> = by_node.iter().skip(zone).step_by(3).copied().collect();
            assert_eq!(in_zone.iter().sum::<usize>(), 10, "{by_node:?}");
            let (least, most) = (in_zone.iter().min(), in_zone.iter().max());
            assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1));
        }
    }
}

#[test]
fn ties_of_ha_are_broken_by_chance_and_uniformly() {
    let mut grid = GridBuilder::new();
    let nodes = grid.nodes(4);
    let id = grid.service("web", Strategy::Ha).instances(2).id();
    let snapshot = grid.build();
    let mut first = Vec::new();
    let mut second = Vec::new();
    for seed in 0..4_000 {
        let chosen = deploy(&snapshot, id, 2, seed);
        first.extend(chosen.first());
        second.extend(chosen.last());
    }
    for (place, count) in counts(&nodes, &first).into_iter().enumerate() {
        assert!((850..1150).contains(&count), "first, node {place}: {count}");
    }
    for (place, count) in counts(&nodes, &second).into_iter().enumerate() {
        assert!((850..1150).contains(&count), "second, node {place}: {count}");
    }
}

#[test]
fn the_same_seed_chooses_the_same() {
    let mut grid = GridBuilder::new();
    grid.nodes(7);
    let id = grid.service("web", Strategy::Ha).instances(9).id();
    let snapshot = grid.build();
    assert_eq!(deploy(&snapshot, id, 9, 5), deploy(&snapshot, id, 9, 5));
}

#[test]
fn a_deploy_sees_the_ports_of_what_it_has_placed() {
    let mut grid = GridBuilder::new();
    let nodes = grid.nodes(3);
    let id = grid.service("web", Strategy::Ha).instances(3).port(80).id();
    let snapshot = grid.build();
    assert_eq!(counts(&nodes, &deploy(&snapshot, id, 3, 1)), [1, 1, 1]);

    let mut run = Run::connected(&snapshot, service(&snapshot, id));
    let mut moment = moment(2);
    for number in 1..=3 {
        let node = run.select(number, &mut moment).expect("a node");
        run.place(number, node);
    }
    let text = "Did not find any nodes with unused ports: [80]".to_owned();
    assert_eq!(run.select(4, &mut moment), Err(Failure::Unplaceable(text)));
}

/// Not in a dry run: own placements are no instances yet.
#[test]
fn a_dry_run_does_not_see_the_ports_of_what_it_has_chosen() {
    let mut grid = GridBuilder::new();
    grid.nodes(1);
    let id = grid.service("web", Strategy::Ha).instances(3).port(80).id();
    let snapshot = grid.build();
    let mut run = Run::connected(&snapshot, service(&snapshot, id));
    for number in 1..=3 {
        assert!(run.select(number, &mut moment(3)).is_ok());
    }
}

#[test]
fn an_instance_with_ports_stays_where_it_is() {
    let mut grid = GridBuilder::new();
    let nodes = grid.nodes(3);
    let builder = grid.service("web", Strategy::Ha).instances(3).port(80);
    let id = builder.row(1, Some(nodes[2])).row(2, Some(nodes[0])).row(3, Some(nodes[1])).id();
    let snapshot = grid.build();
    let expected = [nodes[2], nodes[0], nodes[1]];
    assert_eq!(deploy(&snapshot, id, 3, 4), expected);
}

/// The fast walk and the filters taken one number at a time agree.
#[test]
fn one_walk_serves_every_number() {
    for (ports, affinity) in [(false, "label==~ssd"), (true, "label!=hdd"), (true, "service!=web")]
    {
        let mut grid = GridBuilder::new();
        let nodes: Vec<_> = (0..8)
            .map(|place| {
                let label = if place % 3 == 0 { "ssd" } else { "other" };
                grid.node(&format!("n{place}")).labels(&[label]).id()
            })
            .collect();
        let mut builder = grid.service("web", Strategy::Random).instances(8);
        if ports {
            builder = builder.port(80);
        }
        builder = builder.affinity(&[affinity]);
        for (number, node) in (1u32..).zip(nodes.iter().take(5)) {
            builder = builder.row(number, Some(*node));
        }
        let id = builder.id();
        let snapshot = grid.build();
        for number in 1..=8 {
            for seed in 0..20 {
                let mut run = Run::connected(&snapshot, service(&snapshot, id));
                let survivors = run.survivors(number);
                match run.select(number, &mut moment(seed)) {
                    Ok(node) => assert!(survivors.expect("survivors").contains(&node)),
                    Err(failure) => assert_eq!(survivors, Err(failure)),
                }
            }
        }
    }
}

#[test]
fn daemon_counts_nodes_that_pass_and_fills_the_empty_ones_in_one_deploy() {
    let mut grid = GridBuilder::new();
    let nodes = grid.nodes(3);
    let id = grid
        .service("web", Strategy::Daemon)
        .row(1, Some(nodes[0]))
        .row(2, Some(nodes[0]))
        .row(3, Some(nodes[0]))
        .id();
    let snapshot = grid.build();
    let run = Run::connected(&snapshot, service(&snapshot, id));
    assert_eq!(run.total(), Ok(3));
    assert_eq!(deploy(&snapshot, id, 3, 1), nodes);
}

/// With as many instances as everybody's share, sticking leaves nobody empty: it is kept.
#[test]
fn daemon_sticks_to_uneven_shares_as_kontena_did() {
    let mut grid = GridBuilder::new();
    let nodes = grid.nodes(2);
    let mut builder = grid.service("web", Strategy::Daemon).instances(2);
    for (number, node) in [(1, 0), (2, 1), (3, 0), (4, 0)] {
        builder = builder.row(number, Some(nodes[node]));
    }
    let id = builder.id();
    let snapshot = grid.build();
    let expected = [nodes[0], nodes[1], nodes[0], nodes[0]];
    assert_eq!(deploy(&snapshot, id, 4, 1), expected);
}

#[test]
fn no_outage_lowers_the_total_of_a_stateful_daemon() {
    let mut grid = GridBuilder::new();
    let away = grid.node("a").offline_since(at(0)).id();
    let drained = grid.node("b").drained().id();
    let healthy = grid.node("c").id();
    let builder = grid.service("db", Strategy::Daemon).stateful().instances(2);
    let id = builder.row(1, Some(away)).row(2, Some(drained)).row(6, Some(healthy)).id();
    let snapshot = grid.build();
    let run = Run::connected(&snapshot, service(&snapshot, id));
    assert_eq!(run.total(), Ok(6));
}

#[test]
fn memory_that_is_not_known_makes_a_node_the_last_choice_and_no_error() {
    let mut grid = GridBuilder::new();
    let nodes = grid.nodes(2);
    let id = grid.service("web", Strategy::Ha).id();
    let mut snapshot = grid.build();
    let memory = crate::domain::MemoryStats { total: 100, used: 99, free: 1, ..Default::default() };
    for node in &nodes {
        let figures = NodeFigures { memory: Some(memory), ..NodeFigures::default() };
        let sample = NodeSample { at: at(0), figures, network: NodeTraffic::default() };
        let sample = Box::new(sample);
        snapshot.apply(&crate::domain::Change::NodeMeasured { node: *node, sample, at: at(0) });
    }
    let mut report = snapshot.node(nodes[0]).expect("a node").report.clone();
    report.mem_total = None;
    snapshot.apply(&crate::domain::Change::NodeReported {
        node: nodes[0],
        report: Box::new(report),
        agent_version: None,
        labels: None,
        at: at(0),
    });
    for seed in 0..20 {
        assert_eq!(deploy(&snapshot, id, 1, seed), [nodes[1]]);
    }
}

#[test]
fn figures_beyond_any_measure_are_no_overflow() {
    let mut grid = GridBuilder::new();
    let node = grid.nodes(1)[0];
    let id = grid.service("web", Strategy::Ha).spec(|spec| spec.memory = Some(1)).id();
    let mut snapshot = grid.build();
    let most = i64::MAX;
    let memory = crate::domain::MemoryStats {
        free: most,
        cached: most,
        buffers: most,
        ..Default::default()
    };
    let figures = NodeFigures { memory: Some(memory), ..NodeFigures::default() };
    let sample = Box::new(NodeSample { at: at(0), figures, network: NodeTraffic::default() });
    snapshot.apply(&crate::domain::Change::NodeMeasured { node, sample, at: at(0) });
    assert_eq!(deploy(&snapshot, id, 1, 0), [node]);
}

#[test]
fn an_explanation_names_every_refusal_and_ranks_the_rest() {
    let mut grid = GridBuilder::new();
    grid.node("a").drained();
    let small = grid.node("b").labels(&["ssd"]).id();
    let fit = grid.node("c").labels(&["ssd", "big"]).id();
    grid.node("d");
    let builder = grid.service("web", Strategy::Ha);
    let id = builder.affinity(&["label==ssd", "label==~big"]).row(1, Some(small)).id();
    let snapshot = grid.build();
    let run = Run::connected(&snapshot, service(&snapshot, id));
    let explanation = run.explain(1);
    assert_eq!(explanation.previous, Some(small));
    assert_eq!(
        explanation.sentence(),
        "1 of 4 nodes refused: drained; 2 of 3 nodes refused: affinity label==ssd and label==~big"
    );
    let ranked: Vec<_> = explanation.ranks.iter().map(|rank| rank.node).collect();
    assert_eq!(ranked, [fit]);
    assert_eq!(explanation.ranks[0].key, [0.0, 0.0, 10.0]);
}

#[test]
fn without_candidates_even_nonsense_only_finds_no_nodes() {
    let mut grid = GridBuilder::new();
    grid.node("a").offline_since(at(0));
    let id = grid.service("web", Strategy::Ha).affinity(&["zone==a"]).id();
    let snapshot = grid.build();
    let mut run = Run::connected(&snapshot, service(&snapshot, id));
    let text = "There are no nodes available".to_owned();
    assert_eq!(run.select(1, &mut moment(1)), Err(Failure::Unplaceable(text)));
}

/// Instances above the total hold their ports only until they are removed.
#[test]
fn a_hole_in_the_numbers_does_not_lower_the_total_of_a_daemon_with_ports() {
    let mut grid = GridBuilder::new();
    let nodes = grid.nodes(3);
    let builder = grid.service("db", Strategy::Daemon).stateful().port(80);
    let id = builder
        .row(1, None)
        .row(2, Some(nodes[0]))
        .row(3, Some(nodes[1]))
        .row(4, Some(nodes[2]))
        .id();
    let snapshot = grid.build();
    let run = Run::connected(&snapshot, service(&snapshot, id));
    assert_eq!(run.total(), Ok(3));
}
