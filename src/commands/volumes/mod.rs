//! Volumes: create, remove. They exist on nodes once an instance that needs them goes there.

mod create;
mod remove;

pub use create::create;
pub use remove::remove;

use kontena_core::domain::{Grid, Volume};

use super::Subject;

const RESOURCE: &str = "Volume";

fn subject<'a>(grid: &'a Grid, volume: &'a Volume) -> Subject<'a> {
    Subject {
        grid: Some(&grid.name),
        resource_type: RESOURCE,
        name: &volume.name,
        id: format!("{}/{}", grid.name, volume.name),
        what: String::new(),
    }
}
