use domain::EnvironmentName;
use serde_json::json;
use store::StoreError;

use crate::fixture::{Fixture, NOW, object};

crate::on_both!(made_once, settings_are_replaced, meta_keeps_the_first);

async fn made_once(f: Fixture) {
    let name = EnvironmentName::parse("dev").unwrap();
    let again = f.store.get_or_create_environment(&name, "another-uuid", NOW + 1).await.unwrap();
    assert_eq!((again.id, again.uuid.as_str()), (f.scope.environment, "uuid-dev"));
    f.other_scope().await;
    let names: Vec<_> = f.store.environments().await.unwrap().into_iter().map(|e| e.name).collect();
    assert_eq!(names, [name, EnvironmentName::parse("prod").unwrap()]);
    assert_eq!(f.store.environment(domain::EnvironmentId(99)).await.unwrap(), None);
}

async fn settings_are_replaced(f: Fixture) {
    let settings = object(json!({"callback_url": "https://x/y", "override_hosts": "listed"}));
    f.store.set_environment_settings(f.scope.environment, &settings, NOW + 1).await.unwrap();
    let found = f.store.environment(f.scope.environment).await.unwrap().unwrap();
    assert_eq!(found.settings, settings);
    let error =
        f.store.set_environment_settings(domain::EnvironmentId(99), &settings, NOW).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("environment"));
}

async fn meta_keeps_the_first(f: Fixture) {
    assert_eq!(f.store.meta("check").await.unwrap(), None);
    assert_eq!(f.store.meta_or_insert("check", "first").await.unwrap(), "first");
    assert_eq!(f.store.meta_or_insert("check", "second").await.unwrap(), "first");
    f.store.set_meta("check", "third").await.unwrap();
    assert_eq!(f.store.meta("check").await.unwrap().as_deref(), Some("third"));
    f.store.ping().await.unwrap();
}
