use domain::permission::Grants;
use domain::{EnvironmentId, EnvironmentName, Sealed};
use serde_json::json;
use store::{NewApiKey, StoreError, ValueKind};

use crate::fixture::{Fixture, NOW, object};

crate::on_both!(
    made_once,
    names_are_taken_once,
    settings_are_changed,
    deleted_in_two_steps,
    values_are_kept_apart,
    meta_keeps_the_first
);

fn name(text: &str) -> EnvironmentName {
    EnvironmentName::parse(text).unwrap()
}

async fn made_once(f: Fixture) {
    let again = f.store.get_or_create_environment(&name("dev"), "another-uuid", NOW + 1).await.unwrap();
    assert_eq!((again.id, again.uuid.as_str()), (f.scope.environment, "uuid-dev"));
    f.other_scope().await;
    let names: Vec<_> = f.store.environments().await.unwrap().into_iter().map(|e| e.name).collect();
    assert_eq!(names, [name("dev"), name("prod")]);
    assert_eq!(f.store.environment(EnvironmentId(99)).await.unwrap(), None);
}

async fn names_are_taken_once(f: Fixture) {
    let settings = object(json!({"is_production": true}));
    let made = f.store.insert_environment(&name("eu"), "uuid-eu", &settings, NOW).await.unwrap();
    assert_eq!((made.settings, made.updated_at_ms), (settings.clone(), NOW));
    let error = f.store.insert_environment(&name("eu"), "uuid-eu-2", &settings, NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate(_)), "{error}");
}

async fn settings_are_changed(f: Fixture) {
    let id = f.scope.environment;
    let set = async |id, key: &'static str, value: serde_json::Value, at| {
        f.store.change_environment_settings(id, move |all| drop(all.insert(key.to_owned(), value)), at).await
    };
    set(id, "callback_url", json!("https://x/y"), NOW + 1).await.unwrap();
    set(id, "hmac_enabled", json!(true), NOW + 2).await.unwrap();
    let found = f.store.environment(id).await.unwrap().unwrap();
    assert_eq!(found.settings, object(json!({"callback_url": "https://x/y", "hmac_enabled": true})));
    assert_eq!(found.updated_at_ms, NOW + 2);
    let nowhere = set(EnvironmentId(99), "a", json!(1), NOW).await;
    assert_eq!(nowhere.unwrap_err(), StoreError::NotFound("environment"));
}

async fn deleted_in_two_steps(f: Fixture) {
    let id = f.scope.environment;
    let grants = Grants::everything();
    let key = NewApiKey { name: "k".into(), hash: "hash".into(), prefix: "sb".into(), grants };
    f.store.insert_api_key(f.scope, key, 50, NOW).await.unwrap();
    for index in 0..5 {
        f.connection(&format!("c{index}")).await;
    }
    f.store.delete_environment(id, NOW + 10).await.unwrap();
    assert_eq!(f.store.delete_environment(id, NOW + 11).await, Err(StoreError::NotFound("environment")));
    assert_eq!(f.store.environment(id).await.unwrap(), None);
    assert!(f.store.environments().await.unwrap().is_empty());
    let revoked = f.store.find_api_key("hash").await.unwrap().unwrap().revoked_at_ms;
    assert_eq!(revoked, Some(NOW + 10));
    let again = f.store.get_or_create_environment(&name("dev"), "uuid-dev-2", NOW + 12).await.unwrap();
    assert_ne!(again.id, id, "the name is free at once");
    let filter = store::ConnectionFilter { limit: 10, ..Default::default() };
    let count = async || f.store.list_connections(f.scope, &filter).await.unwrap().len();
    assert!(!f.store.purge_environments(NOW + 9, 2).await.unwrap());
    assert_eq!(count().await, 5, "not yet");
    assert!(f.store.purge_environments(NOW + 10, 2).await.unwrap());
    assert_eq!(count().await, 3, "in steps");
    assert!(f.store.purge_environments(NOW + 10, 2).await.unwrap());
    assert!(!f.store.purge_environments(NOW + 10, 2).await.unwrap());
    assert_eq!(count().await, 0);
    assert!(f.store.find_api_key("hash").await.unwrap().is_none(), "the keys go with the environment");
    assert!(f.store.environment(again.id).await.unwrap().is_some());
}

fn sealed(byte: u8) -> Sealed {
    Sealed::from_bytes(vec![byte, 0, 255])
}

async fn values_are_kept_apart(f: Fixture) {
    let other = f.other_scope().await;
    let (secret, variable) = (ValueKind::Secret, ValueKind::Variable);
    f.store.put_environment_value(f.scope, secret, "a", &sealed(1), NOW).await.unwrap();
    f.store.put_first_environment_value(f.scope, secret, "a", &sealed(2), NOW).await.unwrap();
    f.store.put_environment_value(f.scope, variable, "a", &sealed(3), NOW).await.unwrap();
    f.store.put_environment_value(other, secret, "a", &sealed(4), NOW).await.unwrap();
    let read = async |scope, kind| {
        let found = f.store.environment_value(scope, kind, "a").await.unwrap();
        found.map(|sealed| sealed.as_bytes()[0])
    };
    assert_eq!(read(f.scope, secret).await, Some(1), "the first stays");
    f.store.put_environment_value(f.scope, secret, "a", &sealed(5), NOW).await.unwrap();
    let both = [("b".to_owned(), sealed(6)), ("c/d".to_owned(), sealed(7))];
    f.store.replace_environment_values(f.scope, variable, &both, NOW).await.unwrap();
    assert_eq!((read(f.scope, secret).await, read(f.scope, variable).await), (Some(5), None));
    let names: Vec<String> = f
        .store
        .environment_values(f.scope, variable)
        .await
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["b", "c/d"]);
    f.store.remove_environment_value(f.scope, secret, "a", NOW).await.unwrap();
    assert_eq!((read(f.scope, secret).await, read(other, secret).await), (None, Some(4)));
    f.store.delete_environment(other.environment, NOW).await.unwrap();
    let gone = f.store.put_environment_value(other, secret, "b", &sealed(1), NOW).await;
    assert_eq!(gone, Err(StoreError::NotFound("environment")));
}

async fn meta_keeps_the_first(f: Fixture) {
    assert_eq!(f.store.meta("check").await.unwrap(), None);
    assert_eq!(f.store.meta_or_insert("check", "first").await.unwrap(), "first");
    assert_eq!(f.store.meta_or_insert("check", "second").await.unwrap(), "first");
    f.store.set_meta("check", "third").await.unwrap();
    assert_eq!(f.store.meta("check").await.unwrap().as_deref(), Some("third"));
    f.store.ping().await.unwrap();
}
