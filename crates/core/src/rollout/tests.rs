//! Deploys step by step: moves, limits, halts, restarts; the vectors drive whole ones.

mod volumes;

use chrono::TimeDelta;

use super::*;
use crate::{
    domain::{
        Availability, DeployState, DesiredState, ObservedState, ServiceId, ServiceState, Strategy,
    },
    testing::{GridBuilder, World},
};

const OK: (DeployState, Option<String>) = (DeployState::Success, None);

fn error(reason: &str) -> (DeployState, Option<String>) {
    (DeployState::Error, Some(reason.to_owned()))
}

/// Nodes, and a service with an instance on each.
fn placed(strategy: Strategy, count: usize) -> (World, ServiceId, Vec<NodeId>) {
    let mut grid = GridBuilder::new();
    let nodes = grid.nodes(count);
    let wanted = if strategy == Strategy::Daemon { 1 } else { count };
    let mut builder = grid.service("web", strategy);
    builder = builder.instances(i64::try_from(wanted).expect("few"));
    for (number, node) in (1u32..).zip(&nodes) {
        builder = builder.row(number, Some(*node));
    }
    let service = builder.id();
    (World::new(grid.build()), service, nodes)
}

fn instance_errors(world: &World) -> Vec<String> {
    let progressed = world.log.iter().filter_map(|change| match change {
        Change::DeployProgressed { instance, .. } => instance.error.clone(),
        _ => None,
    });
    progressed.collect()
}

#[test]
fn a_move_stops_the_old_instance_first() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    world.edit_node(nodes[1], &[], Availability::Drain);
    world.deaf = vec![nodes[1]];
    world.settle();
    // The old node has not reported: nothing runs elsewhere yet.
    let row = world.snapshot.instance(service, 2).expect("a row").clone();
    assert_eq!(row.node, Some(nodes[1]));
    assert_eq!(row.desired_state, DesiredState::Stopped);
    assert!(row.rev.is_none() && row.deploy_rev.is_some());

    world.deaf.clear();
    world.settle();
    assert_eq!(world.placement(service), [(1, "n1".into()), (2, "n1".into())]);
    assert_eq!(world.endings(), [OK]);
    let events = world.events();
    assert_eq!(
        events,
        [
            "service grid/app/web has wrong number of instances (or they are not distributed correctly)",
            "service grid/app/web deploy started",
            "Stopping existing service service grid/app/web-2 on previous node n2...",
            "service grid/app/web deployed",
        ]
    );
    let refreshed = Order::RefreshNode { node: nodes[1] };
    assert_eq!(world.told.last(), Some(&refreshed));
}

/// README, "moving instances": the others are left alone and counted as done.
#[test]
fn a_reschedule_touches_only_what_must_change() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 3);
    world.edit_node(nodes[2], &[], Availability::Drain);
    world.settle();
    assert_eq!(world.endings(), [OK]);
    let told: Vec<_> =
        world.told.iter().filter(|order| matches!(order, Order::TellNode { .. })).collect();
    assert!(
        told.iter().all(|order| matches!(order, Order::TellNode { number: 3, .. })),
        "{told:?}"
    );
    let touched = world
        .snapshot
        .instances(service)
        .filter(|row| row.deploy_rev.as_deref() != Some(crate::testing::OLD_REV));
    assert_eq!(touched.map(|row| row.number).collect::<Vec<_>>(), [3]);
}

#[test]
fn an_administrators_deploy_touches_every_instance() {
    let (mut world, service, _) = placed(Strategy::Ha, 3);
    world.ask_for_deploy(service);
    world.settle();
    let revs: Vec<_> = world.snapshot.instances(service).map(|row| row.rev.clone()).collect();
    assert!(revs.iter().all(|rev| *rev == revs[0]), "{revs:?}");
    assert_eq!(revs[0].as_deref(), Some("2026-01-01 00:16:40.000000 UTC"));
    assert_eq!(world.endings(), [OK]);
}

#[test]
fn revisions_grow_even_if_the_clock_is_set_back() {
    let (mut world, service, _) = placed(Strategy::Ha, 1);
    let mut revs = Vec::new();
    for back in [0, 0, 3600, 7200] {
        world.now -= TimeDelta::seconds(back);
        world.ask_for_deploy(service);
        world.settle();
        revs.extend(world.snapshot.instance(service, 1).and_then(|row| row.deploy_rev.clone()));
    }
    assert!(revs.windows(2).all(|pair| pair[0] < pair[1]), "{revs:?}");
    assert_eq!(world.endings().len(), 4);
    assert!(revs.iter().all(|rev| rev.len() == "2026-01-01 00:16:40.000000 UTC".len()));
}

#[test]
fn one_deploy_of_a_service_at_a_time_oldest_first() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 1);
    world.deaf = nodes.clone();
    let first = world.ask_for_deploy(service);
    world.now += TimeDelta::seconds(1);
    let second = world.ask_for_deploy(service);
    world.settle();
    let started =
        |world: &World, id| world.snapshot.deploy(id).is_some_and(|deploy| !deploy.is_pending());
    assert!(started(&world, first) && !started(&world, second));
    world.deaf.clear();
    world.settle();
    assert_eq!(world.endings(), [OK, OK]);
}

#[test]
fn a_deploy_of_a_service_that_shall_not_run_is_refused() {
    let (mut world, service, _) = placed(Strategy::Ha, 1);
    world.ask_for_deploy(service);
    world.set_state(service, ServiceState::Stopped);
    world.settle();
    assert_eq!(world.endings(), [error("service is not running")]);
}

#[test]
fn a_silent_agent_has_300_seconds() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    world.deaf = vec![nodes[0]];
    let deploy = world.ask_for_deploy(service);
    world.settle();
    let mut moment = world.moment();
    let step = step(&world.snapshot, deploy, &world.graces, &mut moment);
    assert_eq!(step.wake_at, Some(world.now + INSTANCE_LIMIT));
    assert_eq!(step.changes, []);

    world.pass(299);
    assert_eq!(world.endings(), []);
    world.pass(1);
    let text = "Timeout::Error: Timeout after waiting 300.0s until: service grid/app/web-1 is running on node grid/n1 at 2026-01-01 00:16:40.000000 UTC";
    assert_eq!(instance_errors(&world), [text]);
    let reason = "halting deploy of grid/app/web, one or more instances failed";
    assert_eq!(world.endings(), [error(reason)]);
    let events = world.events();
    assert!(
        events.contains(&format!(
            "Failed to deploy service instance grid/app/web-1 to node n1: {text}"
        ))
    );
    assert!(events.contains(&format!("deploy of grid/app/web errored: {reason}")));
}

#[test]
fn a_node_that_does_not_answer_fails_its_instance() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 1);
    world.deaf = nodes.clone();
    let deploy = world.ask_for_deploy(service);
    world.settle();
    let mut moment = world.moment();
    let stranger = NodeId::from_bytes([7; 12]);
    let stale = notify_failed(&world.snapshot, deploy, 1, stranger, NOTIFY_TIMEOUT, &mut moment);
    assert_eq!(stale, Step::default());
    let step = notify_failed(&world.snapshot, deploy, 1, nodes[0], NOTIFY_TIMEOUT, &mut moment);
    world.commit(step.changes);
    world.settle();
    assert_eq!(instance_errors(&world), ["RpcClient::TimeoutError: Connection timeout (5.0s)"]);
}

#[test]
fn an_old_node_that_does_not_answer_does_not_hold_up_the_move() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    world.edit_node(nodes[1], &[], Availability::Drain);
    world.deaf = vec![nodes[1]];
    world.settle();
    let deploy = world.snapshot.deploys().next().expect("a deploy").id;
    let mut moment = world.moment();
    let step = notify_failed(&world.snapshot, deploy, 2, nodes[1], NOTIFY_TIMEOUT, &mut moment);
    let told = Order::TellNode { node: nodes[0], deploy, number: 2 };
    assert!(step.orders.contains(&told), "{:?}", step.orders);
    world.commit(step.changes);
    world.settle();
    assert_eq!(world.endings(), [OK]);
    assert_eq!(world.placement(service), [(1, "n1".into()), (2, "n1".into())]);
    let text = "Failed to stop existing service grid/app/web-2 on previous node n2: RpcClient::TimeoutError: Connection timeout (5.0s)";
    assert!(world.events().contains(&text.to_owned()));
}

#[test]
fn an_offline_old_node_is_named_and_left_behind() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    world.disconnect(nodes[1]);
    world.pass(119);
    assert_eq!(world.endings(), []);
    world.pass(1);
    assert_eq!(world.endings(), [OK]);
    assert_eq!(world.placement(service), [(1, "n1".into()), (2, "n1".into())]);
    let text =
        "Failed to stop existing service grid/app/web-2 on previous node n2: Host node is offline";
    assert!(world.events().contains(&text.to_owned()));
}

#[test]
fn an_engine_that_refuses_fails_the_deploy_with_its_words() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    world.broken = vec![nodes[0]];
    world.ask_for_deploy(service);
    world.step();
    world.step();
    world.agents();
    world.step();
    assert_eq!(instance_errors(&world), ["GridServiceInstanceDeployer::ServiceError: broken"]);
    // The second instance is not taken up any more.
    let told = world.told.iter().filter(|order| matches!(order, Order::TellNode { number: 2, .. }));
    assert_eq!(told.count(), 0);
}

#[test]
fn a_stop_halts_before_the_next_instance_and_waits_for_the_one_in_flight() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 3);
    world.deaf = nodes.clone();
    world.ask_for_deploy(service);
    world.settle();
    world.set_state(service, ServiceState::Stopped);
    world.settle();
    assert_eq!(world.endings(), []);
    world.deaf.clear();
    world.settle();
    let text =
        "GridServiceInstanceDeployer::StateError: Service instance is not running, but stopped";
    assert_eq!(instance_errors(&world), [text]);
    let reason = "halting deploy of grid/app/web, desired state has changed";
    assert_eq!(world.endings(), [error(reason)]);
    let event = format!("unknown error while deploying grid/app/web: {reason}");
    assert_eq!(world.events().last(), Some(&event));
}

#[test]
fn half_an_hour_ends_a_deploy() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 3);
    world.deaf = nodes.clone();
    let deploy = world.ask_for_deploy(service);
    world.settle();
    // As though earlier instances had taken their time.
    world.now += TimeDelta::minutes(30);
    world.deaf.clear();
    world.agents();
    world.settle();
    let reason = "halting deploy of grid/app/web, deploy was aborted: ";
    assert_eq!(world.endings(), [error(reason)]);
    assert!(world.snapshot.deploy(deploy).is_none());
}

#[test]
fn a_removed_target_is_an_error_and_the_row_is_placed_again() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    world.deaf = vec![nodes[0]];
    world.ask_for_deploy(service);
    world.settle();
    world.commit(vec![Change::NodeRemoved(nodes[0])]);
    world.settle();
    assert_eq!(
        instance_errors(&world),
        ["GridServiceInstanceDeployer::NodeError: Host node is missing"]
    );
    // The automatic deploy that follows replaces the orphan.
    world.pass(30);
    assert_eq!(world.placement(service), [(1, "n2".into()), (2, "n2".into())]);
    let orphan = "Replacing orphaned service grid/app/web-1 on destroyed node".to_owned();
    assert!(world.events().contains(&orphan));
}

#[test]
fn a_target_that_drops_its_connection_may_come_back_within_its_grace() {
    for (away, expected) in
        [(60, OK), (121, error("halting deploy of grid/app/web, one or more instances failed"))]
    {
        let (mut world, service, nodes) = placed(Strategy::Ha, 1);
        world.deaf = nodes.clone();
        world.ask_for_deploy(service);
        world.settle();
        world.disconnect(nodes[0]);
        world.deaf.clear();
        world.pass(away);
        world.connect(nodes[0]);
        world.settle();
        assert_eq!(world.endings().first(), Some(&expected));
    }
}

/// What was stopped for a move that fails runs on where it was.
#[test]
fn a_failed_move_leaves_the_instance_running_where_it_was() {
    let mut grid = GridBuilder::new();
    let nodes = grid.nodes(3);
    let builder = grid.service("web", Strategy::Ha).affinity(&["label==ssd"]);
    let service = builder.row(1, Some(nodes[0])).id();
    let mut world = World::new(grid.build());
    world.edit_node(nodes[1], &["ssd"], Availability::Active);
    world.deaf = vec![nodes[0]];
    world.settle();
    world.commit(vec![Change::NodeRemoved(nodes[1])]);
    world.deaf.clear();
    world.settle();
    let row = world.snapshot.instance(service, 1).expect("a row");
    assert_eq!(row.node, Some(nodes[0]));
    assert_eq!((row.desired_state, row.state), (DesiredState::Running, ObservedState::Running));
}

#[test]
fn removed_instances_are_announced_to_their_nodes() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 3);
    world.update(service, |service| service.instances = 1);
    world.ask_for_deploy(service);
    world.step();
    let refreshed = [Order::RefreshNode { node: nodes[1] }, Order::RefreshNode { node: nodes[2] }];
    assert_eq!(world.told, refreshed);
    world.settle();
    assert_eq!(world.placement(service).len(), 1);
}

#[test]
fn without_connected_nodes_nothing_is_destroyed_and_the_change_is_deployed_later() {
    let (mut world, service, nodes) = placed(Strategy::Daemon, 2);
    for node in &nodes {
        world.disconnect(*node);
    }
    world.change_image(service, "app:2");
    world.ask_for_deploy(service);
    world.settle();
    let reason = "Cannot find applicable node for service instance grid/app/web-1: There are no nodes available";
    assert_eq!(world.endings().first(), Some(&error(reason)));
    assert_eq!(world.placement(service).len(), 2);
    for node in &nodes {
        world.connect(*node);
    }
    world.settle();
    assert_eq!(world.endings().last(), Some(&OK));
    let revisions = world.snapshot.instances(service).map(|row| row.service_revision);
    assert!(revisions.eq([Some(2), Some(2)]));
}

#[test]
fn after_a_restart_a_deploy_waits_for_nodes_that_hold_instances() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 3);
    world.ask_for_deploy(service);
    world.restart_master(30);
    world.connect(nodes[0]);
    world.settle();
    let waiting: Vec<_> =
        world.log.iter().filter(|change| matches!(change, Change::DeployWaiting { .. })).collect();
    assert_eq!(waiting.len(), 1);
    let deploy = world.snapshot.deploys().next().expect("a deploy");
    assert_eq!(
        deploy.reason.as_deref(),
        Some(
            "waiting until 2026-01-01 00:19:10 UTC for node n2 to come back after the restart of the master"
        )
    );
    world.pass(60);
    world.connect(nodes[1]);
    world.connect(nodes[2]);
    world.settle();
    assert_eq!(world.endings(), [OK]);
    let expected = [(1, "n1".into()), (2, "n2".into()), (3, "n3".into())];
    assert_eq!(world.placement(service), expected);
}

#[test]
fn a_node_that_does_not_come_back_after_a_restart_is_waited_for_no_longer_than_its_grace() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    world.ask_for_deploy(service);
    world.restart_master(30);
    world.connect(nodes[0]);
    world.pass(119);
    assert_eq!(world.endings(), []);
    world.pass(1);
    assert_eq!(world.endings(), [OK]);
    assert_eq!(world.placement(service), [(1, "n1".into()), (2, "n1".into())]);
}

#[test]
fn a_deploy_under_way_survives_a_restart_with_what_was_in_flight() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 3);
    world.deaf = nodes.clone();
    let deploy = world.ask_for_deploy(service);
    world.settle();
    let told = Order::TellNode { node: nodes[0], deploy, number: 1 };
    assert_eq!(resume(&world.snapshot, deploy), [told]);
    world.restart_master(3600);
    world.settle();
    assert_eq!(resume(&world.snapshot, deploy), []);
    world.deaf.clear();
    for node in &nodes {
        world.connect(*node);
    }
    world.settle();
    assert_eq!(world.endings(), [OK]);
    let expected = [(1, "n1".into()), (2, "n2".into()), (3, "n3".into())];
    assert_eq!(world.placement(service), expected);
}

#[test]
fn a_step_is_the_same_for_the_same_picture() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 3);
    world.deaf = nodes;
    let deploy = world.ask_for_deploy(service);
    for _ in 0..3 {
        let mut one = world.moment();
        let mut two = one.clone();
        let first = step(&world.snapshot, deploy, &world.graces, &mut one);
        let second = step(&world.snapshot, deploy, &world.graces, &mut two);
        assert_eq!(first, second);
        world.commit(first.changes);
    }
}

#[test]
fn start_and_stop_reach_every_instance_and_its_node() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    let (changes, told) =
        desired_changes(&world.snapshot, service, DesiredState::Stopped, world.now);
    assert_eq!((changes.len(), told), (2, nodes));
    world.set_state(service, ServiceState::Stopped);
    world.settle();
    let states = world.snapshot.instances(service).map(|row| row.state);
    assert!(states.eq([ObservedState::Stopped, ObservedState::Stopped]));
    let (changes, told) =
        desired_changes(&world.snapshot, service, DesiredState::Stopped, world.now);
    assert_eq!((changes.len(), told.len()), (0, 2));
}
