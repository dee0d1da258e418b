//! Properties over random grids and random events. [`World`] checks the invariants after every commit and
//! that the grid comes to rest after every event; what is said here is what holds at the end.

use proptest::{collection::vec, prelude::*};

use super::{GridBuilder, World};
use crate::{
    domain::{
        Availability, Change, DeployState, DesiredState, NodeId, ObservedState, ServiceId,
        ServiceState, Strategy as Spread,
    },
    placement::Run,
    reconcile::{self, Verdict},
};

const SERVICES: usize = 3;

/// A service in the making.
#[derive(Debug, Clone)]
struct Wish {
    strategy: Spread,
    instances: i64,
    stateful: bool,
    port: bool,
    affinity: Option<&'static str>,
    min_health: f64,
}

/// Something that happens; nodes and services are taken modulo what there is.
#[derive(Debug, Clone)]
enum Happening {
    Pass(i64),
    Disconnect(usize),
    Connect(usize),
    Drain(usize),
    Activate(usize),
    Label(usize, &'static str),
    Remove(usize),
    Scale(usize, i64),
    Change(usize),
    Deploy(usize),
    Stop(usize),
    Detach(usize, u32),
    Break(usize),
    Repair,
    Deafen(usize),
    RestartMaster(i64),
}

fn wish() -> impl Strategy<Value = Wish> {
    (
        prop::sample::select(Spread::ALL.to_vec()),
        0i64..6,
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.25),
        prop::option::weighted(
            0.4,
            prop::sample::select(vec![
                "label==ssd",
                "label!=ssd",
                "label==~ssd",
                "node==/n[1-4]/",
                "service!=s1",
                "node!=n%s",
            ]),
        ),
        prop::sample::select(vec![0.0, 0.5, 0.8, 1.0]),
    )
        .prop_map(|(strategy, instances, stateful, port, affinity, min_health)| Wish {
            strategy,
            instances: if strategy == Spread::Daemon { instances.min(2) } else { instances },
            stateful,
            port,
            affinity,
            min_health,
        })
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    let node = 0usize..8;
    let service = 0usize..SERVICES;
    prop_oneof![
        3 => (1i64..900).prop_map(H::Pass),
        4 => node.clone().prop_map(H::Disconnect),
        4 => node.clone().prop_map(H::Connect),
        1 => node.clone().prop_map(H::Drain),
        1 => node.clone().prop_map(H::Activate),
        1 => (node.clone(), prop::sample::select(vec!["ssd", "az=x", "az=y", "az="])).prop_map(|(node, label)| H::Label(node, label)),
        1 => node.clone().prop_map(H::Remove),
        2 => (service.clone(), 0i64..6).prop_map(|(service, count)| H::Scale(service, count)),
        1 => service.clone().prop_map(H::Change),
        2 => service.clone().prop_map(H::Deploy),
        1 => service.clone().prop_map(H::Stop),
        1 => (service, 1u32..6).prop_map(|(service, number)| H::Detach(service, number)),
        1 => node.clone().prop_map(H::Break),
        1 => Just(H::Repair),
        1 => node.prop_map(H::Deafen),
        1 => (0i64..10_000).prop_map(H::RestartMaster),
    ]
}

fn world(nodes: &[bool], wishes: &[Wish]) -> (World, Vec<ServiceId>) {
    let mut grid = GridBuilder::new();
    for (place, zoned) in nodes.iter().enumerate() {
        let labels: &[&str] = if *zoned { &["az=x", "ssd"] } else { &[] };
        grid.node(&format!("n{}", place + 1)).labels(labels);
    }
    let services = wishes.iter().enumerate().map(|(place, wish)| {
        let mut builder = grid.service(&format!("s{}", place + 1), wish.strategy);
        builder = builder.instances(wish.instances).spec(|spec| {
            spec.stateful = wish.stateful;
            spec.deploy_opts.min_health = Some(wish.min_health);
        });
        if wish.port {
            builder = builder.port(80);
        }
        if let Some(affinity) = wish.affinity {
            builder = builder.affinity(&[affinity]);
        }
        builder.id()
    });
    let services: Vec<_> = services.collect();
    (World::new(grid.build()), services)
}

fn happen(world: &mut World, services: &[ServiceId], happening: &Happening) {
    let ids: Vec<_> = world.snapshot.nodes().map(|node| node.id).collect();
    let node = |place: usize| ids.get(place % ids.len().max(1)).copied();
    let service = |place: usize| services[place % services.len()];
    match happening {
        Happening::Pass(seconds) => world.pass(*seconds),
        Happening::Disconnect(place) => {
            node(*place).into_iter().for_each(|node| world.disconnect(node))
        }
        Happening::Connect(place) => node(*place).into_iter().for_each(|node| world.connect(node)),
        Happening::Drain(place) => edit(world, node(*place), None, Availability::Drain),
        Happening::Activate(place) => edit(world, node(*place), None, Availability::Active),
        Happening::Label(place, label) => {
            edit(world, node(*place), Some(label), Availability::Active);
        }
        Happening::Remove(place) if ids.len() > 2 => {
            world.commit(node(*place).map(Change::NodeRemoved).into_iter().collect());
        }
        Happening::Remove(_) => {}
        Happening::Scale(place, count) => {
            world.update(service(*place), |service| service.instances = *count);
            world.ask_for_deploy(service(*place));
        }
        Happening::Change(place) => world.change_image(service(*place), "other:1"),
        Happening::Deploy(place) => {
            world.ask_for_deploy(service(*place));
        }
        Happening::Stop(place) => world.set_state(service(*place), ServiceState::Stopped),
        Happening::Detach(place, number) => world.commit(vec![Change::InstanceDetached {
            service: service(*place),
            number: *number,
            at: world.now,
        }]),
        Happening::Break(place) => world.broken.extend(node(*place)),
        Happening::Repair => {
            world.broken.clear();
            world.deaf.clear();
        }
        Happening::Deafen(place) => world.deaf.extend(node(*place)),
        Happening::RestartMaster(away) => world.restart_master(*away),
    }
    world.settle();
}

fn edit(world: &mut World, node: Option<NodeId>, label: Option<&str>, availability: Availability) {
    let Some(node) = node.and_then(|node| world.snapshot.node(node)).cloned() else {
        return;
    };
    let labels = label.map_or_else(|| node.labels.clone(), |label| vec![label.to_owned()]);
    let labels: Vec<_> = labels.iter().map(String::as_str).collect();
    world.edit_node(node.id, &labels, availability);
}

/// Everybody is back and well, and time passes.
fn calm_down(world: &mut World, services: &[ServiceId]) {
    world.broken.clear();
    world.deaf.clear();
    let nodes: Vec<_> = world.snapshot.nodes().map(|node| node.id).collect();
    for node in nodes {
        world.connect(node);
        edit(world, Some(node), None, Availability::Active);
    }
    for service in services {
        world.ask_for_deploy(*service);
        world.settle();
    }
    world.pass(3600);
}

/// Whether a run finds a node for every number.
fn can_be_placed(world: &mut World, service: ServiceId) -> bool {
    let record = world.service(service);
    let mut moment = world.moment();
    let mut run = Run::connected(&world.snapshot, &record);
    let total = run.total().expect("a total");
    (1..=total).all(|number| {
        let selected = run.select(number, &mut moment);
        selected.map(|node| run.place(number, node)).is_ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, once it stops everything that can be placed is placed and runs, every deploy has
    /// ended, and judging again changes nothing.
    #[test]
    fn a_grid_comes_to_rest_with_everything_placed(
        nodes in vec(any::<bool>(), 3..8),
        wishes in vec(wish(), SERVICES),
        happenings in vec(happening(), 0..30),
    ) {
        let (mut world, services) = world(&nodes, &wishes);
        world.settle();
        for happening in &happenings {
            happen(&mut world, &services, happening);
        }
        calm_down(&mut world, &services);
        prop_assert_eq!(world.snapshot.deploys().count(), 0);
        for service in services {
            let record = world.service(service);
            // A service that avoids one may have to move for ever; a stateful one waits for people.
            let avoids = |text: &String| text.starts_with("service");
            if record.spec.stateful || record.spec.affinity.iter().any(avoids) {
                continue;
            }
            if can_be_placed(&mut world, service) {
                // An orphan of daemon may be left where the others are as many as there shall be
                // (vector `removal-daemon`).
                let rows = world.snapshot.instances(service).filter(|row| row.node.is_some());
                let rows: Vec<_> = rows.cloned().collect();
                for row in &rows {
                    prop_assert_eq!(row.desired_state, DesiredState::Running);
                    prop_assert_eq!(row.state, ObservedState::Running);
                }
                let total = Run::connected(&world.snapshot, &record).total();
                prop_assert_eq!(u32::try_from(rows.len()).ok(), total.ok());
                let mut moment = world.moment();
                let judgement = reconcile::judge(&world.snapshot, service, world.now, &world.graces, &mut moment);
                prop_assert_eq!(judgement.verdict, Verdict::Leave);
            }
        }
    }

    /// No instance moves because of a master's restart, however long it was away, as long as the nodes
    /// come back within the shortest grace, in any order, and whatever deploy is pending.
    #[test]
    fn a_restart_moves_nothing(
        nodes in vec(any::<bool>(), 2..7),
        wishes in vec(wish(), SERVICES),
        away in 0i64..1_000_000,
        order in vec((0usize..8, 0i64..4), 6),
        deploys in vec(0usize..SERVICES, 0..3),
    ) {
        let (mut world, services) = world(&nodes, &wishes);
        world.settle();
        for service in &services {
            world.ask_for_deploy(*service);
            world.settle();
        }
        world.pass(3600);
        // A stateful service that avoids itself is destroyed by its own second deploy.
        let avoids_itself = |wish: &Wish| wish.stateful && wish.affinity == Some("service!=s1");
        prop_assume!(!wishes.first().is_some_and(avoids_itself));
        // What is to move anyway is held back by its failed attempts only.
        for service in &services {
            let mut moment = world.moment();
            let (now, graces) = (world.now, world.graces);
            let judgement = reconcile::judge(&world.snapshot, *service, now, &graces, &mut moment);
            prop_assume!(judgement.verdict == Verdict::Leave);
        }
        let before: Vec<_> = services.iter().map(|service| world.placement(*service)).collect();
        for service in deploys {
            world.ask_for_deploy(services[service]);
        }
        world.restart_master(away);
        let ids: Vec<_> = world.snapshot.nodes().map(|node| node.id).collect();
        for (place, seconds) in order {
            world.connect(ids[place % ids.len()]);
            world.pass(seconds);
        }
        for node in ids {
            world.connect(node);
        }
        world.pass(1200);
        let after: Vec<_> = services.iter().map(|service| world.placement(*service)).collect();
        prop_assert_eq!(before, after);
    }

    /// Counts of ha on nodes that are equal differ by at most one, in a first deploy.
    #[test]
    fn ha_is_even_over_equal_nodes(count in 1usize..12, instances in 0i64..40) {
        let wish = Wish {
            strategy: Spread::Ha,
            instances,
            stateful: false,
            port: false,
            affinity: None,
            min_health: 0.5,
        };
        let (mut world, services) = world(&vec![false; count], &[wish]);
        world.settle();
        let mut counts = vec![0; count];
        for (_, name) in world.placement(services[0]) {
            let place: usize = name.trim_start_matches('n').parse().expect("a number");
            counts[place - 1] += 1;
        }
        let spread = counts.iter().max().zip(counts.iter().min());
        prop_assert!(spread.is_some_and(|(most, least)| most - least <= 1), "{:?}", counts);
        let deploys = world.endings();
        prop_assert!(deploys.iter().all(|(state, _)| *state == DeployState::Success));
        prop_assert!(deploys.len() <= 1);
    }
}
