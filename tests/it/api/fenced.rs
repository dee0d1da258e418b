//! What a master says once another one has taken over, until it has stopped.

use kontena_store::{Options, Store};
use serde_json::json;

use crate::conformance::server::{Answer, Server};

fn get(server: &Server, path: &str) -> Answer {
    server.raw("GET", path, &[], "")
}

#[test]
fn a_master_that_another_has_taken_over_from_says_only_that_it_lives() {
    let server = Server::start();
    let token = server.log_in();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let url = server.database_url().parse().expect("a URL");
    let other = Store::open(&url, Options::default()).expect("opens");
    runtime.block_on(other.claim("the other")).expect("claims");

    let created = server.call("POST", "/v1/grids", &token, Some(&json!({ "name": "late" })));
    assert_eq!(created.status, 503, "{}", created.body);
    assert!(created.head.contains("retry-after: 1\r\n"), "{}", created.head);
    for path in ["/", "/readyz", "/metrics", "/v1/ping", "/v1/nowhere"] {
        let answer = get(&server, path);
        assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        assert!(answer.head.contains("retry-after: 1\r\n"), "{path}: {}", answer.head);
    }
    let listed = server.call("GET", "/v1/grids", &token, None);
    assert_eq!(listed.status, 503, "is the other one's to answer: {}", listed.body);
    for path in ["/ping", "/healthz"] {
        assert_eq!(get(&server, path).status, 200, "{path}");
    }
    let names = runtime.block_on(other.read(kontena_store::grids::all)).expect("reads");
    assert!(names.is_empty());
}
