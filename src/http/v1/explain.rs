//! The scheduler explains itself (`operations.md`): the last decision about a service, and what a deploy
//! would do now.

use actix_web::web::{Bytes, Data, Path, Query};
use kontena_core::validate::{FieldErrors, service as validate};
use serde::Deserialize;

use super::{Answer, ok, services::find, view};
use crate::{
    actors::{Tools, scheduler::ReadDecision},
    auth::{Action, Caller},
    commands::services::{self, Horizon},
    http::{App, error::ApiError, extract},
};

/// Which instances are told of.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct Only {
    instance: Option<String>,
}

impl Only {
    fn number(self) -> Result<Option<u32>, ApiError> {
        let text = self.instance.filter(|text| !text.is_empty());
        let number = text.map(|text| text.parse().ok().filter(|number| *number > 0));
        let wrong = || FieldErrors::single("instance", "Instance takes a whole number from 1");
        number.map(|number| number.ok_or_else(|| ApiError::Invalid(wrong()))).transpose()
    }
}

/// `GET …/explain`: why every instance, or the one asked for, is where it is or nowhere.
pub(in crate::http) async fn show(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String, String)>,
    only: Query<Only>,
) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ReadGrid).await?;
    let only = only.into_inner().number()?;
    let asked = app.registry.grid(grid.id).send(ReadDecision { service: service.id });
    let decision = asked.await.map_err(|_| ApiError::Unavailable)?;
    let decision = decision.ok_or(ApiError::NotFound("The service was not looked at yet"))?;
    let horizon = horizon(app.registry.tools());
    let told = services::explain(&app.means, &grid, service.id, horizon, only).await?;
    ok(&view::explanation(&grid, &service, &decision, &told))
}

/// `POST …/plan`: what a deploy would do, with the fields of the body changed; nothing is written.
pub(in crate::http) async fn plan(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String, String)>,
    body: Bytes,
) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ReadGrid).await?;
    let edit = validate::update(&extract::object(&body)?)?;
    let horizon = horizon(app.registry.tools());
    let told = services::plan(&app.means, &grid, service.id, horizon, edit).await?;
    ok(&view::plan(&grid, &service, app.means.clock.now(), &told))
}

fn horizon(tools: &Tools) -> Horizon {
    Horizon {
        graces: tools.rules.graces,
        listening_since: tools.rules.limits.listening_since,
        absences: tools.attendance.absences(),
    }
}
