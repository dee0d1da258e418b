//! What of the administrators' API takes time, on a paused clock: the handlers themselves, without a socket.

use std::{pin::pin, sync::atomic::Ordering, time::Duration};

use actix_http::Request;
use actix_web::{
    App,
    body::MessageBody,
    dev::{Service, ServiceResponse},
    test::{TestRequest, init_service, read_body_json},
};
use kontena_master::{commands::setup, http::routes, vault::Purpose};
use kontena_protocol::agent::{Message, header};
use kontena_store::{Execution, Options, Store, tokens};
use serde_json::{Value, json};

use crate::support::{RawAgent, TestMaster, raw::headers, story};

/// What a running master serves.
async fn served(
    master: &TestMaster,
) -> impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error> {
    init_service(App::new().configure(routes::configure(master.app.clone()))).await
}

async fn token(master: &TestMaster) -> String {
    let made = setup::create_token(master.means(), "admin".to_owned(), vec![], None).await;
    made.expect("makes").access_token
}

fn get(path: &str, token: &str) -> Request {
    let bearer = ("Authorization", format!("Bearer {token}"));
    TestRequest::get().uri(path).insert_header(bearer).to_request()
}

#[test]
fn case_67_an_agent_that_says_nothing_is_waited_for_ten_seconds() {
    story(async {
        let master = TestMaster::start().await;
        let (_, grid_token) = master.grid("test").await;
        let mut dialled = headers(&master);
        dialled.push((header::GRID_TOKEN, grid_token));
        let agent = RawAgent::connect(master.registry(), &dialled);
        agent.accepted().await;
        let (app, token) = (served(&master).await, token(&master).await);

        let asked = kontena_master::clock::instant();
        let answer = app.call(get("/v1/nodes/test/node-1/health", &token)).await.expect("answers");
        let waited = asked.elapsed();
        assert_eq!(answer.status(), 422);
        let body: Value = read_body_json(answer).await;
        assert_eq!(body, json!({ "error": { "etcd_health": "Connection timeout (10s)" } }));
        let allowed = Duration::from_secs(10)..Duration::from_millis(10_500);
        assert!(allowed.contains(&waited), "{waited:?}");
        let is_question = |message: &Message| matches!(message, Message::Request { method, .. } if method == "/etcd/health");
        assert_eq!(agent.messages().iter().filter(|message| is_question(message)).count(), 1);
    });
}

#[test]
fn a_token_that_another_program_takes_away_opens_nothing_a_second_later() {
    story(async {
        let master = TestMaster::start().await;
        let (app, token) = (served(&master).await, token(&master).await);
        let status = async || {
            let answer = app.call(get("/v1/user", &token)).await;
            answer.map_or_else(|error| error.as_response_error().status_code(), |a| a.status())
        };
        assert_eq!(status().await, 200);
        // Behind the running master: what it has committed itself says nothing of it.
        let options = Options { readers: 1, execution: Execution::BlockingPool };
        let beside = Store::open(master.means().store.url(), options).expect("opens");
        let hash = master.means().vault.hash(Purpose::Access, &token);
        let removed = beside.write(move |tx| {
            let found = tokens::bearer(tx.conn(), &hash)?.expect("the token");
            tokens::remove(tx.conn(), found.id)
        });
        assert!(removed.await.expect("removes"));
        let commits = master.means().store.commits();
        // Its owner never pauses.
        for _ in 0..12 {
            status().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(master.means().store.commits(), commits, "nothing else has it look again");
        assert_eq!(status().await, 403);
    });
}

#[test]
fn case_95_an_idle_stream_shows_that_it_lives_and_breaks_when_the_master_stops() {
    story(async {
        let master = TestMaster::start().await;
        master.grid("test").await;
        let (app, token) = (served(&master).await, token(&master).await);
        for path in ["container_logs", "event_logs"] {
            let path = format!("/v1/grids/test/{path}?follow=1&from=999999");
            let answer = app.call(get(&path, &token)).await.expect("answers");
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.headers().get("content-type").expect("a type"), "application/json");
            let mut body = pin!(answer.into_body());
            let mut chunk = async || {
                let chunk = std::future::poll_fn(|cx| body.as_mut().poll_next(cx)).await;
                chunk.expect("never ends by itself").map_err(|error| error.into().to_string())
            };
            for _ in 0..3 {
                let since = kontena_master::clock::instant();
                assert_eq!(chunk().await.expect("lives"), " ");
                assert!(since.elapsed() < Duration::from_secs(30), "stock clients have given up");
            }
            master.app.ready.store(false, Ordering::Release);
            assert!(chunk().await.is_err(), "an orderly end would read like one of the log");
            master.app.ready.store(true, Ordering::Release);
        }
    });
}
