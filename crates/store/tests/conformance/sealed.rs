use domain::{ConnectionRow, Sealed};

use crate::fixture::{Fixture, integration, key};

crate::on_both!(credentials_resealed_in_steps, secrets_resealed);

async fn credentials_resealed_in_steps(f: Fixture) {
    for id in ["a", "b", "c"] {
        f.connection(id).await;
    }
    let first = f.store.sealed_credentials(ConnectionRow(0), 2).await.unwrap();
    assert_eq!(first.iter().map(|found| found.seal_id.as_str()).collect::<Vec<_>>(), ["seal-a", "seal-b"]);
    let rest = f.store.sealed_credentials(first[1].row, 2).await.unwrap();
    assert_eq!(rest.len(), 1);
    let new = Sealed::from_bytes(vec![42]);
    assert!(f.store.reseal_credentials(&first[0], &new).await.unwrap());
    let found = f.store.connection_by_row(f.scope, first[0].row).await.unwrap().unwrap();
    assert_eq!((found.credentials, found.credentials_version), (new.clone(), 1));
    // Somebody else wrote meanwhile: their value stays.
    assert!(!f.store.reseal_credentials(&first[0], &Sealed::from_bytes(vec![43])).await.unwrap());
    let found = f.store.connection_by_row(f.scope, first[0].row).await.unwrap().unwrap();
    assert_eq!(found.credentials, new);
}

async fn secrets_resealed(f: Fixture) {
    let mut without = integration("public client");
    without.client_secret = None;
    f.store.insert_integration(f.scope, &without).await.unwrap();
    let found = f.store.sealed_client_secrets("", 10).await.unwrap();
    assert_eq!(found.iter().map(|secret| secret.id.as_str()).collect::<Vec<_>>(), ["id-excel"]);
    assert!(f.store.sealed_client_secrets("id-excel", 10).await.unwrap().is_empty());
    let new = Sealed::from_bytes(vec![42]);
    assert!(f.store.reseal_client_secret(&found[0], &new).await.unwrap());
    assert!(!f.store.reseal_client_secret(&found[0], &Sealed::from_bytes(vec![43])).await.unwrap());
    let stored = f.store.integration(f.scope, &key("excel")).await.unwrap().unwrap();
    assert_eq!(stored.client_secret, Some(new));
}
