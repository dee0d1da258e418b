//! `kontena grid cloud-config`: a cloud-init document for machines with systemd and Docker.

use std::fmt::Write as _;

use crate::api::websocket_uri;
use crate::args::grid::CloudConfig;
use crate::commands::text;
use crate::failure::Failure;
use crate::session::Session;

/// Prints the document; a pattern for interfaces that nobody gave is a guess, and is said to be one.
pub(super) fn run(session: &Session<'_>, args: &CloudConfig) -> Result<(), Failure> {
    let (grid, _) = super::find(session, &args.name)?.known()?;
    if args.default_interface_match.is_none() {
        session.console.warn(format!(
            "The match for network interfaces is guessed from --peer-interface. \
             Use --default-interface-match if {} is not right",
            guess(&args.peer_interface)
        ));
    }
    let uri = websocket_uri(&session.master()?.url);
    Ok(session.console.text(&render(args, &uri, text(&grid.token)))?)
}

/// `eth1` belongs to a family of names.
fn guess(interface: &str) -> String {
    format!("{}*", interface.trim_end_matches(|letter: char| letter.is_ascii_digit()))
}

fn render(args: &CloudConfig, uri: &str, token: &str) -> String {
    let mut out = String::from("#cloud-config\nwrite_files:\n");
    let env = [
        ("KONTENA_URI", uri),
        ("KONTENA_TOKEN", token),
        ("KONTENA_PEER_INTERFACE", &args.peer_interface),
        ("KONTENA_VERSION", &args.version),
    ]
    .map(|(key, value)| format!("{key}={value}"));
    file(&mut out, "/etc/kontena-agent.env", "0600", &env);
    let matched =
        args.default_interface_match.clone().unwrap_or_else(|| guess(&args.peer_interface));
    let mut network = vec![
        "[Match]".to_owned(),
        format!("Name={matched}"),
        "[Network]".to_owned(),
        "DHCP=yes".to_owned(),
    ];
    network.extend(args.dns.iter().map(|server| format!("DNS={server}")));
    file(&mut out, "/etc/systemd/network/30-kontena.network", "0644", &network);
    let daemon = format!("{{\"bip\": \"{}\"}}", args.docker_bip);
    file(&mut out, "/etc/docker/daemon.json", "0644", &[daemon]);
    let unit = UNIT.map(ToOwned::to_owned);
    file(&mut out, "/etc/systemd/system/kontena-agent.service", "0644", &unit);
    out.push_str("runcmd:\n");
    for command in [
        "[systemctl, daemon-reload]",
        "[systemctl, restart, docker.service]",
        "[systemctl, enable, --now, kontena-agent.service]",
    ] {
        let _ = writeln!(out, "  - {command}");
    }
    out
}

/// The agent in a container of the engine it reports.
const UNIT: [&str; 14] = [
    "[Unit]",
    "Description=Kontena agent",
    "Requires=docker.service",
    "After=docker.service network-online.target",
    "[Service]",
    "EnvironmentFile=/etc/kontena-agent.env",
    "Restart=always",
    "RestartSec=5",
    "ExecStartPre=-/usr/bin/docker rm -f kontena-agent",
    "ExecStart=/usr/bin/docker run --rm --name kontena-agent --net host \
     --env-file /etc/kontena-agent.env -v /var/run/docker.sock:/var/run/docker.sock \
     kontena/agent:${KONTENA_VERSION}",
    "ExecStop=/usr/bin/docker stop kontena-agent",
    "TimeoutStopSec=30",
    "[Install]",
    "WantedBy=multi-user.target",
];

fn file(out: &mut String, path: &str, mode: &str, lines: &[String]) {
    let _ = writeln!(out, "  - path: {path}\n    permissions: \"{mode}\"\n    content: |");
    for line in lines {
        let _ = writeln!(out, "      {line}");
    }
}
