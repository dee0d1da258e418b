//! What happens in a run, drawn from its seed and from nothing else. Nodes and services are numbers: they
//! stand for those there are at that moment, in their order.

use std::time::Duration;

use kontena_core::{Moment, domain::Time};
use serde_json::{Value, json};

/// Machines of a run.
pub const MACHINES: usize = 20;
/// Services there are before the first step.
const FIRST_SERVICES: usize = 8;
/// How long steps are taken, pauses included.
const STEPS_TAKE: Duration = Duration::from_secs(65 * 60);

/// What a machine is like.
#[derive(Debug, Clone)]
pub struct MachinePlan {
    pub labels: Vec<String>,
    pub slow: bool,
    pub memory: u64,
    pub cpus: u32,
    /// Its node is created before its agent comes, and has a token of its own.
    pub node_token: bool,
}

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Step {
    /// The agent's process dies and is started again after a while; containers live on.
    AgentDies {
        machine: usize,
        back: Duration,
    },
    /// The machine dies with all that runs on it, and comes up again.
    MachineDies {
        machine: usize,
        back: Duration,
    },
    /// The connection is dead without a word, for a while.
    CableCut {
        machine: usize,
        back: Duration,
    },
    /// The agent's process dies and comes back, over and over, within the shortest grace.
    AgentFlaps {
        machine: usize,
        times: u32,
        every: Duration,
    },
    /// Several cables are cut at once: a switch has gone.
    SwitchDies {
        first: usize,
        count: usize,
        back: Duration,
    },
    Drain {
        node: usize,
    },
    Activate {
        node: usize,
    },
    Label {
        node: usize,
        labels: Vec<String>,
    },
    RemoveNode {
        node: usize,
    },
    CreateService {
        body: Value,
    },
    Scale {
        service: usize,
        instances: i64,
    },
    ChangeImage {
        service: usize,
    },
    Deploy {
        service: usize,
        force: bool,
    },
    Stop {
        service: usize,
    },
    Start {
        service: usize,
    },
    Restart {
        service: usize,
    },
    RemoveService {
        service: usize,
    },
    Detach {
        service: usize,
        number: usize,
    },
    /// The image of a service can be had nowhere, for a while.
    LoseImage {
        service: usize,
        back: Duration,
    },
    /// A container crashes.
    Crash {
        machine: usize,
    },
    /// The master is killed and another one started after a while.
    KillMaster {
        back: Duration,
    },
    /// The master is stopped in order and another one started after a while.
    StopMaster {
        back: Duration,
    },
}

/// A whole run.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub machines: Vec<MachinePlan>,
    pub services: Vec<Value>,
    /// Steps, each after a pause.
    pub steps: Vec<(Duration, Step)>,
}

impl Plan {
    pub fn draw(seed: u64) -> Self {
        let mut dice = Dice(Moment::new(Time::default(), seed));
        let machines = (0..MACHINES).map(|_| dice.machine()).collect();
        let services = (1..=FIRST_SERVICES).map(|number| dice.service(number)).collect();
        let mut services_made = FIRST_SERVICES;
        let mut steps = Vec::new();
        let mut taken = Duration::ZERO;
        while taken < STEPS_TAKE {
            let pause = dice.pause();
            taken += pause;
            steps.push((pause, dice.step(&mut services_made)));
        }
        Self { seed, machines, services, steps }
    }
}

/// The only source of chance of a run.
pub struct Dice(Moment);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.0.draw() % (most - least + 1)
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.between(least, most))
    }

    /// How long something is away: inside the shortest grace, around one of the graces, or for long.
    fn absence(&mut self) -> Duration {
        match self.below(10) {
            0..4 => self.millis(100, 28_000),
            4..7 => self.millis(25_000, 130_000),
            7..9 => self.millis(110_000, 640_000),
            _ => self.millis(600_000, 1_200_000),
        }
    }

    fn pause(&mut self) -> Duration {
        match self.below(20) {
            0..7 => self.millis(0, 2_000),
            7..14 => self.millis(2_000, 40_000),
            14..18 => self.millis(40_000, 150_000),
            _ => self.millis(150_000, 500_000),
        }
    }

    fn labels(&mut self) -> Vec<String> {
        let mut labels = Vec::new();
        if self.percent(75) {
            labels.push(self.pick(&["az=x", "az=y", "az=z"]).to_owned());
        }
        if self.percent(40) {
            labels.push("ssd".to_owned());
        }
        labels
    }

    fn machine(&mut self) -> MachinePlan {
        MachinePlan {
            labels: self.labels(),
            slow: self.percent(15),
            memory: self.pick(&[1, 2, 4, 8]) << 30,
            cpus: self.pick(&[1, 2, 4]),
            node_token: self.percent(25),
        }
    }

    /// The body an administrator sends for service number so and so. It looks only at services with lower
    /// numbers, so that no two chase each other for ever.
    fn service(&mut self, number: usize) -> Value {
        let strategy = self.pick(&["ha", "ha", "daemon", "random"]);
        let instances = match strategy {
            "daemon" => self.between(1, 2),
            _ => self.between(0, 6),
        };
        let mut body = json!({
            "name": format!("s{number}"), "image": format!("s{number}:1"), "strategy": strategy,
            "stateful": self.percent(25), "instances": instances,
            "deploy_opts": {"min_health": self.pick(&[0.0, 0.5, 0.8, 1.0])},
        });
        if self.percent(50) {
            body["affinity"] = json!([self.affinity(number)]);
        }
        if self.percent(25) {
            let port = self.pick(&[80, 443]);
            body["ports"] = json!([{"node_port": port, "container_port": port}]);
        }
        if self.percent(15) {
            body["memory"] = json!(1_u64 << 30);
        }
        if self.percent(10) {
            body["cpus"] = json!(2.0);
        }
        if number > 1 && self.percent(20) {
            let other = self.between(1, number as u64 - 1);
            body["links"] = json!([{"name": format!("s{other}"), "alias": "other"}]);
        }
        if self.percent(10) {
            body["deploy_opts"]["wait_for_port"] = json!(80);
        }
        body
    }

    fn affinity(&mut self, number: usize) -> String {
        let other = self.between(1, (number as u64 - 1).max(1));
        match self.below(if number > 1 { 9 } else { 6 }) {
            0 => "label==ssd".to_owned(),
            1 => "label!=ssd".to_owned(),
            2 => "label==~ssd".to_owned(),
            3 => "label==az=x".to_owned(),
            4 => "node==/^m1/".to_owned(),
            5 => "node!=m%s".to_owned(),
            6 => format!("service!=s{other}"),
            7 => format!("service==~s{other}"),
            _ => format!("container==~s{other}-1"),
        }
    }

    fn step(&mut self, services: &mut usize) -> Step {
        let machine = self.below(MACHINES);
        let node = self.below(MACHINES);
        let service = self.below(64);
        match self.below(100) {
            0..10 => Step::AgentDies { machine, back: self.absence() },
            10..18 => Step::MachineDies { machine, back: self.absence() },
            18..26 => Step::CableCut { machine, back: self.absence() },
            26..30 => {
                let times = self.between(2, 6) as u32;
                Step::AgentFlaps { machine, times, every: self.millis(500, 8_000) }
            }
            30..33 => {
                let count = self.between(2, 9) as usize;
                Step::SwitchDies { first: machine, count, back: self.absence() }
            }
            33..37 => Step::Drain { node },
            37..41 => Step::Activate { node },
            41..45 => Step::Label { node, labels: self.labels() },
            45..49 => Step::RemoveNode { node },
            49..53 => {
                *services += 1;
                Step::CreateService { body: self.service(*services) }
            }
            53..59 => Step::Scale { service, instances: self.between(0, 7) as i64 },
            59..64 => Step::ChangeImage { service },
            64..70 => Step::Deploy { service, force: self.percent(40) },
            70..73 => Step::Stop { service },
            73..77 => Step::Start { service },
            77..79 => Step::Restart { service },
            79..81 => Step::RemoveService { service },
            81..84 => Step::Detach { service, number: self.below(8) },
            84..87 => Step::LoseImage { service, back: self.millis(1_000, 400_000) },
            87..91 => Step::Crash { machine },
            91..97 => Step::KillMaster { back: self.outage() },
            _ => Step::StopMaster { back: self.outage() },
        }
    }

    fn outage(&mut self) -> Duration {
        match self.below(4) {
            0 => self.millis(50, 3_000),
            1 | 2 => self.millis(2_000, 60_000),
            _ => self.millis(60_000, 600_000),
        }
    }
}
