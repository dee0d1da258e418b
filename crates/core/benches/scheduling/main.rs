//! How fast the scheduler decides: placements of one service, and a look at every service of a grid.
//!
//! `cargo bench -p kontena-core --bench scheduling`; results and machine in `docs/PERFORMANCE.md`. What
//! deciding and committing take together is `cargo bench --bench commits`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that cannot be taken says why and ends"
)]

mod grid;

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kontena_core::{
    Moment, Snapshot,
    domain::ServiceId,
    grace::Graces,
    placement::Run,
    reconcile::{self, Verdict},
};

use grid::{Grid, LATER, at};

/// A deploy of one `ha` service of 1,000 instances: ten zones, an affinity that half of the nodes meet,
/// memory in use known. From a snapshot to the last selection.
fn placements(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("placements");
    group.sample_size(20);
    for (name, labels) in [("ha, measured nodes", true), ("ha, nodes like each other", false)] {
        for nodes in [1_000, 10_000, 100_000] {
            let mut grid = Grid::new(nodes, labels);
            let service = grid.ha(1_000, &["label==ssd"]);
            let snapshot = grid.build();
            group.throughput(Throughput::Elements(1_000));
            group.bench_with_input(BenchmarkId::new(name, nodes), &snapshot, |bench, snapshot| {
                let mut seed = 0;
                bench.iter(|| {
                    seed += 1;
                    place(snapshot, service, 1_000, seed)
                });
            });
        }
    }
    group.finish();
}

fn place(snapshot: &Snapshot, service: ServiceId, count: u32, seed: u64) -> usize {
    let service = snapshot.service(service).expect("a service");
    let mut moment = Moment::new(at(0), seed);
    let mut run = Run::connected(snapshot, service);
    let numbers = 1..=count;
    numbers
        .map(|number| {
            let node = run.select(number, &mut moment).expect("a node");
            run.place(number, node);
            black_box(node);
        })
        .count()
}

/// A look at each service of 10,000 nodes, 1,000 services and 100,000 instances.
fn evaluations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evaluation of 100,000 instances");
    group.sample_size(10);
    let at_rest = Grid::crowded(10_000, 1_000).build();
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("at rest", |bench| {
        bench.iter(|| assert_eq!(look(&at_rest), 0));
    });
    let mut shrunk = at_rest.clone();
    grid::lose(&mut shrunk, 10);
    group.bench_function("a tenth of the nodes gone", |bench| {
        bench.iter(|| assert!(look(&shrunk) > 900));
    });
    group.bench_function("a tenth of the nodes going", |bench| {
        bench.iter_batched_ref(
            || at_rest.clone(),
            |snapshot| {
                grid::lose(snapshot, 10);
                assert!(look(snapshot) > 900);
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// Judges every service; how many shall be deployed.
fn look(snapshot: &Snapshot) -> usize {
    let graces = Graces::default();
    let mut moment = Moment::new(at(LATER), 1);
    let services = snapshot.services();
    let due = services.filter(|service| {
        let judgement = reconcile::judge(snapshot, service.id, at(LATER), &graces, &mut moment);
        match judgement.verdict {
            Verdict::Deploy(cause) => {
                let changes = reconcile::deploy_changes(snapshot, service.id, cause, &mut moment);
                !black_box(changes).is_empty()
            }
            Verdict::Leave => false,
            Verdict::Failed(text) => panic!("{text}"),
        }
    });
    due.count()
}

criterion_group!(benches, placements, evaluations);
criterion_main!(benches);
