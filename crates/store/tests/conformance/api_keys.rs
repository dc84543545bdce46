use domain::permission::Grants;
use store::{NewApiKey, StoreError};

use crate::fixture::{Fixture, NOW};

crate::on_both!(found_by_hash, revoked_for_good, touched_in_batches);

fn new_key(id: &str) -> NewApiKey {
    NewApiKey {
        id: id.to_owned(),
        name: "backend".to_owned(),
        hash: format!("hash-{id}"),
        prefix: "sb_dev_ab".to_owned(),
        grants: Grants::new(vec!["environment:proxy".to_owned()]),
    }
}

async fn found_by_hash(f: Fixture) {
    f.store.insert_api_key(f.scope, new_key("k1"), NOW).await.unwrap();
    let found = f.store.find_api_key("hash-k1").await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.environment), ("k1", f.scope.environment));
    assert!(found.grants.allow("environment:proxy") && found.revoked_at_ms.is_none());
    assert!(f.store.find_api_key("hash-k2").await.unwrap().is_none());
    let same_key = NewApiKey { id: "k2".to_owned(), ..new_key("k1") };
    let error = f.store.insert_api_key(f.scope, same_key, NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate(_)), "{error}");
}

async fn revoked_for_good(f: Fixture) {
    f.store.insert_api_key(f.scope, new_key("k1"), NOW).await.unwrap();
    let elsewhere = f.other_scope().await;
    let error = f.store.revoke_api_key(elsewhere, "k1", NOW + 1).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("API key"));
    f.store.revoke_api_key(f.scope, "k1", NOW + 1).await.unwrap();
    f.store.revoke_api_key(f.scope, "k1", NOW + 2).await.unwrap();
    let found = f.store.find_api_key("hash-k1").await.unwrap().unwrap();
    assert_eq!(found.revoked_at_ms, Some(NOW + 1));
}

async fn touched_in_batches(f: Fixture) {
    for id in ["k1", "k2"] {
        f.store.insert_api_key(f.scope, new_key(id), NOW).await.unwrap();
    }
    f.store.touch_api_keys(vec![("k1".into(), NOW + 5), ("k2".into(), NOW + 6)]).await.unwrap();
    f.store.touch_api_keys(vec![("k1".into(), NOW + 1)]).await.unwrap();
    let used: Vec<_> = f.store.api_keys(f.scope).await.unwrap().iter().map(|k| k.last_used_at_ms).collect();
    assert_eq!(used, [Some(NOW + 5), Some(NOW + 6)]);
}
