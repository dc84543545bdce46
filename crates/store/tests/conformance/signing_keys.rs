//! Signing keys: made once, replaced.

use domain::Sealed;
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
    let keys = f.store.signing_keys(environment).await.unwrap().unwrap();
    assert_eq!((keys.current.id.as_str(), &keys.current.sealed), ("two", &key("two").sealed));
    let (previous, until_ms) = keys.previous.unwrap();
    assert_eq!((previous.id.as_str(), until_ms), ("one", NOW + 5));
}
