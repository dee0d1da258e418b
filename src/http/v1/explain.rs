//! The scheduler explains itself (`operations.md`): the last decision about a service, and what a deploy
//! would do now.

use actix_web::web::{Data, Path, Query};
use kontena_core::validate::{FieldErrors, service as validate};
use kontena_protocol::api;
use serde::Deserialize;

use super::{Answer, ok, services::find, view};
use crate::{
    actors::{Tools, scheduler::ReadDecision},
    auth::{Action, Caller},
    commands::services::{self, Horizon},
    http::{App, error::ApiError, extract::body::Body},
};

/// Which instances are told of.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Only {
    /// The number of one instance.
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

/// Says why every instance is where it is or nowhere, as of the last decision.
///
/// why every instance, or the one asked for, is where it is or nowhere.
#[utoipa::path(
    get,
    path = "/v1/services/{grid}/{stack}/{service}/explain",
    tag = "services",
    params(Only),
    responses((status = 200, body = api::Explanation)),
)]
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

/// Says what a deploy would do now, with the fields of the body changed; nothing is written.
#[utoipa::path(
    post,
    path = "/v1/services/{grid}/{stack}/{service}/plan",
    tag = "services",
    request_body = api::ServiceUpdate,
    responses((status = 200, body = api::Explanation)),
)]
pub(in crate::http) async fn plan(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String, String)>,
    body: Body,
) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ReadGrid).await?;
    let edit = validate::update(&body.object()?)?;
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
