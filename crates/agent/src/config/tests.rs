//! Where a setting comes from, and what is said about one that cannot be used.

use std::collections::HashMap;

use super::{args::*, *};

fn args(flags: &[&str]) -> Args {
    let program = std::iter::once("kontena-agent").chain(flags.iter().copied());
    Args::read(program.map(Into::into)).unwrap_or_else(|(text, _)| panic!("{text}"))
}

fn settings(flags: &[&str], environment: &[(&str, &str)], file: &str) -> Settings {
    let environment: HashMap<_, _> = environment.iter().copied().collect();
    let lookup = |name: &str| environment.get(name).map(|value| (*value).to_owned());
    args(flags).settings_with(lookup, &env_file::parse(file)).expect("usable settings")
}

fn refused(flags: &[&str], environment: &[(&str, &str)]) -> String {
    let environment: HashMap<_, _> = environment.iter().copied().collect();
    let lookup = |name: &str| environment.get(name).map(|value| (*value).to_owned());
    match args(flags).settings_with(lookup, &HashMap::new()) {
        Err(error) => error.to_string(),
        Ok(settings) => settings.agent.expect_err("a refusal").to_string(),
    }
}

const FILE: &str = "\
# provisioned
KONTENA_URI=ws://file:1/
export KONTENA_TOKEN=\"from the file\"
KONTENA_TOKEN='file-token'
KONTENA_PEER_INTERFACE=ens9

nonsense
";

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let agent = settings(&[], &[], FILE).agent.expect("complete");
    assert_eq!(agent.uri.to_string(), "ws://file:1/");
    assert_eq!(agent.token, Token::Grid("file-token".into()));
    let environment = [("KONTENA_URI", "ws://environment:1/")];
    let agent = settings(&[], &environment, FILE).agent.expect("complete");
    assert_eq!(agent.uri.to_string(), "ws://environment:1/");
    let flags = ["--uri", "http://flag:1", "--private-ip", "10.0.0.1"];
    let agent = settings(&flags, &environment, FILE).agent.expect("complete");
    assert_eq!(agent.uri.to_string(), "ws://flag:1/");
    assert_eq!(agent.private_ip.as_deref(), Some("10.0.0.1"));
    assert_eq!(agent.websocket_timeout, WEBSOCKET_TIMEOUT);
}

#[test]
fn the_node_token_wins_unless_it_is_empty() {
    let base = [("KONTENA_URI", "ws://m"), ("KONTENA_TOKEN", "grid")];
    let with = |token| [base.as_slice(), &[("KONTENA_NODE_TOKEN", token)]].concat();
    let agent = settings(&[], &with("node"), "").agent.expect("complete");
    assert_eq!(agent.token, Token::Node("node".into()));
    let agent = settings(&[], &with(""), "").agent.expect("complete");
    assert_eq!(agent.token, Token::Grid("grid".into()));
}

#[test]
fn certificates_are_verified_for_any_value_but_an_empty_one() {
    let base = ["--uri", "wss://m", "--token", "t"];
    let verify = |flags: &[&str], environment: &[(&str, &str)]| {
        let agent = settings(&[&base, flags].concat(), environment, "").agent;
        agent.expect("complete").tls.verify
    };
    assert!(!verify(&[], &[]));
    assert!(!verify(&[], &[("KONTENA_SSL_VERIFY", "")]));
    assert!(verify(&[], &[("KONTENA_SSL_VERIFY", "false")]));
    assert!(verify(&["--ssl-verify"], &[]));
}

#[test]
fn what_cannot_be_used_is_named_in_one_line_without_secrets() {
    let uri = ("KONTENA_URI", "ws://m");
    let token = ("KONTENA_TOKEN", "t");
    for (environment, says) in [
        (vec![token], "KONTENA_URI (--uri): is required"),
        (vec![("KONTENA_URI", "ftp://user:hunter2@m"), token], "must begin with ws://"),
        (vec![uri], "KONTENA_TOKEN (--token) or KONTENA_NODE_TOKEN"),
        (vec![uri, ("KONTENA_TOKEN", "hunter2 ")], "without blanks"),
        (vec![uri, token, ("KONTENA_NODE_ID", "AAAA")], "Invalid KONTENA_NODE_ID: AAAA; takes 12"),
        (vec![uri, token, ("KONTENA_NODE_NAME", "")], "Invalid KONTENA_NODE_NAME"),
        (vec![uri, token, ("WEBSOCKET_TIMEOUT", "soon")], "WEBSOCKET_TIMEOUT"),
        (vec![("LOG_LEVEL", "loud")], "LOG_LEVEL"),
        (vec![("KONTENA_RUNTIME", "podman")], "takes docker or simulated"),
    ] {
        let text = refused(&[], &environment);
        assert!(text.contains(says), "{text}");
        assert!(!text.contains("hunter2") && !text.contains('\n'), "{text}");
    }
}

#[test]
fn log_levels_are_kontenas_numbers_or_filters() {
    for (value, filter) in [("0", "debug"), ("1", "info"), ("4", "error"), ("warn", "warn")] {
        assert_eq!(settings(&[], &[("LOG_LEVEL", value)], "").log, filter);
    }
    let both = [("RUST_LOG", "kontena_agent=trace"), ("LOG_LEVEL", "3")];
    assert_eq!(settings(&[], &both, "").log, "kontena_agent=trace");
    assert_eq!(settings(&["--log", "off"], &both, "").log, "off");
}

#[test]
fn usage_errors_are_one_line() {
    let read = |flag: &str| Args::read(["kontena-agent", flag].map(Into::into));
    let (text, code) = read("--nope").err().expect("a usage error");
    assert_eq!(code, 2);
    assert!(text.contains("--nope") && !text.contains('\n'), "{text}");
    for flag in ["--help", "--version"] {
        assert_eq!(read(flag).err().map(|(_, code)| code), Some(0));
    }
    command().debug_assert();
}
