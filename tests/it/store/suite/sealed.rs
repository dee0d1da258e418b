//! Secrets and registries: by name within their grid, and gone with it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use kontena_core::domain::{Grid, RegistryId, SecretId};
use kontena_store::{
    Store,
    registries::{self, Registry},
    secrets::{self, Secret},
};

use super::{grid, moment, now};

pub async fn run(store: &Store) {
    secrets_are_their_grids(store).await;
    registries_are_their_grids(store).await;
}

fn secret(grid: &Grid, name: &str) -> Secret {
    Secret {
        id: SecretId::from_bytes(moment(&format!("{}/{name}", grid.name)).id()),
        grid: grid.id,
        name: name.to_owned(),
        value_sealed: format!("sealed {name} of {}", grid.name),
        created_at: now(),
        updated_at: now(),
    }
}

async fn secrets_are_their_grids(store: &Store) {
    let (grid, elsewhere) =
        (grid(store, "sealed-secrets").await, grid(store, "sealed-secrets-2").await);
    let made: Vec<Secret> = ["b", "A", "a"].map(|name| secret(&grid, name)).into();
    let other = secret(&elsewhere, "a");
    for secret in made.iter().chain([&other]) {
        let secret = secret.clone();
        let created = store.write(move |tx| secrets::create(tx.conn(), &secret)).await;
        created.expect("creates");
    }
    let of_grid = async |id| store.read(move |conn| secrets::of_grid(conn, id)).await;
    let found = of_grid(grid.id).await.expect("reads");
    let names: BTreeSet<&str> = found.iter().map(|secret| secret.name.as_str()).collect();
    assert_eq!((found.len(), names), (3, BTreeSet::from(["A", "a", "b"])), "case counts");
    assert_eq!(of_grid(elsewhere.id).await.expect("reads"), [other]);
    let id = grid.id;
    let names = store.read(move |conn| secrets::names(conn, id)).await.expect("reads");
    assert_eq!(names, ["A", "a", "b"].map(str::to_owned).into());
    let twice = secret(&grid, "a");
    let twice = Secret { id: SecretId::from_bytes([0x5e; 12]), ..twice };
    assert!(store.write(move |tx| secrets::create(tx.conn(), &twice)).await.is_err());

    let sealed = async |wanted: &'static [&'static str]| {
        let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
        store.read(move |conn| secrets::sealed(conn, id, &wanted)).await.expect("reads")
    };
    assert_eq!(sealed(&[]).await, BTreeMap::new());
    let expected = BTreeMap::from([("a".to_owned(), "sealed a of sealed-secrets".to_owned())]);
    assert_eq!(sealed(&["a", "nope"]).await, expected);

    let by_name = async |name: &'static str| {
        store.read(move |conn| secrets::by_name(conn, id, name)).await.expect("reads")
    };
    let (first, at) = (made[0].clone(), now() + TimeDelta::seconds(9));
    let secret_id = first.id;
    let changed = store.write(move |tx| secrets::change(tx.conn(), secret_id, "again", at)).await;
    changed.expect("changes");
    let expected = Secret { value_sealed: "again".to_owned(), updated_at: at, ..first };
    assert_eq!(by_name("b").await, Some(expected));
    store.write(move |tx| secrets::remove(tx.conn(), secret_id)).await.expect("removes");
    assert_eq!(by_name("b").await, None);
    assert_eq!(by_name("a").await.map(|secret| secret.id), Some(made[2].id));
}

async fn registries_are_their_grids(store: &Store) {
    let (grid, elsewhere) =
        (grid(store, "sealed-images").await, grid(store, "sealed-images-2").await);
    let registry = |grid: &Grid, name: &str, email: Option<&str>| Registry {
        id: RegistryId::from_bytes(moment(&format!("{}/{name}", grid.name)).id()),
        grid: grid.id,
        name: name.to_owned(),
        url: format!("https://{name}/"),
        username: "u".to_owned(),
        password_sealed: "sealed".to_owned(),
        email: email.map(str::to_owned),
        created_at: now(),
    };
    let made = [registry(&grid, "r.io:5000", Some("a@x.io")), registry(&grid, "a.io", None)];
    let other = registry(&elsewhere, "r.io:5000", None);
    for registry in made.iter().chain([&other]) {
        let registry = registry.clone();
        let created = store.write(move |tx| registries::create(tx.conn(), &registry)).await;
        created.expect("creates");
    }
    let of_grid = async |id| store.read(move |conn| registries::of_grid(conn, id)).await;
    let [first, second] = made;
    let by_order = [second.clone(), first.clone()];
    assert_eq!(of_grid(grid.id).await.expect("reads"), by_order, "by name");
    let twice = Registry { id: RegistryId::from_bytes([0x7e; 12]), ..first.clone() };
    assert!(store.write(move |tx| registries::create(tx.conn(), &twice)).await.is_err());
    let id = grid.id;
    let by_name = async |name: &'static str| {
        store.read(move |conn| registries::by_name(conn, id, name)).await.expect("reads")
    };
    assert_eq!(by_name("r.io:5000").await, Some(first.clone()));
    assert_eq!(by_name("r.io").await, None);
    let gone = first.id;
    store.write(move |tx| registries::remove(tx.conn(), gone)).await.expect("removes");
    assert_eq!(of_grid(grid.id).await.expect("reads"), [second]);
    assert_eq!(of_grid(elsewhere.id).await.expect("reads"), [other]);
}
