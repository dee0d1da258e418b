use super::*;
use crate::{
    Moment,
    domain::{ServiceId, Strategy},
    placement::Refusals,
    testing::{GridBuilder, at},
};

fn moment() -> Moment {
    Moment::new(at(0), 1)
}

fn service(snapshot: &Snapshot, id: ServiceId) -> &Service {
    snapshot.service(id).expect("a service")
}

fn told(snapshot: &Snapshot, id: ServiceId) -> Vec<Account> {
    let graces = Graces::default();
    let told = accounts(snapshot, service(snapshot, id), &graces, &mut moment(), |_| true);
    told.expect("accounts")
}

fn planned(snapshot: &Snapshot, id: ServiceId) -> Plan {
    plan(snapshot, service(snapshot, id), &Graces::default(), &mut moment(), |_| true)
}

fn steps(plan: &Plan) -> Vec<(u32, Action, Option<NodeId>, Option<NodeId>)> {
    let steps = plan.instances.iter();
    steps.map(|it| (it.account.number, it.action, it.account.node, it.from)).collect()
}

fn refusals(account: &Account) -> &[Refusals] {
    account.explanation.as_ref().map_or(&[], |explanation| &explanation.filters)
}

#[test]
fn an_account_says_why_here_why_nowhere_and_who_was_refused() {
    let mut grid = GridBuilder::new();
    let here = grid.node("here").id();
    let away = grid.node("away").offline_since(at(-60)).id();
    let drained = grid.node("drained").drained().id();
    let builder = grid.service("web", Strategy::Ha).instances(3).port(80);
    let builder = builder.row(1, Some(here)).row(2, Some(away)).row(3, Some(drained));
    let id = builder.row(4, None).id();
    let snapshot = grid.build();
    let accounts = told(&snapshot, id);
    let reasons: Vec<_> = accounts.iter().map(|account| account.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "stays: here still passes every filter and ranks first",
            "stays: node away is offline and has until 2026-01-01 00:01:00 UTC to come back",
            "Did not find any nodes with unused ports: [80]; 1 of 3 nodes refused: drained; \
             2 of 2 nodes refused: a port of [80] is taken",
            "surplus: 3 shall exist",
        ]
    );
    let nodes: Vec<_> = accounts.iter().map(|account| account.node).collect();
    assert_eq!(nodes, [Some(here), Some(away), Some(drained), None]);
    let refused: Vec<_> =
        refusals(&accounts[2]).iter().map(|it| (it.filter, it.nodes.clone())).collect();
    assert_eq!(refused, [("Availability", vec![drained]), ("Port", vec![here, away])]);
}

#[test]
fn an_instance_that_is_to_move_says_what_drives_it_away() {
    let mut grid = GridBuilder::new();
    grid.node("free").labels(&["ssd"]);
    let hdd = grid.node("slow").id();
    let gone = grid.node("gone").offline_since(at(-500)).id();
    let builder = grid.service("web", Strategy::Ha).instances(2).affinity(&["label==ssd"]);
    let id = builder.row(1, Some(hdd)).row(2, Some(gone)).id();
    let snapshot = grid.build();
    let reasons: Vec<_> = told(&snapshot, id).into_iter().map(|account| account.reason).collect();
    assert_eq!(
        reasons,
        [
            "is to move to free: slow is refused by Affinity: affinity label==ssd",
            "is to move to free: node gone is offline",
        ]
    );
}

#[test]
fn a_plan_keeps_creates_moves_and_removes() {
    let mut grid = GridBuilder::new();
    let a = grid.node("a").id();
    let b = grid.node("b").drained().id();
    let builder = grid.service("web", Strategy::Random).instances(3);
    let id = builder.row(1, Some(a)).row(2, Some(b)).row(4, Some(a)).id();
    let snapshot = grid.build();
    let plan = planned(&snapshot, id);
    assert_eq!(
        steps(&plan),
        [
            (1, Action::Keep, Some(a), Some(a)),
            (2, Action::Move, Some(a), Some(b)),
            (3, Action::Create, Some(a), None),
            (4, Action::Remove, None, Some(a)),
        ]
    );
    assert_eq!(plan.error, None);
    assert_eq!(plan.instances[1].account.reason, "node b is drained");
}

/// A plan is what the deploy then does.
#[test]
fn a_plan_ends_where_the_deploy_would() {
    let mut grid = GridBuilder::new();
    let a = grid.node("a").id();
    let b = grid.node("b").id();
    let builder = grid.service("web", Strategy::Ha).instances(4).port(80);
    let id = builder.row(1, Some(a)).row(4, Some(b)).id();
    let snapshot = grid.build();
    let plan = planned(&snapshot, id);
    assert_eq!(
        plan.error.as_deref(),
        Some(
            "Cannot find applicable node for service instance grid/app/web-2: \
             Did not find any nodes with unused ports: [80]"
        )
    );
    let last = plan.instances.last().expect("an instance");
    assert_eq!((last.account.number, last.action), (4, Action::Keep));
    assert_eq!(last.account.reason, "left alone: the deploy ends at instance 2");
    assert_eq!(plan.instances.len(), 3, "the third never had a place");
}

#[test]
fn without_nodes_a_plan_keeps_everything() {
    let mut grid = GridBuilder::new();
    let a = grid.node("a").offline_since(at(0)).id();
    let id = grid.service("web", Strategy::Daemon).row(1, Some(a)).id();
    let snapshot = grid.build();
    let plan = planned(&snapshot, id);
    assert_eq!(steps(&plan), [(1, Action::Keep, Some(a), Some(a))]);
    assert!(plan.error.is_some_and(|text| text.ends_with("There are no nodes available")));
}

/// `peers.md` 5, number 8: the error names the instance, the node and the remedy.
#[test]
fn a_pinned_instance_names_its_node_and_the_remedy() {
    let mut grid = GridBuilder::new();
    let a = grid.node("a").offline_since(at(-5000)).id();
    let b = grid.node("b").drained().id();
    grid.node("c");
    let builder = grid.service("db", Strategy::Ha).stateful().instances(2);
    let id = builder.row(1, Some(a)).row(2, Some(b)).id();
    let snapshot = grid.build();
    let reasons: Vec<_> = told(&snapshot, id).into_iter().map(|account| account.reason).collect();
    assert!(
        reasons[0].ends_with(
            "instance 1 keeps its state on node a, which is offline: bring the node back, or remove \
             the node to give the state up"
        ),
        "{reasons:?}"
    );
    assert!(reasons[1].contains("node b, which is drained: activate the node"), "{reasons:?}");
}

/// As a deploy, a plan has surplus instances gone before it places anything.
#[test]
fn a_plan_gives_the_ports_of_surplus_instances_away() {
    let mut grid = GridBuilder::new();
    let here = grid.node("here").id();
    let drained = grid.node("drained").drained().id();
    let builder = grid.service("web", Strategy::Ha).instances(1).port(80);
    let id = builder.row(1, Some(drained)).row(2, Some(here)).id();
    let snapshot = grid.build();
    let plan = planned(&snapshot, id);
    assert_eq!(plan.error, None);
    assert_eq!(
        steps(&plan),
        [(1, Action::Move, Some(here), Some(drained)), (2, Action::Remove, None, Some(here))]
    );
}

#[test]
fn what_is_neither_there_nor_wanted_is_not_told() {
    let mut grid = GridBuilder::new();
    let a = grid.node("a").id();
    let builder = grid.service("web", Strategy::Ha).instances(1);
    let id = builder.row(1, Some(a)).row(6, Some(a)).id();
    let snapshot = grid.build();
    let numbers: Vec<_> = told(&snapshot, id).iter().map(|account| account.number).collect();
    assert_eq!(numbers, [1, 6]);
}

/// While no node is connected a `daemon` counts none, and yet nothing of it is removed.
#[test]
fn without_a_connected_node_no_instance_of_a_daemon_is_surplus() {
    for (connected, reason) in
        [(false, "stays: no node is connected"), (true, "surplus: 1 shall exist")]
    {
        let mut grid = GridBuilder::new();
        let gone = grid.node("gone").offline_since(at(-5000)).id();
        if connected {
            grid.node("here").id();
        }
        let builder = grid.service("web", Strategy::Daemon).row(1, Some(gone));
        let daemon = builder.row(2, Some(gone)).id();
        assert_eq!(told(&grid.build(), daemon)[1].reason, reason);
    }
}
