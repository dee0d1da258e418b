//! How many placements a scheduler decides and has committed: the core and the store together.
//!
//! `cargo bench --bench commits`; results and machine in `docs/PERFORMANCE.md`. SQLite in a temporary folder
//! (`TMPDIR` says where), `synchronous = full`: what is counted is on the disk.

#![expect(clippy::expect_used, reason = "a measurement that cannot be taken says why and ends")]

mod world;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

use world::World;

/// Services of 20 instances each, all of which are placed at once: `min_health` is 0.
const INSTANCES: u32 = 20;

fn placements(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("placements decided and committed");
    group.sample_size(10);
    for services in [50, 1_000] {
        let count = services * INSTANCES;
        group.throughput(Throughput::Elements(u64::from(count)));
        group.bench_function(BenchmarkId::new("SQLite, 1,000 nodes", count), |bench| {
            bench.iter_custom(|rounds| {
                let took = (0..rounds).map(|round| {
                    let mut world = World::new(1_000, services, INSTANCES, round);
                    let (placed, took) = world.deploy_all();
                    assert_eq!(placed, usize::try_from(count).expect("a count"));
                    took
                });
                took.sum::<Duration>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, placements);
criterion_main!(benches);
