//! Facts that may be written: one variant each, with what it presupposes.
//!
//! The store writes a change only if its presupposition still holds, and hands it, after the commit, to
//! whoever follows the grid; a [`Snapshot`](crate::Snapshot) applies the same value to its picture.

use super::{
    Availability, Connection, ContainerHealth, ContainerId, ContainerRecord, Deploy, DeployId,
    DeployState, DesiredState, EngineId, Event, Grid, GridId, Instance, InstanceDeploy, MemoryPeak,
    Node, NodeId, NodeReport, NodeSample, ObservedState, Service, ServiceId, ServiceVersion, Time,
    Volume, VolumeId, VolumeInstance, VolumeInstanceId,
};

/// A fact to be written. Times are the moment of the decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A grid with its default stack exists.
    GridCreated(Box<Grid>),
    /// A grid has other settings. Presupposes that it exists.
    GridUpdated(Box<Grid>),
    /// A grid is gone.
    GridRemoved(GridId),

    /// A node exists. Presupposes that name, number and engine id are free.
    NodeCreated(Box<Node>),
    /// The first agent with the node's token has taken it. Presupposes that nobody has.
    NodeBound {
        /// The node.
        node: NodeId,
        /// The engine that holds it from now on.
        engine_id: EngineId,
        /// From the agent's header.
        agent_version: String,
        /// The union of the node's labels and the header's.
        labels: Vec<String>,
        /// When.
        at: Time,
    },
    /// A connection counts as the node's. Presupposes that no newer one does.
    NodePlugged {
        /// The node.
        node: NodeId,
        /// The connection.
        connected_at: Time,
        /// When.
        at: Time,
    },
    /// A connection was refused for its clock. Presupposes that no newer one counts.
    NodeRejected {
        /// The node.
        node: NodeId,
        /// The connection; never in the future.
        connected_at: Time,
        /// Code and reason.
        connection: Connection,
        /// When.
        at: Time,
    },
    /// The node's connection ended. Presupposes that it still is that connection. The node's containers
    /// count as deleted until its agent reports them again, except those that only hold data.
    NodeUnplugged {
        /// The node.
        node: NodeId,
        /// The connection.
        connected_at: Time,
        /// When it was found to have ended: grace counts from here.
        at: Time,
        /// Code in the close frame, or 1006.
        close_code: u16,
        /// Reason in the close frame.
        close_reason: String,
    },
    /// The record said connected for long without a sign of life: it no longer does. Presupposes that it
    /// still is that connection. The node's containers count as deleted, as after an end that was seen.
    NodeSwept {
        /// The node.
        node: NodeId,
        /// The connection.
        connected_at: Time,
        /// When: grace counts from here.
        at: Time,
    },
    /// The node gave a sign of life. Presupposes that it still is that connection, and that the record
    /// says it is connected.
    NodeSeen {
        /// The node.
        node: NodeId,
        /// The connection.
        connected_at: Time,
        /// When.
        at: Time,
    },
    /// The agent described its engine.
    NodeReported {
        /// The node.
        node: NodeId,
        /// The description.
        report: Box<NodeReport>,
        /// The agent's version, where it says one.
        agent_version: Option<String>,
        /// New labels, where the node had none.
        labels: Option<Vec<String>>,
        /// When.
        at: Time,
    },
    /// The agent measured its machine.
    NodeMeasured {
        /// The node.
        node: NodeId,
        /// The figures.
        sample: Box<NodeSample>,
        /// When they arrived.
        at: Time,
    },
    /// An administrator wants other labels or another availability.
    NodeEdited {
        /// The node.
        node: NodeId,
        /// All labels.
        labels: Vec<String>,
        /// Wanted.
        availability: Availability,
        /// When.
        at: Time,
    },
    /// The node has another token of its own, or none; the token itself is written beside this.
    NodeTokenChanged {
        /// The node.
        node: NodeId,
        /// Whether it has one.
        has_token: bool,
        /// Whether the present connection no longer counts.
        disconnect: bool,
        /// When.
        at: Time,
    },
    /// The node is gone with its volume instances; its service instances have no node.
    NodeRemoved(NodeId),

    /// An agent described a container: the record as it is from now on.
    ContainerSaved(Box<ContainerRecord>),
    /// An agent checked a container. Presupposes that it is known.
    ContainerChecked {
        /// The container.
        container: ContainerId,
        /// The result.
        health: ContainerHealth,
    },
    /// A container is gone.
    ContainerRemoved(ContainerId),

    /// A service exists. Presupposes that its name is free in its stack.
    ServiceCreated(Box<Service>),
    /// A service has another specification, state or count. Presupposes that it still is as it was when
    /// the decision was made: a stop or a scale in between is not undone.
    ServiceUpdated {
        /// The service as it is now.
        service: Box<Service>,
        /// What the decision was made on.
        from: ServiceVersion,
    },
    /// A container of a service took so much memory. Presupposes that the service exists.
    MemoryMeasured(MemoryPeak),
    /// A deploy of the service has started.
    ServiceDeployed {
        /// The service.
        service: ServiceId,
        /// The deploy's start.
        at: Time,
    },
    /// A service is gone with its instances and deploys.
    ServiceRemoved(ServiceId),

    /// An instance exists. Presupposes that its number is free.
    InstanceCreated(Box<Instance>),
    /// An instance shall be on a node; what was observed no longer counts.
    InstancePlaced {
        /// The service.
        service: ServiceId,
        /// The number.
        number: u32,
        /// Where.
        node: NodeId,
        /// Wanted.
        desired_state: DesiredState,
        /// Text that grows with every deploy.
        deploy_rev: String,
        /// The service's revision.
        service_revision: i64,
        /// When.
        at: Time,
    },
    /// An instance shall run or stop where it is.
    InstanceDesired {
        /// The service.
        service: ServiceId,
        /// The number.
        number: u32,
        /// Wanted.
        desired_state: DesiredState,
        /// When.
        at: Time,
    },
    /// The instance's node reported on it. Presupposes that the instance is still on that node.
    InstanceReported {
        /// The service.
        service: ServiceId,
        /// The number.
        number: u32,
        /// Who reports.
        node: NodeId,
        /// The deploy_rev the report is about.
        rev: Option<String>,
        /// Observed.
        state: ObservedState,
        /// The agent's error.
        error: Option<String>,
        /// When.
        at: Time,
    },
    /// An instance has no node any more.
    InstanceDetached {
        /// The service.
        service: ServiceId,
        /// The number.
        number: u32,
        /// When.
        at: Time,
    },
    /// An instance is gone.
    InstanceRemoved {
        /// The service.
        service: ServiceId,
        /// The number.
        number: u32,
    },

    /// A deploy was asked for.
    DeployCreated(Box<Deploy>),
    /// A deploy has begun. Presupposes that it is pending.
    DeployStarted {
        /// The deploy.
        deploy: DeployId,
        /// The revision of its instances.
        deploy_rev: String,
        /// How many instances it brings about.
        total: u32,
        /// When.
        at: Time,
    },
    /// A deploy waits; says for what.
    DeployWaiting {
        /// The deploy.
        deploy: DeployId,
        /// The sentence; none: waits no longer.
        reason: Option<String>,
        /// When.
        at: Time,
    },
    /// One instance of a deploy was taken up or has come further.
    DeployProgressed {
        /// The deploy.
        deploy: DeployId,
        /// How far it is.
        instance: InstanceDeploy,
    },
    /// A deploy has ended. Presupposes that it has not.
    DeployFinished {
        /// The deploy.
        deploy: DeployId,
        /// `Success` or `Error`.
        state: DeployState,
        /// Why it failed.
        reason: Option<String>,
        /// What stands behind the reason.
        explanation: Option<String>,
        /// When.
        at: Time,
    },

    /// A volume exists. Presupposes that its name is free in the grid.
    VolumeCreated(Box<Volume>),
    /// A volume is gone with its instances. Presupposes that it exists.
    VolumeRemoved(VolumeId),
    /// A volume exists on a node. Presupposes that both exist, and that name and identity are free there.
    VolumeInstanceCreated(VolumeInstance),
    /// A volume is no longer known to exist on a node. Presupposes that it was.
    VolumeInstanceRemoved(VolumeInstanceId),

    /// Something worth telling an operator.
    EventLogged(Box<Event>),
}
