//! Case 91: what agents measured of running containers.

use serde_json::{Value, json};

use super::{Fixture, cases, logs::furnish};

cases!(case_91_figures_of_containers);

const OF_APP: &str = "/v1/services/g1/null/app/stats";

/// What an agent measures of a container.
pub(super) fn stat(id: &str, percent: f64, usage: i64, received: i64) -> Value {
    json!({
        "id": id,
        "spec": { "cpu": { "limit": 1024, "mask": "0-1" },
                  "memory": { "limit": 9_223_372_036_854_771_712_u64 } },
        "cpu": { "usage": 186_000_000, "usage_pct": percent },
        "memory": { "usage": usage, "working_set": 1 },
        "filesystem": [], "diskio": {},
        "network": { "internal": traffic(received), "external": traffic(0) },
        "time": "2017-08-01 12:34:56 UTC",
    })
}

fn traffic(received: i64) -> Value {
    json!({ "interfaces": ["ethwe"], "rx_bytes": received, "rx_bytes_per_second": 1,
            "tx_bytes": 3, "tx_bytes_per_second": 0 })
}

fn case_91_figures_of_containers(fixture: &Fixture) {
    let agent = furnish(fixture);
    let nothing =
        |name: &str| json!({ "container_id": name, "cpu": null, "memory": null, "network": null });
    assert_eq!(fixture.get(OF_APP), json!({ "stats": [nothing("app-1")] }));
    let of_node = "/v1/nodes/g1/n1/stats";
    assert_eq!(fixture.get(of_node), json!({ "stats": [nothing("app-1"), nothing("other-1")] }));

    agent.notify("/containers/stat", vec![stat("c1", 0.31, 5_242_880, 100)]);
    agent.notify("/containers/stat", vec![stat("c2", 120.5, 7, 9000)]);
    let stats = fixture.until("figures", || {
        let stats = fixture.get(of_node);
        let all = stats["stats"].as_array()?.iter().all(|one| one["cpu"].is_object());
        all.then_some(stats)
    });
    let names = |stats: &Value| -> Vec<String> {
        let stats = stats["stats"].as_array().expect("stats");
        stats.iter().map(|one| one["container_id"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names(&stats), ["other-1", "app-1"], "by processor time, the highest first");
    let app = json!({
        "container_id": "app-1",
        "cpu": { "usage": 0.31, "limit": 1024, "num_cores": 2 },
        "memory": { "usage": 5_242_880, "limit": 9_223_372_036_854_771_712_u64 },
        "network": { "internal": traffic(100), "external": traffic(0) },
    });
    assert_eq!(fixture.get(OF_APP), json!({ "stats": [app] }));
    let of_grid = |query: &str| names(&fixture.get(&format!("/v1/grids/g1/stats{query}")));
    assert_eq!(of_grid("?sort=memory"), ["app-1", "other-1"]);
    assert_eq!(of_grid("?sort=rx_bytes&limit=1"), ["other-1"]);
    assert_eq!(of_grid("?sort=tx_bytes&limit"), ["app-1", "other-1"], "equals stay in their order");

    // A container that has stopped is none of the running ones.
    agent
        .call("/containers/save", vec![super::logs::container(fixture, "c2", "other", false)])
        .expect("saves");
    assert_eq!(names(&fixture.get(of_node)), ["app-1"]);
    for path in ["/v1/services/g1/null/nope/stats", "/v1/nodes/g1/nope/stats", "/v1/grids/no/stats"]
    {
        fixture.expect(404, "GET", path, &fixture.admin, None);
    }
}
