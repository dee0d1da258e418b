//! `kontena service show`.

use std::fmt::{Display, Write as _};

use serde_json::Value;

use super::containers::{dns, node_name, public_ip};
use super::explain::hindrances;
use crate::api::{Container, Explanation, Instance, Service, read};
use crate::args::ShowFormat;
use crate::args::service::ServiceShow;
use crate::clock;
use crate::commands::{document, text, yes_no};
use crate::failure::Failure;
use crate::output::{decimal_size, seconds_since};
use crate::session::Session;

/// Shows a service, its instances and their containers.
pub(super) fn run(session: &Session<'_>, args: &ServiceShow) -> Result<(), Failure> {
    let path = super::service_path(session, &args.name)?;
    let client = session.client()?;
    let object: Value = client.get(&path)?;
    if args.showing.output == ShowFormat::Name {
        // As in the list: what finds the service in every grid.
        let id = object.get("id").and_then(Value::as_str);
        return Ok(session.console.line(id.unwrap_or(&args.name))?);
    }
    if args.showing.output != ShowFormat::Text {
        document::object(session.console, args.showing.output, &object)?;
        return Ok(());
    }
    let service: Service = read(object, &path)?;
    let fetch = |part: &str| -> Result<Value, Failure> { client.get(&format!("{path}/{part}")) };
    let (instances, containers) = (fetch("instances")?, fetch("containers")?);
    let instances: Vec<Instance> =
        document::views(document::items(&instances, "instances"), &path)?;
    let containers: Vec<Container> =
        document::views(document::items(&containers, "containers"), &path)?;
    let mut page = Page(String::new());
    page.service(&service, path.trim_start_matches("/v1/services/"));
    for instance in &instances {
        page.instance(&args.name, instance, &containers);
    }
    if is_incomplete(&service, &instances) {
        // Other masters have nothing to explain, and the listing is worth showing without.
        match client.get(&format!("{path}/explain")) {
            Ok(explanation) => page.placement(&explanation),
            Err(Failure::Http(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(session.console.text(&page.0)?)
}

/// Tells whether a service that shall run lacks instances, or nodes for them.
fn is_incomplete(service: &Service, instances: &[Instance]) -> bool {
    let wanted = service.instances.and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let is_placed = |instance: &Instance| instance.node.is_some();
    service.state.as_deref() == Some("running")
        && (instances.len() < wanted || !instances.iter().all(is_placed))
}

/// The listing as it grows.
struct Page(String);

impl Page {
    fn line(&mut self, depth: usize, key: &str, value: impl Display) {
        let _ = writeln!(self.0, "{:1$}{key}: {value}", "", depth * 2);
    }

    fn if_some(&mut self, depth: usize, key: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.line(depth, key, value);
        }
    }

    fn if_text(&mut self, key: &str, value: &Option<String>) {
        self.if_some(1, key, value.as_deref().filter(|value| !value.is_empty()));
    }

    fn title(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.0, "{:1$}{text}", "", depth * 2);
    }

    fn items(&mut self, title: &str, items: impl IntoIterator<Item = impl Display>) {
        for (index, item) in items.into_iter().enumerate() {
            if index == 0 {
                self.title(1, title);
            }
            let _ = writeln!(self.0, "    - {item}");
        }
    }

    fn service(&mut self, service: &Service, id: &str) {
        let number = |number: Option<i64>| number.map(|n| n.to_string()).unwrap_or_default();
        let stack = service.stack.as_ref().and_then(|stack| stack.id.as_deref());
        self.title(0, &format!("{}:", service.id.as_deref().unwrap_or(id)));
        self.line(1, "created", text(&service.created_at));
        self.line(1, "updated", text(&service.updated_at));
        self.line(1, "stack", stack.unwrap_or_default());
        self.line(1, "desired_state", text(&service.state));
        self.line(1, "image", text(&service.image));
        self.line(1, "revision", number(service.revision));
        self.if_some(1, "stack_revision", service.stack_revision);
        self.line(1, "stateful", yes_no(service.stateful));
        self.line(1, "scaling", number(service.instances));
        self.line(1, "strategy", text(&service.strategy));
        self.line(1, "read_only", yes_no(service.read_only));
        self.if_text("stop_signal", &service.stop_signal);
        self.line(1, "stop_grace_period", format!("{}s", number(service.stop_grace_period)));
        self.title(1, "deploy_opts:");
        if let Some(opts) = &service.deploy_opts {
            self.if_some(2, "min_health", opts.min_health.map(|share| format!("{share:?}")));
            self.if_some(2, "wait_for_port", opts.wait_for_port);
            self.if_some(2, "interval", opts.interval);
        }
        self.line(1, "dns", text(&service.dns));
        self.bindings(service);
        self.network(service);
        self.limits(service);
        self.health(service);
        self.title(1, "instances:");
    }

    /// What the service is given. Some titles end in a blank, as in Kontena 1.5.
    fn bindings(&mut self, service: &Service) {
        self.items("affinity: ", service.affinity.iter().flatten());
        let cmd = service.cmd.as_ref().filter(|cmd| !cmd.is_empty());
        self.if_some(1, "cmd", cmd.map(|cmd| cmd.join(" ")));
        self.items(
            "hooks: ",
            service.hooks.iter().flatten().map(|hook| {
                format!(
                    "name: {}\n      type: {}\n      cmd: {}\n      oneshot: {}",
                    text(&hook.name),
                    text(&hook.kind),
                    text(&hook.cmd),
                    hook.oneshot.unwrap_or(false)
                )
            }),
        );
        self.items(
            "secrets: ",
            service.secrets.iter().flatten().map(|secret| {
                let (name, kind) = (text(&secret.name), text(&secret.kind));
                format!("secret: {}\n      name: {name}\n      type: {kind}", text(&secret.secret))
            }),
        );
        self.items(
            "certificates: ",
            service.certificates.iter().flatten().map(|cert| {
                let (name, kind) = (text(&cert.name), text(&cert.kind));
                format!("subject: {}\n      name: {name}\n      type: {kind}", text(&cert.subject))
            }),
        );
        self.items("env: ", service.env.iter().flatten());
    }

    fn network(&mut self, service: &Service) {
        let net = service.net.as_deref().filter(|net| !net.is_empty() && *net != "bridge");
        self.if_some(1, "net", net);
        self.items(
            "ports:",
            service.ports.iter().flatten().map(|port| {
                let protocol = port.protocol.as_deref().unwrap_or("tcp");
                let node = document::plain(&port.node_port);
                format!("{node}:{}/{protocol}", document::plain(&port.container_port))
            }),
        );
        self.items("volumes:", service.volumes.iter().flatten());
        self.items("volumes_from:", service.volumes_from.iter().flatten());
        self.items("links: ", service.links.iter().flatten().map(|link| text(&link.alias)));
    }

    fn limits(&mut self, service: &Service) {
        self.items("cap_add:", service.cap_add.iter().flatten());
        self.items("cap_drop:", service.cap_drop.iter().flatten());
        if let Some(driver) = service.log_driver.as_ref().filter(|driver| !driver.is_empty()) {
            self.line(1, "log_driver", driver);
            self.title(1, "log_opts:");
            for (option, value) in service.log_opts.iter().flatten() {
                self.line(2, option, document::plain(value));
            }
        }
        self.if_some(1, "cpus", service.cpus.map(|cpus| format!("{cpus:?}")));
        self.if_some(1, "cpu_shares", service.cpu_shares);
        self.if_some(1, "memory", service.memory.map(decimal_size));
        self.if_some(1, "memory_swap", service.memory_swap.map(decimal_size));
        self.if_some(1, "shm_size", service.shm_size.map(decimal_size));
        self.if_text("pid", &service.pid);
    }

    fn health(&mut self, service: &Service) {
        if let Some(check) = &service.health_check {
            self.title(1, "health check:");
            self.line(2, "protocol", text(&check.protocol));
            if check.protocol.as_deref() == Some("http") {
                self.line(2, "uri", text(&check.uri));
            }
            for (key, value) in [
                ("port", check.port),
                ("timeout", check.timeout),
                ("interval", check.interval),
                ("initial_delay", check.initial_delay),
            ] {
                self.line(2, key, value.map(|value| value.to_string()).unwrap_or_default());
            }
        }
        if let Some(status) = &service.health_status {
            self.title(1, "health status:");
            self.line(2, "healthy", status.healthy.unwrap_or(0));
            self.line(2, "total", status.total.unwrap_or(0));
        }
    }

    fn instance(&mut self, name: &str, instance: &Instance, containers: &[Container]) {
        let number = instance.instance_number;
        self.title(2, &format!("{name}/{}:", number.unwrap_or_default()));
        let node = instance.node.as_ref().and_then(|node| node.name.as_deref());
        self.line(3, "scheduled_to", node.unwrap_or("-"));
        self.line(3, "deploy_rev", text(&instance.deploy_rev));
        self.line(3, "rev", text(&instance.rev));
        self.line(3, "state", text(&instance.state));
        let error = instance.error.as_deref().filter(|error| !error.is_empty());
        self.if_some(3, "error", error);
        self.title(3, "containers:");
        for container in containers.iter().filter(|container| container.instance_number == number) {
            self.container(container);
        }
    }

    /// Why instances have no node; nothing where the last decision gave each one.
    fn placement(&mut self, explanation: &Explanation) {
        let hindrances = hindrances(explanation);
        if !hindrances.is_empty() {
            self.line(1, "placement", &explanation.reason);
            for hindrance in hindrances {
                let _ = writeln!(self.0, "    - {hindrance}");
            }
        }
    }

    fn container(&mut self, container: &Container) {
        let title = format!("{} (on {}):", text(&container.name), node_name(container));
        self.title(4, &title);
        self.line(5, "dns", dns(container));
        self.line(5, "ip", text(&container.ip_address));
        self.line(5, "public ip", public_ip(container));
        if let Some(health) = &container.health_status {
            let since = health.updated_at.as_deref();
            let age = since.and_then(|at| seconds_since(at, clock::now())).unwrap_or(0);
            self.line(5, "health", format!("{} ({age}s ago)", text(&health.status)));
        }
        self.line(5, "status", text(&container.status));
        if let Some(state) = &container.state {
            let reason = state.error.as_deref().filter(|reason| !reason.is_empty());
            self.if_some(5, "reason", reason);
            self.if_some(5, "exit code", state.exit_code.filter(|code| *code != 0));
        }
    }
}
