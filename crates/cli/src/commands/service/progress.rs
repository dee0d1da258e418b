//! What is seen of a deploy while it goes on, on a terminal: a bar, a line per instance, and what it waits for.
//!
//! ```text
//!     *   Deploying service shop/api  1/3 [######------------] core-02 deploying (14s)
//!       ⊛ 1 core-01 deployed
//!       ⊙ 2 core-02 deploying
//!       ⊗ 3 nowhere: 2 of 2 nodes refused: less than 2 GB are free
//! ```

use super::explain::why;
use crate::api::{Client, Deploy, Explanation, InstanceDeploy};
use crate::clock;
use crate::commands::text;
use crate::failure::Failure;
use crate::output::{Console, Ink, Mark, Progress, seconds_since};

const BAR_CELLS: usize = 18;
/// A deploy that has ended by then needs no more than its line.
const LINES_AFTER_SECONDS: i64 = 2;
/// How long an explanation is good.
const EXPLAIN_EVERY_SECONDS: i64 = 5;

/// What is known of a deploy beyond itself.
pub(super) struct View<'a> {
    console: &'a Console,
    explanation: Option<Explanation>,
    explained_at: Option<i64>,
    lines_after: i64,
}

impl<'a> View<'a> {
    /// Knows nothing yet; of a deploy that was left alone before, all is shown at once.
    pub(super) fn new(console: &'a Console, is_resumed: bool) -> Self {
        let lines_after = if is_resumed { 0 } else { LINES_AFTER_SECONDS };
        Self { console, explanation: None, explained_at: None, lines_after }
    }

    /// Asks the scheduler for its reasons, where a deploy has been waiting for a while.
    pub(super) fn explain(
        &mut self,
        client: &Client,
        service: &str,
        deploy: &Deploy,
        waited: i64,
    ) -> Result<(), Failure> {
        let is_due = self.explained_at.is_none_or(|at| waited - at >= EXPLAIN_EVERY_SECONDS);
        if waited < self.lines_after || !is_due || !is_incomplete(deploy) {
            return Ok(());
        }
        self.explained_at = Some(waited);
        self.explanation = match client.get(&format!("{service}/explain")) {
            Ok(explanation) => Some(explanation),
            // Other masters explain nothing, and the deploy goes on without.
            Err(Failure::Http(_)) => None,
            Err(failure) => return Err(failure),
        };
        Ok(())
    }

    /// Shows how far the deploy is.
    pub(super) fn show(&self, progress: &Progress, deploy: &Deploy, waited: i64) {
        progress.detail(detail(deploy, waited));
        if waited >= self.lines_after {
            let explanation = self.explanation.as_ref().filter(|_| is_incomplete(deploy));
            let mark = |mark, ink| self.console.mark_in(mark, ink);
            progress.below(lines(deploy, explanation, mark));
        }
    }
}

/// Tells whether instances are left that nothing is done for yet.
fn is_incomplete(deploy: &Deploy) -> bool {
    let instances = deploy.instance_deploys.as_deref().unwrap_or_default();
    let wanted = usize::try_from(deploy.instance_count.unwrap_or(0)).unwrap_or(0);
    instances.len() < wanted || instances.is_empty()
}

/// `1/3 [######------------] core-02 deploying (14s)`.
fn detail(deploy: &Deploy, waited: i64) -> String {
    let instances = deploy.instance_deploys.as_deref().unwrap_or_default();
    let done = instances.iter().filter(|one| one.state.as_deref() == Some("success")).count();
    let wanted = usize::try_from(deploy.instance_count.unwrap_or(0)).unwrap_or(0);
    let total = wanted.max(instances.len());
    let filled = (done * BAR_CELLS).checked_div(total).unwrap_or(0);
    let bar = format!("{:#<1$}", "", filled);
    let ongoing = instances.iter().find(|one| one.state.as_deref() == Some("ongoing"));
    let what = match (&deploy.reason, ongoing) {
        (Some(reason), _) if !reason.is_empty() => format!("waits: {}", reason.trim()),
        (_, Some(instance)) => format!("{} deploying", text(&instance.node)),
        _ => "queued".to_owned(),
    };
    let age = deploy.created_at.as_deref().and_then(|at| seconds_since(at, clock::now()));
    format!("{done}/{total} [{bar:-<BAR_CELLS$}] {what} ({}s)", age.unwrap_or(waited))
}

/// A line for each instance: those that are being deployed, then those that have no node.
fn lines(
    deploy: &Deploy,
    explanation: Option<&Explanation>,
    mark: impl Fn(Mark, Ink) -> String,
) -> Vec<String> {
    let mut instances: Vec<&InstanceDeploy> = deploy.instance_deploys.iter().flatten().collect();
    instances.sort_by_key(|instance| instance.instance_number);
    let mut lines: Vec<String> = instances.iter().map(|one| line(one, &mark)).collect();
    let is_known =
        |number: u32| instances.iter().any(|one| one.instance_number == Some(i64::from(number)));
    for instance in explanation.iter().flat_map(|explanation| &explanation.instances) {
        if instance.node.is_none() && !is_known(instance.number) {
            let mark = mark(Mark::Bad, Ink::Red);
            lines.push(format!("      {mark} {} nowhere: {}", instance.number, why(instance)));
        }
    }
    lines
}

fn line(instance: &InstanceDeploy, mark: impl Fn(Mark, Ink) -> String) -> String {
    let (mark, state) = match text(&instance.state) {
        "created" => (mark(Mark::Absent, Ink::Dim), "waiting"),
        "ongoing" => (mark(Mark::Fair, Ink::Cyan), "deploying"),
        "success" => (mark(Mark::Good, Ink::Green), "deployed"),
        "error" => (mark(Mark::Bad, Ink::Red), "failed"),
        other => (mark(Mark::Bad, Ink::Dim), other),
    };
    let number = instance.instance_number.unwrap_or_default();
    let node = instance.node.as_deref().unwrap_or("-");
    let error = instance.error.as_deref().filter(|error| !error.is_empty());
    let error = error.map(|error| format!(": {error}")).unwrap_or_default();
    format!("      {mark} {number} {node} {state}{error}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn deploy(value: Value) -> Deploy {
        serde_json::from_value(value).unwrap()
    }

    fn running() -> Deploy {
        deploy(json!({"instance_count": 4, "instance_deploys": [
            {"instance_number": 2, "node": "core-02", "state": "ongoing"},
            {"instance_number": 1, "node": "core-01", "state": "success"},
            {"instance_number": 3, "node": "core-03", "state": "error", "error": "boom"}]}))
    }

    #[test]
    fn progress_says_how_far_and_what_for() {
        assert_eq!(detail(&running(), 14), "1/4 [####--------------] core-02 deploying (14s)");
        let waiting = deploy(json!({"instance_count": 1, "reason": "no node has label a=b"}));
        assert_eq!(
            detail(&waiting, 2),
            "0/1 [------------------] waits: no node has label a=b (2s)"
        );
        assert_eq!(detail(&Deploy::default(), 0), "0/0 [------------------] queued (0s)");
    }

    #[test]
    fn every_instance_has_a_line_with_its_node_and_state() {
        let explanation: Explanation = serde_json::from_value(json!({
        "service": "g/null/s", "decided_at": "t", "trigger": "deploy", "reason": "",
        "instances": [
            {"number": 1, "node": "core-01", "reason": "", "filters": [], "ranks": []},
            {"number": 3, "node": null, "reason": "old", "filters": [], "ranks": []},
            {"number": 4, "node": null, "reason": "nobody is left", "filters": [], "ranks": []},
        ]}))
        .unwrap();
        let mark = |mark: Mark, _| mark.symbol(true).to_string();
        assert_eq!(
            lines(&running(), Some(&explanation), mark),
            [
                "      ⊛ 1 core-01 deployed",
                "      ⊙ 2 core-02 deploying",
                "      ⊗ 3 core-03 failed: boom",
                "      ⊗ 4 nowhere: nobody is left",
            ]
        );
    }
}
