//! The volumes of an instance are on its node before the instance is.

use super::*;
use crate::{domain::VolumeScope, testing::at};

/// A grid of nodes that can take drivers, and a service with a volume that has not been deployed yet.
fn unplaced(nodes: usize, instances: i64, scope: VolumeScope) -> (World, ServiceId, Vec<NodeId>) {
    let mut grid = GridBuilder::new();
    let ids = grid.nodes(nodes);
    let service = grid.service("db", Strategy::Ha).instances(instances).volume("data", scope).id();
    let mut world = World::new(grid.build());
    for node in &ids {
        give_driver(&mut world, *node);
    }
    (world, service, ids)
}

fn give_driver(world: &mut World, node: NodeId) {
    let mut report = world.snapshot.node(node).expect("a node").report.clone();
    report.volume_drivers = vec![crate::domain::Driver { name: "local".into(), version: None }];
    world.commit(vec![Change::NodeReported {
        node,
        report: Box::new(report),
        agent_version: None,
        labels: None,
        at: at(900),
    }]);
}

fn made(world: &World) -> Vec<(String, NodeId)> {
    let made = world.log.iter().filter_map(|change| match change {
        Change::VolumeInstanceCreated(instance) => Some((instance.name.clone(), instance.node)),
        _ => None,
    });
    made.collect()
}

#[test]
fn the_node_hears_of_the_volume_before_the_instance_is_its_own() {
    let (mut world, service, nodes) = unplaced(1, 1, VolumeScope::Instance);
    world.deaf = nodes.clone();
    let deploy = world.ask_for_deploy(service);
    world.settle();
    assert_eq!(made(&world), [("app.db.data-1".to_owned(), nodes[0])]);
    let refresh = Order::RefreshVolumes { node: nodes[0], deploy, number: 1 };
    assert_eq!(world.told, [refresh]);
    assert_eq!(world.snapshot.instances(service).count(), 0, "not before the node has heard");
    // Another master says it again, also to a node that has not come back yet.
    assert_eq!(resume(&world.snapshot, deploy), [refresh]);

    world.deaf.clear();
    world.settle();
    assert_eq!(world.told.last(), Some(&Order::TellNode { node: nodes[0], deploy, number: 1 }));
    assert_eq!(world.placement(service), [(1, "n1".into())]);
    assert_eq!(world.endings(), [OK]);
}

#[test]
fn a_volume_that_is_there_is_not_told_again() {
    let (mut world, service, _) = unplaced(1, 1, VolumeScope::Grid);
    for _ in 0..2 {
        world.ask_for_deploy(service);
        world.settle();
    }
    assert_eq!(world.endings(), [OK, OK]);
    assert_eq!(made(&world).len(), 1);
    let refreshes = world.told.iter().filter(|order| matches!(order, Order::RefreshVolumes { .. }));
    assert_eq!(refreshes.count(), 1);
}

#[test]
fn what_instances_share_is_made_once_on_each_node() {
    let (mut world, service, nodes) = unplaced(2, 6, VolumeScope::Stack);
    world.update(service, |service| {
        let spec = std::sync::Arc::make_mut(&mut service.spec);
        spec.deploy_opts.min_health = Some(0.0);
        // Mounted twice.
        spec.volumes.push(spec.volumes[0].clone());
    });
    world.ask_for_deploy(service);
    world.settle();
    assert_eq!(world.endings(), [OK]);
    assert_eq!(world.placement(service).len(), 6);
    let mut made = made(&world);
    made.sort_by_key(|(_, node)| *node);
    assert_eq!(made, [("app.data".to_owned(), nodes[0]), ("app.data".to_owned(), nodes[1])]);
}

#[test]
fn a_node_that_does_not_answer_fails_the_instance() {
    let (mut world, service, nodes) = unplaced(1, 1, VolumeScope::Instance);
    world.deaf = nodes.clone();
    let deploy = world.ask_for_deploy(service);
    world.settle();
    let mut moment = world.moment();
    let failed = notify_failed(&world.snapshot, deploy, 1, nodes[0], VOLUMES_TIMEOUT, &mut moment);
    world.commit(failed.changes);
    // An answer that comes too late changes nothing.
    let late = volumes_refreshed(&world.snapshot, deploy, 1, nodes[0], &mut moment);
    assert_eq!(late, Step::default());
    world.step();
    assert_eq!(instance_errors(&world), ["RpcClient::TimeoutError: Connection timeout (5s)"]);
    assert_eq!(
        world.endings(),
        [error("halting deploy of grid/app/db, one or more instances failed")]
    );
    assert_eq!(world.snapshot.instances(service).count(), 0);
}

#[test]
fn nothing_goes_to_a_node_once_the_service_is_stopped_or_the_node_removed() {
    let stopped =
        "GridServiceInstanceDeployer::StateError: Service instance is not running, but stopped";
    let missing = "GridServiceInstanceDeployer::NodeError: Host node is missing";
    for (removed, text) in [(false, stopped), (true, missing)] {
        let (mut world, service, nodes) = unplaced(1, 1, VolumeScope::Instance);
        world.deaf = nodes.clone();
        world.ask_for_deploy(service);
        world.settle();
        if removed {
            world.commit(vec![Change::NodeRemoved(nodes[0])]);
        } else {
            world.set_state(service, ServiceState::Stopped);
        }
        world.step();
        assert_eq!(instance_errors(&world), [text]);
        assert!(world.snapshot.instances(service).next().is_none());
    }
}

/// A move makes the volumes of the new place before the old instance is stopped.
#[test]
fn a_move_prepares_its_target_first() {
    let (mut world, service, nodes) = unplaced(2, 1, VolumeScope::Grid);
    world.ask_for_deploy(service);
    world.settle();
    let from = world.snapshot.instance(service, 1).and_then(|row| row.node).expect("placed");
    let to = *nodes.iter().find(|node| **node != from).expect("another one");
    world.deaf = vec![to];
    world.edit_node(from, &[], Availability::Drain);
    world.settle();
    let row = world.snapshot.instance(service, 1).expect("a row");
    assert_eq!((row.node, row.desired_state), (Some(from), DesiredState::Running));
    world.deaf.clear();
    world.settle();
    let row = world.snapshot.instance(service, 1).expect("a row");
    assert_eq!((row.node, row.state), (Some(to), ObservedState::Running));
    assert_eq!(world.endings(), [OK, OK]);
}

#[test]
fn a_volume_that_is_gone_fails_the_instance() {
    let (mut world, service, _) = unplaced(1, 1, VolumeScope::Grid);
    let volume = world.snapshot.volume("data").expect("a volume").id;
    world.commit(vec![Change::VolumeRemoved(volume)]);
    world.ask_for_deploy(service);
    world.step();
    world.step();
    assert_eq!(instance_errors(&world), ["Volume data does not exist"]);
}

#[test]
fn a_removed_volume_is_nowhere_any_more() {
    let (mut world, service, nodes) = unplaced(1, 1, VolumeScope::Grid);
    world.ask_for_deploy(service);
    world.settle();
    let volume = world.snapshot.volume("data").expect("a volume").id;
    assert_eq!(world.snapshot.nodes_with_volume(volume).into_iter().collect::<Vec<_>>(), nodes);
    assert!(world.snapshot.has_volume(nodes[0], "data"));
    world.commit(vec![Change::VolumeRemoved(volume)]);
    assert_eq!(world.snapshot.volume("data"), None);
    assert!(!world.snapshot.has_volume(nodes[0], "data"));
}
