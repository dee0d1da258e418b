//! Lines of containers: which of them a filter takes, how they are paged, and which go first.

use chrono::TimeDelta;
use kontena_core::{
    containers::saved,
    domain::{
        Change, ContainerDetails, ContainerId, ContainerReport, Grid, GridId, Node, SaidLine,
        Service,
    },
};
use kontena_store::{
    Store, containers,
    logs::{self, Filter, Line, Portion},
};

use super::{apply, grid, moment, node, now, service};

pub async fn run(store: &Store) {
    lines_are_found_by_what_they_are_of(store).await;
    pages_are_the_newest_or_what_comes_after(store).await;
    the_oldest_lines_of_a_grid_go_in_portions(store).await;
    more_lines_than_a_statement_takes_are_kept(store).await;
}

/// A container of an instance of a service.
async fn container(
    store: &Store,
    node: &Node,
    id: &str,
    of: Option<(&Service, u32)>,
) -> ContainerId {
    let mut labels = std::collections::BTreeMap::new();
    if let Some((service, number)) = of {
        for (label, value) in [
            ("service.id", service.id.to_string()),
            ("service.name", service.name.clone()),
            ("service.instance_number", number.to_string()),
            ("stack.name", service.stack_name.clone()),
            ("container.name", format!("{}-{number}", service.name)),
        ] {
            labels.insert(format!("io.kontena.{label}"), value);
        }
    }
    let report = ContainerReport {
        container_id: id.to_owned(),
        engine_name: format!("engine-{id}"),
        details: ContainerDetails { labels, ..ContainerDetails::default() },
    };
    let record = saved(None, report, node.grid, node.id, &mut moment(&format!("{}{id}", node.id)));
    let found = record.id;
    let change = Change::ContainerSaved(Box::new(record));
    apply(store, node.grid, vec![change]).await.expect("saves");
    found
}

/// Has containers write a line each, so many milliseconds after the first.
async fn write(store: &Store, node: &Node, said: &[(&str, i64)]) -> usize {
    let lines = said.iter().map(|(container, millis)| SaidLine {
        container_id: (*container).to_owned(),
        at: now() + TimeDelta::milliseconds(*millis),
        is_error: millis % 2 == 1,
        data: format!("{container} {millis}"),
    });
    store.log(node.grid, node.id, lines.collect()).await.expect("keeps")
}

async fn find(store: &Store, grid: GridId, filter: Filter, portion: Portion) -> Vec<Line> {
    store.read(move |conn| logs::find(conn, grid, &filter, portion)).await.expect("reads")
}

const ALL: Portion = Portion::Newest { since: None, limit: 100 };

async fn texts(store: &Store, grid: GridId, filter: Filter) -> Vec<String> {
    find(store, grid, filter, ALL).await.into_iter().map(|line| line.data).collect()
}

async fn lines_are_found_by_what_they_are_of(store: &Store) {
    let (grid, elsewhere) = (grid(store, "logs-lines").await, grid(store, "logs-lines-2").await);
    let (first, second) = (node(store, &grid, 1).await, node(store, &grid, 2).await);
    let other = node(store, &elsewhere, 1).await;
    let (web, db) = (service(store, &grid, "web").await, service(store, &grid, "db").await);
    let web_1 = container(store, &first, "w1", Some((&web, 1))).await;
    container(store, &second, "w2", Some((&web, 2))).await;
    container(store, &second, "d1", Some((&db, 1))).await;
    container(store, &first, "plain", None).await;
    container(store, &other, "o1", None).await;
    assert_eq!(write(store, &first, &[("w1", 1), ("plain", 2), ("w2", 3), ("nope", 4)]).await, 2);
    assert_eq!(write(store, &second, &[("w2", 5), ("d1", 6)]).await, 2);
    assert_eq!(write(store, &other, &[("o1", 7)]).await, 1);

    let none = Filter::default;
    let every = ["w1 1", "plain 2", "w2 5", "d1 6"];
    for (filter, expected) in [
        (none(), every.to_vec()),
        (Filter { services: Some(vec![web.id]), ..none() }, vec!["w1 1", "w2 5"]),
        (Filter { services: Some(vec![web.id, db.id]), ..none() }, vec!["w1 1", "w2 5", "d1 6"]),
        (Filter { services: Some(vec![]), ..none() }, vec![]),
        (Filter { nodes: Some(vec![second.id]), ..none() }, vec!["w2 5", "d1 6"]),
        (
            Filter { names: Some(vec!["web-1".into(), "db-1".into()]), ..none() },
            vec!["w1 1", "d1 6"],
        ),
        (Filter { container: Some(web_1), ..none() }, vec!["w1 1"]),
        (
            Filter { stack: Some("null".into()), services: Some(vec![web.id]), ..none() },
            vec!["w1 1", "w2 5"],
        ),
        (Filter { stack: Some("x".into()), ..none() }, vec![]),
        (Filter { instance: Some(1), ..none() }, vec!["w1 1", "d1 6"]),
        (
            Filter {
                services: Some(vec![web.id]),
                nodes: Some(vec![second.id]),
                instance: Some(2),
                ..none()
            },
            vec!["w2 5"],
        ),
        (Filter { services: Some(vec![db.id]), nodes: Some(vec![first.id]), ..none() }, vec![]),
    ] {
        assert_eq!(texts(store, grid.id, filter.clone()).await, expected, "{filter:?}");
    }
    assert_eq!(texts(store, elsewhere.id, none()).await, ["o1 7"]);

    let line =
        find(store, grid.id, Filter { container: Some(web_1), ..none() }, ALL).await.remove(0);
    let expected = Line {
        id: line.id,
        node: first.id,
        container: web_1,
        container_name: "web-1".to_owned(),
        service: Some(web.id),
        stack_name: Some("null".to_owned()),
        service_name: Some("web".to_owned()),
        instance_number: Some(1),
        at: now() + TimeDelta::milliseconds(1),
        is_error: true,
        data: "w1 1".to_owned(),
    };
    assert_eq!(line, expected);

    // What its containers wrote outlives them.
    let id = grid.id;
    let gone = store.read(move |conn| containers::of_grid(conn, id)).await.expect("reads");
    let gone = gone.iter().map(|container| Change::ContainerRemoved(container.id)).collect();
    apply(store, grid.id, gone).await.expect("removes");
    assert_eq!(texts(store, grid.id, none()).await, every);
}

async fn pages_are_the_newest_or_what_comes_after(store: &Store) {
    let grid = grid(store, "logs-pages").await;
    let node = node(store, &grid, 1).await;
    container(store, &node, "c", None).await;
    let last = async || {
        let id = grid.id;
        store.read(move |conn| logs::last(conn, id)).await.expect("reads")
    };
    assert_eq!(last().await, 0);
    let said: Vec<(&str, i64)> = (1..=5).map(|millis| ("c", millis)).collect();
    write(store, &node, &said).await;
    let all = find(store, grid.id, Filter::default(), ALL).await;
    assert!(all.is_sorted_by_key(|line| line.id));
    assert_eq!(last().await, all[4].id);
    let page = async |portion| {
        let found = find(store, grid.id, Filter::default(), portion).await;
        found.into_iter().map(|line| line.data).collect::<Vec<_>>()
    };
    let newest = |since, limit| Portion::Newest { since, limit };
    let at = |micros| Some(now() + TimeDelta::microseconds(micros));
    assert_eq!(page(newest(None, 2)).await, ["c 4", "c 5"]);
    // By the millisecond that is shown: what was shown at that moment is not shown again.
    // `now` is 544 microseconds before one.
    for (since, expected) in [(0, 5), (2_543, 3), (2_544, 2), (3_543, 2), (3_544, 1), (5_000, 0)] {
        assert_eq!(page(newest(at(since), 100)).await.len(), expected, "{since}");
    }
    assert_eq!(page(newest(at(1_000), 2)).await, ["c 4", "c 5"], "the newest of those");
    let after = |id, limit| Portion::After { id, limit };
    assert_eq!(page(after(all[1].id, 2)).await, ["c 3", "c 4"]);
    assert_eq!(page(after(0, 1)).await, ["c 1"]);
    assert!(page(after(all[4].id, 9)).await.is_empty());
}

async fn surplus(store: &Store, grid: &Grid, kept: i64, most: i64) -> Option<i64> {
    let id = grid.id;
    store.read(move |conn| logs::surplus(conn, id, kept, most)).await.expect("reads")
}

async fn the_oldest_lines_of_a_grid_go_in_portions(store: &Store) {
    let (grid, elsewhere) = (grid(store, "logs-prune").await, grid(store, "logs-prune-2").await);
    let (here, there) = (node(store, &grid, 1).await, node(store, &elsewhere, 1).await);
    container(store, &here, "h", None).await;
    container(store, &there, "t", None).await;
    for millis in 1..=10 {
        write(store, &here, &[("h", millis)]).await;
        write(store, &there, &[("t", millis)]).await;
    }
    assert_eq!(surplus(store, &grid, 10, 4).await, None, "it has no more than it keeps");
    let mut portions = Vec::new();
    while let Some(last) = surplus(store, &grid, 3, 4).await {
        let id = grid.id;
        let gone = store.write(move |tx| logs::remove_up_to(tx.conn(), id, last)).await;
        portions.push(gone.expect("removes"));
    }
    assert_eq!(portions, [4, 3]);
    assert_eq!(texts(store, grid.id, Filter::default()).await, ["h 8", "h 9", "h 10"]);
    let other = texts(store, elsewhere.id, Filter::default()).await;
    assert_eq!(other.len(), 10, "another grid's are its own");
}

async fn more_lines_than_a_statement_takes_are_kept(store: &Store) {
    let grid = grid(store, "logs-many").await;
    let node = node(store, &grid, 1).await;
    container(store, &node, "c", None).await;
    let said: Vec<(&str, i64)> = (0..2_500).map(|millis| ("c", millis)).collect();
    assert_eq!(write(store, &node, &said).await, 2_500);
    let all = Portion::Newest { since: None, limit: 5_000 };
    let found = find(store, grid.id, Filter::default(), all).await;
    assert_eq!(found.len(), 2_500);
    assert!(found.is_sorted_by_key(|line| line.at), "in the order in which they were said");
}
