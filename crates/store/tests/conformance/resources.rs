use domain::{ConnectionRow, Sealed};
use store::{LearnedHost, ResourceToken, StoreError};

use crate::fixture::{Fixture, NOW};

crate::on_both!(tokens_by_resource, hosts_by_resource);

fn token(byte: u8) -> ResourceToken {
    ResourceToken { token: Sealed::from_bytes(vec![byte]), expires_at_ms: Some(NOW + i64::from(byte)) }
}

async fn tokens_by_resource(f: Fixture) {
    let row = f.connection("c1").await.row;
    let (site, graph) = ("https://a.sharepoint.com", "https://graph.microsoft.com");
    for (resource, byte) in [(site, 1), (graph, 2), (site, 3)] {
        f.store.set_resource_token(f.scope, row, resource, &token(byte), NOW).await.unwrap();
    }
    let found = f.store.resource_token(f.scope, row, site).await.unwrap().unwrap();
    assert_eq!((found.token.as_bytes(), found.expires_at_ms), (&[3][..], Some(NOW + 3)));
    let elsewhere = f.other_scope().await;
    assert!(f.store.resource_token(elsewhere, row, site).await.unwrap().is_none());
    let error = f.store.set_resource_token(elsewhere, row, site, &token(4), NOW).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("connection"));
    f.store.delete_resource_tokens(f.scope, row).await.unwrap();
    assert!(f.store.resource_token(f.scope, row, graph).await.unwrap().is_none());
}

async fn hosts_by_resource(f: Fixture) {
    let row = f.connection("c1").await.row;
    let host = |origin: &str, learned_at_ms| LearnedHost {
        resource: "sharepoint".to_owned(),
        origin: origin.to_owned(),
        learned_at_ms,
    };
    f.store.set_learned_host(f.scope, row, &host("https://a", NOW)).await.unwrap();
    f.store.set_learned_host(f.scope, row, &host("https://b", NOW + 1)).await.unwrap();
    assert_eq!(f.store.learned_hosts(f.scope, row).await.unwrap(), [host("https://b", NOW + 1)]);
    let error =
        f.store.set_learned_host(f.scope, ConnectionRow(999), &host("https://c", NOW)).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("connection"));
}
