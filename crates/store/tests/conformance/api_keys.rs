use domain::permission::Grants;
use store::{KeyOwner, NewApiKey, StoreError};

use crate::fixture::{Fixture, NOW};

crate::on_both!(
    found_by_hash,
    revoked_for_good,
    touched_in_batches,
    named_once,
    no_more_than_the_limit,
    of_the_account
);

const MANY: u32 = 50;

fn new_key(id: &str) -> NewApiKey {
    NewApiKey {
        name: format!("backend {id}"),
        hash: format!("hash-{id}"),
        prefix: "sb_dev_ab".to_owned(),
        grants: Grants::new(vec!["environment:proxy".to_owned()]),
    }
}

async fn found_by_hash(f: Fixture) {
    let id = f.store.insert_api_key(f.scope, new_key("k1"), MANY, NOW).await.unwrap();
    let found = f.store.find_api_key("hash-k1").await.unwrap().unwrap();
    assert_eq!((found.id, found.owner), (id, f.scope.into()));
    assert!(found.grants.allow("environment:proxy") && found.revoked_at_ms.is_none());
    assert!(f.store.find_api_key("hash-k2").await.unwrap().is_none());
    let same_key = NewApiKey { name: "another".to_owned(), ..new_key("k1") };
    let error = f.store.insert_api_key(f.scope, same_key, MANY, NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate(_)), "{error}");
}

async fn revoked_for_good(f: Fixture) {
    let id = f.store.insert_api_key(f.scope, new_key("k1"), MANY, NOW).await.unwrap();
    let elsewhere = f.other_scope().await;
    let error = f.store.revoke_api_key(elsewhere, id, NOW + 1).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("API key"));
    f.store.revoke_api_key(f.scope, id, NOW + 1).await.unwrap();
    f.store.revoke_api_key(f.scope, id, NOW + 2).await.unwrap();
    let found = f.store.find_api_key("hash-k1").await.unwrap().unwrap();
    assert_eq!(found.revoked_at_ms, Some(NOW + 1));
}

async fn touched_in_batches(f: Fixture) {
    let mut ids = Vec::new();
    for id in ["k1", "k2"] {
        ids.push(f.store.insert_api_key(f.scope, new_key(id), MANY, NOW).await.unwrap());
    }
    f.store.touch_api_keys(vec![(ids[0], NOW + 5), (ids[1], NOW + 6)]).await.unwrap();
    f.store.touch_api_keys(vec![(ids[0], NOW + 1)]).await.unwrap();
    let used: Vec<_> = f.store.api_keys(f.scope).await.unwrap().iter().map(|k| k.last_used_at_ms).collect();
    assert_eq!(used, [Some(NOW + 5), Some(NOW + 6)]);
}

async fn named_once(f: Fixture) {
    let id = f.store.insert_api_key(f.scope, new_key("k1"), MANY, NOW).await.unwrap();
    let again = NewApiKey { hash: "hash-other".to_owned(), ..new_key("k1") };
    let error = f.store.insert_api_key(f.scope, again.clone(), MANY, NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate(_)), "{error}");
    f.store.insert_api_key(f.other_scope().await, again.clone(), MANY, NOW).await.unwrap();
    f.store.revoke_api_key(f.scope, id, NOW).await.unwrap();
    let third = NewApiKey { hash: "hash-third".to_owned(), ..again };
    f.store.insert_api_key(f.scope, third, MANY, NOW).await.expect("a revoked key's name is free");
}

async fn no_more_than_the_limit(f: Fixture) {
    let first = f.store.insert_api_key(f.scope, new_key("k1"), 2, NOW).await.unwrap();
    f.store.insert_api_key(f.scope, new_key("k2"), 2, NOW).await.unwrap();
    let error = f.store.insert_api_key(f.scope, new_key("k3"), 2, NOW).await.unwrap_err();
    assert_eq!(error, StoreError::LimitReached("API keys"));
    f.store.revoke_api_key(f.scope, first, NOW).await.unwrap();
    f.store.insert_api_key(f.scope, new_key("k3"), 2, NOW).await.expect("a revoked key does not count");
    let nowhere = domain::Scope { environment: domain::EnvironmentId(99) };
    let error = f.store.insert_api_key(nowhere, new_key("k4"), 2, NOW).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("environment"));
}

async fn of_the_account(f: Fixture) {
    let id = f.store.insert_api_key(KeyOwner::Account, new_key("k1"), MANY, NOW).await.unwrap();
    assert_eq!(f.store.find_api_key("hash-k1").await.unwrap().unwrap().owner, KeyOwner::Account);
    assert!(f.store.api_keys(f.scope).await.unwrap().is_empty());
    assert_eq!(f.store.api_keys(KeyOwner::Account).await.unwrap()[0].id, id);
    f.store.revoke_api_key(f.scope, id, NOW).await.unwrap_err();
    f.store.revoke_api_key(KeyOwner::Account, id, NOW).await.unwrap();
}
