//! What is read of the master's answers.
//!
//! `kontena_protocol::api` holds the full bodies, as this product's master writes them. These views ask
//! for nothing: a field that is null or absent is an empty cell, never a failure, so that masters of the
//! whole 1.5 line can be read. A test at the foot keeps the two in step.

mod deploy;
mod explain;
mod grid;
pub(crate) mod lenient;
mod node;
mod service;

pub(crate) use deploy::{Container, Deploy, Instance, InstanceDeploy};
pub(crate) use explain::{Explanation, InstanceExplanation, Rank, Refusals};
pub(crate) use grid::{Grid, Grids};
pub(crate) use node::{EtcdHealth, Filesystem, Named, Node, NodeHealth, Nodes};
pub(crate) use service::{HealthStatus, Link, Port, Service, Services};

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn known(type_keys: &Value, keys: &[&str]) {
        for key in keys {
            assert!(type_keys.get(key).is_some(), "the protocol has no field {key}");
        }
    }

    #[test]
    fn views_read_what_the_protocol_writes() {
        let deploy = kontena_protocol::api::ServiceDeploy {
            id: "d".into(),
            created_at: "t".into(),
            queued_at: None,
            started_at: None,
            finished_at: Some("t".into()),
            service_id: "g/null/s".into(),
            state: "error".into(),
            reason: Some("why".into()),
            instance_count: 1,
            instance_deploys: vec![kontena_protocol::api::InstanceDeploy {
                instance_number: 1,
                node: None,
                state: "error".into(),
                error: Some("boom".into()),
            }],
        };
        let body = serde_json::to_value(deploy).unwrap();
        known(&body, &["id", "service_id", "finished_at", "state", "reason", "instance_count"]);
        let view: Deploy = serde_json::from_value(body).unwrap();
        assert_eq!(view.reason.as_deref(), Some("why"));
        assert_eq!(view.instance_deploys.unwrap()[0].error.as_deref(), Some("boom"));
    }

    #[test]
    fn explanations_are_read_as_the_protocol_writes_them() {
        use kontena_protocol::api::{PlannedAction, PlannedStep};
        let instance = kontena_protocol::api::InstanceExplanation {
            number: 1,
            node: Some("a".into()),
            step: Some(PlannedStep { action: PlannedAction::Move, from: Some("b".into()) }),
            ranks: vec![kontena_protocol::api::Rank { node: "a".into(), key: vec![f64::INFINITY] }],
            ..Default::default()
        };
        let written = kontena_protocol::api::Explanation {
            service: "g/null/s".into(),
            instances: vec![instance],
            ..Default::default()
        };
        let read: Explanation =
            serde_json::from_value(serde_json::to_value(written).unwrap()).unwrap();
        assert_eq!(read.service, "g/null/s");
        let instance = &read.instances[0];
        assert_eq!(
            (instance.action.as_deref(), instance.from.as_deref()),
            (Some("move"), Some("b"))
        );
        assert_eq!(instance.ranks[0].key, [f64::INFINITY]);
    }

    #[test]
    fn absent_and_null_fields_are_no_failure() {
        let node: Node = serde_json::from_value(json!({"name": null, "node_id": "A:B"})).unwrap();
        assert_eq!(node.label(), "A:B");
        assert!(!node.is_connected());
        let service: Service = serde_json::from_value(json!({"ports": null})).unwrap();
        assert!(service.ports.is_none());
    }
}
