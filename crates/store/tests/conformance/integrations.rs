use domain::connect::OAuthState;
use domain::{ProviderName, Sealed};
use store::StoreError;

use crate::fixture::{Fixture, NOW, connection_id, integration, key};

crate::on_both!(stored_whole, duplicates_are_refused, updated_whole, deleted_with_everything);

async fn stored_whole(f: Fixture) {
    let found = f.store.integration(f.scope, &key("excel")).await.unwrap().unwrap();
    let expected = integration("excel");
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    assert_eq!(found.client_secret, expected.client_secret);
    let elsewhere = f.other_scope().await;
    assert!(f.store.integration(elsewhere, &key("excel")).await.unwrap().is_none());
    f.store.insert_integration(f.scope, &integration("sharepoint")).await.unwrap();
    assert_eq!(f.store.integrations(f.scope).await.unwrap().len(), 2);
}

async fn duplicates_are_refused(f: Fixture) {
    let mut twin = integration("excel");
    twin.id = "another-id".to_owned();
    let error = f.store.insert_integration(f.scope, &twin).await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate(_)), "{error}");
    let elsewhere = f.other_scope().await;
    f.store.insert_integration(elsewhere, &twin).await.unwrap();
}

async fn updated_whole(f: Fixture) {
    f.connection("c1").await;
    let mut changed = integration("excel");
    changed.key = key("excel 2");
    changed.provider = ProviderName::parse("one-drive").unwrap();
    changed.client_secret = Some(Sealed::from_bytes(vec![9]));
    changed.created_at_ms = 5;
    changed.updated_at_ms = NOW + 1;
    f.store.update_integration(f.scope, &changed).await.unwrap();
    let found = f.store.integration(f.scope, &key("excel 2")).await.unwrap().unwrap();
    assert_eq!((found.created_at_ms, found.updated_at_ms), (NOW, NOW + 1));
    assert_eq!(
        (found.provider, found.client_secret),
        (changed.provider.clone(), changed.client_secret.clone())
    );
    let renamed = f.store.connection(f.scope, &key("excel 2"), &connection_id("c1")).await.unwrap().unwrap();
    assert_eq!(renamed.integration, key("excel 2"));
    f.store.insert_integration(f.scope, &integration("taken")).await.unwrap();
    changed.key = key("taken");
    let error = f.store.update_integration(f.scope, &changed).await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate(_)), "{error}");
    changed.id = "nobody".to_owned();
    let error = f.store.update_integration(f.scope, &changed).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("integration"));
}

async fn deleted_with_everything(f: Fixture) {
    let connection = f.connection("c1").await;
    assert_eq!(f.store.count_connections(f.scope, &key("excel")).await.unwrap(), 1);
    let state = OAuthState {
        state_hash: "s".to_owned(),
        environment: f.scope.environment,
        integration: key("excel"),
        cookie_hash: "c".to_owned(),
        payload: Sealed::from_bytes(vec![1]),
        expires_at_ms: NOW,
    };
    f.store.insert_oauth_state(&state).await.unwrap();
    f.store.delete_integration(f.scope, &key("excel")).await.unwrap();
    assert!(f.store.connection_by_row(f.scope, connection.row).await.unwrap().is_none());
    assert!(f.store.take_oauth_state("s").await.unwrap().is_none());
    assert_eq!(f.store.count_connections(f.scope, &key("excel")).await.unwrap(), 0);
    let error = f.store.delete_integration(f.scope, &key("excel")).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("integration"));
}
