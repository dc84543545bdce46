//! The register of sealed columns, and the walk that a change of the encryption key takes through them.

use std::collections::BTreeSet;

use domain::Sealed;
use domain::connect::OAuthState;
use store::{
    AdminLink, NodeKeys, PendingCertificate, ResourceToken, SealedRow, SealedSigningKey, ValueKind,
    sealed_columns,
};

use crate::fixture::{Fixture, NOW, integration, key, new_connection};

crate::on_both!(
    every_column_is_walked_in_batches,
    a_value_written_meanwhile_stays,
    nodes_tell_which_keys_they_know,
);

/// An envelope of the key `key`, as far as the database looks into one.
fn envelope(key: u8, rest: u8) -> Sealed {
    let mut bytes = vec![1];
    bytes.extend([key; 8]);
    bytes.extend([rest; 30]);
    Sealed::from_bytes(bytes)
}

/// `count` values in each column, all sealed by key 7.
async fn fill(f: &Fixture, count: u8) {
    let store = &f.store;
    for index in 0..count {
        let sealed = || envelope(7, index);
        let mut new = integration(&format!("i{index}"));
        new.client_secret = Some(sealed());
        store.insert_integration(f.scope, &new).await.unwrap();
        let new = store::NewConnection { credentials: sealed(), ..new_connection(&format!("c{index}")) };
        let (connection, _) = store.upsert_connection(f.scope, new, NOW).await.unwrap();
        let token = ResourceToken { token: sealed(), expires_at_ms: None };
        store.set_resource_token(f.scope, connection.row, "sharepoint", &token, NOW).await.unwrap();
        let state = OAuthState {
            state_hash: format!("s{index}"),
            environment: f.scope.environment,
            integration: key("excel"),
            cookie_hash: "cookie".to_owned(),
            payload: sealed(),
            expires_at_ms: NOW,
        };
        store.insert_oauth_state(&state).await.unwrap();
        let link = AdminLink { hash: format!("h{index}"), payload: sealed(), expires_at_ms: NOW };
        store.insert_admin_link(&link).await.unwrap();
        let pending = PendingCertificate {
            id: format!("p{index}"),
            session_id: "s".to_owned(),
            integration: key("excel"),
            payload: sealed(),
            expires_at_ms: NOW,
        };
        store.insert_pending_certificate(f.scope, &pending).await.unwrap();
        let name = format!("v{index}");
        store.put_environment_value(f.scope, ValueKind::Variable, &name, &sealed(), NOW).await.unwrap();
    }
    for index in 0..count {
        let id = format!("u{index}");
        let new = store::NewUser {
            id: id.clone(),
            email: domain::person::Email::parse(&format!("{id}@example.com")).unwrap(),
            name: id.clone(),
            owner: true,
            password: None,
            oidc: None,
            roles: Vec::new(),
        };
        store.insert_user(new, None, NOW).await.unwrap();
        store.set_user_totp(&id, &envelope(7, index), NOW).await.unwrap();
    }
    let signing = |id: &str| SealedSigningKey { id: id.to_owned(), sealed: envelope(7, 0) };
    store.signing_keys_or_insert(f.scope.environment, &signing("one"), NOW).await.unwrap();
    store.replace_signing_key(f.scope, &signing("two"), NOW, NOW).await.unwrap();
}

/// The columns whose values are not all sealed by `key`.
async fn behind(f: &Fixture, key: u8) -> BTreeSet<(&'static str, &'static str)> {
    let counts = f.store.count_sealed().await.unwrap();
    counts.iter().filter(|one| one.key != [key; 8]).map(|one| (one.table, one.column)).collect()
}

async fn every_column_is_walked_in_batches(f: Fixture) {
    fill(&f, 3).await;
    let all: BTreeSet<_> = sealed_columns().map(|one| (one.table, one.column)).collect();
    assert_eq!(behind(&f, 8).await, all, "the test fills every column");
    for column in sealed_columns() {
        let Some(mut at) = column.start() else {
            while f.store.forget_sealed(column, &[8; 8], 2).await.unwrap() > 0 {}
            continue;
        };
        loop {
            let batch = f.store.sealed_otherwise(column, &[8; 8], &at, 2).await.unwrap();
            let Some(last) = batch.last() else { break };
            assert!(!last.place_row.is_empty());
            at = last.cursor.clone();
            let pairs: Vec<(SealedRow, Sealed)> =
                batch.into_iter().map(|old| (old, envelope(8, 1))).collect();
            let count = pairs.len();
            assert_eq!(f.store.swap_sealed(column, pairs).await.unwrap(), count);
        }
    }
    // The fixture's own integration has a secret that is no envelope.
    assert!(behind(&f, 8).await.is_subset(&BTreeSet::from([("integrations", "client_secret")])));
    let counts = f.store.count_sealed().await.unwrap();
    let credentials = counts.iter().find(|one| one.table == "connection_credentials").unwrap();
    assert_eq!((credentials.key, credentials.count), ([8; 8], 3));
    assert!(counts.iter().all(|one| one.table != "resource_tokens"), "tokens are minted anew");
}

async fn a_value_written_meanwhile_stays(f: Fixture) {
    f.connection("a").await;
    let column = sealed_columns().find(|one| one.table == "connection_credentials").unwrap();
    let found =
        f.store.sealed_otherwise(column, &[8; 8], &column.start().unwrap(), 10).await.unwrap().remove(0);
    assert_eq!((found.place_row.as_str(), column.place), ("seal-a", ("connections", "credentials")));
    let swap = async |new: Sealed| f.store.swap_sealed(column, vec![(found.clone(), new)]).await.unwrap();
    assert_eq!(swap(envelope(8, 1)).await, 1);
    assert_eq!(swap(envelope(8, 2)).await, 0, "compared with what was read");
    let stored = f
        .store
        .connection(f.scope, &key("excel"), &crate::fixture::connection_id("a"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((stored.credentials, stored.credentials_version), (envelope(8, 1), 1), "no new version");
}

async fn nodes_tell_which_keys_they_know(f: Fixture) {
    let keys = |node: &str, seen_at_ms| NodeKeys {
        node: node.to_owned(),
        known: vec!["a".to_owned(), "b".to_owned()],
        sealing: "a".to_owned(),
        seen_at_ms,
    };
    for told in [keys("one", NOW), keys("two", NOW + 5), keys("one", NOW + 9)] {
        f.store.tell_node_keys(&told).await.unwrap();
    }
    assert_eq!(f.store.node_keys(NOW).await.unwrap(), [keys("one", NOW + 9), keys("two", NOW + 5)]);
    assert_eq!(f.store.node_keys(NOW + 6).await.unwrap(), [keys("one", NOW + 9)]);
    assert_eq!(f.store.purge_node_keys(NOW + 6).await.unwrap(), 1);
    f.store.forget_node_keys("one").await.unwrap();
    assert!(f.store.node_keys(0).await.unwrap().is_empty());
}

/// Columns of bytes that hold nothing sealed.
const NOT_SEALED: &[(&str, &str)] = &[];

#[test]
fn every_column_of_bytes_in_the_migrations_is_registered() {
    let registered: BTreeSet<(String, String)> =
        sealed_columns().map(|one| (one.table.to_owned(), one.column.to_owned())).collect();
    for (folder, kind) in [("sqlite", " BLOB"), ("postgres", " BYTEA")] {
        let folder = format!("{}/../../migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut found = BTreeSet::new();
        for file in std::fs::read_dir(&folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            found.extend(columns_of(&text, kind));
        }
        assert!(!found.is_empty(), "{folder}");
        for (table, column) in NOT_SEALED {
            found.remove(&((*table).to_owned(), (*column).to_owned()));
        }
        assert_eq!(
            found, registered,
            "{folder}: register the column in store/src/sealed.rs, or list it here"
        );
    }
}

/// Table and name of each column of a type.
fn columns_of(text: &str, kind: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(|line| line.split("--").next().unwrap_or_default().trim());
    let (mut table, mut found) = (String::new(), Vec::new());
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["CREATE" | "ALTER", "TABLE", name, ..] = words.as_slice() {
            (*name).clone_into(&mut table);
        }
        if let Some(at) = line.find(kind) {
            let column = line[..at].split_whitespace().next_back().unwrap_or_default();
            found.push((table.clone(), column.trim_start_matches('(').to_owned()));
        }
    }
    found
}
