//! What the vectors do not say about judgements: when to look again, newcomers, restarts, repetition.

use chrono::TimeDelta;

use super::*;
use crate::{
    domain::{Availability, Change, DeployOrigin, DeployState, NodeId, Strategy},
    rollout,
    testing::{GridBuilder, World, at},
};

fn judged(world: &mut World, service: ServiceId) -> Judgement {
    let mut moment = world.moment();
    judge(&world.snapshot, service, world.now, &world.graces, &mut moment)
}

fn placed(strategy: Strategy, nodes: usize) -> (World, ServiceId, Vec<NodeId>) {
    let mut grid = GridBuilder::new();
    let ids = grid.nodes(nodes);
    let mut builder = grid.service("web", strategy);
    if strategy != Strategy::Daemon {
        builder = builder.instances(i64::try_from(nodes).expect("few"));
    }
    for (number, node) in (1u32..).zip(&ids) {
        builder = builder.row(number, Some(*node));
    }
    let service = builder.id();
    (World::new(grid.build()), service, ids)
}

#[test]
fn a_grace_ends_at_its_second_and_the_judgement_says_when() {
    for (strategy, seconds) in
        [(Strategy::Daemon, 600), (Strategy::Ha, 120), (Strategy::Random, 30)]
    {
        let (mut world, service, nodes) = placed(strategy, 3);
        world.disconnect(nodes[1]);
        let deadline = world.now + TimeDelta::seconds(seconds);
        let judgement = judged(&mut world, service);
        assert_eq!(judgement.verdict, Verdict::Leave);
        assert_eq!(judgement.wake_at, Some(deadline));
        assert!(judgement.reason.starts_with("node n2 is offline and has until "));

        world.now = deadline - TimeDelta::microseconds(1);
        assert_eq!(judged(&mut world, service).verdict, Verdict::Leave);
        world.now = deadline;
        let judgement = judged(&mut world, service);
        assert_eq!(judgement.verdict, Verdict::Deploy(Cause::Instances), "{strategy:?}");
    }
}

#[test]
fn a_node_flapping_inside_its_grace_causes_no_deploy() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 3);
    for _ in 0..50 {
        world.disconnect(nodes[2]);
        world.pass(110);
        world.connect(nodes[2]);
        world.pass(5);
    }
    assert_eq!(world.endings(), []);
    assert_eq!(judged(&mut world, service).verdict, Verdict::Leave);
}

#[test]
fn a_newcomer_counts_once_it_has_described_itself_or_after_five_seconds() {
    let (mut world, service, _) = placed(Strategy::Daemon, 2);
    let newcomer = crate::domain::Node::new(
        NodeId::from_bytes([9; 12]),
        world.snapshot.grid.id,
        3,
        "n3".into(),
        world.now,
    );
    let node = newcomer.id;
    let plugged = Change::NodePlugged { node, connected_at: world.now, at: world.now };
    world.commit(vec![Change::NodeCreated(Box::new(newcomer)), plugged]);
    let settled = world.now + TimeDelta::seconds(5);
    let judgement = judged(&mut world, service);
    assert_eq!((judgement.verdict, judgement.wake_at), (Verdict::Leave, Some(settled)));

    let mut informed = World::new(world.snapshot.clone());
    informed.connect(node);
    let judgement = judged(&mut informed, service);
    assert_eq!(judgement.verdict, Verdict::Deploy(Cause::Instances));

    world.now = settled;
    let judgement = judged(&mut world, service);
    assert_eq!(judgement.verdict, Verdict::Deploy(Cause::Instances));
}

/// A node that comes back counts at once where it holds instances, before its first report.
#[test]
fn a_returning_node_keeps_its_instances_before_it_has_described_itself() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    world.disconnect(nodes[0]);
    world.now += TimeDelta::seconds(10);
    let (connected_at, node) = (world.now, nodes[0]);
    let at = world.now;
    world.commit(vec![Change::NodePlugged { node, connected_at, at }]);
    let judgement = judged(&mut world, service);
    assert_eq!((judgement.verdict, judgement.wake_at), (Verdict::Leave, None));
}

#[test]
fn after_a_restart_every_node_has_its_full_grace_again() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 3);
    world.restart_master(7 * 24 * 3600);
    assert_eq!(judged(&mut world, service).reason, "no node is connected");
    world.connect(nodes[0]);
    let deadline = world.now + TimeDelta::seconds(120);
    let judgement = judged(&mut world, service);
    assert_eq!((judgement.verdict, judgement.wake_at), (Verdict::Leave, Some(deadline)));
    world.pass(119);
    assert_eq!(world.endings(), []);
    world.connect(nodes[1]);
    world.connect(nodes[2]);
    world.pass(3600);
    assert_eq!(world.endings(), []);
}

#[test]
fn an_interval_wakes_and_makes_a_revision() {
    let (mut world, service, _) = placed(Strategy::Ha, 2);
    world.commit({
        let mut changed = world.service(service);
        std::sync::Arc::make_mut(&mut changed.spec).deploy_opts.interval = Some(3600);
        let from = changed.version();
        vec![Change::ServiceUpdated { service: Box::new(changed), from }]
    });
    let due = at(3601);
    let judgement = judged(&mut world, service);
    assert_eq!((judgement.verdict, judgement.wake_at), (Verdict::Leave, Some(due)));
    world.now = due;
    let judgement = judged(&mut world, service);
    assert_eq!(judgement.verdict, Verdict::Deploy(Cause::Interval));
    world.settle();
    assert_eq!(world.service(service).revision, 2);
    let interval = "service grid/app/web deploy interval has passed".to_owned();
    assert_eq!(world.events().first(), Some(&interval));
    assert_eq!(world.endings().len(), 1);
}

#[test]
fn a_service_that_cannot_be_placed_is_tried_less_and_less_often() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    world.update(service, |service| {
        std::sync::Arc::make_mut(&mut service.spec).affinity = vec!["label==gpu".into()];
        service.revision += 1;
    });
    world.settle();
    assert_eq!(world.endings().len(), 1);
    // 20, 40, 80, 160, 320 s, then every ten minutes.
    let mut ends = vec![1];
    for seconds in [30, 45, 90, 165, 330, 600, 600] {
        world.pass(seconds);
        ends.push(world.endings().len());
    }
    assert!(ends.windows(2).all(|pair| pair[1] == pair[0] + 1), "{ends:?}");

    // A change that could help is tried at once, and does.
    world.edit_node(nodes[0], &["gpu"], Availability::Active);
    world.settle();
    let placement = world.placement(service);
    assert_eq!(placement, [(1, "n1".into()), (2, "n1".into())]);
    let count = world.endings().len();
    world.pass(7200);
    assert_eq!(world.endings().len(), count);
}

/// An instance that may not stay where it is moves to and fro for ever in Kontena 1.5.
#[test]
fn a_service_that_avoids_itself_does_not_run_in_circles() {
    let mut grid = GridBuilder::new();
    let nodes = grid.nodes(2);
    let builder = grid.service("web", Strategy::Ha).affinity(&["service!=web"]);
    let service = builder.row(1, Some(nodes[0])).id();
    let mut world = World::new(grid.build());
    world.pass(3600);
    let count = world.endings().len();
    assert!((1..=12).contains(&count), "{count} deploys in an hour");
    assert!(world.service(service).deployed_at.is_some());
}

#[test]
fn a_change_that_is_taken_back_while_a_deploy_runs_is_no_answer_in_vain() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    world.edit_node(nodes[1], &[], Availability::Drain);
    for _ in 0..4 {
        assert!(world.judge(), "nothing is waited for");
        world.step();
        world.edit_node(nodes[1], &[], Availability::Active);
        // Its last step is decided with both nodes active, and committed after the second drain.
        while let [deploy] = world.snapshot.deploys_of(service).as_slice() {
            let (deploy, mut moment) = (deploy.id, Moment::new(world.now, 1));
            let step = rollout::step(&world.snapshot, deploy, &world.graces, &mut moment);
            if step.changes.iter().any(|change| matches!(change, Change::DeployFinished { .. })) {
                world.edit_node(nodes[1], &[], Availability::Drain);
            }
            world.commit(step.changes);
            world.agents();
        }
        assert_eq!(world.placement(service), [(1, "n1".into()), (2, "n2".into())]);
    }
    world.settle();
    assert_eq!(world.placement(service), [(1, "n1".into()), (2, "n1".into())]);
}

#[test]
fn what_is_asked_at_the_start_is_what_was_answered() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    let ending = (DeployOrigin::Scheduler, DeployState::Success);
    let mut attempts = Attempts::default();
    for _ in 0..3 {
        attempts.began(&world.snapshot, service);
        attempts.ended(&world.snapshot, service, ending, world.now);
    }
    let retry = Some(world.now + TimeDelta::seconds(40));
    assert_eq!(attempts.retry_at(&world.snapshot, service, world.now), retry);

    let mut late = attempts.clone();
    late.began(&world.snapshot, service);
    world.edit_node(nodes[0], &["ssd"], Availability::Active);
    late.ended(&world.snapshot, service, ending, world.now);
    assert_eq!(late.retry_at(&world.snapshot, service, world.now), None, "asked since");

    attempts.began(&world.snapshot, service);
    world.edit_node(nodes[0], &[], Availability::Active);
    attempts.seen(&world.snapshot, service);
    world.edit_node(nodes[0], &["ssd"], Availability::Active);
    attempts.seen(&world.snapshot, service);
    attempts.ended(&world.snapshot, service, ending, world.now);
    assert_eq!(attempts.retry_at(&world.snapshot, service, world.now), None, "taken back since");
}

#[test]
fn nonsense_is_told_once_per_revision() {
    let (mut world, service, _) = placed(Strategy::Ha, 1);
    world.update(service, |service| {
        std::sync::Arc::make_mut(&mut service.spec).affinity = vec!["zone==a".into()];
    });
    let text = "Unknown affinity filter: zone";
    assert_eq!(judged(&mut world, service).verdict, Verdict::Failed(text.into()));
    let mut attempts = Attempts::default();
    assert!(attempts.is_news(1, text) && !attempts.is_news(1, text) && attempts.is_news(2, text));
    let event = check_failed(&world.snapshot, service, text, world.now);
    let Some(Change::EventLogged(event)) = event else {
        panic!("no event");
    };
    assert_eq!(
        event.message,
        "service grid/app/web can not be checked: Unknown affinity filter: zone"
    );
}

#[test]
fn nothing_is_asked_for_twice_or_against_a_stop() {
    let (mut world, service, nodes) = placed(Strategy::Ha, 2);
    world.commit(vec![Change::InstanceDetached { service, number: 2, at: world.now }]);
    let mut moment = world.moment();
    let changes = deploy_changes(&world.snapshot, service, Cause::Instances, &mut moment);
    assert_eq!(changes.len(), 3);
    world.commit(changes);
    let again = deploy_changes(&world.snapshot, service, Cause::Instances, &mut moment);
    assert_eq!(again, []);
    world.settle();
    assert_eq!(world.placement(service), [(1, "n1".into()), (2, "n2".into())]);

    world.set_state(service, ServiceState::Stopped);
    world.disconnect(nodes[0]);
    let stopped = deploy_changes(&world.snapshot, service, Cause::Instances, &mut moment);
    assert_eq!(stopped, []);
    assert_eq!(judged(&mut world, service).reason, "the service shall not run");
}
