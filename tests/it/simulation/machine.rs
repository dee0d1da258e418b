//! One machine of a run: its agent, its power, its cable, and since when all of them are well.

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use kontena_agent::{
    Token,
    engine::{
        Container,
        simulated::{SimulatedOptions, engine_id},
    },
};
use kontena_core::domain::Time;

use super::plan::MachinePlan;
use crate::support::StoryAgent;

pub struct Machine {
    pub name: String,
    pub engine_id: String,
    pub agent: StoryAgent,
    /// The agent's process is meant to run.
    pub agent_wanted: bool,
    pub powered: bool,
    pub cable: bool,
    pub slow: bool,
    /// Since when nothing about it has been touched.
    pub untouched_since: Time,
    /// Running containers that no row names, and since when.
    pub surplus: BTreeMap<String, Time>,
}

impl Machine {
    pub fn new(number: usize, plan: &MachinePlan, seed: u64, token: Token, now: Time) -> Self {
        let name = format!("m{number}");
        let slowness = |millis| Duration::from_millis(if plan.slow { millis } else { 0 });
        // Other draws in each run, and another engine on each machine.
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
        let options = SimulatedOptions {
            seed,
            name: name.clone(),
            labels: plan.labels.clone(),
            cpus: plan.cpus,
            memory_bytes: plan.memory,
            start_takes: slowness(2_000),
            stop_takes: slowness(3_000),
            pull_takes: slowness(8_000),
            ports_open_after: slowness(3_000),
        };
        Self {
            name,
            engine_id: engine_id(seed),
            agent: StoryAgent::with(options, token),
            agent_wanted: true,
            powered: true,
            cable: true,
            slow: plan.slow,
            untouched_since: now,
            surplus: BTreeMap::new(),
        }
    }

    pub fn is_whole(&self) -> bool {
        self.agent_wanted && self.powered && self.cable
    }

    /// Whether it has been well for so long.
    pub fn is_well_for(&self, span: TimeDelta, now: Time) -> bool {
        self.is_whole() && now - self.untouched_since >= span
    }

    /// Whether nothing of it can have reached the master for so long.
    pub fn is_away_for(&self, span: TimeDelta, now: Time) -> bool {
        !self.is_whole() && now - self.untouched_since >= span
    }

    pub async fn stop_agent(&mut self, now: Time) {
        self.agent_wanted = false;
        self.untouched_since = now;
        self.agent.kill().await;
    }

    pub fn start_agent(&mut self, now: Time) {
        if !self.agent_wanted {
            self.untouched_since = now;
        }
        self.agent_wanted = true;
        if self.powered && !self.agent.runs() {
            self.agent.start();
        }
    }

    /// Dies without a word, with all that runs on it.
    pub async fn power_off(&mut self, now: Time) {
        self.agent.set_cable(false);
        self.powered = false;
        self.untouched_since = now;
        self.agent.kill().await;
        self.agent.engine.vanish();
    }

    pub fn power_on(&mut self, now: Time) {
        if !self.powered {
            self.untouched_since = now;
            self.powered = true;
            self.agent.engine.reappear();
            self.agent.set_cable(self.cable);
        }
        if self.agent_wanted && !self.agent.runs() {
            self.agent.start();
        }
    }

    pub fn set_cable(&mut self, whole: bool, now: Time) {
        if self.cable != whole {
            self.untouched_since = now;
            self.cable = whole;
            self.agent.set_cable(whole && self.powered);
        }
    }

    /// An agent that was told not to come back is started again by hand; says whether that was needed.
    pub fn revive(&mut self, now: Time) {
        if self.agent_wanted && self.powered && !self.agent.runs() {
            self.untouched_since = now;
            self.agent.start();
        }
    }

    /// Running containers of services.
    pub fn running(&self) -> Vec<Container> {
        let mut containers = self.agent.engine.containers();
        containers.retain(|container| container.running && container.pod().is_some());
        containers
    }
}
