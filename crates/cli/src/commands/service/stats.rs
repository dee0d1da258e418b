//! `kontena service stats`: what the containers of a service use.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::api::lenient::decimal;
use crate::args::service::ServiceStats;
use crate::clock;
use crate::commands::{document, text};
use crate::failure::Failure;
use crate::output::{pad, short_size};
use crate::session::Session;

const REDRAW: Duration = Duration::from_secs(2);
const UNKNOWN: &str = "N/A";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sample {
    container_id: Option<String>,
    cpu: Option<Cpu>,
    memory: Option<Memory>,
    network: Option<Network>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cpu {
    #[serde(deserialize_with = "decimal")]
    usage: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Memory {
    #[serde(deserialize_with = "decimal")]
    usage: Option<f64>,
    #[serde(deserialize_with = "decimal")]
    limit: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Network {
    internal: Option<Traffic>,
    external: Option<Traffic>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Traffic {
    #[serde(deserialize_with = "decimal")]
    rx_bytes: Option<f64>,
    #[serde(deserialize_with = "decimal")]
    tx_bytes: Option<f64>,
}

/// Shows the last samples, once or every two seconds.
pub(super) fn run(session: &Session<'_>, args: &ServiceStats) -> Result<(), Failure> {
    let path = format!("{}/stats", super::service_path(session, &args.name)?);
    let client = session.client()?;
    let stack = args.name.split('/').next().unwrap_or_default();
    loop {
        let answer: Value = client.get(&path)?;
        let samples: Vec<Sample> = document::views(document::items(&answer, "stats"), &path)?;
        let page = render(&samples, stack);
        if !args.tail {
            return Ok(session.console.text(&page)?);
        }
        session.console.page(&page)?;
        clock::pause(REDRAW);
    }
}

fn render(samples: &[Sample], stack: &str) -> String {
    let titles = ["INSTANCE", "CPU %", "MEM USAGE/LIMIT", "MEM %", "NET I/O"].map(str::to_owned);
    let rows = samples.iter().map(|sample| cells(sample, stack));
    std::iter::once(titles).chain(rows).map(|cells| row(&cells)).collect()
}

fn row([instance, cpu, memory, share, traffic]: &[String; 5]) -> String {
    let instance: String = instance.chars().take(30).collect();
    format!(
        "{} {} {} {} {}\n",
        pad(&instance, 30),
        pad(cpu, 15),
        pad(memory, 20),
        pad(share, 15),
        pad(traffic, 15)
    )
}

fn cells(sample: &Sample, stack: &str) -> [String; 5] {
    let name = text(&sample.container_id);
    let instance = name.strip_prefix(&format!("{stack}-")).unwrap_or(name);
    let percent = |share: Option<f64>| {
        share.map_or_else(|| UNKNOWN.to_owned(), |share| format!("{share:.2}%"))
    };
    let size = |bytes: Option<f64>| bytes.map_or_else(|| UNKNOWN.to_owned(), short_size);
    let cpu = sample.cpu.as_ref().and_then(|cpu| cpu.usage);
    let usage = sample.memory.as_ref().and_then(|memory| memory.usage);
    let limit = sample.memory.as_ref().and_then(|memory| memory.limit).filter(is_limit);
    let share = usage.zip(limit).map(|(usage, limit)| usage / limit * 100.0);
    let memory = match usage {
        Some(_) => format!("{} / {}", size(usage), size(limit)),
        None => UNKNOWN.to_owned(),
    };
    [instance.to_owned(), percent(cpu), memory, percent(share), traffic(sample.network.as_ref())]
}

/// Engines report the largest number they know where there is no limit.
fn is_limit(limit: &f64) -> bool {
    (1.0..9e18).contains(limit)
}

fn traffic(network: Option<&Network>) -> String {
    let Some(network) = network else { return UNKNOWN.to_owned() };
    let sum = |bytes: fn(&Traffic) -> Option<f64>| {
        let parts = [&network.internal, &network.external];
        parts.into_iter().flatten().filter_map(bytes).reduce(|one, other| one + other)
    };
    match (sum(|part| part.rx_bytes), sum(|part| part.tx_bytes)) {
        (None, None) => UNKNOWN.to_owned(),
        (received, sent) => {
            let size = |bytes: Option<f64>| short_size(bytes.unwrap_or(0.0));
            format!("{}/{}", size(received), size(sent))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(sample: Value) -> [String; 5] {
        cells(&serde_json::from_value(sample).unwrap(), "web")
    }

    #[test]
    fn values_of_a_sample() {
        let traffic = json!({"internal": {"rx_bytes": 400, "tx_bytes": 2000},
            "external": {"rx_bytes": 600, "tx_bytes": null}});
        let sample = json!({"container_id": "web-app-1", "cpu": {"usage": 1.234},
            "memory": {"usage": 123_456_789, "limit": 268_435_456}, "network": traffic});
        assert_eq!(shown(sample), ["app-1", "1.23%", "123.46M / 268.44M", "45.99%", "1K/2K"]);
    }

    #[test]
    fn what_is_missing_is_not_available() {
        let sample = json!({"container_id": "null-app-1", "cpu": null, "memory": null,
            "network": null});
        assert_eq!(shown(sample), ["null-app-1", "N/A", "N/A", "N/A", "N/A"]);
        for network in [json!({}), json!({"internal": {}, "external": null})] {
            assert_eq!(shown(json!({ "network": network }))[4], "N/A");
        }
        let idle = json!({"network": {"internal": {"rx_bytes": 0, "tx_bytes": 0}}});
        assert_eq!(shown(idle)[4], "0B/0B");
        let unlimited = json!({"memory": {"usage": 1000, "limit": 1.844_674_407_370_955_2e19}});
        assert_eq!(shown(unlimited)[2..4], ["1K / N/A", "N/A"]);
    }

    #[test]
    fn columns_are_fixed() {
        let lines = render(&[], "web");
        assert_eq!(
            lines,
            "INSTANCE                       CPU %           MEM USAGE/LIMIT      MEM %           NET I/O        \n"
        );
    }
}
