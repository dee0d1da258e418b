//! History goes by itself, and only what nobody needs.

use std::{sync::Arc, time::Duration};

use kontena_core::{
    cleanup::{DEPLOYS_KEPT, EVENTS_KEPT},
    domain::{
        Change, Deploy, DeployId, DeployOrigin, DeployState, Event, Service, ServiceSpec, Severity,
    },
};
use kontena_store::{deploys, events, services};
use serde_json::json;

use crate::support::{TestMaster, epoch, story};

const PERIOD: Duration = Duration::from_secs(300);
/// More than two portions of each kind.
const TOO_MANY: i64 = 1200;

fn finished(service: &Service, number: i64) -> Vec<Change> {
    let mut id = [0; 12];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let at = epoch() + chrono::TimeDelta::seconds(number);
    let deploy = Deploy::new(DeployId::from_bytes(id), service, DeployOrigin::User, at);
    let state = DeployState::Success;
    vec![
        Change::DeployCreated(Box::new(deploy.clone())),
        Change::DeployFinished { deploy: deploy.id, state, reason: None, explanation: None, at },
    ]
}

fn event(service: &Service, number: i64) -> Change {
    Change::EventLogged(Box::new(Event {
        grid: service.grid,
        at: epoch(),
        severity: Severity::Info,
        kind: "test".to_owned(),
        message: number.to_string(),
        service: None,
        node: None,
        instance_number: None,
    }))
}

/// Every edit makes a revision.
fn edits(service: &Service, times: i64) -> Vec<Change> {
    let mut edited = service.clone();
    let edit = |_| {
        let from = edited.version();
        edited.revision += 1;
        let image = format!("nginx:{}", edited.revision);
        edited.spec = Arc::new(ServiceSpec { image, ..(*edited.spec).clone() });
        Change::ServiceUpdated { service: Box::new(edited.clone()), from }
    };
    (0..times).map(edit).collect()
}

/// Deploys, revisions and events that are kept.
async fn kept(master: &TestMaster, service: &Service) -> (usize, Vec<i64>, usize) {
    let (grid, id) = (service.grid, service.id);
    let read = master.means().store.read(move |conn| {
        let deploys = deploys::surplus(conn, grid, 0, i64::MAX)?.len();
        let revisions = services::revisions(conn, id)?.map(|found| found.kept);
        let events = events::newest(conn, grid, None, i64::MAX)?.len();
        Ok((deploys, revisions.unwrap_or_default(), events))
    });
    read.await.expect("reads")
}

#[test]
fn history_beyond_what_is_kept_goes_within_five_minutes() {
    story(async {
        let master = TestMaster::start().await;
        let (grid, _) = master.grid("test").await;
        let body = json!({ "name": "web", "image": "nginx", "stateful": false });
        let web = master.service(&grid, body).await;
        let mut changes = edits(&web, 4);
        changes.extend((1..=DEPLOYS_KEPT + TOO_MANY).flat_map(|number| finished(&web, number)));
        changes.extend((1..=EVENTS_KEPT + TOO_MANY).map(|number| event(&web, number)));
        let id = grid.id;
        let written = master.means().store.write(move |tx| tx.apply_all(id, changes.clone()));
        written.await.expect("a legal history");
        let (deploys, revisions, events) = kept(&master, &web).await;
        assert!(deploys > 1000 && events > 10_000, "{deploys} {events}");
        assert_eq!(revisions, [1, 2, 3, 4, 5]);

        tokio::time::sleep(PERIOD + Duration::from_secs(2)).await;
        let expected = (100, vec![5], 10_000);
        assert_eq!(kept(&master, &web).await, expected);
        let last = DEPLOYS_KEPT + TOO_MANY;
        let newest = [last, last - DEPLOYS_KEPT + 1, last - DEPLOYS_KEPT].map(|number| {
            let [Change::DeployCreated(deploy), _] = &finished(&web, number)[..] else {
                panic!("begins with its creation")
            };
            deploy.id
        });
        for (deploy, stays) in newest.into_iter().zip([true, true, false]) {
            let found = master.means().store.read(move |conn| deploys::by_id(conn, deploy)).await;
            assert_eq!(found.expect("reads").is_some(), stays, "{deploy}");
        }
        let log = master.events(&grid).await;
        assert_eq!(log.last(), Some(&(EVENTS_KEPT + TOO_MANY).to_string()));
    });
}
