//! Credentials that are due to be looked after, and those that end.

use serde_json::Map;
use store::{
    Claim, Dialect, EndingCredentials, FollowUp, Intent, NewConnection, NewCredentials, Uncertainty, Written,
};

use crate::fixture::{Fixture, NOW, new_connection};

crate::on_both!(
    each_visitor_gets_others_and_newer_credentials_win,
    what_ends_is_found_and_warned_of_once,
    what_is_due_is_found_by_an_index,
);

const HOUR: i64 = 3_600_000;

async fn each_visitor_gets_others_and_newer_credentials_win(f: Fixture) {
    for id in ["a", "b", "c"] {
        f.connection(id).await;
    }
    assert!(f.store.claim_checks(NOW + HOUR - 1, NOW, 9).await.unwrap().is_empty(), "not at once");
    let visits = (0..3).map(|_| {
        let store = f.store.clone();
        tokio::spawn(async move { store.claim_checks(NOW + HOUR, NOW + 2 * HOUR, 2).await.unwrap() })
    });
    let mut due = Vec::new();
    for visit in visits.collect::<Vec<_>>() {
        due.extend(visit.await.unwrap());
    }
    due.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
    let names: Vec<_> = due.iter().map(|one| (one.integration.as_str(), one.id.as_str())).collect();
    assert_eq!(names, [("excel", "a"), ("excel", "b"), ("excel", "c")]);
    assert_eq!((due[0].refreshed_at_ms, due[0].failing_since_ms), (Some(NOW), None));
    f.store.set_check(due[0].row, due[0].version, None).await.unwrap();
    f.store.set_check(due[1].row, due[1].version, Some(NOW + 9 * HOUR)).await.unwrap();
    let again = f.store.claim_checks(NOW + 2 * HOUR, NOW + 3 * HOUR, 9).await.unwrap();
    assert_eq!(again.len(), 1, "whose visitor died is visited again");
    assert_eq!(again[0].id.as_str(), "c");
    // A new authorization begins anew; the late visitor of the old credentials changes nothing.
    f.store.upsert_connection(f.scope, new_connection("a"), NOW + HOUR).await.unwrap();
    f.store.set_check(due[0].row, due[0].version, None).await.unwrap();
    assert_eq!(f.store.claim_checks(NOW + 2 * HOUR, NOW + 9 * HOUR, 9).await.unwrap().len(), 1);
    // Failures keep their beginning; a success forgets it and brings a given-up connection back.
    let connection = f.store.connection_by_row(f.scope, due[0].row).await.unwrap().unwrap();
    let version = connection.credentials_version;
    let mut lease = None;
    for at_ms in [NOW + 3 * HOUR, NOW + 4 * HOUR, NOW + 5 * HOUR] {
        let intent = Intent { owner: "n/1".into(), operation_id: "o".into(), at_ms };
        let claim = f.store.claim_refresh(f.scope, due[0].row, version, intent, HOUR).await.unwrap();
        let Claim::Claimed { lease: held, .. } = claim else { panic!("{claim:?}") };
        if at_ms < NOW + 5 * HOUR {
            let failed = f.store.fail_refresh(
                held,
                &connection.health,
                Uncertainty::Settled,
                FollowUp::default(),
                at_ms,
            );
            assert_eq!(failed.await.unwrap(), Written::Ok(()));
        }
        lease = Some(held);
    }
    f.store.set_check(due[0].row, version, Some(0)).await.unwrap();
    let failing = f.store.claim_checks(0, NOW, 1).await.unwrap().remove(0);
    assert_eq!(failing.failing_since_ms, Some(NOW + 3 * HOUR));
    f.store.set_check(due[0].row, version, None).await.unwrap();
    let new = NewCredentials {
        credentials: connection.credentials,
        expires_at_ms: None,
        config_changes: Map::new(),
    };
    let done = f.store.complete_refresh(lease.unwrap(), new, NOW + 5 * HOUR).await.unwrap();
    assert!(matches!(done, Written::Ok(_)));
    let back = f.store.claim_checks(NOW + 6 * HOUR, NOW + 7 * HOUR, 9).await.unwrap();
    let back = back.iter().find(|one| one.id.as_str() == "a").expect("it is looked after again");
    assert_eq!((back.refreshed_at_ms, back.failing_since_ms), (Some(NOW + 5 * HOUR), None));
}

async fn what_is_due_is_found_by_an_index(f: Fixture) {
    let plan = f.store.explain_due().await.unwrap();
    if f.store.dialect() == Dialect::Postgres {
        // PostgreSQL decides by the table's size; on an empty one its choice means nothing.
        assert!(!plan.is_empty());
        return;
    }
    for index in ["tasks_due", "connection_credentials_check"] {
        assert!(plan.iter().any(|step| step.contains(index)), "{index}: {plan:#?}");
    }
    let scanned = |step: &&String| step.starts_with("SCAN") && !step.starts_with("SCAN picked");
    assert_eq!(plan.iter().find(scanned), None, "{plan:#?}");
    assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
}

async fn what_ends_is_found_and_warned_of_once(f: Fixture) {
    let ending = NewConnection { ends_at_ms: Some(NOW + 50), ..new_connection("a") };
    let (stored, _) = f.store.upsert_connection(f.scope, ending, NOW).await.unwrap();
    f.connection("b").await;
    assert!(f.store.ending_credentials(NOW + 49, 9).await.unwrap().is_empty());
    let found = f.store.ending_credentials(NOW + 50, 9).await.unwrap();
    let wanted = EndingCredentials {
        scope: f.scope,
        row: stored.row,
        integration: stored.integration,
        id: stored.id,
        ends_at_ms: NOW + 50,
    };
    assert_eq!(found, [wanted]);
    f.store.upsert_connection(f.scope, new_connection("a"), NOW).await.unwrap();
    assert!(f.store.ending_credentials(NOW + 50, 9).await.unwrap().is_empty(), "other credentials");
    assert!(f.store.note_warning("s", NOW, 30, NOW).await.unwrap());
    assert!(!f.store.note_warning("s", NOW, 30, NOW).await.unwrap());
    assert!(f.store.note_warning("s", NOW, 14, NOW).await.unwrap());
    assert_eq!(f.store.purge_warnings(NOW + 1, 9).await.unwrap(), 2);
}
