//! The quirks of Kontena 1.5 that a guarantee of `scheduling.md` 8.2 replaces: what comes out instead,
//! and why.

/// Name, reason, the better result.
pub(crate) const REPLACED: [(&str, &str, &str); 11] = [
    (
        "stateful-daemon-node-offline",
        "8.2 #5: the offline node counts as selected, its instance is reported and nothing is destroyed",
        r#"{"count": 2, "placement": {}, "state": "error", "error": "Cannot find applicable node for service instance grid/app/web-1: Strategy Scheduler::Strategy::Daemon did not find any node"}"#,
    ),
    (
        "stateful-daemon-three-nodes-one-offline",
        "8.2 #5: as above; the instances on the two healthy nodes stay",
        r#"{"count": 3, "placement": {}, "state": "error", "error": "Cannot find applicable node for service instance grid/app/web-1: Strategy Scheduler::Strategy::Daemon did not find any node"}"#,
    ),
    (
        "daemon-no-connected-nodes-wipes",
        "8.2 #4: without a connected node a deploy fails and destroys nothing",
        r#"{"count": 2, "placement": {}, "state": "error", "error": "Cannot find applicable node for service instance grid/app/web-1: There are no nodes available"}"#,
    ),
    (
        "daemon-all-rows-on-one-node",
        "8.2 #6: nodes that pass the filters are counted, one deploy is enough",
        r#"{"count": 2, "placement": {"1": "a", "2": "b"}, "state": "success"}"#,
    ),
    (
        "filter-ephemeral-no-value-check",
        "8.2 #26: the values no and false mean not ephemeral",
        r#"{"nodes": ["a", "b"]}"#,
    ),
    (
        "filter-volume-grid-after-instance-resets",
        "8.2 #17: volumes of stack or grid do not cancel the preference",
        r#"{"nodes": ["a"]}"#,
    ),
    (
        "affinity-service-regex-without-stack-never-matches",
        "8.2 #16: such a pattern is matched against the bare name inside the own stack",
        r#"{"nodes": ["a", "c"]}"#,
    ),
    (
        "dependency-volumes-from-any-of",
        "8.2 #17: all entries must match",
        r#"{"error": "Did not find any nodes for service dependency volumes_from: [\"x-1\", \"y-1\"]"}"#,
    ),
    (
        "grace-lost-with-container-affinity",
        "8.2 #15: during the grace the containers known at the disconnect count",
        r#"{"reschedule": false}"#,
    ),
    (
        "cleanup-stale-then-too-fresh",
        "README, ephemeral removal: never before 6 h offline; a stale connection only ends the connection",
        r#"{"disconnected": ["b"], "removed": []}"#,
    ),
    (
        "join-grid-full",
        "8.2 #27: numbers go on above 254",
        r#"{"node": {"name": "x", "number": 255, "initial": false}}"#,
    ),
];
