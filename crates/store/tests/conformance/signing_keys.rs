//! Signing keys: made once, replaced, sealed anew.

use domain::{EnvironmentId, Sealed};
use store::SealedSigningKey;

use crate::fixture::{Fixture, NOW};

crate::on_both!(the_first_key_wins_and_the_former_signs_along);

fn key(id: &str) -> SealedSigningKey {
    SealedSigningKey { id: id.to_owned(), sealed: Sealed::from_bytes(id.as_bytes().to_vec()) }
}

async fn the_first_key_wins_and_the_former_signs_along(f: Fixture) {
    let environment = f.scope.environment;
    assert!(f.store.signing_keys(environment).await.unwrap().is_none());
    let first = f.store.signing_keys_or_insert(environment, &key("one"), NOW).await.unwrap();
    assert!(first.current.id == "one" && first.previous.is_none());
    let again = f.store.signing_keys_or_insert(environment, &key("late"), NOW).await.unwrap();
    assert_eq!(again.current.id, "one");
    f.store.replace_signing_key(f.scope, &key("two"), NOW + 5, NOW).await.unwrap();
    let (found, keys) = f.store.sealed_signing_keys(EnvironmentId(0), 10).await.unwrap().pop().unwrap();
    assert_eq!((found, keys.current.id.as_str()), (environment, "two"));
    let (previous, until_ms) = keys.previous.unwrap();
    assert_eq!((previous.id.as_str(), until_ms), ("one", NOW + 5));
    let new = Sealed::from_bytes(vec![9]);
    assert!(f.store.reseal_signing_key(environment, &previous, &new).await.unwrap());
    assert!(!f.store.reseal_signing_key(environment, &previous, &new).await.unwrap());
    let keys = f.store.signing_keys(environment).await.unwrap().unwrap();
    assert_eq!(keys.previous.unwrap().0.sealed, new);
    assert_eq!(keys.current.sealed, key("two").sealed);
}
