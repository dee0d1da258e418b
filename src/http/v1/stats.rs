//! What agents measured of running containers last: of a service, a node or a whole grid.

use std::cmp::Ordering;

use actix_web::web::{Data, Path, Query};
use kontena_core::domain::{ContainerFigures, ContainerRecord, GridId, Traffic, container::VOLUME};
use kontena_protocol::api;
use kontena_store::containers;
use serde::Deserialize;

use super::{Answer, list as list_of, nodes, services};
use crate::{
    auth::{Action, Caller},
    http::{App, extract},
};

/// In which order, and how many.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Ranking {
    /// `cpu`, `memory`, `rx_bytes` or `tx_bytes`, highest first; anything else is `cpu`.
    sort: Option<String>,
    /// At most so many; all where it is no number above 0.
    limit: Option<String>,
}

/// Shows the last figures of the running containers of a service.
#[utoipa::path(
    get,
    path = "/v1/services/{grid}/{stack}/{service}/stats",
    tag = "services",
    params(Ranking),
    responses((status = 200, body = api::Stats)),
)]
pub(in crate::http) async fn of_service(
    app: Data<App>,
    caller: Caller,
    path: services::OfStack,
    ranking: Query<Ranking>,
) -> Answer {
    let (grid, service) = services::find(&app, &caller, &path, Action::ReadGrid).await?;
    let (of_grid, id) = (grid.id, service.id);
    let found = app.means.store.read(move |conn| containers::of_service(conn, of_grid, id));
    answer(&app, grid.id, found.await?, &ranking)
}

/// Shows the last figures of the running containers of a node.
#[utoipa::path(
    get,
    path = "/v1/nodes/{grid}/{node}/stats",
    tag = "nodes",
    params(Ranking),
    responses((status = 200, body = api::Stats)),
)]
pub(in crate::http) async fn of_node(
    app: Data<App>,
    caller: Caller,
    path: nodes::OfGrid,
    ranking: Query<Ranking>,
) -> Answer {
    let (grid, node) = nodes::find(&app, &caller, &path, Action::ReadGrid).await?;
    let found = app.means.store.read(move |conn| containers::of_node(conn, node.id));
    answer(&app, grid.id, found.await?, &ranking)
}

/// Shows the last figures of the running containers of a grid.
#[utoipa::path(
    get,
    path = "/v1/grids/{grid}/stats",
    tag = "grids",
    params(Ranking),
    responses((status = 200, body = api::Stats)),
)]
pub(in crate::http) async fn of_grid(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    ranking: Query<Ranking>,
) -> Answer {
    let id = extract::grid(&app, &caller, &name, Action::ReadGrid).await?.id;
    let found = app.means.store.read(move |conn| containers::of_grid(conn, id));
    answer(&app, id, found.await?, &ranking)
}

fn answer(app: &App, grid: GridId, found: Vec<ContainerRecord>, ranking: &Ranking) -> Answer {
    let running: Vec<_> = found
        .into_iter()
        .filter(|container| container.status() == "running" && container.kind != VOLUME)
        .collect();
    let wanted = running.iter().map(|one| (one.node, one.container_id.as_str()));
    let figures = app.registry.tools().usage.last_of(grid, wanted, app.means.clock.now());
    let measured = running.into_iter().map(|one| one.name).zip(figures).collect();
    list_of("stats", ranked(measured, ranking).into_iter().map(show))
}

type Named = (String, Option<ContainerFigures>);

/// Those without the figure come last, and equals stay as they are.
fn ranked(mut measured: Vec<Named>, ranking: &Ranking) -> Vec<Named> {
    let traffic = |figures: &ContainerFigures, bytes: fn(&Traffic) -> i64| {
        let network = figures.network.as_ref()?;
        Some(bytes(&network.internal).saturating_add(bytes(&network.external)))
    };
    match ranking.sort.as_deref() {
        Some("memory") => rank(&mut measured, |one| Some(one.memory?.usage)),
        Some("rx_bytes") => rank(&mut measured, |one| traffic(one, |traffic| traffic.rx_bytes)),
        Some("tx_bytes") => rank(&mut measured, |one| traffic(one, |traffic| traffic.tx_bytes)),
        _ => rank(&mut measured, |one| Some(one.cpu?.percent)),
    }
    let limit = ranking.limit.as_deref().and_then(|text| text.trim().parse().ok());
    if let Some(limit) = limit.filter(|limit| *limit > 0) {
        measured.truncate(limit);
    }
    measured
}

fn rank<T: PartialOrd>(measured: &mut [Named], figure: impl Fn(&ContainerFigures) -> Option<T>) {
    let figure = |named: &Named| named.1.as_ref().and_then(&figure);
    measured.sort_by(|a, b| figure(b).partial_cmp(&figure(a)).unwrap_or(Ordering::Equal));
}

fn show((container_id, figures): Named) -> api::ContainerStats {
    let Some(figures) = figures else {
        return api::ContainerStats { container_id, cpu: None, memory: None, network: None };
    };
    let traffic = |traffic: Traffic| api::TrafficStats {
        interfaces: traffic.interfaces,
        rx_bytes: traffic.rx_bytes,
        rx_bytes_per_second: traffic.rx_bytes_per_second,
        tx_bytes: traffic.tx_bytes,
        tx_bytes_per_second: traffic.tx_bytes_per_second,
    };
    api::ContainerStats {
        container_id,
        cpu: figures.cpu.map(|cpu| api::CpuStats {
            usage: cpu.percent,
            limit: cpu.limit,
            num_cores: cpu.cores,
        }),
        memory: figures
            .memory
            .map(|memory| api::MemoryStats { usage: memory.usage, limit: memory.limit }),
        network: figures.network.map(|network| api::NetworkStats {
            internal: traffic(network.internal),
            external: traffic(network.external),
        }),
    }
}

#[cfg(test)]
mod tests {
    use kontena_core::domain::{ContainerCpu, ContainerMemory, NodeTraffic, Time};

    use super::*;

    fn figures(percent: Option<f64>, usage: i64, received: i64) -> ContainerFigures {
        let mut network = NodeTraffic::default();
        network.internal.rx_bytes = received;
        network.external.tx_bytes = usage;
        ContainerFigures {
            at: Time::default(),
            cpu: percent.map(|percent| ContainerCpu { percent, limit: None, cores: None }),
            memory: Some(ContainerMemory { usage, limit: None }),
            network: Some(network),
        }
    }

    fn order(sort: Option<&str>, limit: Option<&str>) -> String {
        let measured = vec![
            ("a".to_owned(), None),
            ("b".to_owned(), Some(figures(Some(1.5), 7, i64::MAX))),
            ("c".to_owned(), Some(figures(None, 9, 1))),
            ("d".to_owned(), Some(figures(Some(30.0), 7, 2))),
        ];
        let ranking = Ranking { sort: sort.map(str::to_owned), limit: limit.map(str::to_owned) };
        ranked(measured, &ranking).into_iter().map(|named| named.0).collect()
    }

    #[test]
    fn the_highest_comes_first_and_what_has_no_figure_last() {
        assert_eq!(order(None, None), "dbac", "a and c have none, and stay in their order");
        assert_eq!(order(Some("cpu"), None), "dbac");
        assert_eq!(order(Some("memory"), None), "cbda");
        assert_eq!(order(Some("rx_bytes"), None), "bdca");
        assert_eq!(order(Some("tx_bytes"), None), "cbda");
        assert_eq!(order(Some("colour"), None), "dbac");
    }

    #[test]
    fn a_limit_is_a_number_above_zero() {
        assert_eq!(order(Some("memory"), Some("2")), "cb");
        for all in ["", "0", "-1", "many", "99999999999999999999"] {
            assert_eq!(order(Some("memory"), Some(all)), "cbda", "{all}");
        }
    }
}
