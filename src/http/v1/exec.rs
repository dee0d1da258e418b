//! Commands in containers: run to their end, or in a session over a websocket; and what runs there.

use std::{rc::Rc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Data, Query},
};
use futures_util::FutureExt;
use kontena_core::{domain::Grid, validate::exec as validate};
use kontena_protocol::{
    agent::{json, method},
    api,
};
use rmpv::Value;
use serde::Deserialize;

use super::{
    Answer,
    containers::{OfNode, find},
};
use crate::{
    actors::{
        grid::{Call, CallFailed, Exec},
        session::{OpenExec, exec_socket, exec_socket::Leave},
    },
    auth::{Action, Caller},
    commands,
    http::{
        App,
        error::ApiError,
        extract::{self, body::Body},
    },
    wire::ExecMode,
};

/// How long a command, or an agent's answer, may take.
const LIMIT: Duration = Duration::from_secs(300);
/// How long an agent may take to begin a session.
const OPEN_LIMIT: Duration = Duration::from_secs(30);

/// How a session is run. A flag counts only as `true`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Flags {
    /// Whether there is input.
    interactive: Option<String>,
    /// Whether the command is run by `/bin/sh -c`.
    shell: Option<String>,
    /// Whether there is a terminal.
    tty: Option<String>,
}

impl Flags {
    fn mode(&self) -> ExecMode {
        let on = |flag: &Option<String>| flag.as_deref() == Some("true");
        ExecMode { interactive: on(&self.interactive), shell: on(&self.shell), tty: on(&self.tty) }
    }
}

/// Runs a command in a container to its end.
#[utoipa::path(
    post,
    path = "/v1/containers/{grid}/{node}/{container}/exec",
    tag = "containers",
    request_body = api::ExecRequest,
    responses((
        status = 200, body = Vec<serde_json::Value>,
        description = "Chunks of output, chunks of errors, exit code.",
    )),
)]
pub(in crate::http) async fn run(
    app: Data<App>,
    caller: Caller,
    path: OfNode,
    body: Body,
) -> Answer {
    let (grid, node, container) = find(&app, &caller, &path, Action::ManageServices).await?;
    let cmd = validate::command(&body.object()?)?;
    commands::containers::looked_into(&app.means, &caller, &grid, &node, &container, "exec")
        .await?;
    let cmd = cmd.into_iter().map(Value::from).collect();
    let id = Value::from(container.container_id.as_str());
    let params = vec![id, Value::Array(cmd), Value::Map(Vec::new())];
    let call = Call { node: node.id, method: method::CONTAINERS_EXEC, params, timeout: LIMIT };
    answered(&app, grid.id, call).await
}

/// Lists the processes of a container.
#[utoipa::path(
    get,
    path = "/v1/containers/{grid}/{node}/{container}/top",
    tag = "containers",
    responses((
        status = 200, body = Vec<serde_json::Value>,
        description = "An object for each process, by the titles of the columns of `ps`.",
    )),
)]
pub(in crate::http) async fn top(app: Data<App>, caller: Caller, path: OfNode) -> Answer {
    let (grid, node, container) = find(&app, &caller, &path, Action::ManageServices).await?;
    let params = vec![Value::from(container.container_id.as_str())];
    let call = Call { node: node.id, method: method::CONTAINERS_TOP, params, timeout: LIMIT };
    answered(&app, grid.id, call).await
}

async fn answered(app: &App, grid: kontena_core::domain::GridId, call: Call) -> Answer {
    match app.registry.grid(grid).send(call).await {
        Ok(Ok(answer)) => Ok(HttpResponse::Ok().json(json::lossy(&answer))),
        Ok(Err(failed)) => Err(refused(failed, LIMIT)),
        Err(_) => Err(ApiError::Unavailable),
    }
}

fn refused(failed: CallFailed, limit: Duration) -> ApiError {
    match failed {
        CallFailed::Refused(error) if error.code == 404 => ApiError::Gone,
        failed => ApiError::agent(failed, limit),
    }
}

/// Runs a command in a container in a session over a websocket.
///
/// Text frames, a JSON object each. First `{"cmd": […]}`, then `{"stdin": text or null}` and `{"tty_size":
/// {"width", "height"}}`; answered with `{"stream", "chunk"}`, at the end `{"exit"}` and close code 1000, or
/// `{"error"}` and 4000.
#[utoipa::path(
    get,
    path = "/v1/containers/{grid}/{node}/{container}/exec",
    tag = "containers",
    params(Flags),
    responses(
        (status = 101, description = "A session has begun."),
        (status = 404, description = "What the path names does not exist, or this is no upgrade."),
    ),
)]
pub(in crate::http) async fn session(
    app: Data<App>,
    caller: Caller,
    path: OfNode,
    flags: Query<Flags>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, actix_web::Error> {
    let (grid, node, container) = find(&app, &caller, &path, Action::ManageServices).await?;
    let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    if upgrade.is_none_or(|value| !value.to_ascii_lowercase().contains("websocket")) {
        return Err(ApiError::Gone.into());
    }
    let improper = |_| ApiError::BadBody("The request is no proper websocket upgrade");
    let upgraded = exec_socket::handshake(&request).map_err(improper)?;
    let mode = flags.mode();
    let event = if mode.interactive { "exec_interactive" } else { "exec" };
    commands::containers::looked_into(&app.means, &caller, &grid, &node, &container, event)
        .await
        .map_err(ApiError::from)?;
    let outflow = app.registry.outflow();
    let open = OpenExec {
        container_id: container.container_id.clone(),
        outflow: outflow.clone(),
        timeout: OPEN_LIMIT,
    };
    match app.registry.grid(grid.id).send(Exec { node: node.id, open }).await {
        Ok(Ok(line)) => {
            let leave = leave(app, caller, grid);
            Ok(exec_socket::serve(upgraded, payload, line, mode, outflow, leave))
        }
        Ok(Err(failed)) => Err(refused(failed, OPEN_LIMIT).into()),
        Err(_) => Err(ApiError::Unavailable.into()),
    }
}

/// A database that is away takes nobody's leave.
fn leave(app: Data<App>, caller: Caller, grid: Grid) -> Leave {
    let beat = app.beat;
    let asked = Rc::new((app, caller, grid));
    let ask = move || {
        let asked = Rc::clone(&asked);
        async move {
            let (app, caller, grid) = &*asked;
            let may = extract::still(app, caller, grid, Action::ManageServices).await;
            matches!(may, Ok(()) | Err(ApiError::Unavailable | ApiError::Internal))
        }
        .boxed_local()
    };
    Leave { ask: Box::new(ask), beat }
}
