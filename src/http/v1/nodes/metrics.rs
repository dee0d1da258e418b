//! What was measured on a node, minute by minute.

use actix_web::web::{Data, Query};
use chrono::TimeDelta;
use kontena_core::domain::{NodeSample, Time};
use kontena_protocol::api::{CpuMetric, FilesystemMetric, Metric, Metrics, timestamp};
use kontena_store::samples;
use serde::Deserialize;
use serde_json::json;

use super::{OfGrid, find};
use crate::{
    auth::{Action, Caller},
    http::{
        App,
        v1::{Answer, moment::moment, ok},
    },
};

/// What is shown where nothing else is asked for.
const WINDOW: TimeDelta = TimeDelta::hours(1);

/// The window that is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Window {
    /// The first moment.
    from: Option<String>,
    /// The last moment.
    to: Option<String>,
}

/// Shows what was measured on a node minute by minute: the last hour, or from one moment to another.
#[utoipa::path(
    get,
    path = "/v1/nodes/{grid}/{node}/metrics",
    tag = "nodes",
    params(Window),
    responses((status = 200, body = Metrics)),
)]
pub(in crate::http) async fn show(
    app: Data<App>,
    caller: Caller,
    path: OfGrid,
    window: Query<Window>,
) -> Answer {
    let (_, node) = find(&app, &caller, &path, Action::ReadGrid).await?;
    let to = moment("to", window.to.as_deref())?.unwrap_or_else(|| app.means.clock.now());
    let from = moment("from", window.from.as_deref())?
        .or_else(|| to.checked_sub_signed(WINDOW))
        .unwrap_or(Time::MIN_UTC);
    let id = node.id;
    let read = app.means.store.read(move |conn| samples::of_node(conn, id, from, to));
    let stats = read.await?.iter().map(metric).collect();
    ok(&Metrics { from: timestamp(from), to: timestamp(to), stats })
}

fn metric(sample: &NodeSample) -> Metric {
    let figures = &sample.figures;
    let cpu = &figures.cpu;
    let filesystem = (!figures.filesystem.is_empty()).then(|| FilesystemMetric {
        used: figures.filesystem.iter().map(|one| one.used).fold(0, i64::saturating_add),
        total: figures.filesystem.iter().map(|one| one.total).fold(0, i64::saturating_add),
    });
    Metric {
        timestamp: timestamp(sample.at),
        cpu: CpuMetric { used: cpu.system + cpu.user + cpu.nice, cores: cpu.num_cores },
        memory: json!(figures.memory.unwrap_or_default()),
        filesystem,
        network: json!(sample.network),
    }
}

#[cfg(test)]
mod tests {
    use kontena_core::domain::{Filesystem, NodeFigures, NodeTraffic};

    use super::*;

    #[test]
    fn figures_beyond_any_measure_are_no_overflow() {
        let full = Filesystem { used: i64::MAX, total: i64::MAX, ..Filesystem::default() };
        let figures =
            NodeFigures { filesystem: vec![full.clone(), full], ..NodeFigures::default() };
        let sample = NodeSample { at: Time::default(), figures, network: NodeTraffic::default() };
        let shown = metric(&sample).filesystem.expect("file systems");
        assert_eq!((shown.used, shown.total), (i64::MAX, i64::MAX));
    }
}
