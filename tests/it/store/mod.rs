//! The store: one suite that both backends must pass. Here on SQLite; `tests/system` runs the same suite on
//! Postgres.

pub mod suite;

use kontena_store::{DatabaseUrl, Options, Store};

fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("k.db").to_string_lossy().into_owned());
    let store = Store::open(&url, Options::default()).expect("opens");
    (folder, store)
}

#[tokio::test]
async fn sqlite_passes_the_suite() {
    let (_folder, store) = open();
    suite::run(&store).await;
}

#[tokio::test]
async fn a_second_start_finds_what_was_acknowledged() {
    let (folder, store) = open();
    let grid = suite::grid(&store, "kept").await;
    let url = store.url().clone();
    // Not closed in an orderly way: what was acknowledged is on disk.
    std::mem::forget(store);
    let again = Store::open(&url, Options::default()).expect("opens again");
    let found = again.read(|conn| kontena_store::grids::by_name(conn, "kept")).await;
    assert_eq!(found.expect("reads").map(|grid| grid.id), Some(grid.id));
    drop(folder);
}

#[tokio::test]
async fn a_backup_is_a_database_of_its_own() {
    let (folder, store) = open();
    suite::grid(&store, "saved").await;
    let copy = folder.path().join("copy.db");
    Store::backup(store.url(), &copy).expect("copies");
    let url = DatabaseUrl::Sqlite(copy.to_string_lossy().into_owned());
    let copy = Store::open(&url, Options::default()).expect("opens");
    let found = copy.read(|conn| kontena_store::grids::by_name(conn, "saved")).await;
    assert!(found.expect("reads").is_some());
}

#[test]
fn an_unreachable_postgres_is_named_without_its_password() {
    let url: DatabaseUrl = "postgres://k:s3cret@127.0.0.1:1/k".parse().expect("a URL");
    let error = Store::open(&url, Options::default()).err().expect("nothing listens there");
    assert!(error.is_unavailable());
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");
}
