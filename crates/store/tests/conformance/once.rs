//! Sessions, and what may be taken only once.

use std::collections::BTreeMap;

use domain::connect::{ConnectDefaults, ConnectSession, OAuthState};
use domain::{ConnectionRow, Sealed};
use store::{AdminLink, NewTask, PendingCertificate, StoreError};

use crate::fixture::{Fixture, NOW, end_user, key, object, tags};

crate::on_both!(sessions, states_are_taken_once, awaited_installations, admin_links, certificates);

fn session(f: &Fixture) -> ConnectSession {
    let defaults = ConnectDefaults {
        user_scopes: Some("a".to_owned()),
        authorization_params: BTreeMap::from([("prompt".to_owned(), String::new())]),
        connection_config: object(serde_json::json!({"tenant": "t"})),
        docs_connect: Some("https://a.example/guide".to_owned()),
    };
    ConnectSession {
        id: "session-1".to_owned(),
        environment: f.scope.environment,
        end_user: Some(end_user("u1")),
        tags: tags(&[("a", "b")]),
        allowed_integrations: vec!["excel".to_owned()],
        defaults: BTreeMap::from([("excel".to_owned(), defaults)]),
        reconnect: Some(ConnectionRow(7)),
        connection: None,
        webhook_url_override: None,
        expires_at_ms: NOW + 1_800_000,
        created_at_ms: NOW,
    }
}

async fn sessions(f: Fixture) {
    let session = session(&f);
    f.store.insert_connect_session(&session, "token-hash").await.unwrap();
    let found = f.store.find_connect_session("token-hash").await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{session:?}"));
    let twin = ConnectSession { id: "session-2".to_owned(), ..session };
    let error = f.store.insert_connect_session(&twin, "token-hash").await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate(_)), "{error}");
    let elsewhere = f.other_scope().await;
    assert!(f.store.connect_session(elsewhere, "session-1").await.unwrap().is_none());
    assert_eq!(f.store.purge_connect_sessions(NOW + 1_800_000, 9).await.unwrap(), 0);
    assert!(f.store.connect_session(f.scope, "session-1").await.unwrap().is_some());
    f.store.insert_connect_session(&twin, "another").await.unwrap();
    f.store.delete_connect_session(f.scope, "session-1").await.unwrap();
    let error = f.store.delete_connect_session(f.scope, "session-1").await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("connect session"));
    assert_eq!(f.store.purge_connect_sessions(NOW + 1_800_001, 9).await.unwrap(), 1);
    assert!(f.store.find_connect_session("another").await.unwrap().is_none());
}

async fn states_are_taken_once(f: Fixture) {
    let state = OAuthState {
        state_hash: "state".to_owned(),
        environment: f.scope.environment,
        integration: key("excel"),
        cookie_hash: "cookie".to_owned(),
        payload: Sealed::from_bytes(vec![1, 2]),
        expires_at_ms: NOW,
    };
    f.store.insert_oauth_state(&state).await.unwrap();
    let takers = (0..20).map(|_| {
        let store = f.store.clone();
        tokio::spawn(async move { store.take_oauth_state("state").await.unwrap() })
    });
    let mut taken = Vec::new();
    for taker in takers.collect::<Vec<_>>() {
        taken.extend(taker.await.unwrap());
    }
    assert_eq!(taken.len(), 1);
    assert_eq!(format!("{:?}", taken[0]), format!("{state:?}"));
    f.store.insert_oauth_state(&state).await.unwrap();
    assert_eq!(f.store.purge_oauth_states(NOW, 9).await.unwrap(), 0);
    assert_eq!(f.store.purge_oauth_states(NOW + 1, 9).await.unwrap(), 1);
    // In steps: the oldest first, never more than a batch, and the number says whether to come again.
    for number in 0..5 {
        let state = OAuthState {
            state_hash: format!("state-{number}"),
            expires_at_ms: NOW + number,
            ..state.clone()
        };
        f.store.insert_oauth_state(&state).await.unwrap();
    }
    let mut steps = Vec::new();
    for _ in 0..3 {
        steps.push(f.store.purge_oauth_states(NOW + 4, 2).await.unwrap());
    }
    assert_eq!(steps, [2, 2, 0]);
    assert!(f.store.take_oauth_state("state-4").await.unwrap().is_some());
}

async fn awaited_installations(f: Fixture) {
    let state = |hash: &str| OAuthState {
        state_hash: hash.to_owned(),
        environment: f.scope.environment,
        integration: key("excel"),
        cookie_hash: "cookie".to_owned(),
        payload: Sealed::from_bytes(vec![1, 2]),
        expires_at_ms: NOW + 10,
    };
    let awaiting = async |awaits: &str, now_ms| {
        let found = f.store.awaiting(f.scope, &key("excel"), awaits, now_ms).await.unwrap();
        let mut found: Vec<String> = found.into_iter().map(|one| one.state_hash).collect();
        found.sort();
        found
    };
    f.store.insert_oauth_state(&state("browser")).await.unwrap();
    f.store.await_installation(&state("one"), "seven").await.unwrap();
    f.store.await_installation(&state("two"), "seven").await.unwrap();
    assert_eq!(awaiting("seven", NOW).await, ["one", "two"]);
    // The same state waits for something else from now on.
    f.store.await_installation(&state("two"), "eight").await.unwrap();
    assert_eq!(
        (awaiting("seven", NOW).await, awaiting("eight", NOW).await),
        (vec!["one".into()], vec!["two".into()])
    );
    assert!(awaiting("seven", NOW + 10).await.is_empty(), "its end has come");
    let elsewhere = f.other_scope().await;
    assert!(f.store.awaiting(elsewhere, &key("excel"), "seven", NOW).await.unwrap().is_empty());
    assert!(f.store.awaiting(f.scope, &key("other"), "seven", NOW).await.unwrap().is_empty());
    let task = || NewTask {
        kind: "installation".to_owned(),
        dedup: Some("installation:one".to_owned()),
        payload: serde_json::json!({"state": "one"}),
        due_at_ms: NOW,
    };
    let told =
        || OAuthState { payload: Sealed::from_bytes(vec![3]), expires_at_ms: NOW + 20, ..state("one") };
    assert!(!f.store.tell_installation(told(), "eight", task(), NOW).await.unwrap(), "it waits for another");
    assert!(f.store.tell_installation(told(), "seven", task(), NOW).await.unwrap());
    assert!(!f.store.tell_installation(told(), "seven", task(), NOW).await.unwrap(), "told once");
    assert!(awaiting("seven", NOW).await.is_empty());
    let read = f.store.oauth_state("one").await.unwrap().unwrap();
    assert_eq!((read.payload, read.expires_at_ms), (Sealed::from_bytes(vec![3]), NOW + 20));
    assert!(f.store.take_oauth_state("one").await.unwrap().is_some());
    assert!(f.store.oauth_state("one").await.unwrap().is_none());
}

async fn admin_links(f: Fixture) {
    let link = AdminLink { hash: "h".to_owned(), payload: Sealed::from_bytes(vec![5]), expires_at_ms: NOW };
    f.store.insert_admin_link(&link).await.unwrap();
    assert!(f.store.find_admin_link("h").await.unwrap().is_some());
    let taken = f.store.take_admin_link("h").await.unwrap().unwrap();
    assert_eq!((taken.payload, taken.expires_at_ms), (link.payload.clone(), NOW));
    assert!(f.store.take_admin_link("h").await.unwrap().is_none());
    f.store.insert_admin_link(&link).await.unwrap();
    assert_eq!(f.store.purge_admin_links(NOW + 1, 9).await.unwrap(), 1);
}

async fn certificates(f: Fixture) {
    let pending = PendingCertificate {
        id: "p".to_owned(),
        session_id: "session-1".to_owned(),
        integration: key("excel"),
        payload: Sealed::from_bytes(vec![5]),
        expires_at_ms: NOW,
    };
    f.store.insert_pending_certificate(f.scope, &pending).await.unwrap();
    let elsewhere = f.other_scope().await;
    assert!(f.store.take_pending_certificate(elsewhere, "p").await.unwrap().is_none());
    assert!(f.store.find_pending_certificate(f.scope, "p").await.unwrap().is_some());
    let taken = f.store.take_pending_certificate(f.scope, "p").await.unwrap().unwrap();
    assert_eq!((taken.session_id, taken.payload), (pending.session_id.clone(), pending.payload.clone()));
    assert!(f.store.take_pending_certificate(f.scope, "p").await.unwrap().is_none());
    f.store.insert_pending_certificate(f.scope, &pending).await.unwrap();
    assert_eq!(f.store.purge_pending_certificates(NOW + 1, 9).await.unwrap(), 1);
}
