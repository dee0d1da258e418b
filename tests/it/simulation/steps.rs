//! How each step is taken.

use std::time::Duration;

use kontena_agent::Token;
use kontena_core::{
    domain::{Change, Node, ServiceId, ServiceState},
    validate,
};
use kontena_master::{
    actors::grid::{Notify, Probe, Probed},
    commands::{CommandError, nodes, services},
};
use kontena_protocol::agent::method;
use serde_json::{Value, json};

use super::{
    plan::{MACHINES, Step},
    world::{Due, World},
};

impl World {
    /// Takes a step. What is asked of a master that is away is not done.
    pub async fn take(&mut self, step: &Step) {
        self.say(&format!("{step:?}"));
        let now = self.now();
        match step {
            Step::AgentDies { machine, back } => {
                self.machines[*machine].stop_agent(now).await;
                self.plan_for(*back, Due::StartAgent(*machine));
            }
            Step::MachineDies { machine, back } => {
                self.machines[*machine].power_off(now).await;
                self.plan_for(*back, Due::PowerOn(*machine));
            }
            Step::CableCut { machine, back } => self.cut(*machine, *back),
            Step::SwitchDies { first, count, back } => {
                (*first..first + count).for_each(|machine| self.cut(machine % MACHINES, *back));
            }
            Step::AgentFlaps { machine, times, every } => {
                for time in 0..*times {
                    self.plan_for(*every * (2 * time), Due::StopAgent(*machine));
                    self.plan_for(*every * (2 * time + 1), Due::StartAgent(*machine));
                }
            }
            Step::Crash { machine } => {
                let engine = &self.machines[*machine].agent.engine;
                if let Some(container) = self.machines[*machine].running().first() {
                    engine.crash(&container.id).expect("it runs");
                }
            }
            Step::LoseImage { service, back } => {
                let image = self.pick(*service).and_then(|id| self.image_of(id));
                if let Some(image) = image {
                    for machine in &self.machines {
                        machine.agent.engine.lose_image(&image);
                    }
                    self.plan_for(*back, Due::PublishImage(image));
                }
            }
            Step::KillMaster { back } => self.master_away(false, *back).await,
            Step::StopMaster { back } => self.master_away(true, *back).await,
            _ if self.master().is_none() => {}
            Step::Drain { node } => self.edit(*node, json!({"availability": "drain"})).await,
            Step::Activate { node } => self.edit(*node, json!({"availability": "active"})).await,
            Step::Label { node, labels } => self.edit(*node, json!({"labels": labels})).await,
            Step::RemoveNode { node } => self.remove_node(*node).await,
            Step::CreateService { body } => self.create(body).await,
            _ => self.ask(step).await,
        }
    }

    fn cut(&mut self, machine: usize, back: Duration) {
        let now = self.now();
        self.machines[machine].set_cable(false, now);
        self.plan_for(back, Due::MendCable(machine));
    }

    async fn master_away(&mut self, in_order: bool, back: Duration) {
        if self.master().is_some() {
            self.stop_master(in_order).await;
            self.plan_for(back, Due::StartMaster);
        }
    }

    /// What is asked about one service.
    async fn ask(&mut self, step: &Step) {
        let Some(master) = self.master() else { return };
        let (means, caller, grid) =
            (master.means().clone(), self.caller.clone(), self.grid.clone());
        let (Step::Scale { service, .. }
        | Step::ChangeImage { service }
        | Step::Deploy { service, .. }
        | Step::Stop { service }
        | Step::Start { service }
        | Step::Restart { service }
        | Step::RemoveService { service }
        | Step::Detach { service, .. }) = step
        else {
            return;
        };
        let Some(id) = self.pick(*service) else { return };
        match step {
            Step::Scale { instances, .. } => {
                services::scale(&means, &caller, &grid, id, *instances).await.expect("accepted");
                self.book.changed(id, |known| {
                    (known.instances, known.state) = (*instances, ServiceState::Running);
                });
            }
            Step::ChangeImage { .. } => {
                let image = format!("{}x", self.image_of(id).expect("an image"));
                let edit = validate::service::update(&json!({"image": image})).expect("valid");
                services::update(&means, &caller, &grid, id, edit).await.expect("accepted");
                self.book.changed(id, |known| known.image = image);
            }
            Step::Deploy { force, .. } => {
                services::deploy(&means, &caller, &grid, id, *force).await.expect("accepted");
                self.book.changed(id, |known| known.state = ServiceState::Running);
            }
            Step::Stop { .. } | Step::Start { .. } => {
                let runs = matches!(step, Step::Start { .. });
                services::set_state(&means, &caller, &grid, id, runs).await.expect("accepted");
                let state = if runs { ServiceState::Running } else { ServiceState::Stopped };
                self.book.changed(id, |known| known.state = state);
            }
            Step::RemoveService { .. } => {
                match services::remove(&means, &caller, &grid, id).await {
                    Ok(()) => self.book.removed(id),
                    // Another one links to it.
                    Err(CommandError::Invalid(_)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            Step::Restart { .. } => self.restart(id),
            Step::Detach { number, .. } => self.detach(id, *number).await,
            _ => {}
        }
    }

    fn pick(&self, service: usize) -> Option<ServiceId> {
        let services: Vec<ServiceId> = self.book.services().map(|(id, _)| id).collect();
        services.get(service.checked_rem(services.len())?).copied()
    }

    fn image_of(&self, service: ServiceId) -> Option<String> {
        let mut services = self.book.services();
        services.find(|(id, _)| *id == service).map(|(_, wanted)| wanted.image.clone())
    }

    fn pick_node(&self, node: usize) -> Option<Node> {
        let mut nodes: Vec<&Node> = self.watch.picture.nodes().collect();
        nodes.sort_by_key(|node| node.number);
        nodes.get(node.checked_rem(nodes.len())?).copied().cloned()
    }

    pub async fn create(&mut self, body: &Value) {
        let Some(master) = self.master() else { return };
        let draft = validate::service::create(body).expect("a valid service");
        let means = master.means().clone();
        match services::create(&means, &self.caller, &self.grid, draft).await {
            Ok(service) => {
                self.book.created(&service);
                services::deploy(&means, &self.caller, &self.grid, service.id, false)
                    .await
                    .expect("accepted");
                self.book.changed(service.id, |known| known.state = ServiceState::Running);
            }
            // It links to one that is gone.
            Err(CommandError::Invalid(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    pub async fn edit(&mut self, node: usize, body: Value) {
        self.watch.drain();
        let (Some(node), Some(master)) = (self.pick_node(node), self.master()) else { return };
        let edit = validate::node::update(&body).expect("valid");
        let means = master.means();
        nodes::update(means, &self.caller, &self.grid, node.id, edit).await.expect("accepted");
    }

    /// As the API does: a connected node without a token of its own is asked first. The machine of a node
    /// that is gone comes back with the grid's token.
    async fn remove_node(&mut self, node: usize) {
        self.watch.drain();
        let (Some(node), Some(master)) = (self.pick_node(node), self.master()) else { return };
        if node.connected && !node.has_token {
            let probe = master.registry().grid(self.grid.id).send(Probe { node: node.id });
            if probe.await.expect("lives") == Probed::Answers {
                return;
            }
        }
        match nodes::remove(master.means(), &self.caller, &self.grid, &node).await {
            Ok(()) => {}
            Err(CommandError::Reconnected | CommandError::NotFound) => return,
            Err(error) => panic!("{error:?}"),
        }
        let engine = node.engine_id.map(|id| id.to_string());
        let machine = self.machines.iter_mut().find(|machine| match &engine {
            Some(engine) => machine.engine_id == *engine,
            None => machine.name == node.name,
        });
        if let Some(machine) = machine {
            machine.agent.set_token(Token::Grid(self.grid_token.clone()));
            machine.untouched_since = self.clock.now();
            // One whose token is unknown would ask with it for ever.
            if machine.agent.runs() && !node.connected {
                machine.agent.kill().await;
            }
        }
    }

    /// As the API does.
    fn restart(&self, service: ServiceId) {
        let Some(master) = self.master() else { return };
        let actor = master.registry().grid(self.grid.id);
        for row in self.watch.picture.instances(service) {
            let Some(node) = row.node else { continue };
            let params =
                vec![rmpv::Value::from(service.to_string()), rmpv::Value::from(row.number)];
            actor.do_send(Notify { node, method: method::RESTART_POD, params });
        }
    }

    async fn detach(&mut self, service: ServiceId, number: usize) {
        self.watch.drain();
        let Some(master) = self.master() else { return };
        let rows: Vec<u32> = self.watch.picture.instances(service).map(|row| row.number).collect();
        let Some(number) = number.checked_rem(rows.len()).map(|at| rows[at]) else { return };
        let at = self.now();
        let change = Change::InstanceDetached { service, number, at };
        master.means().store.change(self.grid.id, change).await.expect("accepted");
    }
}
