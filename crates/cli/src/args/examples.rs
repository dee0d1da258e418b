//! Examples at the foot of the help and of the manual pages.

use clap::Command;

/// By the command's path, aliases left out.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("kontena", &["kontena master login https://master.example.com", "kontena node list"]),
    ("kontena master", &["kontena master login https://master.example.com", "kontena master list"]),
    (
        "kontena master login",
        &[
            "kontena master login --code 1a2b3c4d5e6f --name prod https://master.example.com",
            "kontena master login --token - prod < token.txt",
        ],
    ),
    ("kontena master list", &["kontena master ls", "kontena master ls -o json"]),
    ("kontena master use", &["kontena master use prod", "kontena master use --clear"]),
    ("kontena master current", &["kontena master current --url"]),
    ("kontena master remove", &["kontena master rm lab", "kontena master rm --force lab"]),
    ("kontena master logout", &["kontena master logout", "kontena master logout --all"]),
    ("kontena master join", &["kontena master join https://master.example.com 1a2b3c4d5e6f"]),
    ("kontena master rename", &["kontena master rename kontena-master prod"]),
    ("kontena master token", &["kontena master token list"]),
    ("kontena master token list", &["kontena master token ls"]),
    ("kontena master token create", &["kontena master token create -e 0 -d 'deploy key' --token"]),
    ("kontena master token show", &["kontena master token show 5b01"]),
    ("kontena master token current", &["kontena master token current --expires-in"]),
    ("kontena master token remove", &["kontena master token rm 5b01"]),
    ("kontena master user", &["kontena master user list"]),
    ("kontena master user list", &["kontena master user ls"]),
    ("kontena master user invite", &["kontena master user invite -r grid_admin ann@example.com"]),
    ("kontena master user remove", &["kontena master user rm ann@example.com"]),
    ("kontena master user role", &["kontena master user role add grid_admin ann@example.com"]),
    ("kontena master user role add", &["kontena master user role add grid_admin ann@example.com"]),
    (
        "kontena master user role remove",
        &["kontena master user role rm grid_admin ann@example.com"],
    ),
    ("kontena master config", &["kontena master config export"]),
    ("kontena master config get", &["kontena master config get server.name"]),
    ("kontena master config set", &["kontena master config set server.name=prod"]),
    ("kontena master config unset", &["kontena master config unset server.name"]),
    ("kontena master config export", &["kontena master config export --filter 'server.*' -f yaml"]),
    ("kontena master config import", &["kontena master config import settings.yml"]),
    ("kontena master audit-log", &["kontena master audit-log -l 20"]),
    ("kontena grid", &["kontena grid create --initial-size 3 atlas", "kontena grid use atlas"]),
    ("kontena grid list", &["kontena grid ls", "kontena grid ls --watch"]),
    ("kontena grid show", &["kontena grid show atlas", "kontena grid show --token atlas"]),
    ("kontena grid current", &["kontena grid current --name"]),
    ("kontena grid create", &["kontena grid create --initial-size 3 atlas"]),
    (
        "kontena grid update",
        &["kontena grid update --log-forwarder fluentd --log-opt fluentd-address=10.0.0.9 atlas"],
    ),
    ("kontena grid use", &["kontena grid use atlas"]),
    ("kontena grid remove", &["kontena grid rm atlas"]),
    ("kontena grid env", &["kontena grid env", "kontena grid env -e atlas"]),
    ("kontena grid health", &["kontena grid health"]),
    ("kontena grid audit-log", &["kontena grid audit-log -l 20"]),
    ("kontena grid user", &["kontena grid user add ann@example.com"]),
    ("kontena grid user list", &["kontena grid user ls"]),
    ("kontena grid user add", &["kontena grid user add ann@example.com"]),
    ("kontena grid user remove", &["kontena grid user rm ann@example.com"]),
    ("kontena grid trusted-subnet", &["kontena grid trusted-subnet list"]),
    ("kontena grid trusted-subnet list", &["kontena grid trusted-subnet ls"]),
    ("kontena grid trusted-subnet add", &["kontena grid trusted-subnet add 10.0.4.0/24"]),
    ("kontena grid trusted-subnet remove", &["kontena grid trusted-subnet rm 10.0.4.0/24"]),
    ("kontena grid cloud-config", &["kontena grid cloud-config atlas > user-data.yml"]),
    ("kontena node", &["kontena node list", "kontena node show core-01"]),
    (
        "kontena node list",
        &["kontena node ls -o wide", "kontena node ls --all -q", "kontena node ls --watch"],
    ),
    ("kontena node show", &["kontena node show core-01"]),
    ("kontena node health", &["kontena node health core-01"]),
    ("kontena node create", &["kontena node create -l az=a1 core-03"]),
    ("kontena node env", &["kontena node env core-03 > /etc/kontena-agent.env"]),
    ("kontena node update", &["kontena node update -l az=a1 -l disk=ssd core-01"]),
    ("kontena node drain", &["kontena node drain --wait --timeout 10m core-01"]),
    ("kontena node activate", &["kontena node activate core-01"]),
    ("kontena node wait", &["kontena node wait --for online core-03"]),
    (
        "kontena node reset",
        &["kontena node reset core-03", "kontena node reset --clear-token core-03"],
    ),
    ("kontena node remove", &["kontena node rm core-03", "kontena node rm --force core-03"]),
    ("kontena node label", &["kontena node label add core-01 disk=ssd"]),
    ("kontena node label list", &["kontena node label ls core-01"]),
    ("kontena node label add", &["kontena node label add core-01 disk=ssd"]),
    ("kontena node label remove", &["kontena node label rm core-01 disk=ssd"]),
    ("kontena node ssh", &["kontena node ssh core-01", "kontena node ssh --any -- docker ps -a"]),
    ("kontena whoami", &["kontena whoami"]),
    ("kontena version", &["kontena version --cli"]),
    (
        "kontena completion",
        &[
            "kontena completion bash > /etc/bash_completion.d/kontena",
            "source <(kontena completion zsh)",
        ],
    ),
    (
        "kontena grid logs",
        &["kontena grid logs -f", "kontena grid logs --since 10m --node core-01"],
    ),
    ("kontena grid events", &["kontena grid events -n 20"]),
    (
        "kontena service deploy",
        &["kontena service deploy redis", "kontena service deploy --no-wait redis"],
    ),
    ("kontena service scale", &["kontena service scale --timeout 30m redis 5"]),
    (
        "kontena service logs",
        &["kontena service logs -f redis", "kontena service logs -i 2 shop/api"],
    ),
    ("kontena service events", &["kontena service events -f redis"]),
    ("kontena service stats", &["kontena service stats --tail redis"]),
    ("kontena service monitor", &["kontena service monitor redis"]),
    (
        "kontena service exec",
        &["kontena service exec -it redis sh", "kontena service exec --all redis -- ls -la"],
    ),
    ("kontena service env list", &["kontena service env ls redis"]),
    ("kontena service env add", &["kontena service env add redis KEY=VALUE"]),
    ("kontena service env remove", &["kontena service env rm redis KEY"]),
    ("kontena service link", &["kontena service link web db"]),
    ("kontena service unlink", &["kontena service unlink web db"]),
    ("kontena service secret link", &["kontena service secret link db DB_PASSWORD:PGPASSWORD:env"]),
    (
        "kontena service secret unlink",
        &["kontena service secret unlink db DB_PASSWORD:PGPASSWORD:env"],
    ),
    ("kontena vault list", &["kontena vault ls"]),
    (
        "kontena vault write",
        &["kontena vault write DB_PASSWORD", "kontena vault write KEY < key.pem"],
    ),
    ("kontena vault update", &["kontena vault update --upsert DB_PASSWORD"]),
    ("kontena vault read", &["kontena vault read --value DB_PASSWORD"]),
    ("kontena vault remove", &["kontena vault rm DB_PASSWORD"]),
    ("kontena vault export", &["kontena vault export > secrets.yml"]),
    ("kontena vault import", &["kontena vault import secrets.yml"]),
    ("kontena volume list", &["kontena volume ls"]),
    ("kontena volume show", &["kontena volume show data"]),
    ("kontena volume create", &["kontena volume create --driver local --scope instance data"]),
    ("kontena volume remove", &["kontena volume rm data"]),
    ("kontena container list", &["kontena container ls --all"]),
    ("kontena container inspect", &["kontena container inspect core-01/redis-1"]),
    ("kontena container logs", &["kontena container logs -f core-01/redis-1"]),
    ("kontena container exec", &["kontena container exec -it core-01/redis-1 sh"]),
    ("kontena external-registry list", &["kontena external-registry ls"]),
    (
        "kontena external-registry add",
        &["kontena external-registry add -u ann -p secret reg.example.com"],
    ),
    ("kontena external-registry remove", &["kontena external-registry rm reg.example.com"]),
    ("kontena events", &["kontena events --follow"]),
    ("kontena complete", &["kontena complete kontena grid use"]),
    ("kontena man", &["kontena man /usr/local/share/man/man1"]),
];

/// Returns the examples of a command.
pub(super) fn of(command: &Command) -> &'static [&'static str] {
    let path = command.get_bin_name().unwrap_or("kontena");
    let found = EXAMPLES.iter().find(|(known, _)| *known == path);
    found.map(|(_, examples)| *examples).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::super::{Invocation, parse, tree};
    use super::*;
    use crate::config::Environment;

    fn visit(command: &Command, each: &mut impl FnMut(&Command)) {
        each(command);
        command.get_subcommands().for_each(|sub| visit(sub, each));
    }

    #[test]
    fn commands_of_nodes_grids_and_masters_have_examples() {
        visit(&tree(), &mut |command| {
            let path = command.get_bin_name().unwrap_or("kontena").to_owned();
            let owed = ["node", "grid", "master"].iter().any(|group| path.contains(group));
            assert!(
                !owed
                    || !of(command).is_empty()
                    || path.contains("logs")
                    || path.contains("events"),
                "{path}"
            );
        });
    }

    #[test]
    fn examples_can_be_run() {
        for (_, examples) in EXAMPLES {
            for example in *examples {
                let line = example.split(['<', '>']).next().unwrap_or_default();
                let words =
                    line.split_whitespace().map(|word| OsString::from(word.trim_matches('\'')));
                let parsed = parse(words, &Environment::default()).invocation;
                let runs = matches!(parsed, Invocation::Run(_));
                // A quoted text of two words is two words here.
                assert!(
                    runs || example.contains("source") || example.contains("'deploy key'"),
                    "{example}: {parsed:?}"
                );
            }
        }
    }
}
