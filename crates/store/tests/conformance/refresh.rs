use domain::connection::{Actor, AuthProblem, Health};
use domain::{ConnectionRow, Sealed};
use serde_json::{Map, json};
use store::{
    Claim, FollowUp, Intent, JsonWrite, Lease, NewCredentials, Store, StoreError, Uncertainty, Written,
};

use crate::fixture::{Fixture, NOW, new_connection, object};

crate::on_both!(
    one_of_many_claims,
    nodes_exclude_each_other,
    completed_and_newer,
    a_late_holder_loses,
    a_dead_holder_s_lease_is_broken,
    an_overwrite_fences_out,
    failure_is_remembered,
    a_crash_leaves_its_intent,
    released_without_a_trace,
);

const LEASE_MS: i64 = 30_000;

fn intent(owner: &str, at_ms: i64) -> Intent {
    Intent { owner: owner.to_owned(), operation_id: format!("{at_ms}_op"), at_ms }
}

async fn claim(f: &Fixture, store: &Store, row: ConnectionRow, version: i64, at_ms: i64) -> Claim {
    store.claim_refresh(f.scope, row, version, intent("node", at_ms), LEASE_MS).await.unwrap()
}

async fn claimed(f: &Fixture, row: ConnectionRow, version: i64, at_ms: i64) -> (Lease, Option<Intent>) {
    match claim(f, &f.store, row, version, at_ms).await {
        Claim::Claimed { lease, previous_intent, .. } => (lease, previous_intent),
        other => panic!("not claimed: {other:?}"),
    }
}

fn fresh(byte: u8) -> NewCredentials {
    NewCredentials {
        credentials: Sealed::from_bytes(vec![byte]),
        expires_at_ms: Some(NOW + 7_200_000),
        config_changes: Map::new(),
    }
}

fn problem() -> Health {
    Health {
        error: Some(AuthProblem {
            log_id: "op".to_owned(),
            code: "invalid_grant".to_owned(),
            cause: "revoked".to_owned(),
            actor: Actor::User,
            remedy: "connect again".to_owned(),
            link: None,
            needs_reconnect: true,
        }),
        last_failure_at_ms: Some(NOW + 1),
        failures: 1,
    }
}

async fn one_of_many_claims(f: Fixture) {
    let row = f.connection("c1").await.row;
    let claims = (0..200).map(|_| {
        let (store, scope) = (f.store.clone(), f.scope);
        tokio::spawn(
            async move { store.claim_refresh(scope, row, 1, intent("n", NOW), LEASE_MS).await.unwrap() },
        )
    });
    let (mut won, mut busy) = (0, 0);
    for task in claims.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Claim::Claimed { .. } => won += 1,
            Claim::Busy { until_ms, holder, .. } => {
                assert_eq!((until_ms, holder), (NOW + LEASE_MS, Some(intent("n", NOW))));
                busy += 1;
            }
            Claim::Newer(_) => panic!("nothing is newer"),
        }
    }
    assert_eq!((won, busy), (1, 199));
}

async fn nodes_exclude_each_other(f: Fixture) {
    let row = f.connection("c1").await.row;
    let other = f.another_node().await;
    let (here, there) = tokio::join!(claim(&f, &f.store, row, 1, NOW), claim(&f, &other, row, 1, NOW));
    let won = |claim: &Claim| matches!(claim, Claim::Claimed { .. });
    assert!(won(&here) != won(&there), "{here:?} {there:?}");
    let elsewhere = f.other_scope().await;
    let error = f.store.claim_refresh(elsewhere, row, 1, intent("n", NOW), 1).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("connection"));
}

async fn completed_and_newer(f: Fixture) {
    let row = f.connection("c1").await.row;
    let (first, _) = claimed(&f, row, 1, NOW).await;
    assert!(matches!(
        f.store.fail_refresh(first, &problem(), Uncertainty::Settled, FollowUp::default(), NOW).await,
        Ok(Written::Ok(()))
    ));
    let (lease, _) = claimed(&f, row, 1, NOW).await;
    assert_eq!(f.store.refresh_lease_end(&lease).await.unwrap(), Some(NOW + LEASE_MS));
    // What somebody else changed since the refresh began stays.
    let meanwhile = JsonWrite::Replace(object(json!({"region": "eu", "pending": true})));
    f.store.write_connection_config(f.scope, row, meanwhile, NOW + 1).await.unwrap();
    let config_changes = object(json!({"tenant": "t", "pending": null}));
    let new = NewCredentials { config_changes, ..fresh(9) };
    let Written::Ok(done) = f.store.complete_refresh(lease, new, NOW + 2).await.unwrap() else {
        panic!("lost");
    };
    assert_eq!((done.credentials.as_bytes(), done.credentials_version), (&[9][..], 2));
    assert_eq!(
        (done.health.clone(), done.config),
        (Health::default(), object(json!({"tenant": "t", "region": "eu"})))
    );
    match claim(&f, &f.store, row, 1, NOW + 3).await {
        Claim::Newer(connection) => assert_eq!(connection.credentials_version, 2),
        other => panic!("not newer: {other:?}"),
    }
    let (_, previous) = claimed(&f, row, 2, NOW + 3).await;
    assert_eq!(previous, None, "a completed refresh leaves no intent");
}

async fn a_late_holder_loses(f: Fixture) {
    let row = f.connection("c1").await.row;
    let (late, _) = claimed(&f, row, 1, NOW).await;
    assert!(matches!(claim(&f, &f.store, row, 1, NOW + LEASE_MS - 1).await, Claim::Busy { .. }));
    let (second, previous) = claimed(&f, row, 1, NOW + LEASE_MS).await;
    assert!(second.fence > late.fence && previous == Some(intent("node", NOW)));
    assert_eq!(f.store.refresh_lease_end(&late).await.unwrap(), None);
    assert_eq!(f.store.complete_refresh(late, fresh(1), NOW).await.unwrap().map_ok(), None);
    let failed =
        f.store.fail_refresh(late, &problem(), Uncertainty::Settled, FollowUp::default(), NOW).await.unwrap();
    assert_eq!(failed, Written::Lost);
    assert_eq!(f.store.release_refresh(late).await.unwrap(), Written::Lost);
    assert_eq!(f.store.complete_refresh(second, fresh(2), NOW).await.unwrap().map_ok(), Some(vec![2]));
    assert_eq!(f.store.complete_refresh(second, fresh(3), NOW).await.unwrap().map_ok(), None);
}

async fn a_dead_holder_s_lease_is_broken(f: Fixture) {
    let row = f.connection("c1").await.row;
    let (dead, _) = claimed(&f, row, 1, NOW).await;
    let Claim::Busy { fence, .. } = claim(&f, &f.store, row, 1, NOW + 1).await else { panic!("not busy") };
    f.store.break_refresh_lease(row, fence - 1).await.unwrap();
    assert!(matches!(claim(&f, &f.store, row, 1, NOW + 1).await, Claim::Busy { .. }), "an older claim");
    f.store.break_refresh_lease(row, fence).await.unwrap();
    let (next, previous) = claimed(&f, row, 1, NOW + 1).await;
    assert!(next.fence > dead.fence);
    assert_eq!(previous, Some(intent("node", NOW)), "the next holder knows that a refresh had begun");
    assert_eq!(f.store.complete_refresh(dead, fresh(1), NOW).await.unwrap().map_ok(), None);
}

async fn an_overwrite_fences_out(f: Fixture) {
    let row = f.connection("c1").await.row;
    let (lease, _) = claimed(&f, row, 1, NOW).await;
    let (_, what) = f.store.upsert_connection(f.scope, new_connection("c1"), NOW).await.unwrap();
    assert_eq!(what, store::Upserted::Overridden);
    assert_eq!(f.store.complete_refresh(lease, fresh(1), NOW).await.unwrap().map_ok(), None);
    let (lease, previous) = claimed(&f, row, 2, NOW).await;
    assert_eq!(previous, None);
    f.store.delete_connection(f.scope, row).await.unwrap();
    assert_eq!(f.store.complete_refresh(lease, fresh(1), NOW).await.unwrap().map_ok(), None);
}

async fn failure_is_remembered(f: Fixture) {
    let row = f.connection("c1").await.row;
    let (lease, _) = claimed(&f, row, 1, NOW).await;
    let written = f
        .store
        .fail_refresh(lease, &problem(), Uncertainty::Unknown, FollowUp::default(), NOW + 1)
        .await
        .unwrap();
    assert_eq!(written, Written::Ok(()));
    let found = f.store.connection_by_row(f.scope, row).await.unwrap().unwrap();
    assert_eq!((found.health, found.credentials_version), (problem(), 1));
    let (lease, previous) = claimed(&f, row, 1, NOW + 2).await;
    assert_eq!(previous, Some(intent("node", NOW)), "an unknown outcome keeps the intent");
    let written = f
        .store
        .fail_refresh(lease, &problem(), Uncertainty::Settled, FollowUp::default(), NOW + 3)
        .await
        .unwrap();
    assert_eq!(written, Written::Ok(()));
    assert_eq!(claimed(&f, row, 1, NOW + 4).await.1, None, "a settled one clears it");
    // A config write neither takes nor breaks the lease.
    f.store.write_connection_config(f.scope, row, JsonWrite::Replace(object(json!({}))), NOW).await.unwrap();
}

async fn a_crash_leaves_its_intent(f: Fixture) {
    let row = f.connection("c1").await.row;
    let node = f.another_node().await;
    assert!(matches!(claim(&f, &node, row, 1, NOW).await, Claim::Claimed { .. }));
    drop(node);
    let (_, previous) = claimed(&f, row, 1, NOW + LEASE_MS + 1).await;
    assert_eq!(previous, Some(intent("node", NOW)));
}

async fn released_without_a_trace(f: Fixture) {
    let row = f.connection("c1").await.row;
    let (lease, _) = claimed(&f, row, 1, NOW).await;
    assert_eq!(f.store.release_refresh(lease).await.unwrap(), Written::Ok(()));
    assert_eq!(claimed(&f, row, 1, NOW + 1).await.1, None);
    // Released on top of a crash, the crash must stay visible.
    let (lease, previous) = claimed(&f, row, 1, NOW + 2 * LEASE_MS).await;
    assert_eq!(previous, Some(intent("node", NOW + 1)));
    assert_eq!(f.store.release_refresh(lease).await.unwrap(), Written::Ok(()));
    assert_eq!(claimed(&f, row, 1, NOW + 3 * LEASE_MS).await.1, Some(intent("node", NOW + 1)));
}

/// The stored bytes, when the write was let through.
trait MapOk {
    fn map_ok(self) -> Option<Vec<u8>>;
}

impl MapOk for Written<Box<domain::connection::Connection>> {
    fn map_ok(self) -> Option<Vec<u8>> {
        match self {
            Written::Ok(connection) => Some(connection.credentials.as_bytes().to_vec()),
            Written::Lost => None,
        }
    }
}
