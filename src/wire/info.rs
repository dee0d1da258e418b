//! `/agent/node_info`: the node as the master knows it.

use kontena_core::domain::{Grid, Node};
use kontena_protocol::agent::{GridInfo, NodeInfo, utc_text};

/// Describes a node to its agent. `all` are the nodes of the grid, connected or not.
#[must_use]
pub fn node_info(grid: &Grid, node: &Node, all: &[Node]) -> NodeInfo {
    NodeInfo {
        id: node.engine_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        created_at: utc_text(node.created_at),
        updated_at: utc_text(node.updated_at),
        name: node.name.clone(),
        labels: node.labels.clone(),
        overlay_ip: grid.subnet.node_address(node.number).to_string(),
        peer_ips: peer_ips(node, all),
        node_number: node.number,
        initial_member: node.is_initial(grid.initial_size),
        grid: GridInfo {
            id: grid.name.clone(),
            name: grid.name.clone(),
            initial_size: grid.initial_size,
            trusted_subnets: grid.trusted_subnets.iter().map(ToString::to_string).collect(),
            subnet: grid.subnet.to_string(),
            supernet: grid.supernet.to_string(),
            stats: serde_json::json!({ "statsd": grid.statsd }),
            logs: serde_json::to_value(&grid.logs).unwrap_or_default(),
        },
    }
}

/// How the node reaches the other nodes of its grid: by private address within its region, by public
/// address elsewhere.
#[must_use]
pub fn peer_ips(node: &Node, all: &[Node]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let mut ips: Vec<String> = Vec::new();
    for other in all.iter().filter(|other| other.id != node.id) {
        let same_region = other.region() == node.region();
        let report = &other.report;
        let ip = if same_region { &report.private_ip } else { &report.public_ip };
        if let Some(ip) = ip
            && seen.insert(ip.as_str())
        {
            ips.push(ip.clone());
        }
    }
    ips
}

#[cfg(test)]
mod tests {
    use kontena_core::domain::{Cidr, EngineId, GridId, NodeId, Time};

    use super::*;

    /// Case 75 of `agent-protocol.md`.
    #[test]
    fn peers_are_addressed_by_region() {
        let grid = Grid {
            id: GridId::from_bytes([0; 12]),
            name: "test".into(),
            initial_size: 1,
            default_affinity: vec![],
            subnet: Cidr::DEFAULT_SUBNET,
            supernet: Cidr::DEFAULT_SUPERNET,
            trusted_subnets: vec![],
            statsd: None,
            logs: None,
            created_at: Time::default(),
        };
        let node =
            |number: u8, region: Option<&str>, private: Option<&str>, public: Option<&str>| {
                let id = NodeId::from_bytes([number; 12]);
                let name = format!("n{number}");
                let mut node = Node::new(id, grid.id, u32::from(number), name, Time::default());
                node.engine_id = EngineId::new(&format!("ID{number}"));
                node.labels = region.map(|region| format!("region={region}")).into_iter().collect();
                node.report.private_ip = private.map(str::to_owned);
                node.report.public_ip = public.map(str::to_owned);
                node
            };
        let nodes = [
            node(1, Some("a"), Some("10.0.0.1"), Some("1.1.1.1")),
            node(2, Some("a"), Some("10.0.0.2"), Some("2.2.2.2")),
            node(3, Some("b"), None, Some("3.3.3.3")),
            node(4, None, None, None),
        ];
        let info = node_info(&grid, &nodes[0], &nodes);
        assert_eq!(info.overlay_ip, "10.81.0.1");
        assert_eq!(info.peer_ips, ["10.0.0.2", "3.3.3.3"]);
        assert!(info.initial_member);
        assert!(!node_info(&grid, &nodes[1], &nodes).initial_member);
        assert_eq!(info.grid.stats, serde_json::json!({"statsd": null}));
    }
}
