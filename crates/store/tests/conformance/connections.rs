use domain::Sealed;
use domain::connection::Health;
use serde_json::json;
use store::{Change, ConnectionPatch, FollowUp, JsonWrite, LearnedHost, NewConnection, StoreError, Upserted};

use crate::fixture::{Fixture, NOW, connection_id, end_user, key, new_connection, object, tags};

crate::on_both!(
    made_and_read_whole,
    overwritten_in_place,
    absent_parts_are_kept,
    patched,
    metadata_all_or_none,
    config_merged,
    fetched_once_an_hour,
    health_is_set_and_listed,
    deleted,
    strange_names_survive,
);

async fn made_and_read_whole(f: Fixture) {
    let (made, what) = f.store.upsert_connection(f.scope, new_connection("c1"), NOW).await.unwrap();
    assert_eq!(what, Upserted::Created);
    let read = f.store.connection(f.scope, &key("excel"), &connection_id("c1")).await.unwrap().unwrap();
    assert_eq!(format!("{made:?}"), format!("{read:?}"));
    assert_eq!(read.credentials.as_bytes(), [1, 0, 2]);
    assert_eq!((read.seal_id.as_str(), read.credentials_version), ("seal-c1", 1));
    assert_eq!(read.config, object(json!({"tenant": "contoso"})));
    assert_eq!((read.end_user, read.metadata), (Some(end_user("u1")), None));
    let elsewhere = f.other_scope().await;
    assert!(f.store.connection_by_row(elsewhere, read.row).await.unwrap().is_none());
    assert!(f.store.connection(elsewhere, &key("excel"), &read.id).await.unwrap().is_none());
    let nowhere = NewConnection { integration: key("none"), ..new_connection("c2") };
    let error = f.store.upsert_connection(f.scope, nowhere, NOW).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("integration"));
}

async fn overwritten_in_place(f: Fixture) {
    let first = f.connection("c1").await;
    let host = LearnedHost { resource: "sp".into(), origin: "https://a".into(), learned_at_ms: NOW };
    f.store.set_learned_host(f.scope, first.row, &host).await.unwrap();
    let again = NewConnection {
        seal_id: "new-seal".to_owned(),
        credentials: Sealed::from_bytes(vec![7]),
        tags: Some(tags(&[("plan", "free")])),
        ..new_connection("c1")
    };
    let (second, what) = f.store.upsert_connection(f.scope, again, NOW + 9).await.unwrap();
    assert_eq!(what, Upserted::Overridden);
    assert_eq!((second.row, second.created_at_ms, second.updated_at_ms), (first.row, NOW, NOW + 9));
    assert_eq!((second.credentials_version, second.seal_id.as_str()), (2, "new-seal"));
    assert_eq!(second.tags, tags(&[("plan", "free")]));
    assert!(f.store.learned_hosts(f.scope, first.row).await.unwrap().is_empty());
}

async fn absent_parts_are_kept(f: Fixture) {
    let full = NewConnection {
        metadata: Some(object(json!({"a": 1}))),
        webhook_url_override: Some("https://hook".to_owned()),
        ..new_connection("c1")
    };
    f.store.upsert_connection(f.scope, full, NOW).await.unwrap();
    let bare =
        NewConnection { tags: None, end_user: None, config: object(json!({})), ..new_connection("c1") };
    let (kept, _) = f.store.upsert_connection(f.scope, bare, NOW).await.unwrap();
    assert_eq!(kept.metadata, Some(object(json!({"a": 1}))));
    assert_eq!(kept.webhook_url_override.as_deref(), Some("https://hook"));
    assert_eq!((kept.tags.len(), kept.end_user), (2, Some(end_user("u1"))));
    assert!(kept.config.is_empty());
}

async fn patched(f: Fixture) {
    let row = f.connection("c1").await.row;
    let patch = ConnectionPatch {
        end_user: Change::Clear,
        tags: Some(tags(&[("a", "b")])),
        webhook_url_override: Change::Set("https://hook".to_owned()),
    };
    f.store.patch_connection(f.scope, row, patch, NOW + 1).await.unwrap();
    let found = f.store.connection_by_row(f.scope, row).await.unwrap().unwrap();
    assert_eq!((found.end_user, found.tags), (None, tags(&[("a", "b")])));
    assert_eq!(found.webhook_url_override.as_deref(), Some("https://hook"));
    let patch = ConnectionPatch { webhook_url_override: Change::Clear, ..Default::default() };
    f.store.patch_connection(f.scope, row, patch.clone(), NOW + 2).await.unwrap();
    let found = f.store.connection_by_row(f.scope, row).await.unwrap().unwrap();
    assert_eq!((found.webhook_url_override, found.tags.len()), (None, 1));
    let elsewhere = f.other_scope().await;
    let error = f.store.patch_connection(elsewhere, row, patch, NOW).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("connection"));
}

async fn metadata_all_or_none(f: Fixture) {
    for id in ["c1", "c2"] {
        f.connection(id).await;
    }
    let (excel, both) = (key("excel"), [connection_id("c1"), connection_id("c2")]);
    let write = JsonWrite::Replace(object(json!({"a": 1, "b": {"c": 2}})));
    f.store.write_metadata(f.scope, &excel, &both, write, NOW).await.unwrap();
    let merge = JsonWrite::Merge(object(json!({"b": 3})));
    f.store.write_metadata(f.scope, &excel, &both[..1], merge.clone(), NOW).await.unwrap();
    let with_unknown = [connection_id("c2"), connection_id("unknown")];
    let error = f.store.write_metadata(f.scope, &excel, &with_unknown, merge, NOW).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("connection"));
    let first = f.store.connection(f.scope, &excel, &both[0]).await.unwrap().unwrap();
    let second = f.store.connection(f.scope, &excel, &both[1]).await.unwrap().unwrap();
    assert_eq!(first.metadata, Some(object(json!({"a": 1, "b": 3}))));
    assert_eq!(second.metadata, Some(object(json!({"a": 1, "b": {"c": 2}}))));
}

async fn config_merged(f: Fixture) {
    let row = f.connection("c1").await.row;
    let merge = JsonWrite::Merge(object(json!({"site": "x"})));
    f.store.write_connection_config(f.scope, row, merge, NOW).await.unwrap();
    let found = f.store.connection_by_row(f.scope, row).await.unwrap().unwrap();
    assert_eq!(found.config, object(json!({"tenant": "contoso", "site": "x"})));
}

async fn fetched_once_an_hour(f: Fixture) {
    let row = f.connection("c1").await.row;
    for at in [NOW, NOW + 1000, NOW + 3_600_001] {
        f.store.touch_connections(vec![(f.scope, row, at)]).await.unwrap();
        let found = f.store.connection_by_row(f.scope, row).await.unwrap().unwrap();
        let expected = if at < NOW + 3_600_000 { NOW } else { at };
        assert_eq!(found.last_fetched_at_ms, Some(expected));
    }
}

async fn deleted(f: Fixture) {
    let row = f.connection("c1").await.row;
    let elsewhere = f.other_scope().await;
    let error = f.store.delete_connection(elsewhere, row).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("connection"));
    f.store.delete_connection(f.scope, row).await.unwrap();
    assert!(f.store.connection_by_row(f.scope, row).await.unwrap().is_none());
    assert_eq!(f.store.delete_connection(f.scope, row).await, Err(StoreError::NotFound("connection")));
    for id in ["c2", "c3"] {
        f.connection(id).await;
    }
    assert_eq!(f.store.delete_connections(f.scope, &key("excel")).await.unwrap(), 2);
    assert_eq!(f.store.delete_connections(f.scope, &key("excel")).await.unwrap(), 0);
    let again = f.connection("c1").await;
    assert!(again.row > row, "row ids are public and never used twice");
}

async fn strange_names_survive(f: Fixture) {
    let strange = "user:{\"a\"}/1'\\ $1 %_;--";
    let strange = strange.replace('%', "");
    let mut new = new_connection(&strange);
    new.metadata = Some(object(json!({"k\u{0}": "nul \u{0} inside JSON", "é": "\u{1F600}"})));
    f.store.upsert_connection(f.scope, new.clone(), NOW).await.unwrap();
    let found = f.store.connection(f.scope, &key("excel"), &connection_id(&strange)).await.unwrap().unwrap();
    assert_eq!(found.metadata, new.metadata);
}

async fn health_is_set_and_listed(f: Fixture) {
    let row = f.connection("c1").await.row;
    let health = Health { error: None, last_failure_at_ms: Some(NOW), failures: 3 };
    f.store.set_connection_health(f.scope, row, &health, FollowUp::default(), NOW + 1).await.unwrap();
    assert_eq!(f.store.connection_by_row(f.scope, row).await.unwrap().unwrap().health, health);
    let elsewhere = f.other_scope().await;
    let error =
        f.store.set_connection_health(elsewhere, row, &health, FollowUp::default(), NOW).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("connection"));
    let (again, _) = f.store.upsert_connection(f.scope, new_connection("c1"), NOW).await.unwrap();
    assert_eq!(again.health, Health::default(), "a new authorization clears it");
}
