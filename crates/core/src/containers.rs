//! What an agent's description of a container makes of its record (`agent-protocol.md` 4.2,
//! `/containers/save`).

use crate::{
    Moment,
    domain::{
        ContainerId, ContainerRecord, ContainerReport, GridId, NodeId, ServiceId, container,
        text::{self, NAME},
    },
};

/// Most records of one node. An engine with more is none that anybody runs, and every record is loaded
/// wherever a decision is made.
pub const MOST_OF_NODE: i64 = 4096;

/// The record from now on: a new one, or the known one brought up to date. Whoever reports a container
/// has it, and it is not deleted. The revision of the deploy that made it never changes. Names are looked
/// up by and are cut to what an index takes; one that is empty is none.
#[must_use]
pub fn saved(
    known: Option<ContainerRecord>,
    described: ContainerReport,
    grid: GridId,
    node: NodeId,
    moment: &mut Moment,
) -> ContainerRecord {
    let ContainerReport { container_id, engine_name, mut details } = described;
    let label = |name: &str| details.labels.get(&format!("io.kontena.{name}")).cloned();
    let short = |name: &str| label(name).map(|value| text::cut(&value, NAME).to_owned());
    let service = label("service.id").and_then(|id| id.parse::<ServiceId>().ok());
    let instance_number = label("service.instance_number").and_then(|text| text.parse().ok());
    match known {
        Some(known) => {
            let deploy_rev = known.details.deploy_rev.clone();
            details.deploy_rev = deploy_rev.or_else(|| short("container.deploy_rev"));
            ContainerRecord {
                node,
                service,
                instance_number,
                details: Box::new(details),
                updated_at: moment.now,
                deleted_at: None,
                ..known
            }
        }
        None => {
            let is_service = label("service.id").is_some();
            let by_label = |name: &str| short(name).filter(|_| is_service);
            let mut names = by_label("container.name").into_iter().chain([engine_name]);
            let name = names.find(|name| !name.is_empty()).unwrap_or_else(|| container_id.clone());
            let kind = by_label("container.type");
            details.deploy_rev = short("container.deploy_rev");
            ContainerRecord {
                id: ContainerId::from_bytes(moment.id()),
                grid,
                node,
                container_id,
                name,
                kind: kind.unwrap_or_else(|| container::CONTAINER.to_owned()),
                service,
                instance_number,
                details: Box::new(details),
                health: None,
                created_at: moment.now,
                updated_at: moment.now,
                deleted_at: None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ContainerDetails, testing::at};

    fn described(labels: &[(&str, &str)]) -> ContainerReport {
        let labels =
            labels.iter().map(|(name, value)| (format!("io.kontena.{name}"), (*value).into()));
        ContainerReport {
            container_id: "8919f1".into(),
            engine_name: "redis-1".into(),
            details: ContainerDetails { labels: labels.collect(), ..ContainerDetails::default() },
        }
    }

    fn save(known: Option<ContainerRecord>, described: ContainerReport) -> ContainerRecord {
        let (grid, node) = (GridId::from_bytes([1; 12]), NodeId::from_bytes([2; 12]));
        saved(known, described, grid, node, &mut Moment::new(at(0), 1))
    }

    #[test]
    fn cases_109_to_111_labels_name_what_belongs_to_a_service() {
        let service = "597f2d4b8e5c3a0008a1b2c3";
        let first = save(
            None,
            described(&[
                ("service.id", service),
                ("service.instance_number", "2"),
                ("container.name", "shop.redis-2"),
                ("container.deploy_rev", "r1"),
            ]),
        );
        assert_eq!((first.name.as_str(), first.kind.as_str()), ("shop.redis-2", "container"));
        assert_eq!(first.service.map(|id| id.to_string()).as_deref(), Some(service));
        assert_eq!(
            (first.instance_number, first.details.deploy_rev.as_deref()),
            (Some(2), Some("r1"))
        );

        let mut gone = first.clone();
        gone.deleted_at = Some(at(5));
        let again = save(Some(gone), described(&[("container.deploy_rev", "r2")]));
        assert_eq!((again.id, again.deleted_at), (first.id, None));
        assert_eq!(again.details.deploy_rev.as_deref(), Some("r1"), "set once");

        let plain = save(None, described(&[("container.type", "volume")]));
        assert_eq!((plain.name.as_str(), plain.kind.as_str()), ("redis-1", "container"));
    }
    #[test]
    fn names_of_any_length_fit_where_they_are_looked_up() {
        let long = "n".repeat(9000);
        let named = save(
            None,
            described(&[
                ("service.id", "x"),
                ("container.name", &long),
                ("container.type", &long),
                ("container.deploy_rev", &long),
            ]),
        );
        let rev = named.details.deploy_rev.map(|rev| rev.len());
        assert_eq!((named.name.len(), named.kind.len(), rev), (NAME, NAME, Some(NAME)));
        let empty = save(None, described(&[("service.id", "x"), ("container.name", "")]));
        assert_eq!(empty.name, "redis-1");
        let report = ContainerReport { engine_name: String::new(), ..described(&[]) };
        assert_eq!(save(None, report).name, "8919f1");
    }
}
