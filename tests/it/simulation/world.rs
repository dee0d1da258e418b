//! A run as it goes: the master, the machines, what is due when, and how time passes.

use std::time::Duration;

use chrono::TimeDelta;
use kontena_agent::Token;
use kontena_core::domain::{Grid, Node, Time};
use kontena_master::{auth::Caller, clock::Clock};

use super::{book::Book, look, machine::Machine, plan::Plan, watch::Watch};
use crate::support::{Stopped, TestMaster};

/// How long the run goes on between two looks at it.
const SLICE: Duration = Duration::from_secs(30);
/// How often kept and loaded are compared while nothing is done.
const COMPARE: TimeDelta = TimeDelta::minutes(5);

/// Something that is due at its time.
#[derive(Debug, Clone)]
pub enum Due {
    StartAgent(usize),
    StopAgent(usize),
    PowerOn(usize),
    MendCable(usize),
    PublishImage(String),
    StartMaster,
}

/// The master, or what is left of it.
pub enum Master {
    Runs(TestMaster),
    Away(Stopped),
    /// Only within a function that changes it.
    Changing,
}

pub struct World {
    pub clock: Clock,
    pub master: Master,
    pub caller: Caller,
    pub grid: Grid,
    pub grid_token: String,
    pub machines: Vec<Machine>,
    pub agenda: Vec<(Time, Due)>,
    pub book: Book,
    pub watch: Watch,
    /// Since when the present master listens, or the last one is away.
    pub master_since: Time,
    compared_at: Time,
    /// What has happened, with its time.
    pub trace: Vec<String>,
}

impl World {
    pub async fn new(plan: &Plan) -> Self {
        let master = TestMaster::simulated(plan.seed, &[]).await;
        let (grid, grid_token) = master.grid("sim").await;
        let caller = master.caller().await;
        let clock = master.clock.clone();
        let now = clock.now();
        let watch = Watch::begin(&master.means().store, &grid, listening_since(&master)).await;
        let mut machines = Vec::new();
        for (at, machine) in plan.machines.iter().enumerate() {
            let number = at + 1;
            let token = if machine.node_token {
                Token::Node(master.node_token(&grid, &format!("m{number}")).await)
            } else {
                Token::Grid(grid_token.clone())
            };
            machines.push(Machine::new(number, machine, plan.seed, token, now));
        }
        for machine in &mut machines {
            machine.agent.reach(master.registry());
            machine.agent.start();
        }
        Self {
            clock,
            master: Master::Runs(master),
            caller,
            grid,
            grid_token,
            machines,
            agenda: Vec::new(),
            book: Book::default(),
            watch,
            master_since: now,
            compared_at: now,
            trace: Vec::new(),
        }
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    pub fn master(&self) -> Option<&TestMaster> {
        match &self.master {
            Master::Runs(master) => Some(master),
            Master::Away(_) | Master::Changing => None,
        }
    }

    pub fn say(&mut self, text: &str) {
        let line = format!("{} {text}", self.now().format("%H:%M:%S%.3f"));
        self.trace.push(line);
    }

    pub fn plan_for(&mut self, after: Duration, due: Due) {
        let at = self.now() + TimeDelta::from_std(after).expect("a span");
        self.agenda.push((at, due));
    }

    /// Lets time pass, with all that is due in it, and looks.
    pub async fn pass(&mut self, span: Duration) {
        let end = self.now() + TimeDelta::from_std(span).expect("a span");
        while self.watch.wrong.is_empty() {
            self.do_due().await;
            let now = self.now();
            let next = self.agenda.iter().map(|(at, _)| *at).min();
            let until = next.map_or(end, |next| next.min(end));
            let left = (until - now).to_std().unwrap_or_default().min(SLICE);
            if left.is_zero() && now >= end {
                break;
            }
            // A timer is as fine as a millisecond: a shorter one would come early.
            tokio::time::sleep(left.max(Duration::from_millis(1))).await;
            self.look(false).await;
        }
    }

    /// Holds everything against the invariants.
    pub async fn look(&mut self, compare: bool) {
        self.watch.drain();
        let now = self.now();
        if (compare || now - self.compared_at >= COMPARE)
            && let Master::Runs(master) = &self.master
        {
            self.compared_at = now;
            self.watch.compare_with(&master.means().store, now).await;
        }
        self.watch.wrong.extend(self.book.wrong(&self.watch.picture));
        look::at_machines(self, now);
        self.machines.iter_mut().for_each(|machine| machine.revive(now));
    }

    async fn do_due(&mut self) {
        let now = self.now();
        let mut due: Vec<(Time, Due)> = self.agenda.extract_if(.., |(at, _)| *at <= now).collect();
        due.sort_by_key(|(at, _)| *at);
        for (_, due) in due {
            self.say(&format!("{due:?}"));
            self.carry_out(due).await;
        }
    }

    /// Everything that was to happen some time happens now.
    pub async fn hurry(&mut self) {
        let mut agenda = std::mem::take(&mut self.agenda);
        agenda.sort_by_key(|(at, _)| *at);
        for (_, due) in agenda {
            self.carry_out(due).await;
        }
    }

    async fn carry_out(&mut self, due: Due) {
        let now = self.now();
        match due {
            Due::StartAgent(at) => self.machines[at].start_agent(now),
            Due::StopAgent(at) => self.machines[at].stop_agent(now).await,
            Due::PowerOn(at) => self.machines[at].power_on(now),
            Due::MendCable(at) => self.machines[at].set_cable(true, now),
            Due::PublishImage(image) => {
                for machine in &self.machines {
                    machine.agent.engine.publish_image(&image);
                }
            }
            Due::StartMaster => self.start_master().await,
        }
    }

    pub async fn stop_master(&mut self, in_order: bool) {
        let Master::Runs(master) = std::mem::replace(&mut self.master, Master::Changing) else {
            return;
        };
        if in_order {
            for (_, grid) in master.registry().grids() {
                grid.send(kontena_master::actors::grid::Drain).await.expect("lives");
            }
            // Goodbyes are said and heard.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let agents = self.machines.iter().map(|machine| &machine.agent);
        let stopped = master.kill(agents).await;
        // What was committed up to here is in the copy, and nothing else is.
        self.watch.master_died();
        let store = stopped.remains.means.store.clone();
        look::put_to_rest(&store, &self.watch.picture).await;
        self.master = Master::Away(stopped);
        self.master_since = self.now();
    }

    async fn start_master(&mut self) {
        let Master::Away(stopped) = std::mem::replace(&mut self.master, Master::Changing) else {
            return;
        };
        let master = stopped.start().await;
        let since = listening_since(&master);
        self.watch.next_master(&master.means().store, since).await;
        for machine in &self.machines {
            machine.agent.reach(master.registry());
        }
        self.master = Master::Runs(master);
        self.master_since = since;
    }

    /// The node of a machine, where it has one.
    pub fn node_of(&self, machine: &Machine) -> Option<&Node> {
        let mut nodes = self.watch.picture.nodes();
        nodes
            .find(|node| node.engine_id.as_ref().is_some_and(|id| id.as_str() == machine.engine_id))
    }
}

fn listening_since(master: &TestMaster) -> Time {
    master.registry().tools().rules.limits.listening_since
}
