use super::*;
use crate::domain::Cidr;

fn now() -> Time {
    Time::from_timestamp(1_500_000_000, 0).expect("a time")
}

fn grid() -> Grid {
    Grid {
        id: GridId::from_bytes([1; 12]),
        name: "test".into(),
        initial_size: 1,
        default_affinity: vec![],
        subnet: Cidr::DEFAULT_SUBNET,
        supernet: Cidr::DEFAULT_SUPERNET,
        trusted_subnets: vec![],
        statsd: None,
        logs: None,
        created_at: now(),
    }
}

fn node(number: u8, engine: Option<&str>) -> Node {
    let id = NodeId::from_bytes([number; 12]);
    let mut node = Node::new(id, grid().id, u32::from(number), format!("n{number}"), now());
    node.engine_id = engine.and_then(EngineId::new);
    node
}

fn claim(token: Presented) -> Claim {
    Claim {
        version: "1.5.4".into(),
        engine_id: "ID1".into(),
        name: "node-1".into(),
        labels: vec!["test=yes".into()],
        connected_at: Some(Ok(now())),
        token,
        arrived_at: now(),
        kept_waiting: TimeDelta::zero(),
    }
}

fn run(claim: &Claim, facts: &Facts) -> Result<Admission, Refusal> {
    let rules = Rules {
        version: "1.5.4".into(),
        websocket_timeout: TimeDelta::seconds(5),
        clock_skew: TimeDelta::seconds(1),
    };
    decide(claim, facts, &rules, &mut Moment::new(now(), 1))
}

fn code(claim: &Claim, facts: &Facts) -> u16 {
    run(claim, facts).expect_err("refused").code
}

fn with_grid() -> Facts {
    Facts { grid: Some(grid()), ..Facts::default() }
}

#[test]
fn the_grid_token_creates_an_unknown_node() {
    let admission = run(&claim(Presented::Grid), &with_grid()).expect("admitted");
    let [Change::NodeCreated(node)] = admission.changes.as_slice() else {
        panic!("{:?}", admission.changes)
    };
    assert_eq!((node.number, node.name.as_str()), (1, "node-1"));
    assert_eq!(node.labels, ["test=yes"]);
}

#[test]
fn numbers_and_names_are_the_lowest_free_ones() {
    let used = |used: &[(u32, &str)]| Facts {
        used: used.iter().map(|(number, name)| (*number, (*name).to_owned())).collect(),
        ..with_grid()
    };
    let name = |facts: &Facts| {
        let admission = run(&claim(Presented::Grid), facts).expect("admitted");
        let Some(Change::NodeCreated(node)) = admission.changes.first().cloned() else { panic!() };
        (node.number, node.name)
    };
    assert_eq!(name(&used(&[(1, "node-1")])), (2, "node-1-2".into()), "case 39");
    let taken = used(&[(1, "node-1"), (3, "node-1-2")]);
    assert_eq!(name(&taken), (2, "node-1-2-2".into()), "case 40");
    assert_eq!(name(&used(&[(1, "a"), (5, "b")])), (2, "node-1".into()), "case 41");
    let mut full = used(&[]);
    full.used = (1..=254).map(|number| (number, format!("n{number}"))).collect();
    full.grid.as_mut().expect("a grid").subnet = "10.81.0.0/24".parse().expect("a network");
    assert_eq!(code(&claim(Presented::Grid), &full), 1011, "case 42");
}

#[test]
fn refusals_come_in_the_contracts_order() {
    let mut wrong = claim(Presented::Grid);
    wrong.version = "1.4.3".into();
    wrong.engine_id = String::new();
    assert_eq!(code(&wrong, &Facts::default()), 4010, "case 24");
    wrong.version = "1.5.4".into();
    assert_eq!(code(&wrong, &Facts::default()), 4000, "case 25");
    assert_eq!(code(&claim(Presented::Grid), &Facts::default()), 4001);
    assert_eq!(code(&claim(Presented::Node), &Facts::default()), 4002);
    assert_eq!(code(&claim(Presented::Nothing), &Facts::default()), 4004);
    let mut silent = claim(Presented::Grid);
    silent.connected_at = None;
    assert_eq!(code(&silent, &with_grid()), 4000, "case 36");
}

#[test]
fn a_node_token_is_taken_by_the_first_engine() {
    let mut fresh = node(1, None);
    fresh.has_token = true;
    fresh.labels = vec!["test-2=no".into()];
    let facts = Facts { token_node: Some(fresh.clone()), ..Facts::default() };
    let admission = run(&claim(Presented::Node), &facts).expect("admitted");
    let [Change::NodeBound { labels, .. }] = admission.changes.as_slice() else { panic!() };
    assert_eq!(labels, &["test-2=no", "test=yes"], "case 14");
    assert_eq!(admission.name, "n1");

    let taken = Facts { token_node: Some(node(1, Some("ID2"))), ..Facts::default() };
    let refusal = run(&claim(Presented::Node), &taken).expect_err("case 16");
    assert_eq!(refusal.code, 4003);
    assert_eq!(refusal.reason, "Incorrect node token, already used by a different node");

    let elsewhere = Facts {
        token_node: Some(fresh),
        engine_node: Some(node(2, Some("ID1"))),
        ..Facts::default()
    };
    assert_eq!(code(&claim(Presented::Node), &elsewhere), 4006, "case 17");
}

#[test]
fn a_grid_token_does_not_open_a_node_with_its_own_or_of_another_grid() {
    let mut own = node(1, Some("ID1"));
    own.has_token = true;
    let facts = Facts { engine_node: Some(own.clone()), ..with_grid() };
    assert_eq!(code(&claim(Presented::Grid), &facts), 4005, "case 21");
    own.has_token = false;
    own.grid = GridId::from_bytes([9; 12]);
    let facts = Facts { engine_node: Some(own), ..with_grid() };
    assert_eq!(code(&claim(Presented::Grid), &facts), 4006, "case 44");
}

#[test]
fn clocks_are_judged_by_sharp_limits_and_the_refusal_is_kept() {
    let at = |millis: i64| {
        let mut late = claim(Presented::Grid);
        late.connected_at = Some(Ok(now() + TimeDelta::milliseconds(millis)));
        run(&late, &with_grid())
    };
    assert!(at(-5_500).is_ok() && at(500).is_ok() && at(-6_000).is_ok() && at(1_000).is_ok());
    let past = at(-300_120).expect_err("case 29");
    assert_eq!(
        past.reason,
        "agent connected too far in the past, clock offset 300.12s exceeds threshold"
    );
    assert_eq!(past.changes.len(), 2, "created and rejected");
    let future = at(60_000).expect_err("case 30");
    assert_eq!(
        future.reason,
        "agent connected too far in the future, clock offset -60.00s exceeds threshold"
    );
    let Some((_, Change::NodeRejected { connected_at, .. })) = future.changes.last() else {
        panic!()
    };
    assert!(*connected_at <= now());

    let mut live = node(1, Some("ID1"));
    live.connected_at = Some(now() - TimeDelta::seconds(10));
    let facts = Facts { engine_node: Some(live), ..with_grid() };
    let mut older = claim(Presented::Grid);
    older.connected_at = Some(Ok(now() - TimeDelta::minutes(5)));
    let refusal = run(&older, &facts).expect_err("case 37");
    assert_eq!((refusal.code, refusal.changes.len()), (4020, 0));
}

#[test]
fn who_had_to_wait_for_a_master_that_was_not_there_has_no_wrong_clock() {
    let mut late = claim(Presented::Grid);
    late.connected_at = Some(Ok(now() - TimeDelta::seconds(12)));
    assert_eq!(code(&late, &with_grid()), 4020);
    late.kept_waiting = TimeDelta::seconds(10);
    assert!(run(&late, &with_grid()).is_ok());
}

#[test]
fn an_id_or_a_name_too_long_to_be_looked_up_by_is_refused() {
    let with = |id: usize, name: usize| Claim {
        engine_id: "i".repeat(id),
        name: "n".repeat(name),
        ..claim(Presented::Grid)
    };
    assert!(run(&with(255, 255), &with_grid()).is_ok());
    for (claim, reason) in [
        (with(256, 1), "Invalid Kontena-Node-ID"),
        (with(1, 256), "Invalid Kontena-Node-Name"),
        (with(0, 1), "Missing Kontena-Node-ID"),
        (with(1, 0), "Missing Kontena-Node-Name"),
    ] {
        let refusal = run(&claim, &with_grid()).expect_err("refused");
        assert_eq!((refusal.code, refusal.reason.as_str()), (4000, reason));
    }
}
