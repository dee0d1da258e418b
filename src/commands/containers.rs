//! Containers: nothing changes them here, but who looked into one is on record.

use kontena_core::domain::{ContainerRecord, Grid, Node};

use super::{CommandError, Means, Subject, audit};
use crate::auth::Caller;

/// Writes down that somebody is about to look into a container, as `event` (`inspect`, `exec`,
/// `exec_interactive`).
///
/// # Errors
/// Where the store fails.
pub async fn looked_into(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    node: &Node,
    container: &ContainerRecord,
    event: &'static str,
) -> Result<(), CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.name.clone());
    let (node, name) = (node.name.clone(), container.name.clone());
    let written = means.store.write(move |tx| {
        let subject = Subject {
            grid: Some(&grid),
            resource_type: "Container",
            name: &name,
            id: format!("{grid}/{node}/{name}"),
            what: String::new(),
        };
        audit(tx, &caller, event, &subject, clock.now())
    });
    Ok(written.await?)
}
